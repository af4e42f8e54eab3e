"""DynamoDB tables. Source: CreateTable, UpdateTable, UpdateTimeToLive and UpdateContinuousBackups in the API reference.

A table's stream is a resource of its own: `table_stream`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, _named, _ours
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

# what a table has that nobody has told otherwise
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "TableStatus": "ACTIVE",
    "BillingMode": "PAY_PER_REQUEST",
    "ProvisionedThroughput": {},
    "TableClass": "STANDARD",
    "DeletionProtectionEnabled": False,
    "KMSMasterKeyId": "",
    "GlobalSecondaryIndexes": {},
    "TimeToLive": "",
    "PointInTimeRecovery": False,
})  # fmt: skip
_NOT_YET = {key: DEFAULTS[key] for key in ("TimeToLive", "PointInTimeRecovery")}  # nobody may ask while it is made
_PATIENCE = 1800  # seconds; an index of a large table is filled for long
_THROUGHPUT = ("ReadCapacityUnits", "WriteCapacityUnits")
_PLAIN = ("BillingMode", "TableClass", "DeletionProtectionEnabled")


class _Table(_named.Named):
    """A table, by name or ARN."""

    kind = "table"
    label = "DynamoDB table"
    service = "dynamodb"
    before = "table/"
    section = "tables"
    defaults = DEFAULTS
    immutable = frozenset({"KeySchema"})
    stateful = True

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        if field == "TableStatus":
            return bool(actual != "CREATING")  # a run that was killed has not waited for it
        if field == "AttributeDefinitions":
            return _types(wanted).items() <= _types(actual or ()).items()  # those of a former index may be left
        return super().same(field, wanted, actual)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The table; of one that is only referred to, whether it exists."""
        if _named.foreign(name, aws.place):
            return Actual({}, {"arn": name}, owned=False)
        table = described(name, aws)
        if table is None or table["TableStatus"] == "DELETING":
            return None
        attributes = {"arn": table["TableArn"]}
        if not properties:
            return Actual({}, attributes, owned=False)
        tags = _named.mapping(aws.listed("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=table["TableArn"]))
        owned = _ours.tagged(tags, aws.place)
        beside = _NOT_YET if table["TableStatus"] == "CREATING" else _beside(name, aws)
        return Actual({**_properties(table), **beside, "Tags": tags}, attributes, owned=owned)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it and wait for it; whatever a new table cannot be given is changed after that."""
        request = _request(name, properties)
        try:
            aws.call("dynamodb", "create_table", **request)
        except Refused as refused:
            there = self.read(name, properties, aws) if refused.exists else None
            if not refused.exists or (there is not None and not there.owned):
                raise
            if there is None:
                aws.until(lambda: described(name, aws) is None or None, f"the end of the table {name} before")
                aws.call("dynamodb", "create_table", **request)
        ready(name, aws)
        made = self.read(name, properties, aws)
        if made is None:
            return {}
        differing = {key for key in properties if not self.same(key, properties[key], made.properties.get(key))}
        return self.update(name, properties, made, differing - self.immutable, aws)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """One change after the other: each makes the table UPDATING for a while."""
        ready(name, aws)
        for request in _updates(properties, actual.properties, changed):
            aws.call("dynamodb", "update_table", TableName=name, **request)
            ready(name, aws)
        if "TimeToLive" in changed:
            _live(name, str(actual.properties.get("TimeToLive", "")), properties["TimeToLive"], aws)
        if "PointInTimeRecovery" in changed:
            recovery = {"PointInTimeRecoveryEnabled": properties["PointInTimeRecovery"]}
            aws.call("dynamodb", "update_continuous_backups", TableName=name, PointInTimeRecoverySpecification=recovery)
        if "Tags" in changed:
            _tag(actual, properties["Tags"], aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it. One that is protected stays: whoever said that meant it."""
        if actual.properties.get("DeletionProtectionEnabled"):
            raise Refused("dynamodb", "delete_table", "DeletionProtectionEnabled", f"the table {name} is protected")
        ready(name, aws)
        aws.remove("dynamodb", "delete_table", TableName=name)


def described(name: str, aws: Aws) -> Mapping[str, Any] | None:
    """The table as DynamoDB describes it; None where there is none."""
    answer = aws.get("dynamodb", "describe_table", TableName=_named.bare(name, "table/"))
    return answer["Table"] if answer else None


def ready(name: str, aws: Aws) -> None:
    """Wait until the table and its indexes may be changed."""

    def active() -> bool | None:
        table = described(name, aws)
        if table is None:
            return True  # somebody has deleted it: the next call will say so
        statuses = [
            table["TableStatus"],
            *(each.get("IndexStatus") for each in table.get("GlobalSecondaryIndexes", ())),
        ]
        return True if all(each in ("ACTIVE", None) for each in statuses) else None

    aws.until(active, f"the table {name}", _PATIENCE)


def _types(definitions: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in definitions}


def _properties(table: Mapping[str, Any]) -> dict[str, Any]:
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    indexes = table.get("GlobalSecondaryIndexes") or ()
    return {
        "TableStatus": table["TableStatus"],
        "KeySchema": table["KeySchema"],
        "AttributeDefinitions": table["AttributeDefinitions"],
        "BillingMode": mode,
        "ProvisionedThroughput": _throughput(table) if mode == "PROVISIONED" else {},
        "TableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        "DeletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
        "KMSMasterKeyId": table.get("SSEDescription", {}).get("KMSMasterKeyArn", ""),
        "GlobalSecondaryIndexes": {each["IndexName"]: _index(each, mode) for each in indexes},
    }


def _throughput(described: Mapping[str, Any]) -> dict[str, int]:
    return {key: described["ProvisionedThroughput"][key] for key in _THROUGHPUT}


def _index(described: Mapping[str, Any], mode: str) -> dict[str, Any]:
    projection = dict(described["Projection"])
    if "NonKeyAttributes" in projection:
        projection["NonKeyAttributes"] = sorted(projection["NonKeyAttributes"])
    throughput = {"ProvisionedThroughput": _throughput(described)} if mode == "PROVISIONED" else {}
    return {"KeySchema": described["KeySchema"], "Projection": projection, **throughput}


def _beside(name: str, aws: Aws) -> dict[str, Any]:
    """What DynamoDB tells in answers of their own."""
    live = (aws.get("dynamodb", "describe_time_to_live", TableName=name) or {}).get("TimeToLiveDescription", {})
    answer = aws.get("dynamodb", "describe_continuous_backups", TableName=name) or {}
    backups = answer.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    return {
        "TimeToLive": live.get("AttributeName", "") if live.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else "",
        "PointInTimeRecovery": backups.get("PointInTimeRecoveryStatus") == "ENABLED",
    }


def _request(name: str, properties: Properties) -> dict[str, Any]:
    indexes = [{"IndexName": key, **value} for key, value in properties["GlobalSecondaryIndexes"].items()]
    optional = {
        "GlobalSecondaryIndexes": indexes,
        "ProvisionedThroughput": properties["ProvisionedThroughput"],
        "SSESpecification": _encryption(properties["KMSMasterKeyId"]) if properties["KMSMasterKeyId"] else None,
    }
    return {
        "TableName": name,
        **{key: properties[key] for key in ("KeySchema", "AttributeDefinitions", *_PLAIN)},
        **{key: value for key, value in optional.items() if value},
        "Tags": _named.pairs(properties["Tags"]),
    }


def _encryption(key: str) -> dict[str, Any]:
    return {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if key else {"Enabled": False}


def _updates(properties: Properties, actual: Properties, changed: AbstractSet[str]) -> Iterable[dict[str, Any]]:
    """UpdateTable's parameters, one request each: it makes or deletes one index at a time."""
    before = actual.get("GlobalSecondaryIndexes", {})
    if changed & {"BillingMode", "ProvisionedThroughput"}:
        throughput = properties["ProvisionedThroughput"]
        given = {"ProvisionedThroughput": throughput} if throughput else {}
        yield {"BillingMode": properties["BillingMode"], **given, **_scaled(properties, before)}
    elif scaled := _scaled(properties, before):
        yield scaled
    for field in ("TableClass", "DeletionProtectionEnabled"):
        if field in changed:
            yield {field: properties[field]}
    if "KMSMasterKeyId" in changed:
        yield {"SSESpecification": _encryption(properties["KMSMasterKeyId"])}
    if "GlobalSecondaryIndexes" in changed:
        yield from _indexes(properties, before)


def _scaled(properties: Properties, actual: Mapping[str, Any]) -> dict[str, Any]:
    """The throughput of the indexes; in a table that gets one all of them need theirs, also those about to go."""
    wanted = properties["GlobalSecondaryIndexes"]
    updates = []
    for name, index in actual.items():
        before = index.get("ProvisionedThroughput")
        throughput = wanted.get(name, {} if before else properties).get("ProvisionedThroughput")
        if throughput and throughput != before:
            updates.append({"Update": {"IndexName": name, "ProvisionedThroughput": throughput}})
    return {"GlobalSecondaryIndexUpdates": updates} if updates else {}


def _indexes(properties: Properties, actual: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    wanted, definitions = properties["GlobalSecondaryIndexes"], properties["AttributeDefinitions"]
    for name, index in actual.items():
        if not _alike(wanted.get(name), index):
            yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    for name, index in wanted.items():
        if not _alike(index, actual.get(name)):
            create = {"Create": {"IndexName": name, **index}}
            yield {"AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [create]}


def _alike(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether it may stay the same index, whatever its throughput is."""
    if one is None or other is None:
        return one is other
    return all(one.get(key) == other.get(key) for key in ("KeySchema", "Projection"))


def _live(name: str, before: str, attribute: str, aws: Aws) -> None:
    if before:
        off = {"Enabled": False, "AttributeName": before}
        aws.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=off)
    if attribute:
        on = {"Enabled": True, "AttributeName": attribute}
        aws.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=on)


def _tag(actual: Actual, tags: Mapping[str, str], aws: Aws) -> None:
    arn = actual.attributes["arn"]
    aws.call("dynamodb", "tag_resource", ResourceArn=arn, Tags=_named.pairs(tags))
    if lost := _named.lost(tags, actual.properties.get("Tags", {})):
        aws.call("dynamodb", "untag_resource", ResourceArn=arn, TagKeys=lost)


KIND = _Table()
