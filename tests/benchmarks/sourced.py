"""`lambdacli serve` with a local source: the real command, and the emulator that it starts."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import WrongOutputError, lambdacli, plain_environment, say

if TYPE_CHECKING:
    from collections.abc import Sequence

sys.path.append(str(Path(__file__).resolve().parent.parent / "helpers"))  # the emulator of the tests
REGION = "eu-west-1"
_READY = 60.0  # seconds
_PAGE, _MEGABYTE = 4096, 1 << 20


def emulators() -> Path | None:
    """The folder with the emulator's command; a line says when there is none."""
    from emulator import Unavailable, executable

    try:
        return executable().parent
    except Unavailable as reason:
        say(f"skipped: {reason}")
        return None


class Sourced:
    """The real command on the manifest in a folder; what it says goes to a file beside the folder.

    Attributes:
        first: ms from its start to the first answer of `path`, if one is given.
        ready: ms from its start until it said so.
        port: of HTTP and Lambda's API.
        endpoint: of the emulator.
    """

    def __init__(self, folder: Path, emulators: Path, options: Sequence[str] = ()) -> None:
        self.log = folder.with_name(f"{folder.name}.log")
        environment = plain_environment()
        environment["PATH"] = os.pathsep.join((environment["PATH"], str(emulators)))
        environment["LAMBDACLI_CACHE_DIR"] = os.environ["LAMBDACLI_CACHE_DIR"]
        with self.log.open("wb") as stream:
            self.begun = time.perf_counter()
            self.process = subprocess.Popen(
                [*lambdacli(), "serve", "--port", "0", *options],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
            )  # fmt: skip
        self.port = 0
        self.endpoint = ""
        self.status: int | None = None

    def wait(self) -> bool:
        """Until it is ready; False: it ended, or never was."""
        until = time.monotonic() + _READY
        while time.monotonic() < until and self.process.poll() is None:
            said = self.said()
            if re.search(r"^ready$", said, re.MULTILINE):
                urls = re.findall(r"(http://127\.0\.0\.1:(\d+))", said)
                self.port = int(urls[0][1])
                self.endpoint = next(url for url, port in urls if int(port) != self.port)
                return True
            time.sleep(0.005)
        return False

    def said(self) -> str:
        """All of its output by now."""
        return self.log.read_text(errors="replace")

    def megabytes(self) -> float:
        """Of its own process, what it shares with others included."""
        with open(f"/proc/{self.process.pid}/statm") as stream:  # noqa: PTH123 - a line each second
            return int(stream.read().split()[1]) * _PAGE / _MEGABYTE

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        import boto3

        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",  # noqa: S106 - of an emulator
        )  # fmt: skip

    def end(self) -> None:
        """As Ctrl-C would.

        Raises:
            WrongOutputError: it did not end well.
        """
        self.process.send_signal(signal.SIGTERM)
        try:
            self.status = self.process.wait(_READY)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise WrongOutputError("serve is still there a minute after SIGTERM") from None
