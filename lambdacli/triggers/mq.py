"""Amazon MQ queues: ActiveMQ and RabbitMQ. Source: "Using Lambda with Amazon MQ" in the Lambda developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.patterns import content
from lambdacli.resource import Grant
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _mappings as mappings
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, choice, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    broker = values["broker"]
    # …:broker:name:id
    name = broker.split(":broker:", 1)[1].partition(":")[0] if ":broker:" in broker else None
    parameters = {"queue": values["queue"], "broker": name, "data": content(values.get("filters"), "data")}
    if values["engine"] == "activemq":
        return request(manifest, "mq-activemq", parameters, broker)
    return request(manifest, "mq-rabbitmq", {**parameters, "vhost": values.get("virtual_host")}, broker)


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    values = trigger.settings
    yield from sources.check_filters(values)
    if values["engine"] == "activemq" and "virtual_host" in values:
        yield Finding("ActiveMQ has no virtual hosts", "virtual_host", "remove it, or set `engine: rabbitmq`")


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    broker, secret = values["broker"], values["credentials"]
    host = values.get("virtual_host", "/") if values["engine"] == "rabbitmq" else ""
    hosts = [("VIRTUAL_HOST", host)] if host else []
    source = mappings.source_name(broker, place, values["queue"], host if host != "/" else "")
    properties = {
        "EventSourceArn": broker,
        "Queues": [values["queue"]],
        "SourceAccessConfigurations": mappings.access(("BASIC_AUTH", secret), *hosts),
        **mappings.slow_batches(values),
    }
    yield mappings.mapping(trigger, function, place, source, properties)
    yield Grant(("mq:DescribeBroker",), (broker,))
    yield mappings.network()
    yield from mappings.grants(values, secret)


TRIGGER = TriggerKind(
    kind="mq",
    summary="Amazon MQ: a queue of an ActiveMQ or RabbitMQ broker.",
    schema=settings(
        {
            "broker": text("The broker's ARN.", f"^{arn_pattern('mq')}", "expected the ARN of an Amazon MQ broker"),
            "engine": choice("The broker's engine.", "activemq", "rabbitmq"),
            "queue": text("The queue.", maxLength=1000),
            "virtual_host": text("RabbitMQ's virtual host.", maxLength=200, default="/"),
            "credentials": text(
                "ARN of the secret with the broker's user and password.",
                f"^{arn_pattern('secretsmanager')}",
                "expected the ARN of a secret",
            ),
            **sources.batch(100, 10000, window=0),
        },
        "broker",
        "engine",
        "queue",
        "credentials",
    ),
    sample=_sample,
    check=_check,
    deployment=_deployment,
)
