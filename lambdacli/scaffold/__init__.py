"""New projects: which files, with what in them, and their way to the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli.errors import MachineError, UsageError
from lambdacli.scaffold.starts import STARTS
from lambdacli.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdacli.runtimes import Runtime

_FILES = Path(__file__).parent / "files"
_APP = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,47}")
_NOT_TEXT = re.compile(r"[0-9].*|null|true|false|yes|no|on|off|y|n", re.IGNORECASE)  # to one YAML reader or another


@dataclass(frozen=True, slots=True)
class Project:
    """What a new project is made for."""

    app: str
    runtime: str  # an identifier, as python3.13
    trigger: str  # a kind


@dataclass(frozen=True, slots=True)
class NewFile:
    """One file of a new project; its path is relative to the project's folder."""

    path: str
    text: str

    @property
    def executable(self) -> bool:
        """Whether it is a script that names its interpreter."""
        return self.text.startswith("#!")


@dataclass(frozen=True, slots=True)
class _Language:
    """Where a language's files come from and go to: source below `files/<language>`, target, what the README says."""

    ending: str
    fallback: str  # the runtime when none is found on this machine
    extra: tuple[tuple[str, str, str], ...]
    test: str  # the command that runs the test


_LANGUAGES = {
    "python": _Language(
        ".py", "python3.13", (("test_app.py.in", "tests/test_app.py", "its test"),), "python -m unittest discover tests"
    ),
    "nodejs": _Language(
        ".mjs", "nodejs22.x", (("app.test.mjs.in", "tests/app.test.mjs", "its test"),), "node --test"
    ),
    "provided": _Language(
        ".sh", "provided.al2023",
        (("test.sh.in", "tests/test.sh", "its test"), ("bootstrap", "src/bootstrap", "the runtime, an executable")),
        "sh tests/test.sh",
    ),
}  # fmt: skip


def trigger_kinds() -> tuple[str, ...]:
    """The kinds of triggers that a project can be made for."""
    return tuple(STARTS)


def trigger_named(name: str) -> str:
    """A kind of trigger.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in STARTS:
        raise _unknown("trigger", name, trigger_kinds())
    return name


def runtime_named(name: str, folder: Path) -> str:
    """A current runtime identifier: the one named, or the newest of a language that this machine can run.

    Args:
        name: an identifier, or a language: python, nodejs, provided.
        folder: of the project, where an interpreter may lie.

    Raises:
        UsageError: the name is unknown, deprecated, or of a language without files for a new project.
    """
    from lambdacli import runtimes

    if name in _LANGUAGES:
        return _newest(runtimes.load(name), folder)
    runtime = runtimes.of(name)
    if runtime.language not in _LANGUAGES:
        raise UsageError(f"no new project can be made for {name!r} yet", hint=f"one of {', '.join(_LANGUAGES)}")
    if name in runtime.deprecated:
        hint = f"take {runtime.identifiers[-1]}"
        raise UsageError(f"{name} is deprecated by AWS since {runtime.deprecated[name]}", hint=hint)
    return name


def _newest(runtime: Runtime, folder: Path) -> str:
    from lambdacli.model import Function

    for identifier in reversed(runtime.identifiers):
        try:
            runtime.find(identifier, Function("main", "app.handler", identifier, folder), folder, False)  # noqa: FBT003 - no mismatch
        except MachineError:
            continue
        return identifier
    return _LANGUAGES[runtime.language].fallback


def app_name(wanted: str, folder: Path) -> str:
    """The name wanted, or one made from the folder's.

    Raises:
        UsageError: the name wanted is none that AWS takes.
    """
    if wanted:
        if not _APP.fullmatch(wanted):
            raise UsageError(f"invalid name {wanted!r}", hint="up to 48 letters, digits, - and _")
        return wanted
    return re.sub(r"[^a-zA-Z0-9_-]+", "-", folder.resolve().name).strip("-_")[:48] or "app"


def files(project: Project) -> tuple[NewFile, ...]:
    """All files of a new project, the manifest first."""
    from lambdacli import runtimes

    language = runtimes.of(project.runtime).language
    about, start = _LANGUAGES[language], STARTS[project.trigger]
    handler = start.shell if language == "provided" else start.handler
    event = f"events/{project.trigger}.json"
    words = {
        "app": project.app,
        "app_in_yaml": f'"{project.app}"' if _NOT_TEXT.fullmatch(project.app) else project.app,
        "runtime": project.runtime,
        "kind": project.trigger,
        "trigger": _trigger(project.trigger, start.settings),
        "timeout": str(start.timeout),
        "event": event,
        "test": about.test,
        "rows": "\n".join(f"| `{path}` | {what} |" for path, what in _described(about)),
        **_expected(("ok", True) if handler == "any" else start.expected),
    }
    manifest = _filled("lambdacli.yaml.in", words)
    return (
        NewFile("lambdacli.yaml", manifest),
        NewFile(f"src/app{about.ending}", _filled(f"{language}/handlers/{handler}{about.ending}", {})),
        *(NewFile(target, _filled(f"{language}/{source}", words)) for source, target, _ in about.extra),
        NewFile(event, _sample_event(manifest)),
        NewFile("README.md", _filled("README.md.in", words)),
        NewFile(".gitignore", _filled("gitignore.in", words)),
    )


def _trigger(kind: str, settings: str | Mapping[str, str]) -> str:
    """An item of the manifest's list of triggers."""
    if isinstance(settings, str):
        return f"{kind}: {settings}"
    return "\n".join([f"{kind}:", *(f"          {name}: {value}" for name, value in settings.items())])


