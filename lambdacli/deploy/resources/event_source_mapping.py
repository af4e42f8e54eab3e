"""Event source mappings: Lambda polls a queue, a stream or a topic and invokes the alias.

Whatever points at the alias is ours, as the alias is: tags are for people only, and cost no call. A mapping that
points at the function itself, or at one of its versions, belongs to somebody else.

Source: CreateEventSourceMapping, UpdateEventSourceMapping and EventSourceMappingConfiguration in Lambda's API
reference.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.refusals import Refused
from lambdacli.triggers import _mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place

_PATIENCE = 600  # seconds; a cluster in a VPC takes minutes
_SETTLED = ("Enabled", "Disabled")
_LEAVING = "Deleting"

# what AWS means where it says nothing, and what takes a setting away
_DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "FilterCriteria": {},
    "KMSKeyArn": "",
    "MetricsConfig": {"Metrics": []},
    "LoggingConfig": {},
    "ScalingConfig": {},
    "ProvisionedPollerConfig": {},
    "DestinationConfig": {},
    "FunctionResponseTypes": [],
    "SourceAccessConfigurations": [],
    "MaximumBatchingWindowInSeconds": 0,
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": -1,
    "TumblingWindowInSeconds": 0,
    "SchemaRegistryConfig": {},
    "FullDocument": "Default",
    "ConsumptionMode": "Stream",
})  # fmt: skip
# fields of ours that are members of a structure of the API
_KAFKA = ("ConsumerGroupId", "SchemaRegistryConfig", "ConsumptionMode")
_DOCUMENTS = ("DatabaseName", "CollectionName", "FullDocument")


class _EventSourceMapping(Kind):
    """A mapping; its name is the function's and the source's."""

    kind = "event_source_mapping"
    label = "event source mapping"
    rank = 70
    optional = True
    immutable = frozenset({
        "EventSourceArn", "SelfManagedEventSource", "StartingPosition", "StartingPositionTimestamp", "Topics", "Queues",
        "ConsumerGroupId", "ConsumptionMode", "DatabaseName", "CollectionName",
    })  # fmt: skip
    once = frozenset({"FunctionName", "Tags"})

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """As they mean: patterns as JSON, lists without order, what AWS fills in left out."""
        if field == "Enabled" and actual is None:
            return True  # it is being made or changed: nobody knows yet
        if field == "LoggingConfig" and not wanted:
            return True  # what AWS logs by itself
        if field == "StartingPositionTimestamp":
            return actual is not None and abs(wanted - actual) < 1
        if field == "ProvisionedPollerConfig" and wanted and actual:
            return all(actual.get(key) == value for key, value in wanted.items())
        return bool(_comparable(field, wanted) == _comparable(field, actual))

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        function = name.partition("/")[0]
        return dict(_mapped(function, aws.place.alias_arn(function), aws)).get(name)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        return _mapped(function.name, function.alias_arn, aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it, and wait until it is in force. One that is still being deleted is waited for."""
        needed = {key: value for key, value in properties.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}
        request = _request(needed, properties)
        try:
            made = aws.create("lambda", "create_event_source_mapping", **request)
        except Refused as refused:
            if not refused.exists or not (leaving := _leaving(name, aws)):
                raise
            aws.until(lambda: _gone(leaving, aws), "the end of the mapping before", _PATIENCE)
            made = aws.create("lambda", "create_event_source_mapping", **request)
        return _settled(made, aws)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change it, and wait until that is in force."""
        fields = {key: properties[key] for key in changed}
        if "KMSKeyArn" in fields and "FilterCriteria" in properties:  # encrypted again only when given again
            fields["FilterCriteria"] = properties["FilterCriteria"]
        request = _cleared(_request(fields, properties))
        made = aws.call("lambda", "update_event_source_mapping", UUID=actual.more["UUID"], **request)
        return _settled(made, aws)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it, and wait until it is gone: until then no other may take its place."""
        uuid = actual.more["UUID"]
        aws.remove("lambda", "delete_event_source_mapping", UUID=uuid)
        aws.until(lambda: _gone(uuid, aws), "the mapping's end", _PATIENCE)


def _listed(alias_arn: str, aws: Aws) -> list[dict[str, Any]]:
    found = aws.listed("lambda", "list_event_source_mappings", "EventSourceMappings", FunctionName=alias_arn)
    return sorted((each for each in found if each.get("FunctionArn") == alias_arn), key=lambda each: each["UUID"])


def _mapped(function: str, alias_arn: str, aws: Aws) -> Iterator[tuple[str, Actual]]:
    """Every mapping of a function's alias; of one source the second is called name#2."""
    met: dict[str, int] = {}
    for each in _listed(alias_arn, aws):
        if each.get("State") == _LEAVING:
            continue
        name = f"{function}/{_source(each, aws.place)}"
        met[name] = met.get(name, 0) + 1
        yield (name if met[name] == 1 else f"{name}#{met[name]}"), _actual(each, aws)


