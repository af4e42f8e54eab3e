"""WebSocket APIs: what functions get, from the handshake to the end, and which function gets a message."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)
from fronted import departures
from socketed import heard_by, project, run

from lambdacli.serve.fronts.sockets import selection

if TYPE_CHECKING:
    from pathlib import Path

    from socketed import Socketed

ALL = ["$connect", "$disconnect", {"route": "$default", "route_response": True}]
ID = re.compile(r"[A-Za-z0-9_-]{15}=")


def test_the_events_of_a_connection(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        more: dict[str, Any] = {"additional_headers": {"HeaderAuth1": "1"}, "user_agent_header": "a client"}
        async with here.connect("/dev?a=1&a=2&b=%C3%A9", **more) as client:
            await client.send('{"action":"x"}')
            assert await heard_by(client) == '$default {"action":"x"}'
            await client.close(4001, "enough")
        came, said, left = [await here.event(each) for each in ("CONNECT", "MESSAGE", "DISCONNECT")]
        for event, name in ((came, "connect"), (said, "message"), (left, "disconnect")):
            assert not departures(event, f"apigateway-websocket-{name}")
        APIGatewayWebSocketConnectEventModel.model_validate(came)
        APIGatewayWebSocketMessageEventModel.model_validate(said)
        APIGatewayWebSocketDisconnectEventModel.model_validate(left)
        assert came["queryStringParameters"] == {"a": "2", "b": "é"}
        assert came["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["é"]}
        assert (came["headers"]["HeaderAuth1"], came["multiValueHeaders"]["HeaderAuth1"]) == ("1", ["1"])
        assert came["headers"]["Sec-WebSocket-Version"] == "13"
        assert came["headers"]["X-Forwarded-For"] == "127.0.0.1"
        contexts = [each["requestContext"] for each in (came, said, left)]
        for context in contexts:
            assert ID.fullmatch(context["connectionId"])
            assert context["connectionId"] == contexts[0]["connectionId"]
            assert (context["stage"], context["domainName"]) == ("dev", f"127.0.0.1:{here.door.port}")
            assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "a client"}
            assert context["connectedAt"] == int(here.clock.now().timestamp() * 1000)
        assert [each["routeKey"] for each in contexts] == ["$connect", "$default", "$disconnect"]
        assert ID.fullmatch(contexts[1]["messageId"])
        assert (contexts[2]["disconnectStatusCode"], contexts[2]["disconnectReason"]) == (4001, "enough")
        assert (said["body"], said["isBase64Encoded"]) == ('{"action":"x"}', False)
        await here.heard.until(lambda heard: len(heard.of("answered", "succeeded")) == len(contexts))
        routes = [each.source.rpartition(": ")[2] for each in here.heard.of("answered", "succeeded")]
        assert routes == ["$connect", "$default", "$disconnect"]

    run(project(tmp_path, {"tell": ALL}), test)


@pytest.mark.parametrize(
    ("expression", "message", "key"),
    [
        ("$request.body.action", '{"action": "join"}', "join"),
        ("${request.body.action}", '{"action": "join"}', "join"),
        ("${request.body.service}/${request.body.action}", '{"service": "chat", "action": "join"}', "chat/join"),
        ("${request.body.action}-${request.body.no}", '{"action": "join"}', "join-"),
        ("$request.body.a.b.c", '{"a": {"b": {"c": "deep"}}}', "deep"),
        ("$request.body.a[1].b", '{"a": [0, {"b": "second"}]}', "second"),
        ("$request.body['a b']", '{"a b": 1}', "1"),
        ("$request.body.n", '{"n": 1.5}', "1.5"),
        ("$request.body.yes", '{"yes": true}', "true"),
        ("$request.body.list", '{"list": ["a", "b"]}', "[a, b]"),
        ("$request.body.none", '{"none": null}', ""),
        ("$request.body.action", "[1, 2]", ""),
        ("$request.body.action", '"text"', ""),
        ("action", "{}", "action"),
        (r"\$default", "{}", "$default"),
    ],
)
def test_what_of_a_message_chooses_its_route(expression: str, message: str, key: str) -> None:
    assert selection.compiled(expression)(message) == key


@pytest.mark.parametrize("expression", ["$request.body.action", "${request.body.a}/x", "static"])
def test_no_expression_applies_to_what_is_no_json(expression: str) -> None:
    with pytest.raises(selection.NotJson):
        selection.compiled(expression)("no JSON")


def test_messages_go_to_their_routes(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            for text, route in (
                ('{"do": {"it": "join"}}', "join"),
                ('{"do": {"it": "leave"}}', "$default"),
                ('{"do": {"it": "$connect"}}', "$default"),
                ("no JSON", "$default"),
                ('"join"', "$default"),
            ):
                await client.send(text)
                assert await heard_by(client) == f"{route} {text}"

    both = {"route_response": True, "route_selection_expression": "$request.body.do.it"}
    triggers = [{"route": "join", **both}, {"route": "$default", **both}, "$connect"]
    run(project(tmp_path, {"tell": triggers}), test)


def test_without_a_route_the_client_is_told_as_api_gateway_tells_it(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send('{"action": "nowhere"}')
            text = await asyncio.wait_for(client.recv(), 20)
            assert isinstance(text, str)
            connection = (await here.event("CONNECT"))["requestContext"]["connectionId"]
            pattern = r'\{"message": "Forbidden", "connectionId":"(.*)", "requestId":"(.*)"\}'
            match = re.fullmatch(pattern, text)
            assert match is not None
            assert match[1] == connection
            assert ID.fullmatch(match[2])
            await client.send('{"action": "join"}')
            assert await heard_by(client) == 'join {"action": "join"}'

    run(project(tmp_path, {"tell": ["$connect", {"route": "join", "route_response": True}]}), test)


def test_a_route_without_response_sends_nothing_back(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send('{"action": "quiet"}')
            await here.event("MESSAGE")
            await client.send('{"action": "loud"}')
            assert await heard_by(client) == 'loud {"action": "loud"}'

    run(project(tmp_path, {"tell": ["quiet", {"route": "loud", "route_response": True}]}), test)


INTERNAL = "Internal server error"


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"fail": "on purpose"}, INTERNAL),
        ({"exit": 1}, INTERNAL),
        ({"return": None}, INTERNAL),
        ({"return": "text"}, INTERNAL),
        ({"return": {"body": "no status"}}, INTERNAL),
        ({"return": {"statusCode": 200, "more": 1}}, INTERNAL),
        ({"sleep": 2}, "Endpoint request timed out"),
    ],
)
@pytest.mark.parametrize("responds", [True, False])
def test_a_function_that_fails(tmp_path: Path, said: dict[str, Any], answer: str, responds: bool) -> None:  # noqa: FBT001 - a parameter
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send(json.dumps(said))
            heard = await heard_by(client)
            assert heard["message"] == answer
            assert heard["requestId"] == (await here.event("MESSAGE"))["requestContext"]["requestId"]
            await client.send("still there")
            await here.event("MESSAGE", 2)

    trigger = {"route": "$default", "route_response": responds, "timeout": 700}
    run(project(tmp_path, {"tell": [trigger]}), test)


def test_the_body_goes_to_the_client_whatever_the_status(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send(json.dumps({"return": {"statusCode": 500, "body": "mine"}}))
            assert await heard_by(client) == "mine"

    run(project(tmp_path, {"tell": [{"route": "$default", "route_response": True}]}), test)


def test_messages_of_a_connection_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async with here.connect() as client:
            await client.send(json.dumps({"sleep": 2, "return": {"statusCode": 200, "body": "slow"}}))
            await client.send(json.dumps({"return": {"statusCode": 200, "body": "quick"}}))
            assert [await heard_by(client), await heard_by(client)] == ["quick", "slow"]

    run(project(tmp_path, {"tell": [{"route": "$default", "route_response": True}]}), test)


def test_several_apis_by_host_and_by_stage(tmp_path: Path) -> None:
    async def test(here: Socketed) -> None:
        async def answer(path: str, **more: Any) -> Any:
            async with here.connect(path, **more) as client:
                await client.send("x")
                await heard_by(client)
            return (await here.event("MESSAGE", len(here.events)))["requestContext"]["stage"]

        assert await answer("/", host="chat.execute-api.localhost") == "one"
        assert await answer("/", host="game.execute-api.localhost") == "two"
        assert await answer("/two") == "two"
        assert await answer("/one") == "one"

    chat = {"api": "chat", "stage": "one", "route": "$default", "route_response": True}
    game = {"api": "game", "stage": "two", "route": "$default", "route_response": True}
    run(project(tmp_path, {"tell": [chat, game]}), test)
