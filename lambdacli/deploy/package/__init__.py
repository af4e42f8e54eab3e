"""A function's code, or a layer, as the zip that Lambda takes: the same bytes for the same content.

`code` may be a folder, whose content becomes the zip's root with the packages that its requirements.txt or package.json
asks for; a single file, which goes in alone (locally its folder is the task root, so that what it imports from beside
itself is told in a remark); or a .zip or .jar, which is taken as it is.
"""

from __future__ import annotations

import stat
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import runtimes
from lambdacli.deploy.package import alone, archive, dependencies, given, kept, rules, tree
from lambdacli.deploy.package.findings import UNPACKED, Findings, Wanted, biggest, megabytes, too_large
from lambdacli.errors import LambdacliError, ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping

    from lambdacli.model import Architecture, Function

DIRECT_UPLOAD = 50 * 1024 * 1024  # bytes of a zip that the API itself takes, larger ones through S3 ("Lambda quotas")

__all__ = ["DIRECT_UPLOAD", "UNPACKED", "Package", "check_size", "package", "package_layer"]


class Package(NamedTuple):
    """A zip in lambdacli's cache, or the user's own, ready to be uploaded."""

    path: Path
    sha256: str  # of the zip, in base64 as AWS's CodeSha256
    content: str  # hex: equal for equal names, modes and bytes, even where another zlib has made another zip of them
    size: int  # bytes of the zip
    unpacked: int  # bytes
    remarks: tuple[str, ...] = ()  # what may be wrong, a line each
    biggest: tuple[tuple[str, int], ...] = ()  # its largest folders and their bytes


def _silent(_: str) -> None:
    pass


def package(
    function: Function,
    *,
    project: Path | None = None,
    tell: Callable[[str], None] = _silent,
    seen: MutableMapping[Any, Package] | None = None,
) -> Package:
    """The package of a function: from the cache unless a file of it has changed.

    `project` is where an interpreter is searched for, if pip needs one. `tell` hears, in a line each, of what takes
    long. `seen`, empty at first, lets functions of one deployment that share their code share the look at it.

    Raises:
        ManifestError: what must not or cannot be packaged, is too large, was built for another platform, or lacks the
            function's handler; a package that has no wheel for the runtime.
        MachineError: uv, pip or npm is needed and not there, or it fails.
    """
    with _named(f"function {function.name}"):
        key = (function.code, function.exclude, function.runtime, function.architecture)
        found = None if seen is None else seen.get(key)
        if found is None:
            found = _of_function(function, project or function.code.parent, tell)
            if seen is not None:
                seen[key] = found
        return _with_handler(function, found)


def package_layer(path: Path, *, architecture: Architecture | None = None, exclude: Iterable[str] = ()) -> Package:
    """The package of a local layer, which Lambda unpacks into /opt: a folder's content is the zip's root.

    Raises:
        ManifestError: as for functions.
    """
    with _named(f"layer {path}"):
        kind, wanted = _kind(path), Wanted(architecture)
        if kind == "folder":
            task = _Task(rules.read(str(path), exclude), wanted, time.time_ns())
            return _zipped(tree.walk(str(path), task.patterns), task)
        if not str(path).endswith(given.ENDINGS):
            raise ManifestError(f"{path} is neither a folder nor a zip")
        return _given(path, _Task(rules.Rules(exclude), wanted, time.time_ns()))


def check_size(function: Function, package: Package, layers: Iterable[Package] = ()) -> None:
    """Whether Lambda unpacks a function and its layers together; layers that are ARNs are not known here.

    Raises:
        ManifestError: they are too large; it names their largest folders.
    """
    parts = (package, *layers)
    total = sum(part.unpacked for part in parts)
    if total > UNPACKED:
        with _named(f"function {function.name}, with its layers" if len(parts) > 1 else f"function {function.name}"):
            raise too_large(total, sorted((b for p in parts for b in p.biggest), key=lambda each: -each[1])[:5])


class _Task(NamedTuple):
    patterns: rules.Rules
    wanted: Wanted
    began: int  # nanoseconds
    tell: Callable[[str], None] = _silent


