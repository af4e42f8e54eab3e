"""A function's package beside `zip -r` of the same folder: a usual function, thousands of files, a few large ones."""

from __future__ import annotations

import random
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cold import PYTHON, fresh_cache
from harness import Budget, Command, measure, ratio, samples, show

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Setting

_MOST_ROUNDS = 7
_FOLDERS = {  # files and their bytes
    "20 files, 100 KB": ((20, 5_000),),
    "4,000 files, 100 MB": ((3_990, 10_000), (10, 6_000_000)),
    "3 files, 90 MB": ((3, 30_000_000),),
}
_QUICK = {"20 files, 100 KB": ((20, 5_000),), "400 files, 10 MB": ((399, 10_000), (1, 6_000_000))}
_PACKAGE = f"""
import sys
from pathlib import Path
from lambdacli.deploy.package import package
from lambdacli.model import Function
print(package(Function("bench", "app.handler", {PYTHON!r}, Path(sys.argv[1]))).unpacked)
"""


def package(setting: Setting) -> dict[str, Any]:
    """Each folder zipped by `zip -r`, packaged into an empty cache, and packaged again unchanged."""
    found: dict[str, Any] = {}
    for name, contents in (_QUICK if setting.quick else _FOLDERS).items():
        folder = setting.work / "packaging" / name.replace(" ", "-")
        size = _fill(folder, contents)
        found |= {f"{name}: {each}": figures for each, figures in _compare(setting, name, folder, size).items()}
    return found


def _compare(setting: Setting, name: str, folder: Path, size: int) -> dict[str, Any]:
    target = folder.with_suffix(".zip")
    ours = [sys.executable, "-c", _PACKAGE, folder]
    zipped = shutil.which("zip")
    measured = measure(
        replace(setting, rounds=min(setting.rounds, _MOST_ROUNDS)),
        [
            Command("zip -r", [zipped, "-qr", target, "."], folder, prepare=_without(target)) if zipped else None,
            Command("python -m zipfile", [sys.executable, "-m", "zipfile", "-c", target, "."], folder),
            Command("package", ours, folder, f"{size}\n", prepare=fresh_cache(setting.work)),
            Command("package, unchanged", ours, folder, f"{size}\n", {"LAMBDACLI_CACHE_DIR": f"{folder}-cache"}),
        ],
    )
    floor = "zip -r" if zipped else "python -m zipfile"
    show(f"package: {name}", measured, floor, _budgets(measured, floor, size))
    return samples(measured)


def _budgets(measured: dict[str, Command], floor: str, size: int) -> list[Budget]:
    if size < 1_000_000:  # what is measured is the start of an interpreter
        return [Budget("package / python -m zipfile", ratio(measured, "package", "python -m zipfile"), 2)]
    memory = max(each.mb for each in measured["package"].figures)
    return [
        Budget(f"package / {floor}", ratio(measured, "package", floor), 1),
        Budget(f"package, unchanged / {floor}", ratio(measured, "package, unchanged", floor), 0.1),
        Budget("peak memory", memory, 64, "MB"),
    ]


def _without(target: Path) -> Any:
    def prepare() -> dict[str, str]:
        target.unlink(missing_ok=True)
        return {}

    return prepare


def _fill(folder: Path, contents: tuple[tuple[int, int], ...]) -> int:
    """Files that deflate as code does, to about a third; the bytes of all of them."""
    chance = random.Random(1)  # noqa: S311 - the same files in every run
    words = [f"{chance.getrandbits(24):x}" for _ in range(3_000)]
    folder.mkdir(parents=True)
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    for kind, (number, size) in enumerate(contents):
        for each in range(number):
            path = folder / f"part_{kind}" / f"group_{each % 50}" / f"file_{each}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            page = " ".join(chance.choices(words, k=min(size, 600_000) // 6))
            with path.open("w") as stream:  # a page at a time: memory of this process is that of all figures
                for start in range(0, size, len(page)):
                    stream.write(page[: size - start])
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
