"""A manifest for a handler whose folder has none: `lambdacli invoke app.handler`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from lambdacli import runtimes
from lambdacli.errors import MachineError, UsageError
from lambdacli.manifest.build import DEFAULT_REGION, DEFAULT_STAGE, check_region
from lambdacli.manifest.limits import HANDLER_CHARACTERS
from lambdacli.model import Function, Manifest

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.runtimes import Runtime

_AS = "name it as module.function, such as app.handler"


def manifest_of(handler: str, runtime: str, folder: Path, region: str) -> Manifest:
    """See `lambdacli.manifest.adhoc`."""
    folder = folder.absolute()
    _check(handler)
    check_region(region)
    function = Function(_name(handler), handler, runtime, folder)
    if runtime:
        runtimes.of(runtime)
    else:
        language = _language(handler, folder)
        function = Function(function.name, handler, _found(language, function, folder), folder)
    path = folder / "lambdacli.yaml"
    shell = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return Manifest(path, folder.name, DEFAULT_STAGE, region or shell or DEFAULT_REGION, {function.name: function})


def _check(handler: str) -> None:
    """As the manifest's schema does."""
    if len(handler) > HANDLER_CHARACTERS:
        raise UsageError(f"a handler of {len(handler):,} characters; Lambda allows {HANDLER_CHARACTERS}")
    if " " in handler or not handler.isprintable():
        raise UsageError(f"{handler!r} is no handler", hint=_AS)


def _name(handler: str) -> str:
    stem = handler.rpartition(".")[0] or handler
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem)[:64] or "function"


def _language(handler: str, folder: Path) -> Runtime:
    """The language whose file the handler's module is; a name that is in two counts for the first, sorted."""
    module = handler.rpartition(".")[0]
    if not module:
        raise UsageError(f"{handler!r} is no handler", hint=_AS)
    # Python's packages are written with dots or slashes, Node's module is all before the first dot of the last part
    head, _, last = module.rpartition("/")
    stems = {module, module.replace(".", "/"), f"{head}/{last.split('.')[0]}".lstrip("/")}
    for language in runtimes.languages():
        runtime = runtimes.load(language)
        paths = (folder / f"{stem}{ending}" for stem in stems for ending in runtime.endings)
        if any(map(os.path.isfile, paths)):  # Path.is_file raises where a name is too long
            return runtime
    raise UsageError(
        f"no code for the handler {handler} in {folder}",
        hint="go to the folder with its code, or write a manifest: `lambdacli init`",
    )


def _found(runtime: Runtime, function: Function, folder: Path) -> str:
    """The newest version that this machine has; lambdacli's own Python first, which is surely there."""
    own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    newest_first = runtime.identifiers[::-1]
    for identifier in sorted(newest_first, key=lambda i: i != own):
        candidate = Function(function.name, function.handler, identifier, folder)
        try:
            runtime.find(identifier, candidate, folder, False)  # noqa: FBT003 - the contract of runtimes
        except MachineError:
            continue
        return identifier
    return runtime.identifiers[-1]
