"""A zip (or a jar) that the user has built: packaged as it is, byte by byte, but looked into like a folder."""

from __future__ import annotations

import base64
import hashlib
import stat
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.package.archive import BLOCK
from lambdacli.deploy.package.findings import biggest
from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipFile, ZipInfo

    from lambdacli.deploy.package.findings import Findings

ENDINGS = (".zip", ".jar")


def record(archive: Path, findings: Findings, size: int) -> dict[str, Any]:
    """What is to be known of a zip of so many bytes, every file of it looked at.

    Raises:
        ManifestError: it is no zip, it is damaged, one of its links leaves it, or a file of it must not be packaged.
    """
    members = _members(archive, findings)
    digest = _sha256(archive)
    sizes = [(member.filename, member.file_size) for member in members]
    return {
        "sha256": base64.b64encode(digest).decode(),
        "content": digest.hex(),
        "size": size,
        "unpacked": sum(each for _, each in sizes),
        "biggest": biggest(sizes),
        "remarks": [*_remarks(members), *findings.judge()],
    }


def _members(archive: Path, findings: Findings) -> list[ZipInfo]:
    from zipfile import ZipFile

    from lambdacli.zips import BROKEN_ZIP

    broken: tuple[type[Exception], ...] = (*BROKEN_ZIP, OSError)
    try:
        with ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            for member in members:
                _look(opened, member, findings)
    except broken as error:
        reason = str(error) or "it ends too early"
        raise ManifestError(f"{archive} is not a zip that Lambda can unpack: {reason}", hint="build it again") from None
    return members


def _sha256(archive: Path) -> bytes:
    digest = hashlib.sha256()
    with archive.open("rb") as stream:
        while chunk := stream.read(BLOCK):
            digest.update(chunk)
    return digest.digest()


def _look(opened: ZipFile, member: ZipInfo, findings: Findings) -> None:
    mode = member.external_attr >> 16
    with opened.open(member) as stream:
        data = stream.read(BLOCK)
    if stat.S_ISLNK(mode):
        _stay(member.filename, data.decode("utf-8", "replace"), opened.filename or "")
        return
    findings.look(member.filename, data, program=bool(mode & stat.S_IXUSR))


def _stay(name: str, target: str, archive: str) -> None:
    from lambdacli.deploy.package.tree import leaves

    if leaves(name, target):
        raise ManifestError(
            f"{archive}: the symbolic link {name} points out of it, to {target}",
            hint="Lambda has what is in the zip and nothing else: put the file itself into it",
        )


def _remarks(members: list[ZipInfo]) -> list[str]:
    closed = [m.filename for m in members if (mode := m.external_attr >> 16) and not mode & stat.S_IROTH]
    return [f"{closed[0]} may be read by its owner alone: Lambda needs mode 644 or 755 (chmod)"] if closed else []