def _source(mapping: Mapping[str, Any], place: Place) -> str:
    """See `_mappings.source_name`."""
    topics = mapping.get("Topics") or ()
    if servers := mapping.get("SelfManagedEventSource", {}).get("Endpoints", {}).get("KAFKA_BOOTSTRAP_SERVERS"):
        return _mappings.servers_name(servers, *topics)
    documents = mapping.get("DocumentDBEventSourceConfig") or {}
    access = mapping.get("SourceAccessConfigurations") or ()
    hosts = [each["URI"] for each in access if each["Type"] == "VIRTUAL_HOST" and each["URI"] != "/"]
    parts = (*topics, *(mapping.get("Queues") or ()), *hosts, *(documents.get(key, "") for key in _DOCUMENTS[:2]))
    return _mappings.source_name(mapping["EventSourceArn"], place, *parts)


def _actual(mapping: Mapping[str, Any], aws: Aws) -> Actual:
    known = mapping
    if mapping.get("KMSKeyArn"):  # a list does not tell the filters that are encrypted
        known = aws.get("lambda", "get_event_source_mapping", UUID=mapping["UUID"]) or mapping
    return Actual(_properties(known), _attributes(mapping), more={"UUID": mapping["UUID"]})


def _attributes(mapping: Mapping[str, Any]) -> dict[str, str]:
    return {"uuid": mapping["UUID"], "arn": mapping.get("EventSourceMappingArn", "")}


def _properties(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """In our shape, with AWS's defaults for what it does not say."""
    kafka = mapping.get("AmazonManagedKafkaEventSourceConfig") or mapping.get("SelfManagedKafkaEventSourceConfig") or {}
    documents = mapping.get("DocumentDBEventSourceConfig") or {}
    said = {key: value for key, value in {**mapping, **kafka, **documents}.items() if value is not None}
    state = mapping.get("State")
    enabled = {"Enabled": True, "Enabling": True, "Disabled": False, "Disabling": False}.get(str(state))
    properties = {**_DEFAULTS, **said, "Enabled": enabled}
    if (moment := mapping.get("StartingPositionTimestamp")) is not None:
        properties["StartingPositionTimestamp"] = moment.timestamp()
    for field, empty in (("FilterCriteria", "Filters"), ("DestinationConfig", "OnFailure")):
        properties[field] = _without_empty(properties[field], empty)
    return properties


def _without_empty(value: Mapping[str, Any], member: str) -> dict[str, Any]:
    """Nothing in the place of a structure that says nothing."""
    inner = value.get(member)
    if isinstance(inner, dict) and not inner.get("Destination"):
        inner = None
    return {member: inner} if inner else {}


def _comparable(field: str, value: Any) -> Any:
    if field == "FilterCriteria":
        return sorted(_canonical(each["Pattern"]) for each in value.get("Filters", ()))
    if field == "MetricsConfig":
        return sorted((value or {}).get("Metrics") or ())
    if field in ("SourceAccessConfigurations", "SelfManagedEventSource", "SchemaRegistryConfig"):
        return _unordered(value)
    return value


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def _canonical(pattern: str) -> str:
    try:
        return json.dumps(json.loads(pattern), sort_keys=True)
    except ValueError:
        return pattern


def _request(fields: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the API's parameters: those of Kafka and DocumentDB stand in structures of their own."""
    request = {key: value for key, value in fields.items() if key not in (*_KAFKA, *_DOCUMENTS)}
    if any(key in fields for key in _KAFKA):
        managed = "SelfManagedEventSource" not in properties
        name = "AmazonManagedKafkaEventSourceConfig" if managed else "SelfManagedKafkaEventSourceConfig"
        request[name] = {key: properties[key] for key in _KAFKA if key in fields or _given(key, properties)}
    if any(key in fields for key in _DOCUMENTS):
        request["DocumentDBEventSourceConfig"] = {key: properties[key] for key in _DOCUMENTS if key in properties}
    return request


def _given(field: str, properties: Mapping[str, Any]) -> bool:
    return field in properties and properties[field] != _DEFAULTS.get(field)


def _cleared(request: dict[str, Any]) -> dict[str, Any]:
    """Where a structure has to be emptied: a destination goes when it is the empty text."""
    if request.get("DestinationConfig") == {}:
        request["DestinationConfig"] = {"OnFailure": {"Destination": ""}}
    return request


def _leaving(name: str, aws: Aws) -> str:
    """The UUID of the mapping of this name that is being deleted."""
    function = name.partition("/")[0]
    for each in _listed(aws.place.alias_arn(function), aws):
        if each.get("State") == _LEAVING and f"{function}/{_source(each, aws.place)}" == name:
            return str(each["UUID"])
    return ""


def _gone(uuid: str, aws: Aws) -> bool | None:
    return True if aws.get("lambda", "get_event_source_mapping", UUID=uuid) is None else None


def _settled(mapping: Mapping[str, Any], aws: Aws) -> dict[str, str]:
    """Its attributes, as soon as it is in force."""

    def settled() -> dict[str, str] | None:
        now = aws.get("lambda", "get_event_source_mapping", UUID=mapping["UUID"])
        if now is None:
            raise Refused("lambda", "get_event_source_mapping", "ResourceNotFoundException", "somebody has deleted it")
        return _attributes(now) if now.get("State") in _SETTLED else None

    if mapping.get("State") in _SETTLED:
        return _attributes(mapping)
    return aws.until(settled, "the event source mapping", _PATIENCE)


KIND = _EventSourceMapping()
