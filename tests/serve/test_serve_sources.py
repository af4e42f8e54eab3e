"""`lambdacli serve` with its local source: what real clients put there reaches the functions, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from serving import Serving

if TYPE_CHECKING:
    from lambdacli.serve.parts import Source
    from tests.conftest import CommandLine

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import json
def handler(event, context):
    print("GOT", json.dumps(event))
    if "fail" in json.dumps(event): raise RuntimeError("no")
    return event.get("state") and {"state": {}}
"""


class Project:
    """One function behind whatever a test wants."""

    def __init__(self, folder: Path, path: str) -> None:
        self.folder = folder
        self.path = path
        (folder / "app.py").write_text(APP)

    def save(self, *triggers: dict[str, Any], resources: dict[str, Any] | None = None, **settings: Any) -> None:
        defaults = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 5}
        functions = {"main": {"triggers": list(triggers), **settings}}
        whole = {"app": "shop", "region": "eu-west-1", "defaults": defaults, "functions": functions}
        text = json.dumps(whole | ({"resources": resources} if resources else {}))
        (self.folder / "lambdacli.yaml").write_text(text)

    def serve(self, *arguments: str) -> Serving:
        """Served; its own source is found on the PATH."""
        return Serving(self.folder, *arguments, env={"PATH": self.path})


@pytest.fixture
def project(tmp_path: Path, with_sources: str) -> Project:
    return Project(tmp_path, with_sources)


def client(served: Serving, service: str) -> Any:
    """As its users make one: from what `serve` says."""
    line = served.wait_for("AWS_ENDPOINT_URL=")
    given = dict(re.findall(r"(AWS_\w+)=(\S+)", line))
    return boto3.client(
        service,
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=given["AWS_DEFAULT_REGION"],
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


def got(served: Serving, text: str, since: int = 0) -> Any:
    line = served.wait_for(lambda each: "GOT" in each and text in each, since=since)
    return json.loads(line.partition("GOT ")[2])


def send(served: Serving, body: str, queue: str = "jobs") -> None:
    queues = client(served, "sqs")
    queues.send_message(QueueUrl=queues.get_queue_url(QueueName=queue)["QueueUrl"], MessageBody=body)


def test_every_kind_of_source_reaches_its_function(project: Project) -> None:
    project.save(
        {"sqs": "jobs"},
        {"s3": {"bucket": "photos-of-mine", "suffix": ".jpg"}},
        {"sns": "news"},
        {"eventbridge": {"pattern": {"source": ["shop"]}}},
        {"kinesis": {"stream": "clicks", "starting_position": "LATEST"}},
        {"dynamodb": {"table": "orders", "starting_position": "LATEST"}},
        {"logs": {"log_group": "/app/log", "filter_pattern": "ERROR"}},
        {"iot": {"sql": "SELECT * FROM 'rooms/+/heat'"}},
    )
    with project.serve() as served:
        send(served, "a job")
        client(served, "s3").put_object(Bucket="photos-of-mine", Key="a b.jpg", Body=b"x")
        topics = client(served, "sns")
        topics.publish(TopicArn=topics.create_topic(Name="news")["TopicArn"], Message="a word")
        client(served, "events").put_events(
            Entries=[{"Source": "shop", "DetailType": "sold", "Detail": '{"what": "a kettle"}'}]
        )
        client(served, "kinesis").put_record(StreamName="clicks", Data=b"a click", PartitionKey="1")
        client(served, "dynamodb").put_item(TableName="orders", Item={"id": {"S": "an order"}})
        logs = client(served, "logs")
        logs.create_log_stream(logGroupName="/app/log", logStreamName="one")
        entry = {"timestamp": int(time.time() * 1000), "message": "ERROR at home"}
        logs.put_log_events(logGroupName="/app/log", logStreamName="one", logEvents=[entry])
        client(served, "iot-data").publish(topic="rooms/7/heat", payload=b'{"degrees": 21}')

        assert got(served, "a job")["Records"][0]["eventSource"] == "aws:sqs"
        assert got(served, "aws:s3")["Records"][0]["s3"]["object"]["key"] == "a+b.jpg"
        assert got(served, "a word")["Records"][0]["Sns"]["Message"] == "a word"
        assert got(served, "a kettle")["detail-type"] == "sold"
        assert got(served, "aws:kinesis")["Records"][0]["kinesis"]["data"] == "YSBjbGljaw=="
        assert got(served, "an order")["Records"][0]["eventName"] == "INSERT"
        assert "awslogs" in got(served, "awslogs")
        assert got(served, "degrees") == {"degrees": 21}
        assert served.end() == 0


def test_a_source_that_is_killed_comes_back_and_goes_on(project: Project) -> None:
    project.save({"sqs": "jobs"}, {"s3": "photos-of-mine"})
    with project.serve() as served:
        send(served, "before")
        got(served, "before")
        os.kill(source_of(served), signal.SIGKILL)
        served.wait_for("the local source is back")
        since = len(served.said)
        send(served, "after")
        got(served, "after", since)
        client(served, "s3").put_object(Bucket="photos-of-mine", Key="again.jpg", Body=b"x")
        got(served, "again.jpg", since)


def source_of(served: Serving) -> int:
    """The emulator's process: a child of ours that is no function."""
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == served.process.pid and b"MINISTACK_ACCOUNT_ID" in (each / "environ").read_bytes():
                return int(each.name)
    raise AssertionError("no local source runs")


def test_the_source_ends_with_us_even_when_we_are_killed(project: Project) -> None:
    project.save({"sqs": "jobs"})
    for number in (signal.SIGTERM, signal.SIGKILL):
        with project.serve() as served:
            pid = source_of(served)
            served.end(number)
            until = time.monotonic() + 10
            while Path(f"/proc/{pid}/cmdline").exists():
                assert time.monotonic() < until
                time.sleep(0.05)


def test_the_first_queue_of_a_manifest_starts_the_source(project: Project) -> None:
    project.save({"http": "GET /hello"})
    with project.serve() as served:
        project.save({"http": "GET /hello"}, {"sqs": "jobs"})
        served.wait_for("local source")
        served.wait_for("lambdacli.yaml saved")
        send(served, "a job")
        got(served, "a job")


def test_a_new_trigger_and_a_new_filter_apply_without_restart(project: Project) -> None:
    project.save({"sqs": "jobs"})
    with project.serve() as served:
        project.save({"sqs": {"queue": "jobs", "filters": [{"body": ["good"]}]}}, {"sqs": "more"})
        served.wait_for("lambdacli.yaml saved")
        send(served, "not wanted")
        send(served, "good")
        send(served, "a second queue", "more")
        got(served, "good")
        got(served, "a second queue")
        served.wait_for("filtered out")
        assert not any("GOT" in line and "not wanted" in line for line in served.said)


def test_messages_that_were_received_go_back_when_it_ends(project: Project, source: Source) -> None:
    (project.folder / "app.py").write_text("import time\ndef handler(event, context): time.sleep(30)\n")
    project.save({"sqs": {"queue": "jobs", "batch_size": 1}}, reserved_concurrency=1, timeout=40)
    queues = source.connection.client("sqs")
    url = queues.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "300"})["QueueUrl"]
    for number in range(4):
        queues.send_message(QueueUrl=url, MessageBody=f"job {number}")
    with project.serve("--grace", "0.5", "--sources", source.endpoint) as served:
        time.sleep(1)
        assert served.end() == 0
        assert "Traceback" not in "\n".join(served.said)
    back = [each for _ in range(4) for each in queues.receive_message(QueueUrl=url).get("Messages", [])]
    assert len(back) >= 3, "only what was being worked on may still be hidden"


