"""A real `serve`: an event nobody waits for is retried in scaled time, and ends in real queues."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from emulator import Unavailable, executable
from serving import Serving

if TYPE_CHECKING:
    from pathlib import Path

APP = """
def handler(event, context):
    print("TRY", context.aws_request_id)
    if event.get("bad"):
        raise ValueError("no items")
    return {"done": event}
"""


@pytest.fixture
def path() -> str:
    try:
        return f"{executable().parent}{os.pathsep}{os.environ['PATH']}"
    except Unavailable as reason:
        pytest.skip(str(reason))


def received(client: Any, queue: str) -> list[Any]:
    url = client.get_queue_url(QueueName=queue)["QueueUrl"]
    answer = client.receive_message(QueueUrl=url, MessageAttributeNames=["All"], WaitTimeSeconds=10)
    return list(answer.get("Messages", ()))


def test_an_event_that_fails_three_times_ends_in_its_queues(tmp_path: Path, path: str) -> None:
    (tmp_path / "app.py").write_text(APP)
    function = {
        "runtime": f"python{sys.version_info[0]}.{sys.version_info[1]}",
        "handler": "app.handler",
        "code": "app.py",
        "timeout": 20,
        "on_failure": {"sqs": "failed"},
        "on_success": {"sqs": "done"},
        "dead_letter": {"sqs": "dead"},
    }
    manifest = {"app": "shop", "region": "eu-west-1", "functions": {"orders": function}}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps(manifest))
    with Serving(tmp_path, "--time-scale", "600", env={"PATH": path}) as served:
        source = next(
            found[0] for line in served.said if (found := re.search(rf"http://127\.0\.0\.1:(?!{served.port})\d+", line))
        )
        answer = served.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"bad": 1}')
        assert answer["StatusCode"] == 202
        request = answer["ResponseMetadata"]["RequestId"]
        served.client("lambda").invoke(FunctionName="orders", InvocationType="Event", Payload=b'{"good": 1}')
        sqs = served.client("sqs", source)
        [done] = received(sqs, "done")
        assert json.loads(done["Body"])["responsePayload"] == {"done": {"good": 1}}
        [failed] = received(sqs, "failed")
        context = json.loads(failed["Body"])["requestContext"]
        assert (context["requestId"], context["approximateInvokeCount"]) == (request, 3)
        [dead] = received(sqs, "dead")
        assert dead["Body"] == '{"bad": 1}'
        assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no items"
        assert sum(f"TRY {request}" in line for line in served.said) == 3
        served.wait_for("dead-lettered")
        assert served.end() == 0
