"""Servers under load: started in turns, then loaded in slices in turns, by wrk where it is on this machine.

A slice of every server at one number of clients is a round: ratios are taken within a round.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness import WrongOutputError, plain_environment, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_START = 40.0  # seconds until the first right answer
_SCRIPT = """\
wrk.method = "{method}"
wrk.path = "{path}"
wrk.headers["Content-Type"] = "application/json"
{body}
"""
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass
class Slice:
    """A second or so of load: answers per second, milliseconds, answers that were none."""

    per_second: float
    p50: float
    p99: float
    errors: int


@dataclass
class Server:
    """Something that answers `method path` with a text that has `expect` in it.

    `argv` may name {port} and {port2}; `clients` is the most that it can take at once.
    """

    name: str
    argv: Sequence[str | Path]
    cwd: Path
    path: str
    method: str = "POST"
    expect: str = '"n"'
    env: Mapping[str, str] = field(default_factory=dict)
    clients: int = 1_000
    peer: bool = True
    prepare: Callable[[int], None] = lambda _port: None  # once it listens
    first: list[float] = field(default_factory=list)  # ms from its start to the first right answer
    idle: list[float] = field(default_factory=list)  # MB of all its processes then
    slices: dict[int, list[Slice]] = field(default_factory=dict)

    def __enter__(self) -> Server:  # noqa: PYI034 - typing.Self needs Python 3.11
        """Started, and its first right answer measured."""
        self.port, other = _free_ports(2)
        self._process = subprocess.Popen(
            [str(part).format(port=self.port, port2=other) for part in self.argv],
            cwd=self.cwd,
            env={**plain_environment(), **{k: v.format(port=self.port, port2=other) for k, v in self.env.items()}},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        begun = time.perf_counter()
        prepared = False
        while time.perf_counter() - begun < _START and self._process.poll() is None:
            with contextlib.suppress(OSError):
                answer = self.ask()
                if self.expect in answer:
                    self.first.append((time.perf_counter() - begun) * 1000)
                    self.idle.append(megabytes(self._process.pid))
                    return self
                if not prepared:
                    self.prepare(self.port)
                    prepared = True
            time.sleep(0.005)
        self.__exit__()
        raise WrongOutputError(f"{self.name} did not answer")

    def __exit__(self, *_: object) -> None:
        """Ended with all that it started."""
        pids = family(self._process.pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(3)
        self._process.wait()

    def ask(self) -> str:
        """One answer, on a connection of its own."""
        return request(self.port, self.method, self.path)

    def load(self, clients: int, seconds: float, folder: Path) -> None:
        """A slice of load by wrk."""
        script = folder / "load.lua"
        body = 'wrk.body = "{}"' if self.method == "POST" else ""
        script.write_text(_SCRIPT.format(method=self.method, path=self.path, body=body))
        done = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", script, f"http://127.0.0.1:{self.port}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        self.slices.setdefault(clients, []).append(_read(done.stdout))

    def median(self, clients: int, figure: str) -> float:
        """Of all slices with so many clients."""
        return statistics.median(getattr(each, figure) for each in self.slices[clients])


def can_load() -> bool:
    """Whether there is a generator of load on this machine; a line says when there is none."""
    if shutil.which("wrk"):
        return True
    say("skipped: no wrk on this machine, which makes the load")
    return False


def request(port: int, method: str, path: str, body: str = "{}") -> str:
    """One HTTP request, and all of its answer."""
    body = body if method == "POST" else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
        stream.sendall(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = b""
        while chunk := stream.recv(65536):
            answer += chunk
            announced = re.search(rb"(?i)content-length: *(\d+)", answer)
            _whole, end, rest = answer.partition(b"\r\n\r\n")
            if end and announced and len(rest) >= int(announced[1]):
                break
    return answer.decode("utf-8", "replace")


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{each}/task").iterdir():
                with contextlib.suppress(OSError):
                    found += map(int, (thread / "children").read_text().split())
    return found


def megabytes(pid: int) -> float:
    """Of a process and all its descendants, what they share counted once."""
    total = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            total += sum(
                map(int, re.findall(r"^Pss: +(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE))
            )
    return total / 1024


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _read(said: str) -> Slice:
    found = {share: _milliseconds(value) for share, value in re.findall(r"^ +(50|99)% +(\S+)$", said, re.MULTILINE)}
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    errors = int(bad[1]) if bad else 0
    return Slice(rate, found["50"], found["99"], errors + sum(map(int, broken.groups() if broken else ())))


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]