def _of_function(function: Function, project: Path, tell: Callable[[str], None]) -> Package:
    code, kind = function.code, _kind(function.code)
    patterns = rules.read(str(code), function.exclude) if kind == "folder" else rules.Rules(function.exclude)
    version = function.runtime.removeprefix("python") if function.runtime.startswith("python") else ""
    task = _Task(patterns, Wanted(function.architecture, version), time.time_ns(), tell)
    if kind == "folder":
        own = tree.walk(str(code), patterns)
        there = dependencies.install(function, own, patterns, project, tell)
        return _zipped(tree.merged(own, there.entries), task, there.remarks)
    if str(code).endswith(given.ENDINGS):
        return _given(code, task)
    return _zipped([tree.single(str(code))], task, alone.remarks(code))


def _kind(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ManifestError(f"no code at {path}: {reason}", hint="`code` is a folder, a file or a zip") from None
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise ManifestError(f"no code at {path}", hint="`code` is a folder, a file or a zip")
    return "folder" if stat.S_ISDIR(mode) else "file"


def _zipped(entries: list[tree.Entry], task: _Task, remarks: tuple[str, ...] = ()) -> Package:
    size = sum(entry.size for entry in entries)
    parts = biggest((entry.name, entry.size) for entry in entries)
    if size > UNPACKED:
        raise too_large(size, parts)
    key = kept.key(
        archive.FORMAT, zlib.ZLIB_RUNTIME_VERSION, *task.wanted, task.patterns.lines, tree.fingerprint(entries)
    )
    with kept.one_at_a_time(key):
        record = kept.recall(key)
        if record is None:
            if size > DIRECT_UPLOAD:
                task.tell(f"zipping {megabytes(size)}")
            record = _make(key, entries, Findings(task.wanted, task.patterns))
            if kept.is_settled((entry.stamp for entry in entries), task.began):
                kept.remember(key, record)
    return _package(Path(kept.folder(), f"{key}.zip"), record, remarks, parts)


def _make(key: str, entries: list[tree.Entry], findings: Findings) -> dict[str, Any]:
    vendored = tree.vendored(entries)

    def look(entry: tree.Entry, data: bytes) -> None:
        if not entry.installed:  # what was chosen by its platform may bring others' files too
            findings.look(entry.name, data, program=entry.mode == tree.PROGRAM, vendored=entry.name in vendored)

    with kept.fresh(key) as stream:
        written = archive.write(entries, stream, look)
        remarks = findings.judge()
    remarks += [
        f"the link {link.name} points to {link.target}, which is not packaged" for link in tree.dangling(entries)
    ]
    return {**written._asdict(), "remarks": remarks}


def _given(path: Path, task: _Task) -> Package:
    status = path.stat()
    stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_size)
    key = kept.key(archive.FORMAT, *task.wanted, task.patterns.lines, str(path), stamp)
    with kept.one_at_a_time(key):
        record = kept.recall(key, given=True)
        if record is None:
            record = given.record(path, Findings(task.wanted, task.patterns), status.st_size)
            if kept.is_settled([stamp], task.began):
                kept.remember(key, record)
    if record["unpacked"] > UNPACKED:
        raise too_large(record["unpacked"], [(name, size) for name, size in record["biggest"]])
    return _package(path, record, (), tuple((name, size) for name, size in record["biggest"]))


def _package(
    path: Path, record: dict[str, Any], remarks: tuple[str, ...], parts: tuple[tuple[str, int], ...]
) -> Package:
    digests = (record["sha256"], record["content"], record["size"], record["unpacked"])
    return Package(path, *digests, (*remarks, *record["remarks"]), parts)


def _with_handler(function: Function, found: Package) -> Package:
    """The package, if the handler is in it. With layers it may be in one of them: then only a remark.

    Raises:
        ManifestError: it is not.
    """
    if found.path.suffix == ".jar":
        return found
    problem = runtimes.of(function.runtime).handler_problem(function._replace(code=found.path, layers=()))
    if not problem:
        return found
    said = problem.replace(f" in {found.path}", " in the package").replace(f"{found.path}/", "")
    if function.layers:
        return found._replace(remarks=(*found.remarks, f"{said}: one of its layers has to bring it"))
    here = runtimes.of(function.runtime).handler_problem(function)
    raise ManifestError(said, hint="" if here else "it is left out: see `exclude` and .lambdaignore")


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Errors that say whose package it was."""
    try:
        yield
    except LambdacliError as error:
        if not error.message.startswith(what):
            error.message = f"{what}: {error.message}"
            error.args = (error.message,)
        raise
