"""From a valid plain tree to the typed model: stage laid over, variables filled in, env files read."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from lambdacli import runtimes
from lambdacli.errors import UsageError
from lambdacli.manifest.limits import NAME, NAME_RULE, REGION, RESERVED
from lambdacli.model import Deploying, Destination, Function, Manifest, Permission, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lambdacli.manifest.document import Document, Step
    from lambdacli.model import Problem

    # value, names, environ, missing → the value with its variables filled in: variables.fill, or nothing to do
    Fill = Callable[..., Any]

DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"
_MERGED = ("environment", "tags")
_OVERLAID = ("region", "account", "deploy")


class Building:
    """One manifest being built. No dataclass: every run imports this, and making one costs half a millisecond."""

    def __init__(
        self,
        path: Path,
        tree: dict[str, Any],
        stage: str,
        region: str,
        environ: Mapping[str, str],
        document: Callable[[], Document],  # asked for only when there is a problem to place
        fill: Fill,
        skip: frozenset[str],  # functions that are known to be broken
    ) -> None:
        self.path = path
        self.tree = tree
        self.stage = stage
        self.region = region
        self.environ = environ
        self.document = document
        self.skip = skip
        self.fill = fill
        self.problems: list[Problem] = []
        self.names: dict[str, str] = {}
        self.env_files: dict[str, tuple[dict[str, str], str]] = {}  # values, or why there are none

    def manifest(self) -> Manifest:
        """The model; check `problems` before using it.

        Raises:
            UsageError: there is no such stage, or no such region.
        """
        overlay = self._overlay()
        given = self.tree | {key: overlay[key] for key in _OVERLAID if key in overlay}
        self.names = {"stage": self.stage}
        configured = self._top(given.get("region", ""), "region")
        check_region(self.region)
        shell = self.environ.get("AWS_REGION") or self.environ.get("AWS_DEFAULT_REGION")
        self.names["region"] = self.region or configured or shell or DEFAULT_REGION
        folder = self.path.parent
        templates = given.get("templates")
        own = folder / (self._top(templates, "templates") if templates else "templates")
        wanted = [name for name in self.tree.get("functions", {}) if name not in self.skip]
        return Manifest(
            path=self.path,
            app=self._top(given.get("app", ""), "app") or folder.name,
            stage=self.stage,
            region=self.names["region"],
            functions={name: self._function(name, overlay) for name in wanted},
            account=self._top(given.get("account", ""), "account"),
            templates=own if templates or os.path.isdir(own) else None,  # noqa: PTH112 - Path.is_dir raises
            watched=tuple(folder / name for name in self.env_files),
            resources=self._resources(),
            deploying=Deploying(**self._filled(given.get("deploy", {}), "deploy")),
        )

    def _overlay(self) -> dict[str, Any]:
        stages = self.tree.get("stages", {})
        self.stage = self.stage or DEFAULT_STAGE
        if self.stage in stages:
            return dict(stages[self.stage])
        if stages and self.stage != DEFAULT_STAGE:
            from lambdacli.manifest.wording import listed, nearest

            raise UsageError(f"no stage {self.stage!r}", hint=nearest(self.stage, stages) or listed(stages))
        if not re.fullmatch(NAME, self.stage):
            raise UsageError(f"invalid stage {self.stage!r}", hint=NAME_RULE)
        return {}

    def _resources(self) -> dict[str, dict[str, Any]]:
        """Names may have variables as well: a queue of each stage."""
        sections = self._filled(self.tree.get("resources", {}), "resources")
        return {
            kind: {self._top(name, "resources"): value or {} for name, value in (given or {}).items()}
            for kind, given in sections.items()
        }

    def _top(self, value: str, key: str) -> str:
        return str(self._filled(value, key))

    def _filled(self, value: Any, key: str) -> Any:
        def missing(_path: tuple[Step, ...], name: str) -> None:
            document = self.document()
            path = document.written(("stages", self.stage, key), (key,))
            self.problems.append(document.problem(path, _not_set(name), hint=_fallback_hint(name)))

        return self.fill(value, self.names, self.environ, missing)

    def _function(self, name: str, overlay: Mapping[str, Any]) -> Function:
        own = self.tree["functions"][name]
        raw: dict[str, Any] = {}
        for layer in (
            self.tree.get("defaults", {}),
            overlay.get("defaults", {}),
            own,
            overlay.get("functions", {}).get(name, {}),
        ):
            raw = _laid_over(raw, layer)
        self._complete(name, raw)
        unresolved: list[Problem] = []

        def missing(path: tuple[Step, ...], variable: str) -> None:
            document = self.document()
            where = document.in_function(self.stage, name, path)
            unresolved.append(document.problem(where, _not_set(variable), hint=_fallback_hint(variable)))

        values = self.fill(raw, self.names, self.environ, missing)
        environment = {**self._from_env_files(name, values, unresolved), **values.get("environment", {})}
        return _model(name, values, self.path.parent, environment, tuple(unresolved))

    def _complete(self, name: str, raw: Mapping[str, Any]) -> None:
        runtime = raw.get("runtime", "")
        if not runtime:
            hint = "add `runtime: python3.13`, here or in `defaults`"
            self._incomplete(name, "runtime is missing", hint)
        elif not raw.get("handler") and runtimes.of(runtime).managed:
            hint = "add `handler: module.function`"
            self._incomplete(name, "handler is missing", hint)

    def _from_env_files(self, name: str, values: Mapping[str, Any], unresolved: list[Problem]) -> dict[str, str]:
        listed = values.get("env_file", [])
        files = [listed] if isinstance(listed, str) else listed
        environment: dict[str, str] = {}
        for index, file in enumerate(files):
            if file not in self.env_files:
                self.env_files[file] = _read_env_file(self.path.parent / file)
            found, mistake = self.env_files[file]
            environment |= found
            if mistake:
                path: tuple[Step, ...] = ("env_file",) if isinstance(listed, str) else ("env_file", index)
                document = self.document()
                where = document.in_function(self.stage, name, path)
                unresolved.append(document.problem(where, f"{file}{mistake}"))
        return environment

    def _incomplete(self, name: str, message: str, hint: str) -> None:
        self.problems.append(self.document().problem(("functions", name), message, hint=hint, key=True))


def check_region(region: str) -> None:
    """Hold a region from the command line, if there is one, to what the manifest's schema says.

    Raises:
        UsageError: it is none.
    """
    if region and not re.fullmatch(REGION, region):
        raise UsageError(f"{region[:64]!r} is no region", hint="such as eu-west-1")


def _not_set(name: str) -> str:
    return f"the environment variable {name} is not set"


def _fallback_hint(name: str) -> str:
    return f"set it, or give a fallback: ${{env:{name}, value}}"


def _laid_over(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings of variables and tags are merged; everything else is replaced."""
    merged = {key: {**below[key], **above[key]} for key in _MERGED if key in below and key in above}
    return {**below, **above, **merged}


