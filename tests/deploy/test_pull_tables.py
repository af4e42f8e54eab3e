"""Tables whose capacity changes: what UpdateTable asks for, which no emulator checks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambdacli.connection import Connection
from lambdacli.deploy.aws import Aws
from lambdacli.deploy.resources import Actual, load
from lambdacli.model import Manifest
from lambdacli.refusals import Refused
from lambdacli.resource import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE = Place(Manifest(Path("/p/lambdacli.yaml"), "shop", "dev", "eu-west-1", {}), "123456789012", "eu-west-1")
HASH = [{"AttributeName": "id", "KeyType": "HASH"}]
ALL = {"ProjectionType": "ALL"}


class Listening(Connection):
    """Says yes to everything, and remembers how UpdateTable was called."""

    def __init__(self) -> None:
        super().__init__("", "eu-west-1")
        self.updates: list[dict[str, Any]] = []

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        if operation == "update_table":
            self.updates.append({key: value for key, value in parameters.items() if key != "TableName"})
        return {"Table": {"TableName": "items", "TableStatus": "ACTIVE"}}


def units(count: int) -> dict[str, int]:
    return {"ReadCapacityUnits": count, "WriteCapacityUnits": count}


def table(count: int, **indexes: int) -> dict[str, Any]:
    """A table with so many units, 0 for one that is paid by the request; and its indexes with theirs."""
    throughput = {"ProvisionedThroughput": units(count)} if count else {"ProvisionedThroughput": {}}
    made = {
        name: {"KeySchema": HASH, "Projection": ALL, **({"ProvisionedThroughput": units(each)} if each else {})}
        for name, each in indexes.items()
    }
    mode = "PROVISIONED" if count else "PAY_PER_REQUEST"
    definitions = [{"AttributeName": "id", "AttributeType": "S"}]
    return {"BillingMode": mode, **throughput, "GlobalSecondaryIndexes": made, "AttributeDefinitions": definitions}


def updates(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    connection = Listening()
    changed = {key for key in after if after[key] != before[key]}
    actual = Actual(before, {"arn": "arn:aws:dynamodb:eu-west-1:123456789012:table/items"})
    load("table").update("items", after, actual, changed, Aws(connection, PLACE, {}, cached=False))
    return connection.updates


def scaled(name: str, count: int) -> dict[str, Any]:
    return {"Update": {"IndexName": name, "ProvisionedThroughput": units(count)}}


def test_a_table_that_gets_capacity_gives_some_to_each_of_its_indexes() -> None:
    (update,) = updates(table(0, byState=0), table(5, byState=3))
    assert update == {
        "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": units(5),
        "GlobalSecondaryIndexUpdates": [scaled("byState", 3)],
    }


def test_a_table_that_is_paid_by_the_request_keeps_its_indexes() -> None:
    assert updates(table(5, byState=3), table(0, byState=0)) == [{"BillingMode": "PAY_PER_REQUEST"}]


def test_an_index_gets_more_without_being_made_anew() -> None:
    assert updates(table(5, byState=3), table(5, byState=9)) == [
        {"GlobalSecondaryIndexUpdates": [scaled("byState", 9)]}
    ]


def test_an_index_that_goes_is_no_more_than_deleted() -> None:
    assert updates(table(5, byState=3), table(5)) == [
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "byState"}}]}
    ]
    first, second = updates(table(0, byState=0), table(5))
    assert first["GlobalSecondaryIndexUpdates"] == [scaled("byState", 5)]
    assert second == {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "byState"}}]}


def test_types_that_a_former_index_has_left_are_no_difference() -> None:
    kind = load("table")
    wanted = [{"AttributeName": "id", "AttributeType": "S"}]
    assert kind.same("AttributeDefinitions", wanted, [*wanted, {"AttributeName": "state", "AttributeType": "S"}])
    assert not kind.same("AttributeDefinitions", wanted, [{"AttributeName": "id", "AttributeType": "N"}])


class Making(Connection):
    """Has a table that is being made, and refuses what DynamoDB refuses until it is there."""

    def once(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        if operation == "describe_table":
            return {"Table": {**TABLE, "TableStatus": "CREATING"}}
        if operation == "list_tags_of_resource":
            return {"Tags": []}
        text = "Cannot describe time to live while table is in CREATING state: Current table state is CREATING"
        raise Refused(service, operation, "ValidationException", text)


TABLE = {
    "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/items",
    "KeySchema": HASH,
    "AttributeDefinitions": [],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}


def test_a_table_that_is_being_made_is_not_asked_what_it_cannot_tell() -> None:
    found = load("table").read("items", table(0), Aws(Making("", "eu-west-1"), PLACE, {}))
    assert found is not None
    assert (found.properties["TimeToLive"], found.properties["PointInTimeRecovery"]) == ("", False)


def test_what_a_mapping_logs_by_itself_is_no_difference() -> None:
    same = load("event_source_mapping").same
    assert same("LoggingConfig", {}, {"SystemLogLevel": "INFO"})
    assert not same("LoggingConfig", {"SystemLogLevel": "WARN"}, {"SystemLogLevel": "INFO"})
