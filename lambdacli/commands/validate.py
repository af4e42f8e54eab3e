"""`lambdacli validate`: the manifest, its handlers, triggers and event templates; offline, without credentials."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import console
from lambdacli.commands import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.model import Manifest, Problem


def command(
    manifest: options.ManifestPath = None,
    stage: options.Stage = "",
    region: options.Region = "",
    json: options.Json = False,
) -> int:
    """Check the manifest, its handlers, triggers and event templates, without network and without running your code.

    Every mistake is named with file, line and column. Without --stage all stages are checked. Exit code 2 when there
    is an error, 0 with warnings alone.
    """
    from lambdacli import manifest as manifests
    from lambdacli.errors import ManifestError

    path = manifests.find(Path.cwd(), manifest)
    try:
        loaded, problems = manifests.validate(path, stage=stage, region=region, environ=os.environ)
    except ManifestError as error:
        if not json or not error.problems:
            raise
        _print_json(path, None, error.problems)
        return error.exit_code
    of_templates = _of_templates(loaded)
    problems = [*problems, *of_templates]
    if json:
        _print_json(path, loaded, problems)
    errors = [problem for problem in problems if problem.severity == "error"]
    if not json:
        _warn(problems)
    if errors:
        only_templates = len(errors) == len(of_templates)
        failed = manifests.failure((only_templates and loaded.templates) or path, errors)
        if not json:
            raise failed
        return failed.exit_code
    if not json:
        console.message(f"{manifests.shown(path)}: {_counted(loaded)}: valid")
    return 0


def _of_templates(manifest: Manifest) -> list[Problem]:
    """The user's own event templates that cannot be used."""
    if manifest.templates is None:
        return []
    import re

    from lambdacli.events.own import mistakes
    from lambdacli.manifest import shown
    from lambdacli.model import Problem

    found = []
    for file, error in mistakes((manifest.templates,)):
        place = re.match(rf"{re.escape(file)}:(\d+):(\d+): ", error.message)
        line, column = (int(place[1]), int(place[2])) if place else (1, 1)
        message = error.message[place.end() :] if place else error.message.removeprefix(f"{file}: ")
        hint = "" if error.hint == file else error.hint
        found.append(Problem(shown(Path(file)), line, column, "", message, hint))
    return found


def _warn(problems: Sequence[Problem]) -> None:
    for problem in problems:
        if problem.severity == "warning":
            console.warning(str(problem), problem.hint)


def _counted(manifest: Manifest) -> str:
    functions = len(manifest.functions)
    triggers = sum(len(function.triggers) for function in manifest.functions.values())
    return f"{functions} function{'s' * (functions != 1)}, {triggers} trigger{'s' * (triggers != 1)}"


def _print_json(path: Path, manifest: Manifest | None, problems: Sequence[Problem]) -> None:
    from json import dumps

    valid = not any(problem.severity == "error" for problem in problems)
    about = {"manifest": str(path), "valid": valid, "problems": [problem._asdict() for problem in problems]}
    if manifest is not None:
        about["functions"] = list(manifest.functions)
    console.data(dumps(about, indent=2, ensure_ascii=False))
