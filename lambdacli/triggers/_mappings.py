"""Event source mappings as resources: what the triggers that Lambda polls for have in common.

Source: CreateEventSourceMapping in Lambda's API reference; the execution roles' permissions in the chapters of the
Lambda developer guide on each source, and "Capturing discarded batches" there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lambdacli.resource import Grant, Joined, Ref, Resource
from lambdacli.triggers._deployed import alias, resource, sending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Value

MAX_ATTEMPTS = -1  # as often as the record lives
NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)


def mapping(
    trigger: Trigger, function: Function, place: Place, source: str, properties: Mapping[str, Value], **more: Any
) -> Resource:
    """The mapping from a source to the alias.

    Args:
        trigger: which it is for.
        function: which is invoked.
        place: where.
        source: what `source_name` says.
        properties: of this kind of source, by the API's names.
        more: further fields of the resource.
    """
    common = {"FunctionName": alias(function), **_common(trigger.settings)}
    tags = place.tags_of(function.name)
    return resource(trigger, function, "event_source_mapping", source, {**common, **properties, "Tags": tags}, **more)


def _common(values: Mapping[str, Any]) -> dict[str, Value]:
    patterns = [{"Pattern": _pattern(each)} for each in values.get("filters", ())]
    return {
        "Enabled": values.get("enabled", True),
        "FilterCriteria": {"Filters": patterns} if patterns else {},
        "KMSKeyArn": values.get("kms_key", ""),
        "MetricsConfig": {"Metrics": sorted(values.get("metrics", ()))},
    }


def _pattern(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))


def source_name(arn: str, place: Place, *parts: str) -> str:
    """What a mapping is called: the same for a manifest that says a name, one that says an ARN, and what AWS answers.

    Args:
        arn: of the source: a queue, a stream, a table or a table's stream, a cluster, a broker.
        place: sources of its account and region are called without these.
        parts: what else tells mappings of one source apart: a topic, a queue, a database.
    """
    _, _, service, region, account, rest = arn.split(":", 5)
    rest = rest.partition("/stream/")[0] if service == "dynamodb" else rest
    for word in ("table/", "stream/", "cluster/", "cluster:", "broker:"):
        rest = rest.removeprefix(word)
    local = (region, account) == (place.region, place.account)
    return "/".join((f"{service}:{rest}" if local else f"{service}:{region}:{account}:{rest}", *filter(None, parts)))


def servers_name(servers: Iterable[str], topic: str) -> str:
    """As `source_name`, of a self-managed Kafka cluster."""
    return f"kafka:{','.join(sorted(servers))}/{topic}"


def local(arn: str, place: Place, resource_type: str = "") -> str:
    """A name in the place of an ARN of this account and region; everything else as it is."""
    if not arn.startswith("arn:"):
        return arn
    _, _, _, region, account, rest = arn.split(":", 5)
    if (region, account) != (place.region, place.account) or not rest.startswith(resource_type):
        return arn
    return rest.removeprefix(resource_type)


def batches(values: Mapping[str, Any], size: int) -> dict[str, Value]:
    """Settings of queues and streams, whose window is 0 unless given."""
    return {
        "BatchSize": values.get("batch_size", size),
        "MaximumBatchingWindowInSeconds": values.get("maximum_batching_window", 0),
    }


def slow_batches(values: Mapping[str, Any], size: int = 100) -> dict[str, Value]:
    """Settings of sources whose window is 500 ms unless given, which no number of seconds says."""
    window = values.get("maximum_batching_window")
    given = {} if window is None else {"MaximumBatchingWindowInSeconds": window}
    return {"BatchSize": values.get("batch_size", size), **given}


def responses(values: Mapping[str, Any]) -> dict[str, Value]:
    """Whether the function answers which of its records failed."""
    return {"FunctionResponseTypes": ["ReportBatchItemFailures"] if values.get("report_batch_item_failures") else []}


def retries(values: Mapping[str, Any], attempts: int = MAX_ATTEMPTS) -> dict[str, Value]:
    """Settings of sources that keep their records."""
    return {
        **responses(values),
        "BisectBatchOnFunctionError": values.get("bisect_batch_on_function_error", False),
        "MaximumRecordAgeInSeconds": values.get("maximum_record_age", -1),
        "MaximumRetryAttempts": values.get("maximum_retry_attempts", attempts),
    }


def stream(values: Mapping[str, Any]) -> dict[str, Value]:
    """Settings of Kinesis and DynamoDB streams."""
    return {
        **batches(values, 100),
        **retries(values),
        **position(values),
        "ParallelizationFactor": values.get("parallelization_factor", 1),
        "TumblingWindowInSeconds": values.get("tumbling_window", 0),
    }


def position(values: Mapping[str, Any]) -> dict[str, Value]:
    """Where a new mapping begins to read; a time as seconds since 1970."""
    given: dict[str, Value] = {}
    if "starting_position" in values:
        given["StartingPosition"] = values["starting_position"]
    if "starting_position_timestamp" in values:
        given["StartingPositionTimestamp"] = seconds(values["starting_position_timestamp"])
    return given


def seconds(moment: str | float) -> float:
    """Seconds since 1970 of ISO 8601, in UTC unless it says otherwise.

    Raises:
        ValueError: it is no time.
    """
    from datetime import datetime, timezone

    if not isinstance(moment, str):
        return moment
    if moment.replace(".", "", 1).isdecimal():
        return float(moment)
    # before Python 3.11 it knows no Z
    at = datetime.fromisoformat(moment.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp()


def pollers(values: Mapping[str, Any]) -> dict[str, Value]:
    """Provisioned mode; AWS fills in what is not given."""
    given = values.get("provisioned_pollers", {})
    names = {"minimum": "MinimumPollers", "maximum": "MaximumPollers", "group": "PollerGroupName"}
    return {"ProvisionedPollerConfig": {names[key]: value for key, value in given.items()}}


def access(*configurations: tuple[str, str]) -> list[Value]:
    """How the source is reached: pairs of a type and a URI."""
    return [{"Type": kind, "URI": uri} for kind, uri in configurations]


def discarded(values: Mapping[str, Any], place: Place) -> tuple[dict[str, Value], tuple[Grant, ...]]:
    """Where failed batches are described, and what the role needs for that."""
    for kind, target in values.get("on_failure", {}).items():
        if kind == "kafka":
            return _failure(f"kafka://{target}"), ()
        if kind == "s3":
            name = target.partition(":::")[2] or target
            bucket = Ref("bucket", name)
            objects = Grant(("s3:PutObject",), (Joined((bucket, "/*")),))
            encrypting = encrypted(place, "buckets", name, "kms:GenerateDataKey")
            return _failure(bucket), (objects, Grant(("s3:ListBucket",), (bucket,)), *encrypting)
        name = local(target, place)
        arn, grant = sending(kind, name)
        encrypting = encrypted(place, f"{arn.kind}s", name, "kms:Decrypt", "kms:GenerateDataKey")
        return _failure(arn), (grant, *encrypting)
    return {"DestinationConfig": {}}, ()


def encrypted(place: Place, section: str, name: str, *actions: str) -> Iterator[Grant]:
    """What the role may do with the key of something that the manifest owns; AWS's own keys need no grant."""
    settings = place.manifest.resources.get(section, {}).get(name, {})
    if (key := settings.get("kms_key", "")).startswith("arn:"):
        yield Grant(actions, (key,))


def _failure(destination: Value) -> dict[str, Value]:
    return {"DestinationConfig": {"OnFailure": {"Destination": destination}}}


def grants(values: Mapping[str, Any], *secrets: str) -> Iterator[Grant]:
    """What several sources need: the key that the filters are encrypted with, and secrets to sign in with."""
    if key := values.get("kms_key"):
        yield Grant(("kms:Decrypt",), (key,))
    if secrets:
        yield Grant(("secretsmanager:GetSecretValue",), tuple(dict.fromkeys(secrets)))


def network() -> Grant:
    """The network interfaces through which Lambda reaches a source in a VPC; EC2 knows no narrower resource here."""
    return Grant(NETWORK, ("*",))
