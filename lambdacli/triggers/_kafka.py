"""Kafka's event source mappings and what the role needs for them.

Source: "Configuring Lambda permissions for Amazon MSK event source mappings", "Configuring cluster authentication" and
"Using schema registries" in the Lambda developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.resource import Grant
from lambdacli.triggers import _mappings as mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import Function, Trigger
    from lambdacli.resource import Place, Resource, Value

_WITH_SECRET = (
    "BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH",
    "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH",
)  # fmt: skip
_CONNECTING = ("kafka-cluster:Connect", "kafka-cluster:DescribeClusterDynamicConfiguration")


def deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    """The mapping of a topic, with its grants."""
    values = trigger.settings
    failure, sending = mappings.discarded(values, place)
    properties = {
        **_source(values),
        "Topics": [values["topic"]],
        "SourceAccessConfigurations": mappings.access(*_access(values)),
        **mappings.slow_batches(values),
        **mappings.position(values),
        **_failures(values),
        **failure,
        **mappings.pollers(values),
        **_configuration(values),
        "LoggingConfig": {"SystemLogLevel": values["system_log_level"]} if "system_log_level" in values else {},
    }
    yield mappings.mapping(trigger, function, place, _name(values, place), properties)
    yield from _grants(values)
    yield from sending


def _source(values: Mapping[str, Any]) -> dict[str, Value]:
    if "cluster" in values:
        return {"EventSourceArn": values["cluster"]}
    return {"SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": list(values["bootstrap_servers"])}}}


def _name(values: Mapping[str, Any], place: Place) -> str:
    if "cluster" in values:
        return mappings.source_name(values["cluster"], place, values["topic"])
    return mappings.servers_name(values["bootstrap_servers"], values["topic"])


def _access(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Subnets and groups have their kind before their id."""
    prefixes = {"VPC_SUBNET": "subnet:", "VPC_SECURITY_GROUP": "security_group:"}
    for each in values.get("authentication", ()):
        prefix = prefixes.get(each["type"], "")
        yield each["type"], prefix + each["uri"].removeprefix(prefix)


def _failures(values: Mapping[str, Any]) -> dict[str, Value]:
    """A share group tries a record again by giving it back to the broker: 0 of Lambda's own tries unless given."""
    return mappings.retries(values, 0 if values.get("consumption_mode") == "Queue" else mappings.MAX_ATTEMPTS)


def _configuration(values: Mapping[str, Any]) -> dict[str, Value]:
    group = {"ConsumerGroupId": values["consumer_group_id"]} if "consumer_group_id" in values else {}
    mode = {} if "cluster" in values else {"ConsumptionMode": values.get("consumption_mode", "Stream")}
    return {**group, **mode, "SchemaRegistryConfig": _registry(values.get("schema_registry"))}


def _registry(given: Mapping[str, Any] | None) -> dict[str, Value]:
    if not given:
        return {}
    access = [(each["type"], each["uri"]) for each in given.get("authentication", ())]
    registry = {"SchemaRegistryURI": given["uri"], "EventRecordFormat": given["event_record_format"]}
    validated = [{"Attribute": each} for each in given.get("validate", ())]
    lists = {"AccessConfigs": mappings.access(*access), "SchemaValidationConfigs": validated}
    return {**registry, **{key: value for key, value in lists.items() if value}}


def _grants(values: Mapping[str, Any]) -> Iterator[Grant]:
    if "cluster" in values:
        yield from _managed(values)
    if "cluster" in values or any(kind.startswith("VPC_") for kind, _ in _access(values)):
        yield mappings.network()
    registry = values.get("schema_registry") or {}
    configurations = [*values.get("authentication", ()), *registry.get("authentication", ())]
    secrets = [each["uri"] for each in configurations if each["type"] in _WITH_SECRET]
    yield from mappings.grants(values, *secrets)
    if ":registry/" in (uri := registry.get("uri", "")):
        yield Grant(("glue:GetRegistry",), (uri,))
        schemas = uri.replace(":registry/", ":schema/") + "/*"
        yield Grant(("glue:GetSchemaVersion",), (uri, schemas))


def _managed(values: Mapping[str, Any]) -> Iterator[Grant]:
    cluster = values["cluster"]
    if ":vpc-connection/" in cluster:
        yield Grant(("kafka:DescribeVpcConnection",), (cluster,))
        yield Grant(("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"), ("*",))
    else:
        yield Grant(("kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"), (cluster,))
    kinds = {each["type"] for each in values.get("authentication", ())}
    if kinds & {"SASL_SCRAM_512_AUTH", "SASL_SCRAM_256_AUTH"}:
        yield Grant(("kafka:ListScramSecrets",), (cluster,))
    if not kinds & set(_WITH_SECRET) and ":cluster/" in cluster:
        yield from _signed(values)


def _signed(values: Mapping[str, Any]) -> Iterator[Grant]:
    """Without a secret, a cluster that asks who one is asks IAM."""
    cluster = values["cluster"]
    group = values.get("consumer_group_id", "*")
    yield Grant(_CONNECTING, (cluster,))
    topic = cluster.replace(":cluster/", ":topic/")
    yield Grant(("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"), (f"{topic}/{values['topic']}",))
    groups = f"{cluster.replace(':cluster/', ':group/')}/{group}"
    yield Grant(("kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"), (groups,))
    if failed := values.get("on_failure", {}).get("kafka"):
        yield Grant(("kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"), (f"{topic}/{failed}",))
