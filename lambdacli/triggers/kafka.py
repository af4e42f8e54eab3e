"""Kafka topics: Amazon MSK and self-managed clusters. Source: "Using Lambda with Apache Kafka"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.patterns import content
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _kafka as kafka
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, choice, many, request, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import EventRequest, Function, Manifest, Trigger


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    parameters = {"topic": values["topic"], "value": content(values.get("filters"), "value")}
    if cluster := values.get("cluster", ""):
        # …:cluster/name/id, or …:vpc-connection/account/name/id
        parameters["cluster"] = cluster.rpartition("/")[0].rpartition("/")[2] or None
        return request(manifest, "msk-records", parameters, cluster)
    servers = ",".join(values.get("bootstrap_servers", ()))
    return request(manifest, "kafka-records", {**parameters, "bootstrap-servers": servers or None})


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    if ("cluster" in values) == ("bootstrap_servers" in values):
        hint = "cluster is an MSK cluster's ARN; bootstrap_servers are those of a cluster of your own"
        yield Finding("exactly one of cluster and bootstrap_servers is needed", "", hint)
    yield from sources.check_filters(values)
    yield from sources.check_timestamp(values)
    yield from _mode(values)
    if "schema_registry" in values and "provisioned_pollers" not in values:
        yield Finding("a schema registry needs provisioned mode", "schema_registry", "add `provisioned_pollers`")


def _mode(values: Mapping[str, Any]) -> Iterator[Finding]:
    """A share group has no position of its own, a consumer group needs one."""
    if values.get("consumption_mode") != "Queue":
        if "starting_position" not in values:
            yield Finding("starting_position is missing", "", "LATEST, TRIM_HORIZON or AT_TIMESTAMP")
        return
    if "cluster" in values:
        yield Finding("only self-managed clusters have share groups", "consumption_mode")
    for key in ("starting_position", "starting_position_timestamp", "maximum_batching_window"):
        if key in values:
            yield Finding("a share group has no such setting", key, "remove it, or the line `consumption_mode`")


_SCHEMA_REGISTRY = settings(
    {
        "uri": text("A Glue registry's ARN, or a Confluent registry's URL."),
        "event_record_format": choice("What the function gets.", "JSON", "SOURCE"),
        "validate": many("What is validated.", {"enum": ["KEY", "VALUE"]}, minItems=1, uniqueItems=True),
        "authentication": sources.credentials(
            "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH"
        ),
    },
    "uri",
    "event_record_format",
    description="A schema registry that records are checked against.",
)

TRIGGER = TriggerKind(
    kind="kafka",
    summary="Kafka topic of an Amazon MSK or a self-managed cluster.",
    schema=settings(
        {
            "topic": text("The topic.", "^[a-zA-Z0-9._-]{1,249}$", "expected letters, digits, dots, _ and -"),
            "cluster": text(
                "ARN of an MSK cluster or of its VPC connection.",
                f"^{arn_pattern('kafka')}",
                "expected the ARN of an MSK cluster",
            ),
            "bootstrap_servers": texts("host:port of a self-managed cluster's brokers.", minItems=1),
            "consumer_group_id": text("Of the consumer group; made by Lambda unless given.", maxLength=200),
            **sources.starting_position("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"),
            "authentication": sources.credentials(
                "BASIC_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH",
                "SERVER_ROOT_CA_CERTIFICATE", "OAUTHBEARER_AUTH", "IAM_AUTH", "VPC_SUBNET", "VPC_SECURITY_GROUP",
            ),
            **sources.batch(100, 10000),
            **sources.retries(),
            "on_failure": sources.on_failure("sqs", "sns", "s3", "kafka"),
            "provisioned_pollers": sources.pollers(1, 2000),
            "schema_registry": _SCHEMA_REGISTRY,
            "consumption_mode": choice("Queue: a share group, without order (Kafka 4.2).", "Stream", "Queue"),
            "system_log_level": choice("What Lambda logs of the mapping.", "DEBUG", "INFO", "WARN"),
        },
        "topic",
    ),
    sample=_sample,
    delivery="poll",
    check=_check,
    deployment=kafka.deployment,
)  # fmt: skip
