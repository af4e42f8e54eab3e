"""From the manifest's bytes to the model: by the kept tree, or by YAML and JSON Schema when something changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.manifest import kept
from lambdacli.manifest.build import Building
from lambdacli.manifest.files import failure, read, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lambdacli.manifest.build import Fill
    from lambdacli.manifest.document import Document, Step
    from lambdacli.model import Manifest, Problem


def load_manifest(path: Path, stage: str, region: str, environ: Mapping[str, str]) -> Manifest:
    """See `lambdacli.manifest.load`."""
    path = path.absolute()
    data = read(path)
    problems: Sequence[Problem] = ()
    broken: frozenset[str] | None = frozenset()
    document = partial(_parsed, data, path)
    tree = kept.read(path, data)
    if tree is None:
        tree, problems, broken = _checked(document())
        if not problems:
            kept.write(path, data, tree)
        if broken is None:
            raise failure(shown(path), problems)
    fill = _filler() if b"${" in data else _as_it_is
    building = Building(path, tree, stage, region, environ, document, fill, broken or frozenset())
    manifest = building.manifest()
    if found := [*problems, *building.problems]:
        from lambdacli.manifest.wording import in_order

        raise failure(shown(path), in_order(found))
    return manifest


def _filler() -> Fill:
    from lambdacli.manifest.variables import fill

    return fill


def _as_it_is(value: Any, *_: Any) -> Any:
    return value


def _parsed(data: bytes, path: Path) -> Document:
    from lambdacli.manifest.parsing import parse

    return parse(data, shown(path))


def names(path: Path) -> dict[str, list[str]]:
    """See `lambdacli.manifest.outline`."""
    path = path.absolute()
    data = read(path)
    tree = kept.read(path, data)
    if tree is None:
        tree = _parsed(data, path).tree
    values = tree if isinstance(tree, dict) else {}
    return {key: list(values[key]) if isinstance(values.get(key), dict) else [] for key in ("functions", "stages")}


def _checked(document: Document) -> tuple[Any, list[Problem], frozenset[str] | None]:
    """The tree, shorthands written out; its mistakes; which functions they are in (None: not only there)."""
    from lambdacli.manifest import schema, variables
    from lambdacli.manifest.wording import in_order, problems

    errors = list(schema.errors(document.tree))
    found = [*document.problems, *problems(document, errors)]
    paths = [tuple(error.absolute_path) for error in errors]
    for path, message, hint in (*variables.mistakes(document.tree), *_strangers(document.tree)):
        found.append(document.problem(path, message, hint=hint))
        paths.append(path)
    if not found:
        return _written_out(document.tree), [], frozenset()
    only_in_functions = all(len(path) > 1 and path[0] == "functions" for path in paths)
    broken = frozenset(str(path[1]) for path in paths) if only_in_functions and not document.problems else None
    if broken is None:
        return document.tree, in_order(found), None
    functions = {name: value for name, value in document.tree["functions"].items() if name not in broken}
    return _written_out({**document.tree, "functions": functions}), found, broken


def _strangers(tree: Any) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """Functions that only a stage names: a stage is laid over functions and cannot add one."""
    from lambdacli.manifest.wording import listed, nearest

    functions, stages = (tree.get(key) if isinstance(tree, dict) else None for key in ("functions", "stages"))
    if not isinstance(functions, dict) or not isinstance(stages, dict):
        return
    for stage, values in stages.items():
        laid_over = values.get("functions") if isinstance(values, dict) else None
        for name in laid_over if isinstance(laid_over, dict) else ():
            if name not in functions:
                path = ("stages", stage, "functions", name)
                yield path, "no such function", nearest(str(name), functions) or listed(functions)


def _written_out(tree: dict[str, Any]) -> dict[str, Any]:
    """The tree with every trigger as a mapping, where the file may have a plain string or nothing."""
    return {
        **{key: value for key, value in tree.items() if not key.startswith("x-")},
        "functions": _functions(tree.get("functions", {})),
        "stages": {
            name: {**stage, "functions": _functions(stage.get("functions", {}))}
            for name, stage in tree.get("stages", {}).items()
        },
    }


def _functions(functions: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {**function, "triggers": [_trigger(item) for item in function["triggers"]]}
        if "triggers" in function
        else function
        for name, function in functions.items()
    }


def _trigger(item: Mapping[str, Any]) -> dict[str, Any]:
    from lambdacli import triggers

    ((kind, settings),) = item.items()
    if isinstance(settings, str):
        settings = {triggers.load(kind).shorthand: settings}
    return {kind: settings or {}}
