"""Where a function's code lies on this machine: a folder as it is, a file's folder, a zip unpacked once by content."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import cache
from lambdacli.errors import MachineError, ManifestError

if TYPE_CHECKING:
    from lambdacli.model import Function


def task_root(function: Function) -> Path:
    """The folder that Lambda would unpack the function's code into.

    Raises:
        ManifestError: the code does not exist or is not what its name says.
        MachineError: there is no place to unpack it.
    """
    code = function.code
    if code.is_dir():
        return code
    if code.suffix == ".zip" and code.is_file():
        return _unpacked(code)
    if code.is_file():
        return code.parent
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
    import hashlib
    import tempfile
    import zipfile
    import zlib

    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:32]
    target = Path(cache.folder()) / "code" / digest
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder, zipfile.ZipFile(archive) as opened:
            fresh = Path(folder) / "code"
            fresh.mkdir()
            for member in opened.infolist():
                written = Path(opened.extract(member, fresh))
                if (mode := member.external_attr >> 16 & 0o777) and written.is_file():
                    written.chmod(mode | 0o600)
            os.replace(fresh, target)  # noqa: PTH105 - Path.replace refuses nothing more, and this names the intent
    except (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise ManifestError(f"{archive} is not a zip that can be unpacked: {error}", hint="build it again") from None
    except OSError as error:
        if not target.is_dir():  # else another process was faster: then its copy serves
            raise MachineError(
                f"cannot unpack {archive}: {(error.strerror or str(error)).lower()}",
                hint="LAMBDACLI_CACHE_DIR names another folder to unpack into",
            ) from None
    return target
