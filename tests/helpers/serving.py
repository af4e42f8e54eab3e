"""A running `lambdacli serve`: the real command as a process, its lines as they come."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

_PATIENCE = 60.0  # seconds until something must have happened
_READY = "ready"


class Serving:
    """`with Serving(folder, …) as served`: ready when the block begins, ended in order after it.

    Attributes:
        url: where it answers.
        said: all lines of stderr, and of stdout with --json-logs.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        ready: bool = True,
        command: tuple[str, ...] = (),
    ) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LAMBDACLI_")) and k != "FORCE_COLOR"}
        cache = {"LAMBDACLI_CACHE_DIR": os.environ.get("LAMBDACLI_CACHE_DIR", str(folder / ".cache"))}
        line = [*(command or (sys.executable, "-m", "lambdacli")), "serve", "--port", "0", *arguments]
        self.process = subprocess.Popen(
            line, cwd=folder, env={**kept, **cache, "NO_COLOR": "1", **(env or {})}, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.said: list[str] = []
        self._more = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for each in self._readers:
            each.start()
        self.url = ""
        if ready:
            self.wait_for(lambda line: line.strip() == _READY or '"message": "ready"' in line)
            self.url = self._found(r"(http://127\.0\.0\.1:\d+)")

    def __enter__(self) -> Serving:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def wait_for(self, wanted: str | Callable[[str], bool], since: int = 0, patience: float = _PATIENCE) -> str:
        """The first line that contains a text, or that the function takes, counted from a line's number."""
        fits = (lambda line: wanted in line) if isinstance(wanted, str) else wanted
        until = time.monotonic() + patience
        with self._more:
            while True:
                for line in self.said[since:]:
                    if fits(line):
                        return line
                ended = self.process.poll() is not None and not any(each.is_alive() for each in self._readers)
                if ended or time.monotonic() > until:
                    raise AssertionError(
                        f"never said: {wanted!r}; status {self.process.poll()}; said:\n" + "\n".join(self.said)
                    )
                self._more.wait(0.1)

    def environ(self, **more: str) -> dict[str, str]:
        """What a real client needs to take it for AWS's Lambda."""
        return {
            "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_CONFIG_FILE": os.devnull, **more,
        }  # fmt: skip

    def client(self, service: str, url: str = "") -> Any:
        """A real boto3 client, of the Lambda endpoint unless another URL is named."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service, endpoint_url=url or self.url, region_name="eu-west-1", aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),  # noqa: S106 - of an emulator
        )  # fmt: skip

    def invoke(self, name: str, event: Any = None, **more: Any) -> Any:
        """The function's result, by a real SDK client."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event or {}), **more)
        return json.loads(answer["Payload"].read() or b"null")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ended by a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_PATIENCE)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for each in self._readers:
            each.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return self.process.returncode

    def _read(self, stream: Any) -> None:
        for line in stream:
            with self._more:
                self.said.append(line.rstrip("\n"))
                self._more.notify_all()

    def _found(self, pattern: str) -> str:
        return next(match[1] for line in self.said if (match := re.search(pattern, line)))
