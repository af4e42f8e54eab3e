"""DynamoDB streams and their function."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from polling import polling, saved

from lambdacli import events

if TYPE_CHECKING:
    from pathlib import Path

    from lambdacli.serve.parts import Source

CHANGES = """
import json
changes = [(r['eventName'], r['dynamodb']['Keys']['id']['S']) for r in event['Records']]
"""


class Table:
    """What a user's own client does with a table."""

    def __init__(self, source: Source, *, stream: bool = True) -> None:
        self.client = source.connection.client("dynamodb")
        view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.client.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            **({"StreamSpecification": view} if stream else {}),
        )

    def put(self, *ids: str, **more: Any) -> None:
        for each in ids:
            self.client.put_item(TableName="orders", Item={"id": {"S": each}, **more})

    def delete(self, name: str) -> None:
        self.client.delete_item(TableName="orders", Key={"id": {"S": name}})


@pytest.fixture
def table(source: Source) -> Table:
    return Table(source)


def trigger(position: str = "TRIM_HORIZON", **settings: Any) -> dict[str, Any]:
    return {"dynamodb": {"table": "orders", "starting_position": position, **settings}}


def ids(event: Any) -> list[str]:
    return [each["dynamodb"]["Keys"]["id"]["S"] for each in event["Records"]]


def test_the_function_gets_lambdas_own_event_of_every_change(source: Source, tmp_path: Path, table: Table) -> None:
    table.put("a", raw={"B": b"\x00\xff"}, raws={"BS": [b"1"]}, count={"N": "3"})
    table.put("a", count={"N": "4"})
    table.delete("a")

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return", trigger())) as at:
            await at.until("succeeded", records=3)
            assert {each.source for each in at.heard.steps} == {"dynamodb orders"}
            return at.got

    [event] = asyncio.run(main())
    assert [each["eventName"] for each in event["Records"]] == ["INSERT", "MODIFY", "REMOVE"]
    assert events.check(event, "dynamodb-update").departures == ()
    first = event["Records"][0]
    assert first["dynamodb"]["NewImage"] == {
        "id": {"S": "a"}, "raw": {"B": "AP8="}, "raws": {"BS": ["MQ=="]}, "count": {"N": "3"},
    }  # fmt: skip
    assert first["eventSourceARN"].startswith(f"arn:aws:dynamodb:eu-west-1:{source.account}:table/orders/stream/")
    models = pytest.importorskip("aws_lambda_powertools.utilities.parser.models")
    models.DynamoDBStreamModel.model_validate(event)


def test_latest_is_what_comes_after_the_start(source: Source, tmp_path: Path, table: Table) -> None:
    table.put("before")

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger("LATEST"))) as at:
            table.put("after")
            await at.until("succeeded")
            assert list(map(ids, at.got)) == [["after"]]

    asyncio.run(main())


def test_filters_see_the_change(source: Source, tmp_path: Path, table: Table) -> None:
    table.put("a", kind={"S": "old"})
    table.put("b", kind={"S": "new"})
    table.put("c", kind={"B": b"\xff"})

    async def main() -> None:
        pattern = {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"kind": {"S": ["new"]}}}}
        raw = {"dynamodb": {"NewImage": {"kind": {"B": ["/w=="]}}}}
        async with polling(source, saved(tmp_path, "return", trigger(filters=[pattern, raw]))) as at:
            await at.until("succeeded", records=2)
            assert list(map(ids, at.got)) == [["b", "c"]]
            assert len(at.heard.of("filtered")) == 1

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["sqs", "s3", "sns"])
def test_what_is_given_up_is_described_at_each_kind_of_destination(
    source: Source, tmp_path: Path, table: Table, kind: str
) -> None:
    read = _destination(source, kind)
    table.put("bad")

    async def main() -> Any:
        settings = trigger(maximum_retry_attempts=0, on_failure={kind: "failures"})
        async with polling(source, saved(tmp_path, "raise ValueError", settings)) as at:
            await at.until("sent")
            [sent] = at.heard.of("sent")
            assert sent.detail == f"{kind} failures"
            return at.got

    [event] = asyncio.run(main())
    record = read()
    payload = record.pop("payload", None)
    assert events.check(record, "dynamodb-on-failure").departures == ()
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1
    assert payload is None if kind != "s3" else json.loads(payload) == event


def _destination(source: Source, kind: str) -> Any:
    sqs, sns, s3 = map(source.connection.client, ("sqs", "sns", "s3"))
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    s3.create_bucket(Bucket="failures", CreateBucketConfiguration={"LocationConstraint": source.region})
    topic = sns.create_topic(Name="failures")["TopicArn"]
    queue = f"arn:aws:sqs:{source.region}:{source.account}:failures"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})

    def read() -> Any:
        if kind == "s3":
            [found] = s3.list_objects_v2(Bucket="failures")["Contents"]
            assert found["Key"].startswith("aws/lambda/")
            return json.loads(s3.get_object(Bucket="failures", Key=found["Key"])["Body"].read())
        [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        return json.loads(message["Body"])

    return read


def test_a_table_without_a_stream_is_told_of(source: Source, tmp_path: Path) -> None:
    Table(source, stream=False)

    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger())) as at:
            await at.heard.until(lambda heard: bool(heard.warnings))
            assert at.heard.warnings[0].startswith("functions.orders.triggers[0].dynamodb.table: dynamodb orders: ")
            assert "the table orders has no stream" in at.heard.warnings[0]

    asyncio.run(main())


def test_a_table_that_comes_later_is_read_from_its_beginning(source: Source, tmp_path: Path) -> None:
    async def main() -> None:
        async with polling(source, saved(tmp_path, "return", trigger("LATEST"))) as at:
            await at.heard.until(lambda heard: bool(heard.warnings))
            Table(source).put("first")
            await at.until("succeeded")
            assert list(map(ids, at.got)) == [["first"]]

    asyncio.run(main())


def test_windows_of_a_table_have_their_own_event(source: Source, tmp_path: Path, table: Table) -> None:
    table.put("a")

    async def main() -> Any:
        async with polling(source, saved(tmp_path, "return {'state': {}}", trigger(tumbling_window=900))) as at:
            await at.until("succeeded")
            return at.got

    [event] = asyncio.run(main())
    assert events.check(event, "dynamodb-time-window").departures == ()
