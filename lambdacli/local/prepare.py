"""From what a user asked for to a function, its event and the plan of its environment: all that a local run needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from lambdacli import manifest as manifests
from lambdacli import runtimes
from lambdacli.errors import EventError, MachineError, UsageError
from lambdacli.local import once
from lambdacli.local.event import event_of
from lambdacli.local.plan import Machine, Plan, plan
from lambdacli.local.variables import credentials
from lambdacli.model import MAX_EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lambdacli.local.invocation import Invocation
    from lambdacli.local.wanted import Wanted
    from lambdacli.model import Function, Manifest

_LONGEST = 86_400  # seconds: a day


class Ready(NamedTuple):
    """A local run whose every part has been found. `files` are those it was made from, besides the function's code."""

    function: Function
    manifest: Manifest
    plan: Plan
    event: bytes
    client_context: str
    files: tuple[Path, ...]
    remarks: tuple[str, ...]  # what the user should know before it runs

    def invocation(self) -> Invocation:
        """A new call of the function with the event."""
        return once.invocation(self.function, self.manifest, self.event, self.client_context)


def prepare(wanted: Wanted, *, stdin: Callable[[], bytes]) -> Ready:
    """Find everything that a run names.

    Raises:
        LambdacliError: whatever is wrong with the options, the manifest, the event or the machine.
    """
    if os.name != "posix":
        raise MachineError("functions run on Linux and macOS", hint="on Windows use WSL; all other commands work")
    _check_timeout(wanted)
    manifest, function = target(wanted)
    machine = Machine(
        variables=variables(wanted.variables, wanted.env_file),
        credentials=credentials(os.environ, wanted.profile) if wanted.credentials else {},
        timeout=None if wanted.no_timeout else wanted.timeout or function.timeout,
        allow_version_mismatch=wanted.allow_version_mismatch,
    )
    its_plan, interpreter = plan(function, manifest, machine)
    its_event = event(wanted, function, manifest, stdin)
    other_version = f"{function.runtime} is not on this machine: running on {interpreter.version}"
    return Ready(
        function,
        manifest,
        its_plan,
        its_event,
        client_context(wanted.client_context),
        files=(manifest.path, *manifest.watched, *_named_files(wanted)),
        remarks=() if interpreter.exact else (other_version,),
    )


def pinned(wanted: Wanted) -> Wanted:
    """The same with its manifest found once and for all: a file that goes away must not make room for another's.

    Raises:
        ManifestError: there is no manifest.
    """
    if _is_handler(wanted):
        return wanted
    return wanted._replace(manifest=manifests.find(Path.cwd(), wanted.manifest))


def watched_first(wanted: Wanted) -> tuple[Path, ...]:
    """The files to watch while the rest cannot be found yet, of a run that is `pinned`."""
    return (*_named_files(wanted), *((wanted.manifest,) if wanted.manifest else ()))


def _pairs(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise UsageError(f"--env {each!r} is not NAME=VALUE", hint="for example --env GREETING=hello")
        yield name, value


def _check_timeout(wanted: Wanted) -> None:
    if wanted.timeout is None:
        return
    if wanted.no_timeout:
        raise UsageError("--timeout and --no-timeout exclude each other", hint="leave one of them out")
    if not 0 < wanted.timeout <= _LONGEST:  # neither is nan
        raise UsageError(f"--timeout {wanted.timeout:g} is not above 0 and at most {_LONGEST}", hint="or --no-timeout")


def variables(pairs: Sequence[str], env_file: Path | None) -> dict[str, str]:
    """What --env and --env-file give; Lambda's own variables are refused, as a deployment would.

    Raises:
        UsageError: one of them is no variable, or is Lambda's own.
    """
    given = {**(manifests.env_file(env_file) if env_file else {}), **dict(_pairs(pairs))}
    if given:
        from lambdacli.manifest.limits import RESERVED

        for name in given:
            if name.startswith("_") or name in RESERVED:
                option = "--env" if any(each.startswith(f"{name}=") for each in pairs) else "--env-file"
                raise UsageError(
                    f"{option}: {name} is Lambda's own variable",
                    hint="--region and --profile set region and credentials",
                )
    return given


def event(wanted: Wanted, function: Function, manifest: Manifest, stdin: Callable[[], bytes]) -> bytes:
    """The event that a run is to get, as JSON.

    Raises:
        LambdacliError: it is wrong, or too large.
    """
    try:
        made = event_of(function, manifest, wanted.event, wanted.settings, wanted.trigger, stdin=stdin)
    except EventError as error:
        if wanted.event is None or os.path.isfile(wanted.event):  # noqa: PTH113 - JSON is too long for Path's
            raise
        raise UsageError(error.message, hint=error.hint) from None  # the command line itself is wrong
    if len(made) > MAX_EVENT:
        raise EventError(
            f"the event has {len(made):,} bytes; a synchronous invocation takes at most {MAX_EVENT:,}",
            hint="put the data into S3 and its key into the event",
        )
    return made


def target(wanted: Wanted) -> tuple[Manifest, Function]:
    """The function by its name in the manifest; a name with a dot is a handler in this folder.

    Raises:
        LambdacliError: there is no such manifest or function.
    """
    folder, name = Path.cwd(), wanted.function
    if name and _is_handler(wanted):
        manifest = manifests.adhoc(name, wanted.runtime, folder, wanted.region)
        return manifest, next(iter(manifest.functions.values()))
    path = manifests.find(folder, wanted.manifest)
    if wanted.runtime:
        raise UsageError(f"--runtime is for a handler without a manifest, and {path.name} says it", hint="leave it out")
    manifest = manifests.load(path, stage=wanted.stage, region=wanted.region, environ=os.environ)
    return manifest, manifests.select(manifest, name)


def _is_handler(wanted: Wanted) -> bool:
    if not wanted.function or wanted.manifest is not None or os.environ.get("LAMBDACLI_MANIFEST"):
        return False
    return "." in wanted.function or bool(wanted.runtime and not runtimes.of(wanted.runtime).managed)


def _named_files(wanted: Wanted) -> list[Path]:
    """The files that the options name; an event may be JSON or a template instead."""
    named = [wanted.env_file] if wanted.env_file else []
    if wanted.event and not wanted.event.lstrip().startswith(("{", "[", '"')):
        named += [Path(wanted.event)] if os.path.isfile(wanted.event) else []  # noqa: PTH113 - JSON is too long for Path's
    return [path.absolute() for path in named]


def client_context(given: str) -> str:
    """One line of JSON from JSON, a file, or base64 as the Invoke API takes it.

    Raises:
        UsageError: it is none of these.
    """
    if not given:
        return ""
    import base64
    import json

    try:
        if not given.lstrip().startswith("{"):
            is_file = os.path.isfile(given)  # noqa: PTH113 - base64 is too long for a path's own test
            given = Path(given).read_text("utf-8") if is_file else base64.b64decode(given, validate=True).decode()
        value = json.loads(given)
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UsageError(
            "--client-context is neither a JSON object, nor a file with one, nor base64 of one",
            hint="""for example '{"custom": {}}'""",
        )
    return json.dumps(value, separators=(",", ":"))
