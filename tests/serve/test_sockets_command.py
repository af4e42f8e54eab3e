"""A chat on a WebSocket API, served by the real command and ended by a signal."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING

import pytest
import yaml
from doors import RUNTIME
from serving import Serving
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from pathlib import Path

CHAT = """
import json, os, sys
sys.path.append(os.environ["PACKAGES"])
import boto3

ROOM = os.environ["ROOM"]

def members():
    return [bytes.fromhex(name).decode() for name in os.listdir(ROOM)]

def handler(event, context):
    context = event["requestContext"]
    me = os.path.join(ROOM, context["connectionId"].encode().hex())
    if context["routeKey"] == "$connect":
        open(me, "w").close()
    elif context["routeKey"] == "$disconnect":
        os.remove(me)
        with open(ROOM + ".left", "a") as file:
            file.write(f"{context['disconnectStatusCode']} ")
    else:
        endpoint = os.environ.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
        url = endpoint or f"https://{context['domainName']}/{context['stage']}"
        client = boto3.client("apigatewaymanagementapi", endpoint_url=url)
        for each in members():
            client.post_to_connection(ConnectionId=each, Data=json.loads(event["body"])["text"])
    return {"statusCode": 200}
"""


def project(folder: Path) -> Path:
    import boto3

    (folder / "chat.py").write_text(CHAT)
    (folder / "room").mkdir()
    environment = {"PACKAGES": os.path.dirname(os.path.dirname(boto3.__file__)), "ROOM": str(folder / "room")}  # noqa: PTH120
    chat = {
        "runtime": RUNTIME, "handler": "chat.handler", "code": "chat.py", "environment": environment, "memory": 512,
        "timeout": 20, "triggers": [{"websocket": route} for route in ("$connect", "$disconnect", "say")],
    }  # fmt: skip
    (folder / "lambdacli.yaml").write_text(yaml.safe_dump({"app": "talk", "functions": {"chat": chat}}))
    return folder


def test_a_chat(tmp_path: Path) -> None:
    async def talk(port: int) -> None:
        url = f"ws://127.0.0.1:{port}/dev"
        async with connect(url) as one, connect(url) as two:
            await one.send(json.dumps({"action": "say", "text": "hällo"}))
            assert await asyncio.wait_for(two.recv(), 30) == "hällo"
            assert await asyncio.wait_for(one.recv(), 30) == "hällo"

    async def end(served: Serving) -> None:
        async with connect(f"ws://127.0.0.1:{served.port}") as client:
            served.process.terminate()
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001

    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}  # which SDKs sign with, wherever a request goes
    with Serving(project(tmp_path), env=keys) as served:
        assert any(f"ws://127.0.0.1:{served.port}/dev" in line for line in served.said)
        asyncio.run(talk(served.port))
        asyncio.run(end(served))
        assert served.process.wait(30) == 0
    assert (tmp_path / "room.left").read_text().split() == ["1000", "1000", "1001"]
    assert not [*(tmp_path / "room").iterdir()]
    assert "Traceback" not in "\n".join(served.said)
