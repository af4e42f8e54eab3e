"""Every error of the Invoke API that clients may have to deal with: status, type, body, as AWS's."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError
from doors import manifest, serving, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from doors import Served

SOURCE = """
import time
def handler(event, context):
    time.sleep(event.get("seconds", 0))
    return event
"""
FUNCTIONS = {"hello": {"handler": "app.handler"}, "one": {"handler": "app.handler", "reserved_concurrency": 1}}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function"
MEGABYTE = 1024 * 1024


def run(folder: Path, test: Callable[[Served], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serving(manifest(folder, SOURCE, FUNCTIONS)) as served:
            await test(served)

    asyncio.run(main())


async def post(
    served: Served, name: str, body: bytes = b"{}", headers: dict[str, str] | None = None, query: str = ""
) -> tuple[int, str, Any, httpx.Headers]:
    url = f"{served.url}/2015-03-31/functions/{name}/invocations{query}"
    answer = await served.ask(httpx.post, url, content=body, headers=headers or {}, timeout=30)
    kind = answer.headers.get("x-amzn-errortype", "")
    assert len(answer.headers["x-amzn-requestid"]) == 36
    return answer.status_code, kind, json.loads(answer.content or b"null"), answer.headers


@pytest.mark.parametrize(
    ("name", "query", "asked"),
    [
        ("nobody", "", f"{ARN}:nobody:$LATEST"),
        ("hello:blue", "", f"{ARN}:hello:blue"),
        ("hello", "?Qualifier=blue", f"{ARN}:hello:blue"),
        ("arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction%3Anobody", "",
         "arn:aws:lambda:eu-west-1:111122223333:function:nobody:$LATEST"),
    ],
)  # fmt: skip
def test_no_such_function_version_or_alias(tmp_path: Path, name: str, query: str, asked: str) -> None:
    async def test(served: Served) -> None:
        status, kind, body, _ = await post(served, name, query=query)
        assert (status, kind) == (404, "ResourceNotFoundException")
        assert body == {"Type": "User", "Message": f"Function not found: {asked}"}

    run(tmp_path, test)


def test_reserved_concurrency_is_used_up(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        client = served.client()
        first = asyncio.create_task(post(served, "one", b'{"seconds": 2}'))
        await until(lambda: served.fleet.running == 1)
        status, kind, body, headers = await post(served, "one")
        assert (status, kind) == (429, "TooManyRequestsException")
        assert body == {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded", "Type": "User", "message": "Rate Exceeded.",
        }  # fmt: skip
        assert int(headers["retry-after"]) >= 1
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            await served.ask(client.invoke, FunctionName="one")
        assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert [each.detail for each in served.heard.steps] == ["429", "429"]
        assert (await first)[0] == 200

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{'a': 1}", "Expecting property name"),
        (b'{"a": 1', "Expecting"),
        (b'{"a": NaN}', "Non-standard token 'NaN'"),
        (b'{"a": "\x97"}', "Invalid UTF-8 byte 0x97"),
        (b"   ", "Expecting value"),
        (b"[" * 100_000, "nesting depth"),
    ],
)
def test_an_event_that_is_no_json(tmp_path: Path, body: bytes, reason: str) -> None:
    async def test(served: Served) -> None:
        status, kind, answer, _ = await post(served, "hello", body)
        assert (status, kind) == (400, "InvalidRequestContentException")
        assert answer["Type"] == "User"
        assert answer["message"].startswith("Could not parse request body into json: ")
        assert reason in answer["message"]

    run(tmp_path, test)


def test_events_that_are_too_large(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        fits = b'"' + b"a" * (6 * MEGABYTE - 2) + b'"'
        answer = await post(served, "hello", b'["' + b"a" * (MEGABYTE - 4) + b'"]', {"X-Amz-Invocation-Type": "Event"})
        assert answer[0] == 202
        status, kind, body, _ = await post(served, "hello", fits + b" ")
        assert (status, kind) == (413, "RequestTooLargeException")
        assert body["message"] == (
            "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"
        )
        client = served.client()
        with pytest.raises(client.exceptions.RequestTooLargeException, match="Event invocation type"):
            await served.ask(
                client.invoke, FunctionName="hello", InvocationType="Event", Payload=b'"' + b"a" * MEGABYTE + b'"'
            )
        assert (await post(served, "hello", b'{"a": "%b"}' % (b"a" * (5 * MEGABYTE))))[0] == 200

    run(tmp_path, test)


@pytest.mark.parametrize("headers", [{"Content-Type": "application/xml"}, {"Content-Encoding": "gzip"}])
def test_a_body_that_says_it_is_no_json(tmp_path: Path, headers: dict[str, str]) -> None:
    async def test(served: Served) -> None:
        status, kind, _, _ = await post(served, "hello", b"{}", headers)
        assert (status, kind) == (415, "UnsupportedMediaTypeException")
        for usual in (
            "application/json; charset=utf-8",
            "application/x-www-form-urlencoded",
            "application/x-amz-json-1.1",
        ):
            assert (await post(served, "hello", b"{}", {"Content-Type": usual}))[0] == 200

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("headers", "query", "kind", "text"),
    [
        ({"X-Amz-Invocation-Type": "Sometimes"}, "", "ValidationException", "'Sometimes' at 'invocationType'"),
        ({"X-Amz-Log-Type": "Head"}, "", "ValidationException", "'Head' at 'logType'"),
        ({"X-Amz-Tenant-Id": "a!"}, "", "ValidationException", "'a!' at 'tenantId'"),
        ({}, "?Qualifier=a%20b", "ValidationException", "'a b' at 'qualifier'"),
        ({"X-Amz-Client-Context": "???"}, "", "InvalidRequestContentException", "valid Base64-encoded JSON"),
        ({"X-Amz-Client-Context": "WzFd"}, "", "InvalidRequestContentException", "valid Base64-encoded JSON object"),
        ({"X-Amz-Client-Context": "e30=" * 896}, "", "InvalidRequestContentException", "at most 3583 bytes"),
        ({"x-amzn-RequestId": "mine"}, "", "InvalidRequestContentException", "valid UUID"),
    ],
)
def test_parameters_that_cannot_be_meant(
    tmp_path: Path, headers: dict[str, str], query: str, kind: str, text: str
) -> None:
    async def test(served: Served) -> None:
        status, told, body, _ = await post(served, "hello", b"{}", headers, query)
        assert (status, told) == (400, kind)
        assert text in body["message"]
        assert served.heard.logs == {}

    run(tmp_path, test)


def test_two_qualifiers_that_differ(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        client = served.client()
        with pytest.raises(client.exceptions.InvalidParameterValueException, match="derived qualifier"):
            await served.ask(client.invoke, FunctionName="hello:1", Qualifier="2")
        with pytest.raises(ClientError, match="functionName"):
            await served.ask(client.invoke, FunctionName="he llo")

    run(tmp_path, test)


def test_a_name_that_leaves_the_manifest_is_not_found_any_more(tmp_path: Path) -> None:
    async def test(served: Served) -> None:
        assert (await post(served, "hello"))[0] == 200
        functions = {name: each for name, each in served.fleet.manifest.functions.items() if name != "hello"}
        served.fleet.change(served.fleet.manifest._replace(functions=functions))
        assert (await post(served, "hello"))[0] == 404
        assert (await post(served, "one"))[0] == 200

    run(tmp_path, test)
