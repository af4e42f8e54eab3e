"""What lies in a folder and goes into its package, in the order of the zip: names, kinds, modes, and no times."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lambdacli.deploy.package.rules import Rules

FILE = stat.S_IFREG | 0o644
PROGRAM = stat.S_IFREG | 0o755
LINK = stat.S_IFLNK | 0o777
_ON_LAMBDA = ("/opt/", "/tmp/")  # noqa: S108 - layers and scratch space of Lambda, not of this machine
_WINDOWS = os.name == "nt"


class Entry(NamedTuple):
    """A file or a symbolic link of a package."""

    name: str  # with forward slashes
    path: str  # where its bytes are on this machine
    mode: int  # with its kind, as a zip has it: one of three
    size: int  # bytes
    target: str = ""  # of a link
    stamp: tuple[int, ...] = ()  # changes when the file does
    installed: bool = False  # a package's, not the user's own


def walk(folder: str, rules: Rules, *, installed: bool = False) -> list[Entry]:
    """All that goes in, sorted by name. Folders have no entry of their own: Lambda makes them.

    Raises:
        ManifestError: a link leaves the folder, a name is no UTF-8, or something may not be read.
    """
    try:
        found = list(_walk(folder, "", rules, installed=installed))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestError(
            f"{error.filename or folder} cannot be packaged: {reason}", hint="may you read it?"
        ) from None
    return sorted(found, key=_order)


def single(path: str) -> Entry:
    """A file as the only one of its package, below its own name."""
    return _file(os.path.basename(path), path, os.stat(path), installed=False)


def merged(own: Iterable[Entry], installed: Iterable[Entry]) -> list[Entry]:
    """Installed packages below the user's own files, which win wherever both have a name."""
    mine = {entry.name: entry for entry in own}
    folders = {parent for name in mine for parent in _parents(name)}
    for entry in installed:
        if entry.name not in folders and not any(parent in mine for parent in _parents(entry.name)):
            mine.setdefault(entry.name, entry)
    return sorted(mine.values(), key=_order)


def vendored(entries: Iterable[Entry]) -> set[str]:
    """The names that packages in the folder list as theirs, in the RECORD of each (PEP 376)."""
    names: set[str] = set()
    for entry in entries:
        about, _, base = entry.name.rpartition("/")
        if base == "RECORD" and about.endswith(".dist-info"):
            folder = about.rpartition("/")[0]
            with suppress(OSError), open(entry.path, encoding="utf-8", errors="replace") as stream:
                names.update(os.path.join(folder, line.rsplit(",", 2)[0].strip('"')) for line in stream)
    return names


def dangling(entries: Iterable[Entry]) -> list[Entry]:
    """The links to what has been left out, or is nowhere."""
    names: set[str] = set()
    links = []
    for entry in entries:
        names.update((entry.name, *_parents(entry.name)))
        if entry.mode == LINK and not entry.target.startswith("/"):
            links.append(entry)
    return [link for link in links if _resolved(link) not in {*names, "."}] if links else []


def _resolved(link: Entry) -> str:
    return os.path.normpath(os.path.join(os.path.dirname(link.name), link.target)).replace(os.sep, "/")


def fingerprint(entries: Iterable[Entry]) -> str:
    """Changes when a name, a mode, a link or any file does. Nothing is read."""
    import hashlib

    digest = hashlib.sha256()
    for entry in entries:
        digest.update(repr((entry.name, entry.mode, entry.target, entry.size, entry.stamp)).encode())
    return digest.hexdigest()


def _order(entry: Entry) -> bytes:
    return entry.name.encode()


def _parents(name: str) -> Iterator[str]:
    while name := name.rpartition("/")[0]:
        yield name


def _walk(root: str, inside: str, rules: Rules, *, installed: bool) -> Iterator[Entry]:
    with os.scandir(os.path.join(root, inside)) as found:
        for each in found:
            name = _utf8(f"{inside}/{each.name}" if inside else each.name)
            if each.is_symlink():
                if not rules.leave_out(name):
                    yield _link(root, name, each.path, each.stat(follow_symlinks=False))
            elif each.is_dir(follow_symlinks=False):
                if not rules.leave_out(name, folder=True) and (not _is_environment(each.path) or rules.ask_for(name)):
                    yield from _walk(root, name, rules, installed=installed)
            elif each.is_file(follow_symlinks=False) and not rules.leave_out(name):
                status = os.stat(each.path) if _WINDOWS else each.stat(follow_symlinks=False)
                yield _file(name, each.path, status, installed=installed)


def _is_environment(folder: str) -> bool:
    """Whether it is a virtual environment (PEP 405)."""
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _utf8(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode("utf-8", "backslashreplace")
        raise ManifestError(f"{shown} cannot be packaged: its name is no UTF-8", hint="rename it") from None
    return name


def _file(name: str, path: str, status: os.stat_result, *, installed: bool) -> Entry:
    mode = PROGRAM if _is_program(path, status.st_mode) else FILE
    return Entry(name, path, mode, status.st_size, "", _stamp(status), installed)


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _is_program(path: str, mode: int) -> bool:
    if not _WINDOWS:
        return bool(mode & stat.S_IXUSR)
    with open(path, "rb") as stream:  # Windows has no such mode: what Linux could run is taken for a program
        return stream.read(4).startswith((b"#!", b"\x7fELF"))


def _link(root: str, name: str, path: str, status: os.stat_result) -> Entry:
    target = os.readlink(path).replace("\\", "/") if _WINDOWS else os.readlink(path)
    return Entry(name, path, LINK, 0, _inside(root, name, path, target), _stamp(status))


def _inside(root: str, name: str, path: str, target: str) -> str:
    """A link's target as it is right below /var/task too.

    Raises:
        ManifestError: it points to what is not in the package.
    """
    top, real = os.path.realpath(root), os.path.realpath(path)
    within = real == top or real.startswith(os.path.join(top, ""))
    if within and (os.path.isabs(target) or leaves(name, target)):  # right here, but not where Lambda unpacks it
        return os.path.relpath(real, os.path.realpath(os.path.dirname(path))).replace(os.sep, "/")
    if within or target.startswith(_ON_LAMBDA):
        return target
    raise ManifestError(
        f"the symbolic link {name} leaves {root}: it points to {target}",
        hint=f"put the file itself there, or exclude it: {name} in .lambdaignore",
    )


def leaves(name: str, target: str) -> bool:
    """Whether a link's target, read below /var/task, is neither in the package nor in a layer."""
    if target.startswith("/"):
        return not target.startswith(_ON_LAMBDA)
    depth = name.count("/")
    for part in target.split("/"):
        depth += -1 if part == ".." else part not in {"", "."}
        if depth < 0:
            return True
    return False
