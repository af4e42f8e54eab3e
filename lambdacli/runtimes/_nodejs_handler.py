"""Looks for a Node.js handler without running code: the file in Lambda's order, the export by its text, leniently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lambdacli.runtimes._files import Code
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from lambdacli.model import Function

_ENDINGS = ("", ".js", ".mjs", ".cjs")
_LARGE = 1_000_000  # bytes: a bundle, whose exports are mangled
_OPAQUE = re.compile(
    r"export\s*\*|module\.exports\s*=\s*(?!\s*\{)|Object\.(?:assign|defineProperty)\s*\(\s*(?:module\.)?exports"
    r"|__exportStar|__export\(|(?:module\.)?exports\s*\[|module\.exports\s*=\s*\{[^}]*\.\.\.|exports\s*=\s*module\.exports"
)
_EXPORTED = re.compile(
    r"exports\.([A-Za-z_$][\w$]*)\s*=|export\s+(?:async\s+)?(?:function\s*\*?|const|let|var|class)\s+([A-Za-z_$][\w$]*)"
)


def problem(function: Function) -> str:
    """Why the handler cannot be found, in one line, or nothing."""
    handler = function.handler
    folder, _, base = handler.rpartition("/")
    module, dot, export = base.partition(".")
    if ".." in handler:
        return f"handler {handler!r} goes up: name it from the function's folder"
    if not dot or not module or not export:
        return f"handler {handler!r} is not FILE.EXPORT"
    stem = f"{folder}/{module}".lstrip("/")
    with Code(function.code) as code:
        found = next((stem + ending for ending in _ENDINGS if code.is_file(stem + ending)), None)
        if found is not None:
            return _export_problem(found, code.read(found), export)
        if code.is_folder(stem) or code.is_folder(f"node_modules/{module}"):
            return ""
        stems = [n.rpartition(".")[0] for n in code.names(folder) if n.endswith(_ENDINGS[1:])]
        if code.is_file(f"{stem}.ts") or code.is_file(f"{stem}.mts"):
            return f"{stem}.ts is TypeScript: compile it to {stem}.js or {stem}.mjs"
        return f"no file {stem}.js, .mjs or .cjs in {function.code}{_nearest(module, stems)}"


def _export_problem(name: str, source: bytes, export: str) -> str:
    text = source.decode("utf-8", "replace")
    first = export.partition(".")[0]
    if len(source) > _LARGE or first == "default" or _OPAQUE.search(text):
        return ""
    if re.search(rf"(?<![\w$]){re.escape(first)}(?![\w$])", text):
        return ""
    names = [a or b for a, b in _EXPORTED.findall(text)]
    return f"{name} exports no {first!r}{_nearest(first, names)}"


def _nearest(name: str, names: list[str]) -> str:
    near = nearest(name, names)
    return f"; {near}" if near else ""
