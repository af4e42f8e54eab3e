"""lambdacli.yaml: found, parsed, checked against its JSON Schema, and made into the typed model.

Everything below is a door; the rooms are imported when a door is opened, because an unchanged manifest needs few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from lambdacli.errors import ManifestError
    from lambdacli.model import Function, Manifest, Problem


def find(start: Path, explicit: Path | None = None) -> Path:
    """The manifest's absolute path: explicit, else LAMBDACLI_MANIFEST, else upward from `start`.

    Raises:
        ManifestError: there is none.
    """
    from lambdacli.manifest.files import manifest_path

    return manifest_path(start, explicit)


def load(path: Path, *, stage: str = "", region: str = "", environ: Mapping[str, str]) -> Manifest:
    """The manifest at `path` for one stage.

    Args:
        path: the file.
        stage: laid over the rest; `dev` unless given.
        region: wins over the manifest's.
        environ: where `${env:NAME}` and the region of last resort come from.

    Raises:
        ManifestError: with every mistake in `problems`.
        UsageError: the manifest has no such stage, or `region` is none.
    """
    from lambdacli.manifest.loading import load_manifest

    return load_manifest(path, stage, region, environ)


def outline(path: Path) -> dict[str, list[str]]:
    """The names of the manifest's `functions` and `stages`, without building the model: for shell completion.

    Raises:
        ManifestError: as `load`.
    """
    from lambdacli.manifest.loading import names

    return names(path)


def lint(manifest: Manifest) -> list[Problem]:
    """Errors and warnings that need the disk or more than one setting; offline, without running the user's code."""
    from lambdacli.manifest.checks import check

    return check(manifest)


def placed(manifest: Manifest, problems: Sequence[tuple[str, str, str]]) -> list[Problem]:
    """Mistakes that only AWS knows of, with their places in the file.

    Args:
        manifest: where they are.
        problems: path as functions.orders.triggers[0].sqs, message and hint of each.
    """
    from lambdacli.manifest.checks import place

    return place(manifest, problems)


def validate(
    path: Path, *, stage: str = "", region: str = "", environ: Mapping[str, str]
) -> tuple[Manifest, list[Problem]]:
    """`load` and `lint` in one; without a stage every stage of the manifest is checked as well.

    Raises:
        ManifestError: with every mistake in `problems`.
        UsageError: the manifest has no such stage, or `region` is none.
    """
    manifest = load(path, stage=stage, region=region, environ=environ)
    problems = lint(manifest)
    others = [] if stage else [name for name in outline(path)["stages"] if name != manifest.stage]
    for name in others:
        problems += lint(load(path, stage=name, region=region, environ=environ))
    if others and problems:
        from lambdacli.manifest.wording import in_order

        problems = in_order(problems)
    return manifest, problems


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the manifest."""
    from lambdacli.manifest import schema

    return schema.json_schema()


def env_file(path: Path) -> dict[str, str]:
    """The variables of a .env file: NAME=value lines with quotes, `export` and comments.

    Raises:
        UsageError: it cannot be read, or a line is wrong.
    """
    from lambdacli.errors import UsageError
    from lambdacli.manifest import dotenv

    values, mistake = dotenv.read(path)
    if mistake:
        raise UsageError(f"{shown(path)}{mistake}", hint="an env file has lines of NAME=value")
    return values


def failure(path: Path, problems: Sequence[Problem]) -> ManifestError:
    """Problems that `lint` found as one error."""
    from lambdacli.manifest import files

    return files.failure(files.shown(path), problems)


def shown(path: Path) -> str:
    """A path as people read it: relative to where they are, if that is shorter."""
    from lambdacli.manifest import files

    return files.shown(path)


def select(manifest: Manifest, name: str | None) -> Function:
    """The function of this name; without a name the only one.

    Raises:
        UsageError: there is none, or more than one to choose from.
    """
    functions = manifest.functions
    if name is None and len(functions) == 1:
        return next(iter(functions.values()))
    if name is not None and name in functions:
        return functions[name]
    from lambdacli.errors import UsageError
    from lambdacli.manifest.wording import listed, nearest

    if name is None:
        raise UsageError("which function?", hint=listed(functions))
    where = shown(manifest.path)
    raise UsageError(f"no function {name!r} in {where}", hint=nearest(name, functions) or listed(functions))


def adhoc(handler: str, runtime: str, folder: Path, region: str = "") -> Manifest:
    """A manifest for a handler in a folder that has none.

    Args:
        handler: as module.function.
        runtime: an identifier, or "" to choose by the ending of the handler's file.
        folder: holds the code.
        region: wins over the environment's.

    Raises:
        UsageError: the runtime is unknown, or cannot be chosen; the handler or the region is none.
    """
    from lambdacli.manifest.without_file import manifest_of

    return manifest_of(handler, runtime, folder, region)
