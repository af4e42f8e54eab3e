"""ministack as a process: found, started on a socket that we hold, in an environment of its own, and ended with us.

Because the socket stays ours, nobody takes its port while the emulator is started again, and whoever connects
meanwhile waits instead of being refused.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import importlib.util
import json
import os
import shutil
import site
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from lambdacli.errors import MachineError
from lambdacli.local import guard

VERSION = "1.5.33"  # the one of the extra local-sources: what it does right was looked at
INSTALL = "pip install 'lambdacli[local-sources]'"
USUAL_PORT = 4566  # of ministack and of its kin: other people's examples name it
_HOST = "127.0.0.1"
_BACKLOG = 1024
_STDERR = 2
_PATIENCE = 30.0  # seconds until it has to answer
_TOLD = 2000  # characters of its output that are shown where it fails
_HEALTH = b"GET /_ministack/health HTTP/1.0\r\nHost: localhost\r\n\r\n"
# As its own command does, but on a socket that it is given.
_RUN = """
import asyncio, contextlib, resource, sys
from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
with contextlib.suppress(OSError, ValueError):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
config = Config()
config.bind = ["fd://" + sys.argv[1]]
config.backlog = 1024
config.keep_alive_timeout = 75
config.loglevel = sys.argv[2]
asyncio.run(serve(app, config))
"""


def listen(port: int | None) -> socket.socket:
    """A socket for the emulator: at this port, or without one at the usual port, or any other if that is taken.

    Raises:
        MachineError: the port that was asked for is taken.
    """
    if port is None:
        try:
            return listen(USUAL_PORT)
        except MachineError:
            return listen(0)
    if not (port and _answers(port)):  # some systems let two listen, one on all addresses and one on this
        with contextlib.suppress(OSError):
            return socket.create_server((_HOST, port), backlog=_BACKLOG)
    raise MachineError(f"port {port} is taken: the local source cannot have it", hint="choose another")


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((_HOST, port)) == 0


def interpreter() -> str:
    """The Python that has ministack: ours, or that of the command `ministack`.

    Raises:
        MachineError: there is none.
    """
    spec = importlib.util.find_spec("ministack")
    if spec is not None and spec.origin is not None:
        return sys.executable
    command = shutil.which("ministack")
    if command is not None and (found := _interpreter_of(Path(command))):
        return found
    raise MachineError(
        "the manifest's queues, streams, topics or buckets need a local source, and ministack is not installed",
        hint=f"{INSTALL}; or `--sources` with an endpoint's URL, `aws` or `none`",
    )


def _interpreter_of(command: Path) -> str:
    """The Python that a command of a package runs on: it says so, or lies beside it."""
    with contextlib.suppress(OSError, ValueError), command.open("rb") as script:
        told = script.readline(4096).decode().removeprefix("#!").strip()
        if Path(told).name.startswith("python") and os.access(told, os.X_OK):
            return told
    beside = command.resolve().with_name("python")
    return str(beside) if os.access(beside, os.X_OK) else ""


class Emulator:
    """A running ministack.

    Attributes:
        version: what it says it is, once it is `ready`.
    """

    def __init__(self, listener: socket.socket, account: str, region: str, *, loud: bool = False) -> None:
        """Start it; `loud`: what it says goes to stderr.

        Raises:
            MachineError: it is not installed, or cannot be started.
        """
        python = interpreter()
        self.version = ""
        self._ended = False
        self._port = int(listener.getsockname()[1])
        self._folder = Path(tempfile.mkdtemp(prefix="lambdacli-source-"))
        level = "INFO" if loud else "WARNING"
        environment = _environment(self._folder, self._port, account, region, level)
        protector = guard.current()
        try:
            with (self._folder / "output").open("wb") as output:
                self._process = subprocess.Popen(  # noqa: S603 - a Python that has the emulator
                    [python, "-c", _RUN, str(listener.fileno()), level],
                    stdin=subprocess.DEVNULL,
                    stdout=_STDERR if loud else output,
                    stderr=_STDERR if loud else output,
                    env=environment,
                    cwd=self._folder,
                    start_new_session=True,
                    pass_fds=[listener.fileno()],
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise MachineError(f"the local source cannot be started: {error}", hint=INSTALL) from None
        self.pid = self._process.pid
        protector.watch(self.pid, "")
        self.ended = _end_of(self._process)

    async def ready(self) -> None:
        """Return as soon as it answers.

        Raises:
            MachineError: it has ended, or does not answer in time; it is ended then.
        """
        asking = asyncio.ensure_future(self._health())
        either: list[asyncio.Future[Any]] = [asking, self.ended]
        try:
            await asyncio.wait(either, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                self.version = str(asking.result().get("version", ""))
                return
        except (OSError, ValueError):
            pass  # told of below, with what it said itself
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        self.end()
        raise MachineError(f"the local source does not start: {self._said() or 'it says nothing'}", hint=INSTALL)

    async def _health(self) -> dict[str, Any]:
        reader, writer = await asyncio.open_connection(_HOST, self._port)
        try:
            writer.write(_HEALTH)
            answer = await reader.read()
        finally:
            writer.close()
        found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    def end(self) -> int:
        """Kill it with all that it started, and remove what it wrote. Returns its exit status."""
        if not self._ended:
            self._ended = True
            guard.kill(self.pid)
            self._process.wait()
            guard.current().release(self.pid)
            self._output = self._read()
            shutil.rmtree(self._folder, ignore_errors=True)
        return self._process.returncode

    def _read(self) -> str:
        try:
            return (self._folder / "output").read_text(errors="replace")
        except OSError:
            return ""

    def _said(self) -> str:
        """The end of its output, in one line."""
        return " ".join(self._output.split())[-_TOLD:]


def _environment(folder: Path, port: int, account: str, region: str, level: str) -> dict[str, str]:
    """Little: nothing of the caller's secrets, no Docker that it could tidy up in, nothing that listens elsewhere."""
    given = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": _HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "LOG_LEVEL": level,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/none",
    }
    if site.ENABLE_USER_SITE:
        given["PYTHONUSERBASE"] = site.getuserbase()  # where HOME is another one, `pip install --user` is not found
    return given


def _end_of(process: subprocess.Popen[bytes]) -> asyncio.Future[None]:
    """Done as soon as the process has ended; a thread waits for it that keeps nobody from leaving."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not ended.done():
            ended.set_result(None)

    def wait() -> None:
        process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            loop.call_soon_threadsafe(tell)

    threading.Thread(target=wait, name="lambdacli-source", daemon=True).start()
    return ended
