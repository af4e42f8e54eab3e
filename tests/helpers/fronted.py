"""The front ends behind a real door in this very loop, with real functions behind them, and a real HTTP client."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx
from doors import Still, manifest
from doors import Submitted as Kept
from heard import Heard

from lambdacli import events
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.door import Door
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.fronts.app import App
from lambdacli.serve.parts import Common

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from lambdacli.model import Function, Manifest

SOURCE = """
import base64, json, os, time

def _body(event):
    body = event.get("body") or "null"
    return json.loads(base64.b64decode(body) if event["isBase64Encoded"] else body)

def tell(event, context):
    "answers with its event"
    return {"statusCode": 200, "headers": {"content-type": "application/json"},
            "body": json.dumps({"event": event, "id": context.aws_request_id, "trace": os.environ["_X_AMZN_TRACE_ID"]})}

def say(event, context):
    "answers what the body says"
    return _body(event)

def fail(event, context):
    raise ValueError("no such order")

def slow(event, context):
    time.sleep(0.4)
    with open(os.environ["DONE"], "a") as file:
        file.write("done ")
    return {"statusCode": 200, "body": "at last"}

def allow(event, context):
    "an authorizer: the token is what it answers"
    with open(os.environ["DONE"], "a") as file:
        file.write("asked ")
    token = event.get("authorizationToken") or (event.get("identitySource") or ["null"])[0]
    if token == "unauthorized":
        raise Exception("Unauthorized")
    said = json.loads(token)
    if said == "event":
        said = {"isAuthorized": True, "principalId": "me", "context": {"event": json.dumps(event)},
                "policyDocument": {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}}
    return said
"""


class Submitted(Kept):
    """Takes any number."""

    full = False


class Fronted:
    """What a test talks to."""

    def __init__(self, door: Door, fleet: Fleet, heard: Heard, app: App, client: httpx.AsyncClient) -> None:
        self.door = door
        self.fleet = fleet
        self.heard = heard
        self.app = app
        self.client = client

    async def ask(self, method: str, path: str, *, host: str = "", **more: Any) -> httpx.Response:
        """A request; `host` is the name before .localhost."""
        headers = httpx.Headers(more.pop("headers", None))
        if host:
            headers["host"] = f"{host}.localhost:{self.door.port}"
        return await self.client.request(method, path, headers=headers, **more)

    async def event(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """What the function got, which tells it."""
        answer = await self.ask(method, path, **more)
        assert answer.status_code == 200, answer.text
        event: dict[str, Any] = answer.json()["event"]
        return event

    async def said(self, path: str, value: Any, **more: Any) -> httpx.Response:
        """What the client gets when the function returns a value."""
        return await self.ask("POST", path, json=value, **more)

    async def raw(self, data: bytes) -> bytes:
        """All that comes back for some bytes, until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.door.port, limit=1 << 24)
        writer.write(data)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        return answer


def project(folder: Path, functions: Mapping[str, Any], source: str = SOURCE, **more: Any) -> Manifest:
    """A manifest: for each function its triggers, or all of its settings; the handler is the name up to the first -."""
    whole = {}
    for name, given in functions.items():
        settings = dict(given) if isinstance(given, dict) else {"triggers": list(given)}
        environment = {"DONE": str(folder / "done.txt")}
        whole[name] = {"handler": f"app.{name.partition('-')[0]}", "environment": environment, "timeout": 5, **settings}
    return manifest(folder, source, whole, **more)


@contextlib.asynccontextmanager
async def fronted(served: Manifest) -> AsyncIterator[Fronted]:
    """The front ends, open within the block."""
    heard = Heard()

    def machine(function: Function) -> Machine:
        return Machine({}, {}, function.timeout)

    fleet = Fleet(served, machine, heard, 8)
    common = Common(fleet, Submitted(), Still(), heard, "127.0.0.1", 0)
    app = App(common)
    door = Door(common, app)
    door.bind()
    await fleet.start()
    await app.start()
    await door.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{door.port}", timeout=20) as client:
            yield Fronted(door, fleet, heard, app, client)
    finally:
        await door.stop()
        await app.stop()
        await fleet.close()
        guard.close()


def run(served: Manifest, test: Callable[[Fronted], Awaitable[None]]) -> None:
    """Run a test's coroutine against a manifest."""

    async def main() -> None:
        async with fronted(served) as here:
            await test(here)

    asyncio.run(main())


def token(**claims: Any) -> str:
    """A JSON web token that nobody has signed."""
    import base64

    parts = [{"alg": "RS256", "kid": "1"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def departures(event: dict[str, Any], name: str) -> list[str]:
    """Where an event is not like our own template of its kind; what is only noted does not count."""
    return [f"{each.path}: {each.message}" for each in events.check(event, name).departures if not each.note]
