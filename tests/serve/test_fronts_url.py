"""Function URLs: what functions get, and what clients get, at once or as it comes."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aws_lambda_powertools.utilities.parser.models import LambdaFunctionUrlModel
from doors import until
from fronted import departures, project, run

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/lambda/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
)


def test_the_event_is_that_of_a_function_url(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.ask("POST", "/a%20b?x=1&x=2", headers={"Cookie": "a=1"}, json={"n": 1})
        event = answer.json()["event"]
        assert not departures(event, "lambda-function-url")
        LambdaFunctionUrlModel.model_validate(event)
        assert (event["routeKey"], event["rawPath"]) == ("$default", "/a%20b")
        assert (event["queryStringParameters"], event["cookies"]) == ({"x": "1,2"}, ["a=1"])
        assert event["requestContext"]["accountId"] == "anonymous"
        assert event["requestContext"]["requestId"] == answer.json()["id"] == answer.headers["x-amzn-requestid"]
        assert "pathParameters" not in event

    run(project(tmp_path, {"tell": [{"url": {"auth_type": "NONE"}}]}), test)


def test_signed_requests_alone_where_iam_decides(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        refused = await here.ask("GET", "/")
        assert (refused.status_code, refused.json()) == (403, {"Message": "Forbidden"})
        event = await here.event("GET", "/", headers={"authorization": SIGNED})
        assert not departures(event, "lambda-function-url-iam")
        assert event["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIDEXAMPLE"
        assert "signatures and policies are not checked" in here.heard.warnings[0]
        query = "X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Feu-west-1%2Flambda%2Faws4_request&X-Amz-Signature=5d67"
        assert (await here.ask("GET", f"/?{query}")).status_code == 200

    run(project(tmp_path, {"tell": [{"url": {"auth_type": "AWS_IAM"}}]}), test)


def test_what_becomes_of_answers_failures_and_throttling(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        bare = await here.said("/", {"hello": 1}, host="say.lambda-url")
        assert (bare.json(), bare.headers["content-type"]) == ({"hello": 1}, "application/json")
        malformed = await here.said("/", {"statusCode": "soon"}, host="say.lambda-url")
        failed = await here.ask("GET", "/", host="fail.lambda-url")
        for each in (malformed, failed):
            assert (each.status_code, each.text) == (502, "Internal Server Error")
        throttled = await here.ask("GET", "/", host="tell.lambda-url")
        assert (throttled.status_code, throttled.json()["message"]) == (429, "Rate Exceeded.")
        nobody = await here.ask("GET", "/")
        assert nobody.status_code == 404  # three URLs: none of them has the root

    url = {"url": {"auth_type": "NONE"}}
    run(project(tmp_path, {"say": [url], "fail": [url], "tell": {"reserved_concurrency": 0, "triggers": [url]}}), test)


def test_cors_is_the_url_s(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        asks = {"origin": "https://good.example", "access-control-request-method": "POST"}
        preflight = await here.ask("OPTIONS", "/", headers=asks)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (
            200,
            "https://good.example",
        )
        assert not here.heard.logs  # no function was asked
        answer = await here.said(
            "/", {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}, headers=asks
        )
        assert answer.headers.get_list("access-control-allow-origin") == ["https://good.example"]

    run(
        project(
            tmp_path, {"say": [{"url": {"auth_type": "NONE", "cors": {"allow_origins": ["https://good.example"]}}}]}
        ),
        test,
    )


STREAMER = """
const head = (metadata, stream) => awslambda.HttpResponseStream.from(stream, metadata);
const later = (ms) => new Promise((done) => setTimeout(done, ms));
export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  const what = event.rawPath || event.path;
  if (what === "/plain") {
    stream.write("one ");
    stream.end("two");
  } else if (what === "/none") {
    stream.end();
  } else if (what === "/early") {
    throw new Error("before anything");
  } else if (what === "/break") {
    const out = head({ statusCode: 200, headers: {} }, stream);
    out.write("half");
    await later(100);
    throw new Error("in the middle");
  } else if (what === "/large") {
    const out = head({ statusCode: 200, headers: {} }, stream);
    for (let n = 0; n < 64; n++) {
      if (!out.write(Buffer.alloc(262144, 97 + (n % 26)))) await new Promise((ok) => out.once("drain", ok));
    }
    out.end();
  } else {
    const out = head({ statusCode: 201, headers: { "X-Own": "yes" }, cookies: ["a=1"] }, stream);
    for (let n = 0; n < 4; n++) {
      out.write("piece " + n + "\\n");
      await later(150);
    }
    out.end();
  }
  await stream.finished?.();
});
"""


def streaming(folder: Path, trigger: dict[str, Any]) -> Any:
    """A Node.js function that streams."""
    (folder / "stream").mkdir()
    (folder / "stream" / "index.mjs").write_text(STREAMER)
    settings = {"handler": "index.handler", "runtime": "nodejs20.x", "code": "stream", "triggers": [trigger]}
    return project(folder, {"stream": settings})


URL = {"url": {"auth_type": "NONE", "invoke_mode": "RESPONSE_STREAM"}}


@pytest.mark.parametrize("trigger", [URL, {"rest": {"route": "ANY /{proxy+}", "response_transfer_mode": "STREAM"}}])
def test_pieces_come_as_they_are_written(tmp_path: Path, trigger: dict[str, Any]) -> None:
    async def test(here: Fronted) -> None:
        begun = time.monotonic()
        async with here.client.stream("GET", "/pieces") as answer:
            assert (answer.status_code, answer.headers["x-own"], answer.headers["set-cookie"]) == (201, "yes", "a=1")
            came = [(piece, time.monotonic() - begun) async for piece in answer.aiter_text()]
        assert "".join(piece for piece, _ in came) == "piece 0\npiece 1\npiece 2\npiece 3\n"
        assert came[-1][1] - came[0][1] > 0.3
        for path, body in (("/plain", b"one two"), ("/none", b"")):
            bare = await here.ask("GET", path)  # API Gateway takes no stream without a head
            assert (bare.status_code, bare.content) == (200, body) if "url" in trigger else bare.status_code == 502
        early = await here.ask("GET", "/early")
        assert early.status_code == 502
        with pytest.raises(httpx.RemoteProtocolError):
            await here.ask("GET", "/break")
        await until(lambda: here.heard.steps[-1].detail.startswith("200 broken off: Error: in the middle"))

    run(streaming(tmp_path, trigger), test)


def test_a_stream_that_takes_too_long_is_broken_off(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        await here.ask("GET", "/none")
        with pytest.raises(httpx.RemoteProtocolError):
            await here.ask("GET", "/pieces")
        await until(lambda: bool(here.heard.of("discarded")))
        (step,) = here.heard.of("answered")[1:]
        assert step.detail == "201 broken off: stream has not answered within 0.3 s"

    trigger = {"route": "ANY /{proxy+}", "response_transfer_mode": "STREAM", "timeout": 300}
    run(streaming(tmp_path, {"rest": trigger}), test)


def test_a_slow_client_gets_everything_and_one_that_leaves_breaks_nothing(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        size = 0
        async with here.client.stream("GET", "/large") as answer:
            await asyncio.sleep(0.5)
            async for piece in answer.aiter_bytes():
                size += len(piece)
                await asyncio.sleep(0.002)
        assert size == 16 << 20
        _, writer = await asyncio.open_connection("127.0.0.1", here.door.port)
        writer.write(b"GET /pieces HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.25)
        writer.close()
        await until(lambda: len(here.heard.of("answered")) == 2)
        assert here.heard.of("answered")[-1].detail == "201"
        assert (await here.ask("GET", "/plain")).text == "one two"

    run(streaming(tmp_path, URL), test)


def test_a_function_that_answers_as_a_whole_behind_a_streaming_url(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        answer = await here.said("/", {"statusCode": 202, "body": "whole"})
        assert (answer.status_code, answer.text) == (202, "whole")
        assert json.loads((await here.said("/", {"a": 1})).content) == {"a": 1}

    run(project(tmp_path, {"say": [URL]}), test)


def test_a_function_that_answers_as_a_whole_behind_a_streaming_method(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        for _ in range(2):
            assert (await here.said("/", {"statusCode": 202, "body": "whole"})).text == "whole"
        (warning,) = here.heard.warnings
        assert "say answers as a whole" in warning

    run(project(tmp_path, {"say": [{"rest": {"route": "ANY /", "response_transfer_mode": "STREAM"}}]}), test)
