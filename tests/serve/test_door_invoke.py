"""The Invoke API as real SDK clients use it, with nothing but an endpoint."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from doors import manifest, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from doors import Served

SOURCE = """
import time, sys

def tell(event, context):
    custom = context.client_context.custom if context.client_context else None
    return {"event": event, "id": context.aws_request_id, "arn": context.invoked_function_arn,
            "tenant": context.tenant_id, "custom": custom}

def fail(event, context):
    raise ValueError("no such order")

def loud(event, context):
    print("x" * 9000)
    print("the last line")

def slow(event, context):
    time.sleep(event.get("seconds", 0.3))
    return "done"

def large(event, context):
    return "y" * (2 * 1024 * 1024)
"""
FUNCTIONS = {
    "tell": {"handler": "app.tell"},
    "fail": {"handler": "app.fail"},
    "loud": {"handler": "app.loud"},
    "slow": {"handler": "app.slow", "timeout": 1},
    "large": {"handler": "app.large"},
    "one": {"handler": "app.slow", "reserved_concurrency": 1},
}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:tell"
ELSEWHERE = "arn:aws:lambda:us-east-1:999988887777:function:tell"


def run(folder: Path, test: Callable[[Served, Any], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serving(manifest(folder, SOURCE, FUNCTIONS)) as served:
            await test(served, served.client())

    asyncio.run(main())


async def invoked(served: Served, client: Any, **given: Any) -> Any:
    answer = await served.ask(client.invoke, **given)
    return json.loads(answer["Payload"].read())


def test_a_result_with_its_headers(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        answer = await served.ask(client.invoke, FunctionName="tell", Payload=b'{"a": 1}')
        told = json.loads(answer["Payload"].read())
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert told["event"] == {"a": 1}
        assert told["arn"] == ARN
        assert told["id"] == answer["ResponseMetadata"]["RequestId"]
        assert headers["x-amzn-trace-id"].startswith("Root=1-")
        assert "FunctionError" not in answer
        assert "LogResult" not in answer
        step = served.heard.steps[-1]
        assert (step.what, step.source, step.function, step.detail) == ("answered", "invoke", "tell", "200")
        assert step.request_id == told["id"]
        assert step.milliseconds is not None

    run(tmp_path, test)


def test_a_payload_that_is_not_there_is_an_empty_object(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        assert (await invoked(served, client, FunctionName="tell"))["event"] == {}
        assert (await invoked(served, client, FunctionName="tell", Payload=b"[1, 2.50]"))["event"] == [1, 2.5]

    run(tmp_path, test)


@pytest.mark.parametrize(
    ("name", "qualifier", "arn"),
    [
        ("tell:$LATEST", "", f"{ARN}:$LATEST"),
        ("tell", "live", f"{ARN}:live"),
        ("tell:7", "7", f"{ARN}:7"),
        (ARN, "", ARN),
        (f"{ARN}:live", "", f"{ARN}:live"),
        ("123456789012:function:tell", "", ARN),
        ("function:tell", "", ARN),
        ("999988887777:function:tell:live", "", "arn:aws:lambda:eu-west-1:999988887777:function:tell:live"),
        (ELSEWHERE, "3", f"{ELSEWHERE}:3"),
        ("shop-dev-tell", "", "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-tell"),
    ],
)  # fmt: skip
def test_every_way_to_name_a_function(tmp_path: Path, name: str, qualifier: str, arn: str) -> None:
    async def test(served: Served, client: Any) -> None:
        given = {"Qualifier": qualifier} if qualifier else {}
        assert (await invoked(served, client, FunctionName=name, **given))["arn"] == arn

    run(tmp_path, test)


def test_a_functions_error_is_a_200_with_its_error_object(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        answer = await served.ask(client.invoke, FunctionName="fail")
        assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
        assert json.loads(answer["Payload"].read())["errorMessage"] == "no such order"
        assert served.heard.steps[-1].detail == "200 Unhandled"
        late = await served.ask(client.invoke, FunctionName="slow", Payload=b'{"seconds": 5}')
        assert late["FunctionError"] == "Unhandled"
        assert json.loads(late["Payload"].read())["errorType"] == "Sandbox.Timedout"

    run(tmp_path, test)


def test_the_last_4_kilobytes_of_the_log(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        answer = await served.ask(client.invoke, FunctionName="loud", LogType="Tail")
        log = base64.b64decode(answer["LogResult"])
        assert len(log) == 4096
        assert b"x\nthe last line\nEND RequestId: " in log
        assert log.rstrip().splitlines()[-1].startswith(b"REPORT RequestId: ")

    run(tmp_path, test)


def test_client_context_and_tenant_reach_the_function(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        context = base64.b64encode(b'{"custom":\n {"k": "\xc3\xa9"}}').decode()
        told = await invoked(served, client, FunctionName="tell", ClientContext=context, TenantId="blue-1")
        assert (told["custom"], told["tenant"]) == ({"k": "é"}, "blue-1")

    run(tmp_path, test)


def test_an_event_is_accepted_and_queued(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        answer = await served.ask(client.invoke, FunctionName="tell", InvocationType="Event", Payload=b'{"n": 1}')
        assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
        [(function, call, source)] = served.later.calls
        assert (function, call.event, source) == ("tell", b'{"n": 1}', "invoke")
        assert call.request_id == answer["ResponseMetadata"]["RequestId"]

    run(tmp_path, test)


def test_a_dry_run_invokes_nothing(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        answer = await served.ask(client.invoke, FunctionName="tell", InvocationType="DryRun")
        assert answer["StatusCode"] == 204
        assert (served.heard.steps, served.heard.logs) == ([], {})

    run(tmp_path, test)


def test_responses_of_megabytes_and_many_callers_at_once(tmp_path: Path) -> None:
    async def test(served: Served, _client: Any) -> None:
        client = served.client(max_pool_connections=20)
        answers = await asyncio.gather(*(served.ask(client.invoke, FunctionName="large") for _ in range(12)))
        lengths = [len(json.loads(each["Payload"].read())) for each in answers]
        assert lengths == [2 * 1024 * 1024] * 12

    run(tmp_path, test)


def test_a_whole_response_is_one_chunk_of_a_stream(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        invoke = client.invoke_with_response_stream
        answer = await served.ask(invoke, FunctionName="tell", Payload=b"{}", LogType="Tail")
        chunk, end = await served.ask(lambda: list(answer["EventStream"]))
        assert json.loads(chunk["PayloadChunk"]["Payload"])["event"] == {}
        assert b"REPORT RequestId: " in base64.b64decode(end["InvokeComplete"]["LogResult"])
        assert "ErrorCode" not in end["InvokeComplete"]
        answer = await served.ask(invoke, FunctionName="fail")
        [end] = await served.ask(lambda: list(answer["EventStream"]))
        assert end["InvokeComplete"]["ErrorCode"] == "ValueError"
        assert json.loads(end["InvokeComplete"]["ErrorDetails"])["errorMessage"] == "no such order"
        again = await served.ask(invoke, FunctionName="large")
        events = await served.ask(lambda: list(again["EventStream"]))
        payload = b"".join(each["PayloadChunk"]["Payload"] for each in events[:-1])
        assert len(json.loads(payload)) == 2 * 1024 * 1024

    run(tmp_path, test)


def test_functions_are_listed_page_by_page_without_their_secrets(tmp_path: Path) -> None:
    async def main() -> None:
        functions = {**FUNCTIONS, "tell": {"handler": "app.tell", "environment": {"TOKEN": "s3cret"}, "memory": 256}}
        async with serving(manifest(tmp_path, SOURCE, functions)) as served:
            client = served.client()
            pages = await served.ask(
                lambda: list(client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 4}))
            )
            assert [len(page["Functions"]) for page in pages] == [4, 2]
            names = [each["FunctionName"] for page in pages for each in page["Functions"]]
            assert names == sorted(functions)
            whole = await served.ask(client.get_function, FunctionName="one")
            assert whole["Concurrency"] == {"ReservedConcurrentExecutions": 1}
            settings = await served.ask(client.get_function_configuration, FunctionName=ARN)
            assert (settings["MemorySize"], settings["FunctionArn"]) == (256, ARN)
            assert "s3cret" not in repr(settings) + repr(pages)
            account = await served.ask(client.get_account_settings)
            assert account["AccountUsage"]["FunctionCount"] == 6
            assert account["AccountLimit"]["UnreservedConcurrentExecutions"] == 999
            await served.ask(client.get_waiter("function_active_v2").wait, FunctionName="tell")

    asyncio.run(main())


def test_what_is_not_served_here_says_so(tmp_path: Path) -> None:
    async def test(served: Served, client: Any) -> None:
        with pytest.raises(ClientError, match="lambdacli's local endpoint") as caught:
            await served.ask(client.delete_function, FunctionName="tell")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501

    run(tmp_path, test)