def _read_env_file(path: Path) -> tuple[dict[str, str], str]:
    """The variables, and what is wrong as `: why` or `:line: why` ("" when nothing is)."""
    from lambdacli.manifest import dotenv

    values, mistake = dotenv.read(path)
    reserved = next((name for name in values if name in RESERVED), "")
    return values, mistake or (f": {reserved} is set by Lambda itself" if reserved else "")


def _model(
    name: str,
    values: Mapping[str, Any],
    folder: Path,
    environment: dict[str, str],
    unresolved: tuple[Problem, ...],
) -> Function:
    integers = (
        "memory", "timeout", "ephemeral_storage", "reserved_concurrency", "provisioned_concurrency",
        "maximum_event_age", "maximum_retry_attempts",
    )  # fmt: skip
    texts = ("description", "architecture", "tags", "role", "tracing", "kms_key")
    plain: dict[str, Any] = {key: int(values[key]) for key in integers if key in values}
    plain |= {key: values[key] for key in texts if key in values}
    plain |= {key: tuple(values["vpc"][key]) for key in ("subnets", "security_groups") if "vpc" in values}
    if "log_retention" in values:
        plain["log_retention"] = 0 if values["log_retention"] == "never" else values["log_retention"]
    return Function(
        name=name,
        handler=values.get("handler", ""),
        runtime=values.get("runtime", ""),
        code=_absolute(folder, values.get("code", ".")),
        environment=environment,
        layers=tuple(_layer(folder, layer) for layer in values.get("layers", ())),
        interpreter=_interpreter(folder, values.get("interpreter", "")),
        permissions=tuple(Permission(_many(p["allow"]), _many(p["on"])) for p in values.get("permissions", ())),
        on_failure=destination(values.get("on_failure")),
        on_success=destination(values.get("on_success")),
        dead_letter=destination(values.get("dead_letter")),
        exclude=tuple(values.get("exclude", ())),
        triggers=tuple(_trigger(item, index) for index, item in enumerate(values.get("triggers", ()))),
        unresolved=unresolved,
        **plain,
    )


def _trigger(item: Mapping[str, Any], index: int) -> Trigger:
    ((kind, settings),) = item.items()
    return Trigger(kind, settings, index)


def destination(value: Mapping[str, str] | None) -> Destination | None:
    """The model of `{sqs: name}` and its like."""
    if not value:
        return None
    ((kind, target),) = value.items()
    return Destination(kind, target)  # type: ignore[arg-type]


def _many(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _absolute(folder: Path, value: str) -> Path:
    # normpath, not resolve: /tmp/x/../y stays below symbolic links that the user chose
    return type(folder)(os.path.normpath(folder / os.path.expanduser(value)))  # noqa: PTH111 - "~x" may be no user


def _layer(folder: Path, layer: str) -> str:
    return layer if layer.startswith("arn:") else str(_absolute(folder, layer))


def _interpreter(folder: Path, value: str) -> str:
    """A bare command name stays one: it is looked up on PATH."""
    return str(_absolute(folder, value)) if "/" in value or os.sep in value or value.startswith("~") else value
