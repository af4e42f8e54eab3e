"""What native code in a package was built for: read from its header, compared with the function's architecture."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.model import Architecture

HEAD = 64  # bytes of a file that tell
_ELF = b"\x7fELF"
_MACHINES = {
    62: "x86_64",
    183: "arm64",
    3: "x86 (32 bits)",
    40: "arm (32 bits)",
    21: "ppc64",
    22: "s390x",
    243: "riscv64",
}
_MACH_O = (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe")
_FAT = b"\xca\xfe\xba\xbe"  # Java's classes too, which have a version of 45 and more where these have their number
_MOST_FAT = 30
_LIBRARY = re.compile(r"\.(?:so(?:\.[\d.]+)?|pyd|node)$")
_OF_MAC = frozenset(("node_modules/fsevents/fsevents.node",))  # wanted on macOS alone, and by nothing on Lambda

# What a name tells about the platform that a file is for: packages may bring several side by side.
_PLATFORM = re.compile(
    r"""(?<![a-z0-9])(?:cpython-\d+t?|cp\d+t?|pypy\d+|abi\d|darwin|macosx?|osx|apple|universal2?|windows|win(?:32|64)?|msvc
    |linux(?:musl|gnu|glibc)?|gnu(?:eabihf)?|musl(?:eabihf)?|glibc|android|freebsd|openbsd|netbsd|sunos|aix|unknown|pc
    |x86[_-]64|x86|x64|amd64|i[3-6]86|ia32|arm64|aarch64|arm(?:v\d+l?)?|ppc64(?:le)?|s390x|riscv64|loong64|mips\w*)
    (?![a-z0-9])""",
    re.VERBOSE,
)


class Binary(NamedTuple):
    """Native code and the platform in its header: an architecture of Linux, `macOS` or `Windows`."""

    name: str
    built_for: str


def binary(name: str, head: bytes, *, program: bool) -> Binary | None:
    """What a file was built for, if Lambda would load or run it: a library, an add-on, the bootstrap, a program."""
    if name in _OF_MAC or not (program or name == "bootstrap" or _LIBRARY.search(name)):
        return None
    platform = _platform(head)
    return Binary(name, platform) if platform else None


def _platform(head: bytes) -> str:
    if head.startswith(_ELF) and len(head) >= 20:  # noqa: PLR2004 - e_machine ends there
        (machine,) = struct.unpack_from("<H" if head[5] == 1 else ">H", head, 18)
        return _MACHINES.get(machine, f"machine {machine}")
    if head.startswith(_MACH_O):
        return "macOS"
    if head.startswith(_FAT) and len(head) >= 8 and 0 < int.from_bytes(head[4:8], "big") < _MOST_FAT:  # noqa: PLR2004
        return "macOS"
    return "Windows" if head.startswith(b"MZ") else ""


def foreign(found: Iterable[Binary], architecture: Architecture) -> list[Binary]:
    """Those that do not run on an architecture, unless the same file lies there for it as well."""
    binaries = sorted(found)
    there = {_anywhere(each.name) for each in binaries if each.built_for == architecture}
    return [each for each in binaries if each.built_for != architecture and _anywhere(each.name) not in there]


def is_program(each: Binary) -> bool:
    """Whether it is started, if at all, rather than loaded: then nobody knows whether it is needed."""
    return each.name != "bootstrap" and not _LIBRARY.search(each.name)


def other_python(found: Iterable[Binary], version: str) -> list[str]:
    """Extension modules for other versions of CPython than 3.13, and none for it beside them."""
    tag = "cpython-" + version.replace(".", "")
    tagged = {each.name: match[0] for each in found if (match := re.search(r"cpython-\d+(?=-)", each.name))}
    there = {_anywhere(name) for name, own in tagged.items() if own == tag}
    return sorted(name for name, own in tagged.items() if own != tag and _anywhere(name) not in there)


def hint(architecture: Architecture, wrong: Binary) -> str:
    """What to do about a file for another platform."""
    rebuild = f"build it for Linux on {architecture}"
    if wrong.built_for in {"x86_64", "arm64"}:
        return f"{rebuild}, or set architecture: {wrong.built_for}"
    return f"{rebuild}; `lambdacli deploy` installs requirements.txt and package.json for it"


def _anywhere(name: str) -> str:
    """The name without what it tells about platforms."""
    plain = _PLATFORM.sub("*", name.lower())
    return re.sub(r"\*(?:[-_.]?\*)*", "*", plain).replace(".*.", ".").replace(".pyd", ".so")
