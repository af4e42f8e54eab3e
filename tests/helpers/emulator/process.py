"""The emulator's process: started on a port of its own, and ended together with all that it started."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from types import TracebackType

ACCOUNT = "123456789012"
REGION = "eu-west-1"
_PATIENCE = 30  # seconds until it has to answer
# The shell ends the whole group as soon as nobody holds its standard input any more: not even a killed test run
# leaves an emulator behind.
_GUARDED = '"$@" </dev/null & read -r _; kill -KILL 0'


class Emulator:
    """A running ministack; `with` ends it.

    Attributes:
        url: where it answers, without a slash at its end.
    """

    health: ClassVar[str] = "/_ministack/health"
    forgetting: ClassVar[str] = "/_ministack/reset"

    def __init__(self, command: Path, port: int = 0) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lambdacli-emulator-"))
        port = port or _free_port()
        self.url = f"http://127.0.0.1:{port}"
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARDED, "sh", command, *self._arguments(port)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment(port),
                cwd=self._folder,
                start_new_session=True,
            )
        self._clients = Clients(self.url)
        self._wait()

    def __enter__(self) -> Emulator:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def environ(self) -> dict[str, str]:
        """What a command line needs to take the emulator for AWS."""
        return environ(self.url)

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator, for what a test prepares and looks at."""
        return self._clients(service)

    def reset(self) -> None:
        """Forget everything; some 15 ms."""
        _ask(f"{self.url}{self.forgetting}", "POST")

    def log(self) -> str:
        """What the emulator itself said, mostly warnings."""
        return (self._folder / "log").read_text(errors="replace")

    def close(self) -> None:
        """End it and every function that still runs."""
        self._clients.close()
        with contextlib.suppress(OSError):
            self._process.communicate(timeout=_PATIENCE)  # closes its standard input
        shutil.rmtree(self._folder, ignore_errors=True)

    def _arguments(self, port: int) -> list[str]:  # noqa: ARG002 - of those that are told on the command line
        return []

    def _environment(self, port: int) -> dict[str, str]:
        """Little: functions see all of it."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "LOG_LEVEL": "WARNING",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                _ask(f"{self.url}{self.health}")
                return
            time.sleep(0.02)
        said = self.log()
        self.close()
        raise RuntimeError(f"the emulator does not answer: {said}")


class Moto(Emulator):
    """A running moto; it runs no functions and delivers nothing."""

    health = "/moto-api/"
    forgetting = "/moto-api/reset"

    def _arguments(self, port: int) -> list[str]:
        return ["-H", "127.0.0.1", "-p", str(port)]

    def _environment(self, port: int) -> dict[str, str]:
        return {**super()._environment(port), "MOTO_ACCOUNT_ID": ACCOUNT}


def environ(url: str) -> dict[str, str]:
    """The environment that makes AWS's tools talk to a URL; nothing of the shell's."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class Clients:
    """boto3 clients of a URL, one for each service."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, service: str) -> Any:
        """The client of a service."""
        with self._lock:
            if service not in self._made:
                self._made[service] = _client(service, self._url)
            return self._made[service]

    def close(self) -> None:
        """Close their connections."""
        for each in self._made.values():
            each.close()


def _client(service: str, url: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"total_max_attempts": 1},
        s3={"addressing_style": "path"},
        inject_host_prefix=False,
        max_pool_connections=32,
    )
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, region_name=REGION, endpoint_url=url, config=config, **keys)


def _ask(url: str, method: str = "GET") -> None:
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=_PATIENCE) as answer:  # noqa: S310
        answer.read()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
