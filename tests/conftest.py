"""What every test may use: an isolated cache folder, and the real command line as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # so whoever runs in the background starts, and children inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("patient", deadline=None)  # no test is timed: machines are busy
settings.load_profile("patient")


@dataclass
class CommandLine:
    """Runs `lambdacli …` for real, in a folder and an environment of the test's own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        stdin: str | bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.argv(*arguments),
            cwd=cwd or self.folder,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env={**self.environment, **(env or {})},
            timeout=timeout,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    @staticmethod
    def argv(*arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "lambdacli", *map(str, arguments)]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache; one cache per worker keeps the proof of interpreters."""
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def emulator_command() -> Path:
    """The emulator's executable, in an environment of its own."""
    from emulator import Unavailable, executable

    try:
        return executable()
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def emulator(emulator_command: Path) -> Iterator[Emulator]:
    """One per worker, for as long as its tests run; laxer than AWS."""
    from emulator import Emulator

    with Emulator(emulator_command) as running:
        yield running


@pytest.fixture(scope="session")
def with_sources(emulator_command: Path) -> str:
    """A PATH on which `serve` finds its local source."""
    return os.pathsep.join((os.environ["PATH"], str(emulator_command.parent)))


@pytest.fixture
def lambdacli(tmp_path: Path) -> CommandLine:
    """The real command line in `tmp_path`, with a plain environment of 100 columns and no colour."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAMBDACLI_")) and k != "FORCE_COLOR"}
    return CommandLine(
        tmp_path,
        kept | {"LAMBDACLI_CACHE_DIR": os.environ["LAMBDACLI_CACHE_DIR"], "COLUMNS": "100", "NO_COLOR": "1"},
    )
