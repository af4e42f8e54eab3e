"""What is true of Kafka's records and brokers before any broker is asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.errors import MachineError
from lambdacli.model import MAX_EVENT
from lambdacli.refusals import Refused
from lambdacli.serve.polled import kafka_records as kafka
from lambdacli.serve.polled.kafka_brokers import brokers
from lambdacli.serve.polled.kafka_records import Item, Origin, Read

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = {"topic": "orders", "bootstrap_servers": ["b-1.example.com:9092", "b-2.example.com:9092"]}
CLUSTER = {"topic": "orders", "cluster": "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/0-1"}


def items(*sizes: int) -> list[Item]:
    reads = (Read("orders", 0, offset, (1, 1000 + offset), None, b"x" * size) for offset, size in enumerate(sizes))
    return [kafka.item(each, kafka.record(each)) for each in reads]


def test_brokers_of_this_machine_are_taken_from_the_manifest() -> None:
    found = brokers({"topic": "orders", "bootstrap_servers": ["localhost:9092", "127.0.0.1:9093"]}, {}, None)
    assert found.settings == {"bootstrap.servers": "localhost:9092,127.0.0.1:9093"}


@pytest.mark.parametrize("values", [ELSEWHERE, CLUSTER])
def test_brokers_elsewhere_are_left_alone(values: dict[str, Any]) -> None:
    with pytest.raises(MachineError) as caught:
        brokers(values, {}, None)
    assert caught.value.message == "topic orders is not read: its brokers are not on this machine"
    assert caught.value.hint == "LAMBDACLI_KAFKA=localhost:9092 names brokers to read it from"


def test_the_environment_names_others_while_events_say_what_the_manifest_says() -> None:
    found = brokers(ELSEWHERE, {"LAMBDACLI_KAFKA": "localhost:1"}, None)
    assert found.settings["bootstrap.servers"] == "localhost:1"
    assert found.shown == "b-1.example.com:9092,b-2.example.com:9092"


def test_a_file_says_how_to_sign_in(tmp_path: Path) -> None:
    path = tmp_path / "kafka.properties"
    path.write_text("# ours\nsecurity.protocol = SASL_SSL\nsasl.password=a=b\n\nbootstrap.servers=b.example.com:9096\n")
    found = brokers(CLUSTER, {"LAMBDACLI_KAFKA_CONFIG": str(path)}, None)
    assert found.settings == {
        "security.protocol": "SASL_SSL",
        "sasl.password": "a=b",
        "bootstrap.servers": "b.example.com:9096",
    }
    with pytest.raises(MachineError, match=r"LAMBDACLI_KAFKA_CONFIG: .* cannot be read"):
        brokers(CLUSTER, {"LAMBDACLI_KAFKA_CONFIG": str(tmp_path / "none")}, None)


def test_where_aws_is_the_source_its_brokers_are_asked_for() -> None:
    asked: list[Any] = []

    def ask(*call: Any) -> dict[str, Any]:
        asked.append(call)
        return {"BootstrapBrokerStringTls": "b-1:9094", "BootstrapBrokerStringSaslIam": "b-1:9098"}

    assert brokers(CLUSTER, {}, ask).settings == {"bootstrap.servers": "b-1:9094", "security.protocol": "ssl"}
    assert asked == [("kafka", "get_bootstrap_brokers", {"ClusterArn": CLUSTER["cluster"]})]
    assert brokers(ELSEWHERE, {}, ask).settings["bootstrap.servers"] == ",".join(ELSEWHERE["bootstrap_servers"])
    with pytest.raises(MachineError, match="want to know who asks"):
        brokers(CLUSTER, {}, lambda *_: {"BootstrapBrokerStringSaslIam": "b-1:9098"})


def test_a_cluster_that_is_not_there_is_told_of() -> None:
    def ask(*_: Any) -> dict[str, Any]:
        raise Refused("kafka", "get_bootstrap_brokers", "NotFoundException", "no such cluster")

    with pytest.raises(MachineError, match="no such cluster"):
        brokers(CLUSTER, {}, ask)


def test_the_event_holds_its_records_in_order_under_their_partitions() -> None:
    reads = [Read("a.b", partition, offset, (2, 5), b"k", b"v") for partition, offset in ((1, 7), (0, 3), (1, 8))]
    event = json.loads(kafka.event([kafka.item(each, kafka.record(each)) for each in reads], Origin("b:1")))
    assert list(event) == ["eventSource", "bootstrapServers", "records"]
    offsets = {place: [each["offset"] for each in its] for place, its in event["records"].items()}
    assert offsets == {"a.b-1": [7, 8], "a.b-0": [3]}
    assert event["records"]["a.b-0"][0]["timestampType"] == "LOG_APPEND_TIME"


def test_a_batch_that_is_too_large_for_one_event_becomes_several() -> None:
    megabyte = 1 << 20
    batch = items(*[megabyte] * 9)
    parts = list(kafka.parts(batch))
    assert [each for part in parts for each in part] == batch
    assert [len(part) for part in parts] == [4, 4, 1]
    assert all(len(kafka.event(part, Origin("b:1"))) <= MAX_EVENT for part in parts)
    [small, large, last] = kafka.parts(items(1, 6 * megabyte, 1))
    assert [kafka.too_large(each) for each in (small, large, last)] == [False, True, False]


@pytest.mark.parametrize(
    ("answer", "failed", "whole"),
    [
        (b"", set(), ""),
        (b"null", set(), ""),
        (b"{}", set(), ""),
        (b'{"batchItemFailures": null}', set(), ""),
        (b'{"batchItemFailures": []}', set(), ""),
        (b'{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": 1}}]}', {"orders-0/1"}, ""),
        (b'{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": 9}}]}', set(), "names"),
        (b'{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-1", "offset": 1}}]}', set(), "names"),
        (b'{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": true}}]}', set(), "names"),
        (b'{"batchItemFailures": [{"itemIdentifier": "orders-0-1"}]}', set(), "no object"),
        (b'{"batchItemFailures": [1]}', set(), "no object"),
        (b'{"batchItemFailures": 1}', set(), "no list"),
        (b"[]", set(), "no object"),
        (b"ok", set(), "no JSON"),
    ],
)
def test_an_answer_names_the_records_that_failed_or_the_whole_batch_has(
    answer: bytes, failed: set[str], whole: str
) -> None:
    found = kafka.verdict(answer, items(1, 1))
    assert set(found.failed) == failed
    assert whole in found.whole
    assert bool(found.whole) is bool(whole)


def test_a_batch_that_is_given_up_is_described_by_its_ends() -> None:
    found = kafka.information(items(1, 1, 1), Origin("b:1", "arn:cluster"), 500)
    assert found == {
        "KafkaBatchInfo": {
            "batchSize": 3,
            "eventSourceArn": "arn:cluster",
            "bootstrapServers": "b:1",
            "payloadSize": 500,
            "recordsInfo": {
                "orders-0": {
                    "firstRecordOffset": "0",
                    "lastRecordOffset": "2",
                    "firstRecordTimestamp": "1970-01-01T00:00:01.000Z",
                    "lastRecordTimestamp": "1970-01-01T00:00:01.002Z",
                }
            },
        }
    }