def test_what_fails_for_good_goes_to_the_dead_letter_queue(project: Project) -> None:
    project.save({"sns": "news"}, dead_letter={"sqs": "dead"}, maximum_retry_attempts=1)
    with project.serve("--time-scale", "600") as served:
        topics = client(served, "sns")
        topics.publish(TopicArn=topics.create_topic(Name="news")["TopicArn"], Message="fail")
        served.wait_for("retried")
        served.wait_for("dead-lettered to")
        queues = client(served, "sqs")
        url = queues.get_queue_url(QueueName="dead")["QueueUrl"]
        letter = queues.receive_message(QueueUrl=url, WaitTimeSeconds=5, MessageAttributeNames=["All"])["Messages"][0]
        assert json.loads(letter["Body"])["Records"][0]["Sns"]["Message"] == "fail"
        assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"


def test_without_the_extra_there_is_one_clear_hint(tmp_path: Path, lambdacli: CommandLine) -> None:
    Project(tmp_path, "").save({"sqs": "jobs"})
    done = lambdacli("serve", "--port", "0", env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 3
    assert "hint: pip install 'lambdacli[local-sources]'" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_every_step_is_explained(project: Project) -> None:
    project.save({"sqs": "jobs"})
    with project.serve("--explain") as served:
        send(served, "a job")
        for what in ("received", "batched", "succeeded"):
            served.wait_for(what)


def test_ctrl_c_works_while_a_source_is_waited_for(project: Project) -> None:
    project.save({"sqs": "jobs"})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        served = Serving(project.folder, "--sources", url, env={"PATH": project.path}, ready=False)
        with served:
            served.wait_for("Lambda, for SDKs")
            time.sleep(0.3)
            assert served.end(signal.SIGINT) == 130
            assert "Traceback" not in "\n".join(served.said)
