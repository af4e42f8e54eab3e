"""A single file as code: what it imports from beside itself works locally, and does not lie in AWS."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_RELATIVE = re.compile(r"""(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](\.{1,2}/[^"'\n]+)["']""")
_NODE = (".js", ".mjs", ".cjs")


def remarks(code: Path) -> tuple[str, ...]:
    """One, if a Python or Node.js file imports what is beside it."""
    try:
        beside = sorted(set(_beside(code)))
    except (OSError, ValueError, SyntaxError, RecursionError):
        return ()  # its handler tells
    if not beside:
        return ()
    return (f"{code.name} imports {', '.join(beside)} from beside it, and goes alone: name the folder as `code`",)


def _beside(code: Path) -> Iterable[str]:
    if code.suffix in _NODE:
        return _RELATIVE.findall(code.read_text("utf-8"))
    if code.suffix != ".py":
        return ()
    names = set(_imported(ast.parse(code.read_bytes()))) - sys.stdlib_module_names
    return [name for name in names if code.with_name(f"{name}.py").exists() or code.with_name(name).is_dir()]


def _imported(parsed: ast.Module) -> Iterable[str]:
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
