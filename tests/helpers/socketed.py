"""WebSocket APIs behind a real door in this very loop, with real functions behind them, and real WebSocket clients."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from typing import TYPE_CHECKING, Any

import httpx
from clocks import Clock
from doors import Submitted, manifest
from heard import Heard
from websockets.asyncio.client import connect

from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.door import Door
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.fronts.app import App
from lambdacli.serve.parts import Common

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

    from lambdacli.model import Function, Manifest

# `tell` writes down every event and does what the message says; `post` has boto3's client of the management API.
SOURCE = """
import json, os, time

def note(event):
    with open(os.environ["EVENTS"], "a") as file:
        file.write(json.dumps(event) + "\\n")

def tell(event, context):
    note(event)
    context = event["requestContext"]
    query = event.get("queryStringParameters") or {}
    if "answer" in query:
        return json.loads(query["answer"])
    if context["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    said = json.loads(event["body"]) if event["body"].startswith("{") else {}
    if "sleep" in said:
        time.sleep(said["sleep"])
    if "fail" in said:
        raise ValueError(said["fail"])
    if "exit" in said:
        os._exit(3)
    return said.get("return", {"statusCode": 200, "body": f"{context['routeKey']} {event['body']}"})

def allow(event, context):
    note(event)
    token = event["headers"].get("Authorization") or event["queryStringParameters"].get("token")
    if token == "nobody":
        raise Exception("Unauthorized")
    if token == "broken":
        return {"principalId": "me"}
    effect = "Allow" if token == "good" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"room": "blue", "level": 3}}

def post(event, context):
    note(event)
    import sys
    sys.path.append(os.environ["PACKAGES"])
    import boto3, botocore.exceptions
    context = event["requestContext"]
    endpoint = os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
    url = endpoint or f"https://{context['domainName']}/{context['stage']}"
    if context["eventType"] == "MESSAGE":
        said = json.loads(event["body"])
        url += said.get("path", "")
    client = boto3.client("apigatewaymanagementapi", endpoint_url=url, region_name="eu-west-1",
                          aws_access_key_id="x", aws_secret_access_key="x")
    me = context["connectionId"]
    if context["eventType"] != "MESSAGE":
        try:
            client.post_to_connection(ConnectionId=me, Data=b"too early, or too late")
        except client.exceptions.GoneException as error:
            note({"gone": error.response["ResponseMetadata"]["HTTPStatusCode"]})
        return {"statusCode": 200}
    to = said.get("to", me)
    answer = "done"
    try:
        if said["do"] == "post":
            client.post_to_connection(ConnectionId=to, Data=said.get("data", "").encode() * said.get("times", 1))
        elif said["do"] == "get":
            found = client.get_connection(ConnectionId=to)
            times = {each: str(found[each]) for each in ("ConnectedAt", "LastActiveAt")}
            answer = {"Identity": found["Identity"], **times}
        elif said["do"] == "delete":
            client.delete_connection(ConnectionId=to)
    except botocore.exceptions.ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        answer = {"code": error.response["Error"]["Code"], "status": status}
    return {"statusCode": 200, "body": json.dumps(answer)}
"""


class Socketed:
    """What a test talks to."""

    def __init__(self, door: Door, fleet: Fleet, heard: Heard, app: App, clock: Clock, folder: Path) -> None:
        self.door = door
        self.fleet = fleet
        self.heard = heard
        self.app = app
        self.clock = clock
        self._events = folder / "events.jsonl"

    def connect(self, path: str = "/", *, host: str = "127.0.0.1", **more: Any) -> connect:
        """A client; `async with`. Names under .localhost lead here."""
        return connect(
            f"ws://{host}:{self.door.port}{path}", host="127.0.0.1", port=self.door.port, open_timeout=20, **more
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.door.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All that the functions got, or noted."""
        if not self._events.exists():
            return []
        return [json.loads(line) for line in self._events.read_text().splitlines() if line.endswith("}")]

    async def event(self, kind: str, number: int = 1) -> dict[str, Any]:
        """The event of a kind, CONNECT, MESSAGE or DISCONNECT, once there are so many."""
        return (await self.all(kind, number))[-1]

    async def all(self, kind: str, number: int) -> list[dict[str, Any]]:
        """The events of a kind, once there are so many."""
        end = time.monotonic() + 20
        while True:
            found = [each for each in self.events if each.get("requestContext", {}).get("eventType") == kind]
            if len(found) >= number:
                return found
            assert time.monotonic() < end, self.events
            await asyncio.sleep(0.02)

    async def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request to the same port."""
        async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
            return await client.request(method, path, **more)


def project(folder: Path, functions: Mapping[str, Any], **more: Any) -> Manifest:
    """A manifest: for each function its WebSocket triggers; the handler is the name up to the first -."""
    whole = {
        name: {
            "handler": f"app.{name.partition('-')[0]}",
            "environment": {"EVENTS": str(folder / "events.jsonl"), "PACKAGES": _packages()},
            "timeout": 10,
            "memory": 512,
            "triggers": [{"websocket": each} for each in triggers],
        }
        for name, triggers in functions.items()
    }
    return manifest(folder, SOURCE, whole, **more)


def _packages() -> str:
    import boto3

    return os.path.dirname(os.path.dirname(boto3.__file__))  # noqa: PTH120 - a string in, a string out


@contextlib.asynccontextmanager
async def socketed(served: Manifest) -> AsyncIterator[Socketed]:
    """The front ends, open within the block; ended in order after it."""
    heard, clock = Heard(), Clock()

    def machine(function: Function) -> Machine:
        endpoint = f"http://127.0.0.1:{door.port}"
        return Machine({"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": endpoint}, {}, function.timeout)

    fleet = Fleet(served, machine, heard, 16)
    common = Common(fleet, Submitted(), clock, heard, "127.0.0.1", 0)
    app = App(common)
    door = Door(common, app)
    door.bind()
    await fleet.start()
    await app.start()
    await door.start()
    try:
        yield Socketed(door, fleet, heard, app, clock, served.folder)
    finally:
        await app.pause()
        await app.stop()
        await door.stop()
        await fleet.close()
        guard.close()
    assert not heard.troubles


def run(served: Manifest, test: Callable[[Socketed], Awaitable[None]]) -> None:
    """Run a test's coroutine against a manifest."""

    async def main() -> None:
        async with socketed(served) as here:
            await test(here)

    asyncio.run(main())


async def heard_by(client: ClientConnection) -> Any:
    """The next message, as JSON if it is an object."""
    message = await asyncio.wait_for(client.recv(), 20)
    return json.loads(message) if isinstance(message, str) and message.startswith("{") else message
