"""`lambdacli list`: functions, triggers, runtimes, and the interpreter that would run each function here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lambdacli import console
from lambdacli.commands import options
from lambdacli.commands.deploying import Target, on_aws

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lambdacli.model import Function, Manifest, Trigger

_NOT_FOUND = "not found"
# The settings that people know a trigger by, the most telling first.
_TELLING = (
    "route", "expression", "bucket", "queue", "topic", "table", "stream", "log_group", "sql", "trigger_source",
    "database", "listener", "event", "auth_type",
)  # fmt: skip


@on_aws
def command(
    target: Target,
    remote: Annotated[bool, typer.Option("--remote", "-R", help="What is deployed of it.")] = False,
    json: options.Json = False,
) -> None:
    """List the manifest's functions: runtime, handler, triggers, and the interpreter found for each.

    With --remote: version, state, URLs and the last error of what is deployed.
    """
    if remote:
        _remote(target, json=json)
        return
    loaded = target.manifest
    interpreters = _interpreters(loaded)
    if json:
        _print_json(loaded, interpreters)
        return
    console.table(
        ("FUNCTION", "RUNTIME", "HANDLER", "TRIGGERS", "INTERPRETER"),
        (
            (
                function.name,
                function.runtime,
                function.handler or "-",
                ", ".join(map(_summary, function.triggers)) or "-",
                _shown(interpreters[function.name]),
            )
            for function in loaded.functions.values()
        ),
    )


def _remote(target: Target, *, json: bool) -> None:
    from lambdacli.commands.moving import connected
    from lambdacli.deploy import overview

    found = overview.of(connected(target))
    if json:
        from json import dumps

        console.data(dumps(found, indent=2, ensure_ascii=False))
        return
    head = ("FUNCTION", "VERSION", "STATE", "MODIFIED", "URLS", "ERROR")
    rows = [_deployed(name, each) for name, each in found["functions"].items()]
    whole = [("-", "-", "-", "-", each["value"], "-") for each in found["urls"]]
    console.table(head, [*rows, *whole])


def _deployed(name: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    if not found["deployed"]:
        return (name, "-", "not deployed", "-", "-", "-")
    canary = found["canary"]
    version = f"{found['version'] or '-'}" + (f", {canary['percent']} % of {canary['version']}" if canary else "")
    updated = "" if found["lastUpdateStatus"] == "Successful" else f", update {found['lastUpdateStatus']}"
    stray = "" if found["inManifest"] else ", not in the manifest"
    urls = " ".join(each["value"] for each in found["urls"])
    modified = str(found["lastModified"] or "-")[:19]
    return (name, version, f"{found['state']}{updated}{stray}", modified, urls or "-", found["error"] or "-")


def _shown(interpreter: dict[str, Any] | None) -> str:
    if interpreter is None:
        return _NOT_FOUND
    return interpreter["path"] or "bootstrap"  # a custom runtime brings its own


def _print_json(manifest: Manifest, interpreters: dict[str, dict[str, Any] | None]) -> None:
    from json import dumps

    functions = {
        function.name: {
            "handler": function.handler,
            "runtime": function.runtime,
            "code": str(function.code),
            "memory": function.memory,
            "timeout": function.timeout,
            "triggers": [{trigger.kind: dict(trigger.settings)} for trigger in function.triggers],
            "interpreter": interpreters[function.name],
        }
        for function in manifest.functions.values()
    }
    about = {"manifest": str(manifest.path), "app": manifest.app, "stage": manifest.stage, "region": manifest.region}
    console.data(dumps({**about, "functions": functions}, indent=2, ensure_ascii=False))


def _interpreters(manifest: Manifest) -> dict[str, dict[str, Any] | None]:
    """Looked for once for all functions that would get the same answer."""
    known: dict[tuple[str, str, str], dict[str, Any] | None] = {}
    found = {}
    for function in manifest.functions.values():
        key = (function.runtime, function.interpreter, str(function.code))
        if key not in known:
            known[key] = _interpreter(function, manifest.folder)
        found[function.name] = known[key]
    return found


def _interpreter(function: Function, folder: Path) -> dict[str, Any] | None:
    from lambdacli import runtimes
    from lambdacli.errors import LambdacliError

    try:
        interpreter = runtimes.of(function.runtime).find(function.runtime, function, folder, False)
    except LambdacliError:
        return None
    return {"path": interpreter.path, "version": interpreter.version}


def _summary(trigger: Trigger) -> str:
    """A trigger's kind and the setting that tells it from others."""
    telling = next((str(trigger.settings[key]) for key in _TELLING if key in trigger.settings), "")
    return f"{trigger.kind} {telling}".rstrip()
