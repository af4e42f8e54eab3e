"""Looks for a Python handler without running code: the module among the files, the attribute in its syntax tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from lambdacli.runtimes._files import Code
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import Function


def problem(function: Function) -> str:
    """Why the handler cannot be found, in one line, or nothing."""
    module, dot, attribute = function.handler.rpartition(".")
    if not dot or not module or not attribute:
        return f"handler {function.handler!r} is not MODULE.FUNCTION"
    with Code(function.code) as code:
        name = _file(code, module.replace("/", ".").split("."))
        if name is None:
            return "" if _elsewhere(code, module) else _missing_module(code, module)
        if not name.endswith(".py"):
            return ""  # compiled, or a namespace: only running it can tell
        return _attribute_problem(name, code.read(name), attribute)


def _file(code: Code, parts: list[str]) -> str | None:
    base = "/".join(parts)
    for name in (f"{base}/__init__.py", f"{base}.py"):
        if code.is_file(name):
            return name
    folder, _, stem = base.rpartition("/")
    for name in code.names(folder):
        if name.startswith(f"{stem}.") and name.endswith((".so", ".pyd", ".pyc")):
            return f"{folder}/{name}"
    return None


def _elsewhere(code: Code, module: str) -> bool:
    """Whether the module may come from a `.pth` file or from a package installed elsewhere."""
    return any(name.endswith(".pth") for name in code.names("")) and not code.is_folder(
        module.split("/", maxsplit=1)[0]
    )


def _missing_module(code: Code, module: str) -> str:
    *folders, stem = module.replace("/", ".").split(".")
    names = [name.removesuffix(".py") for name in code.names("/".join(folders)) if name.endswith(".py")]
    path = "/".join([*folders, stem])
    return f"no module {path}.py in {code.path}{_nearest(stem, names)}"


def _nearest(name: str, names: list[str]) -> str:
    near = nearest(name, names)
    return f"; {near}" if near else ""


def _attribute_problem(name: str, source: bytes, attribute: str) -> str:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"syntax error in {name}, line {error.lineno}: {error.msg}"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{name} is no Python source: {error}"
    names = set(_names(tree))
    if attribute in names or "*" in names or "__getattr__" in names:
        return ""
    functions = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return f"{name} defines no {attribute!r}{_nearest(attribute, functions)}"


def _names(tree: ast.Module) -> Iterator[str]:
    """Every name that the module's own level may bind, in whichever branch; "*" where it may bind any."""
    waiting: list[ast.AST] = [tree]  # no recursion: a long `elif` chain, or sum, is as deep as it is long
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OPEN:
            yield "*"
        waiting += ast.iter_child_nodes(node)


_OPEN = ("globals", "setattr", "exec", "vars")  # a module that calls these may define anything
