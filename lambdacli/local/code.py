"""Where a function's code lies on this machine: a folder as it is, a file's folder, a zip unpacked once by content."""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import cache
from lambdacli.errors import MachineError, ManifestError

if TYPE_CHECKING:
    from lambdacli.model import Function

_COPIES = 8  # of unpacked zips: a function and its five layers, and some more
_RECORDS = 256  # files at most; two zips on one are only read again
_CHUNK = 1 << 20  # bytes


def task_root(function: Function) -> Path:
    """The folder that Lambda would unpack the function's code into.

    Raises:
        ManifestError: the code does not exist or is not what its name says.
        MachineError: there is no place to unpack it.
    """
    code = function.code
    try:
        mode = code.stat().st_mode
    except FileNotFoundError:
        mode = 0
    except (OSError, ValueError) as error:
        raise ManifestError(f"function {function.name}: its code {code} cannot be read: {_reason(error)}") from None
    if stat.S_ISDIR(mode):
        return code
    if stat.S_ISREG(mode):
        return _unpacked(code) if code.suffix == ".zip" else code.parent
    raise ManifestError(f"function {function.name}: no code at {code}", hint="`code` is a folder, a file or a zip")


def with_layers(function: Function) -> Function:
    """The function with folders for layers, as Lambda would lay them into /opt; ARNs stay what they are.

    Raises:
        ManifestError: a layer's zip is not one.
    """
    if not any(layer.endswith(".zip") for layer in function.layers):
        return function
    folders = (str(_unpacked(Path(each))) if _is_zip(each) else each for each in function.layers)
    return function._replace(layers=tuple(folders))


def _is_zip(layer: str) -> bool:
    return layer.endswith(".zip") and os.path.isfile(layer)  # noqa: PTH113 - an ARN is no path


def _unpacked(archive: Path) -> Path:
    """The copy of a zip's content, made if there is none yet."""
    place = cache.folder()
    if not place:
        raise MachineError(
            f"cannot unpack {archive}: there is no cache folder that you alone may write to",
            hint="LAMBDACLI_CACHE_DIR names another folder to unpack into",
        )
    target = Path(place, "code", _digest(archive))
    try:
        os.utime(target)  # the copies that were used last are kept
    except OSError:
        _unpack(archive, target)
        _keep_newest(target.parent)
    return target


def _digest(archive: Path) -> str:
    """What names the content of a file; unless the file has changed it is not read again."""
    try:
        status = archive.stat()
        about = (archive, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        name = f"zips/{zlib.crc32(os.fsencode(archive)) % _RECORDS}"
        stamp, _, digest = cache.read_text(name).rpartition("\n")
        if stamp != repr(about):
            digest = _sha256(archive)
            cache.write_text(name, f"{about!r}\n{digest}")
    except OSError as error:
        raise ManifestError(f"{archive} cannot be read: {_reason(error)}", hint="may you read it?") from None
    return digest


def _sha256(archive: Path) -> str:
    import hashlib

    digest = hashlib.sha256()
    with archive.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:32]


def _unpack(archive: Path, target: Path) -> None:
    import tempfile

    from lambdacli.zips import BROKEN_ZIP

    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = Path(folder) / "code"
            fresh.mkdir()
            _extract(archive, fresh)
            os.replace(fresh, target)  # noqa: PTH105 - Path.replace refuses nothing more, and this names the intent
        _set_folders(target, 0o555)
    except BROKEN_ZIP as error:
        raise ManifestError(f"{archive} is not a zip that can be unpacked: {error}", hint="build it again") from None
    except OSError as error:
        if not target.is_dir():  # else another process was faster: then its copy serves
            raise MachineError(
                f"cannot unpack {archive}: {_reason(error)}",
                hint="LAMBDACLI_CACHE_DIR names another folder to unpack into",
            ) from None


def _extract(archive: Path, root: Path) -> None:
    """Files first and links last, so that nothing is written through a link; files are read-only, as in /var/task."""
    import zipfile

    links: dict[Path, str] = {}
    modes: dict[Path, int] = {}
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            written, mode = Path(opened.extract(member, root)), member.external_attr >> 16
            if stat.S_ISLNK(mode):
                links[written] = os.fsdecode(opened.read(member))
            elif written.is_file():
                modes[written] = 0o555 if mode & 0o111 else 0o444
    for file, mode in modes.items():  # not at once: a name may come twice
        file.chmod(mode)
    for link, destination in links.items():
        link.unlink()
        link.symlink_to(destination)
    top = os.path.realpath(root)
    for link, destination in links.items():
        if os.path.commonpath((top, os.path.realpath(link))) != top:
            raise ManifestError(
                f"{archive}: the symbolic link {link.relative_to(root)} points out of it, to {destination}",
                hint="Lambda has what is in the zip and nothing else: put the file itself into it",
            )


def _set_folders(root: Path, mode: int) -> None:
    folders = [root, *(Path(folder, name) for folder, names, _ in os.walk(root) for name in names)]
    for folder in folders:
        if not folder.is_symlink():
            folder.chmod(mode)


def _keep_newest(folder: Path) -> None:
    """Remove the copies that have not been used for longest. One that cannot be removed is left."""
    import tempfile

    with contextlib.suppress(OSError):
        copies = sorted(folder.iterdir(), key=lambda copy: copy.stat().st_mtime_ns, reverse=True)
        for copy in copies[_COPIES:]:
            with tempfile.TemporaryDirectory(dir=folder) as grave:  # nobody finds half a copy
                copy.chmod(0o700)
                _set_folders(copy.rename(Path(grave, "code")), 0o700)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