def _described(language: _Language) -> tuple[tuple[str, str], ...]:
    return (f"src/app{language.ending}", "the handler"), *((target, what) for _, target, what in language.extra)


def _expected(result: tuple[str, Any]) -> dict[str, str]:
    """One key of the result and its value, as the three languages' tests spell them."""
    import json

    key, value = result
    return {"key": key, "value": json.dumps(value), "python_value": repr(value)}


def _filled(source: str, words: dict[str, str]) -> str:
    text = (_FILES / source).read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], text) if source.endswith(".in") else text


def _sample_event(manifest: str) -> str:
    """The event that the first trigger in a manifest's text sends."""
    import yaml

    from lambdacli import events, triggers
    from lambdacli.events import recipe as recipes
    from lambdacli.model import Function, Manifest, Trigger

    document = yaml.safe_load(manifest)
    main = document["functions"]["main"]
    ((kind, settings),) = main["triggers"][0].items()
    known = triggers.load(kind)
    trigger = Trigger(kind, settings if isinstance(settings, dict) else {known.shorthand: settings})
    function = Function("main", main["handler"], main["runtime"], Path("src"), triggers=(trigger,))
    whole = Manifest(Path("lambdacli.yaml"), document["app"], "", "us-east-1", {"main": function})
    recipe = recipes.of_request(known.sample(trigger, function, whole), whole)
    return events.dumps(recipes.make(recipe)) + "\n"


def write(folder: Path, new: Sequence[NewFile]) -> None:
    """Put all files into the folder, or none: nothing that exists is touched.

    Raises:
        UsageError: some exist already, or the folder cannot be written to.
    """
    if existing := [file.path for file in new if (folder / file.path).is_symlink() or (folder / file.path).exists()]:
        raise UsageError(
            f"{', '.join(existing)} {'exists' if len(existing) == 1 else 'exist'} already in {folder.absolute()}",
            hint="nothing was written; name another folder, as in `lambdacli init DIR`",
        )
    made: list[Path] = []
    try:
        for file in new:
            _make_folder((folder / file.path).parent, made)
            _make_file(folder / file.path, file, made)
    except OSError as error:
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise UsageError(f"cannot write {error.filename}: {error.strerror}", hint="nothing was written") from error


def _make_folder(folder: Path, made: list[Path]) -> None:
    for each in (*reversed(folder.parents), folder):
        if not each.is_dir():
            each.mkdir()
            made.append(each)


def _make_file(path: Path, file: NewFile, made: list[Path]) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as stream:
        made.append(path)
        stream.write(file.text)
    if file.executable:
        path.chmod(path.stat().st_mode | 0o111)


def _unknown(kind: str, name: str, valid: Sequence[str]) -> UsageError:
    return UsageError(f"unknown {kind} {name!r}", hint=nearest(name, valid, f"one of {', '.join(valid)}"))
