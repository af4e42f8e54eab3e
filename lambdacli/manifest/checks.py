"""What only the disk, or more than one setting, can tell: offline, and without running the user's code."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import runtimes, triggers
from lambdacli.errors import LambdacliError
from lambdacli.manifest import overlaps
from lambdacli.manifest.files import read, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.manifest.document import Document, Step
    from lambdacli.model import Destination, Function, Manifest, Problem, Severity

_MAX_ENVIRONMENT = 4096  # bytes of names and values; quota of Lambda
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def check(manifest: Manifest) -> list[Problem]:
    """See `lambdacli.manifest.lint`."""
    data = read(manifest.path)
    checking = _Checking(manifest, data)
    for function in manifest.functions.values():
        checking.function(function)
    if b"${" in data:
        checking.filled_in()
    for name, index, finding in overlaps.find(manifest):
        checking.finding(name, index, finding)
    if not checking.problems:
        return []
    from lambdacli.manifest.wording import in_order

    return in_order(checking.problems)


def place(manifest: Manifest, problems: Sequence[tuple[str, str, str]]) -> list[Problem]:
    """See `lambdacli.manifest.placed`."""
    checking = _Checking(manifest, read(manifest.path))
    for path, message, hint in problems:
        section, *steps = _steps(path)
        if section == "functions":
            checking.add(manifest.functions[str(steps[0])], tuple(steps[1:]), message, hint)
        else:
            checking.problems.append(checking.document.problem((section, *steps), message, hint=hint))
    return checking.problems


class _Checking:
    """Collects the problems of one manifest. What many functions share is looked at once."""

    def __init__(self, manifest: Manifest, data: bytes) -> None:
        self.manifest = manifest
        self.data = data
        self.problems: list[Problem] = []

    @cached_property
    def document(self) -> Document:
        """Read again only when there is a problem to place."""
        from lambdacli.manifest.parsing import parse

        return parse(self.data, shown(self.manifest.path))

    def function(self, function: Function) -> None:
        for problem in function.unresolved:
            # a missing variable is no mistake of the file: another machine has it
            missing = "env_file" not in problem.path
            self.problems.append(_as_warning(problem) if missing else problem)
        self._runtime(function)
        self._code(function)
        self._layers(function)
        self._environment(function)
        self._destination(function, "on_failure", function.on_failure)
        self._destination(function, "on_success", function.on_success)
        self._concurrency(function)
        for trigger in function.triggers:
            for finding in triggers.load(trigger.kind).check(trigger, function, self.manifest):
                self.finding(function.name, trigger.position, finding)

    def finding(self, name: str, index: int, finding: triggers.Finding) -> None:
        """A trigger's own words, placed."""
        function = self.manifest.functions[name]
        path = ("triggers", index, function.triggers[index].kind, *_steps(finding.key))
        self.add(function, path, finding.message, finding.hint, finding.severity)

    def filled_in(self) -> None:
        """Triggers whose text has variables are held to the schema again, with the values."""
        from lambdacli.manifest import schema, wording

        for function in self.manifest.functions.values():
            for trigger in function.triggers:
                for error in schema.trigger_errors({trigger.kind: trigger.settings}):
                    for message, hint, key in wording.said(error):
                        path: tuple[Step, ...] = ("triggers", trigger.position, *error.absolute_path)
                        self.add(function, (*path, key) if key else path, message, hint)

    def _concurrency(self, function: Function) -> None:
        reserved, provisioned = function.reserved_concurrency, function.provisioned_concurrency or 0
        if reserved == 0:
            self._warn(function, ("reserved_concurrency",), "0 keeps the function from ever running")
        if reserved is not None and provisioned > reserved:
            message = f"{provisioned} are more than the {reserved} that are reserved: AWS refuses it"
            self.add(function, ("provisioned_concurrency",), message)

    def _runtime(self, function: Function) -> None:
        deprecated = runtimes.of(function.runtime).deprecated.get(function.runtime)
        if deprecated is not None:
            current = runtimes.of(function.runtime).identifiers[-1]
            message = f"{function.runtime} is deprecated since {deprecated}"
            self._warn(function, ("runtime",), message, f"{current} is current")

    def _code(self, function: Function) -> None:
        if not _exists(function.code):
            self.add(function, ("code",), f"{shown(function.code)} does not exist")
        elif os.sep in function.interpreter and not _exists(function.interpreter):
            self.add(function, ("interpreter",), f"{function.interpreter} does not exist")
        else:
            try:
                problem = runtimes.of(function.runtime).handler_problem(function)
            except LambdacliError as error:
                problem = error.message
            if problem:
                self.add(function, ("handler",), problem)

    def _layers(self, function: Function) -> None:
        for index, layer in enumerate(function.layers):
            if layer.startswith("arn:"):
                if not re.fullmatch(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+", layer):
                    hint = "such as arn:aws:lambda:eu-west-1:123456789012:layer:name:1"
                    self.add(function, ("layers", index), "this is no ARN of a layer version", hint)
            elif not _exists(layer):
                self.add(function, ("layers", index), f"{shown(Path(layer))} does not exist")

    def _environment(self, function: Function) -> None:
        size = sum(len(name.encode()) + len(value.encode()) for name, value in function.environment.items())
        if size > _MAX_ENVIRONMENT:
            message = f"{size:,} bytes of environment variables; Lambda allows {_MAX_ENVIRONMENT:,}"
            self.add(function, ("environment",), message)

    def _destination(self, function: Function, key: str, destination: Destination | None) -> None:
        if destination is None:
            return
        target, path = destination.target, (key, destination.kind)
        if destination.kind == "s3" and key == "on_success":
            self.add(function, path, "a bucket takes failures only", "use sqs, sns, eventbridge or function")
        elif destination.kind in ("sqs", "sns") and target.endswith(".fifo"):
            self.add(function, path, "a FIFO queue or topic is no destination", "use a standard one")
        elif destination.kind == "function" and not target.startswith("arn:"):
            if target not in self.manifest.functions:
                from lambdacli.manifest.wording import listed, nearest

                functions = self.manifest.functions
                hint = nearest(target, functions) or listed(functions)
                self.add(function, path, f"there is no function {target}", hint)
            elif target == function.name:
                self._warn(function, path, "the function would invoke itself, again and again")

    def _warn(self, function: Function, path: tuple[Step, ...], message: str, hint: str = "") -> None:
        self.add(function, path, message, hint, "warning")

    def add(
        self,
        function: Function,
        path: tuple[Step, ...],
        message: str,
        hint: str = "",
        severity: Severity = "error",
    ) -> None:
        where = self.document.in_function(self.manifest.stage, function.name, path)
        if not self.document.has(where[:-1]) and where[0] == "functions":
            where = ("functions", function.name)  # nothing of it is written: the function itself
        where = self.document.below_text(where)
        self.problems.append(self.document.problem(where, message, hint=hint, severity=severity))


def _exists(path: str | Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where a name is too long


def _as_warning(problem: Problem) -> Problem:

    return problem._replace(severity="warning")


def _steps(key: str) -> tuple[Step, ...]:
    """filters[0].body as steps of a path."""
    return tuple(int(index) if index else name for index, name in _STEP.findall(key))
