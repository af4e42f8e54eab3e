"""A door in this very loop, with a real fleet behind it; what it told, and what came to the application."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import yaml

from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.manifest import load
from lambdacli.serve.door import Door
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.parts import Common

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from lambdacli.errors import LambdacliError
    from lambdacli.model import Function, Manifest
    from lambdacli.serve.fleet import Call
    from lambdacli.serve.telling import Step

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Heard:
    """A telling that remembers."""

    platform = True

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.logs: dict[str, bytes] = {}
        self.warnings: list[str] = []
        self.troubles: list[LambdacliError] = []

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def log(self, function: str, chunk: bytes) -> None:
        self.logs[function] = self.logs.get(function, b"") + chunk

    def note(self, text: str) -> None:
        pass

    def warning(self, text: str, hint: str = "") -> None:
        self.warnings.append(f"{text}; {hint}")

    def trouble(self, error: LambdacliError) -> None:
        self.troubles.append(error)


class Submitted:
    """Takes asynchronous invocations and keeps them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Call, str]] = []

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:  # noqa: ARG002 - the protocol's
        self.calls.append((function, call, source))


class Still:
    """No time passes."""

    def now(self) -> datetime:
        raise AssertionError("nothing here asks for the time")

    async def sleep_until(self, moment: datetime) -> None:  # noqa: ARG002 - the signature of a clock
        raise AssertionError("nothing here waits")


class Echo:
    """An application that answers with what it was asked."""

    def __init__(self) -> None:
        self.scopes: list[Mapping[str, Any]] = []

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await self._websocket(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/broken":
            raise ValueError("broken on purpose")
        text = json.dumps({"path": scope["path"], "body": body.decode()}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(text)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})

    async def _websocket(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})


class Served:
    """What a test talks to."""

    def __init__(self, door: Door, fleet: Fleet, heard: Heard, later: Submitted, app: Any) -> None:
        self.door = door
        self.fleet = fleet
        self.heard = heard
        self.later = later
        self.app = app

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    def client(self, **config: Any) -> Any:
        """A boto3 client of Lambda with nothing but an endpoint; call it in a thread."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "lambda", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id="x",
            aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}, **config),  # noqa: S106 - nobody's
        )  # fmt: skip

    async def ask(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """A blocking client's call, in a thread."""
        return await asyncio.to_thread(lambda: call(*arguments, **named))

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A bare connection."""
        return await asyncio.open_connection("127.0.0.1", self.door.port, limit=1 << 24)

    async def raw(self, data: bytes) -> bytes:
        """All that comes back for some bytes, until the other side closes."""
        reader, writer = await self.connection()
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer


def manifest(folder: Path, source: str, functions: Mapping[str, Mapping[str, Any]], **more: Any) -> Manifest:
    """A project of Python functions in one file, app.py."""
    (folder / "app.py").write_text(source)
    settings = {name: {"runtime": RUNTIME, "code": ".", **each} for name, each in functions.items()}
    whole = {"app": "shop", "region": "eu-west-1", "functions": settings, **more}
    (folder / "lambdacli.yaml").write_text(yaml.safe_dump(whole))
    return load(folder / "lambdacli.yaml", environ={})


@contextlib.asynccontextmanager
async def serving(
    project: Manifest, app: Any = None, *, host: str = "127.0.0.1", most: int = 8, warm: int = 0
) -> AsyncIterator[Served]:
    """A door that is open within the block."""
    heard, later = Heard(), Submitted()
    app = app or Echo()

    def machine(function: Function) -> Machine:
        return Machine({}, {}, function.timeout)

    fleet = Fleet(project, machine, heard, most, warm)
    door = Door(Common(fleet, later, Still(), heard, host, 0), app)
    door.bind()
    try:
        await fleet.start()
        await door.start()
        yield Served(door, fleet, heard, later, app)
    finally:
        await door.stop()
        await fleet.close()
        guard.close()


def free_descriptors() -> int:
    """How many file descriptors this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough


async def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    """Return once it has happened."""
    for _ in range(int(seconds * 200)):
        if happened():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never happened")
