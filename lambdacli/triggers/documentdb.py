"""DocumentDB change streams. Source: "Using Lambda with Amazon DocumentDB" in the Lambda developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.resource import Grant
from lambdacli.triggers import Finding, TriggerKind
from lambdacli.triggers import _mappings as mappings
from lambdacli.triggers import _sources as sources
from lambdacli.triggers._parts import arn_pattern, choice, name_of, request, settings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.model import EventRequest, Function, Manifest, Trigger
    from lambdacli.resource import Place, Resource


def _sample(trigger: Trigger, _function: Function, manifest: Manifest) -> EventRequest:
    values = trigger.settings
    parameters = {
        "database": values["database"],
        "collection": values.get("collection"),
        "cluster": name_of(values["cluster"]),
    }
    return request(manifest, "documentdb-insert", parameters, values["cluster"])


def _check(trigger: Trigger, _function: Function, _manifest: Manifest) -> Iterator[Finding]:
    yield from sources.check_filters(trigger.settings)
    yield from sources.check_timestamp(trigger.settings)


def _deployment(trigger: Trigger, function: Function, place: Place) -> Iterator[Resource | Grant]:
    values = trigger.settings
    cluster, database, collection = values["cluster"], values["database"], values.get("collection", "")
    properties = {
        "EventSourceArn": cluster,
        "DatabaseName": database,
        **({"CollectionName": collection} if collection else {}),
        "FullDocument": values.get("full_document", "Default"),
        "SourceAccessConfigurations": mappings.access(("BASIC_AUTH", values["credentials"])),
        **mappings.position(values),
        **mappings.slow_batches(values),
    }
    source = mappings.source_name(cluster, place, database, collection)
    yield mappings.mapping(trigger, function, place, source, properties)
    yield Grant(_DESCRIBING, ("*",))  # parameter and subnet groups are known by the cluster alone
    yield mappings.network()
    yield from mappings.grants(values, values["credentials"])


_DESCRIBING = ("rds:DescribeDBClusters", "rds:DescribeDBClusterParameters", "rds:DescribeDBSubnetGroups")


TRIGGER = TriggerKind(
    kind="documentdb",
    summary="DocumentDB change stream: changes of a collection's documents.",
    schema=settings(
        {
            "cluster": text("The cluster's ARN.", f"^{arn_pattern('rds')}", "expected the ARN of a DocumentDB cluster"),
            "database": text("The database.", maxLength=63),
            "collection": text("The collection; all of the database unless given.", maxLength=57),
            "full_document": choice("What an update shows.", "UpdateLookup", "Default", default="Default"),
            "credentials": text(
                "ARN of the secret with the cluster's user and password.",
                f"^{arn_pattern('secretsmanager')}",
                "expected the ARN of a secret",
            ),
            **sources.starting_position("LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"),
            **sources.batch(100, 10000),
        },
        "cluster",
        "database",
        "credentials",
        "starting_position",
    ),
    sample=_sample,
    check=_check,
    deployment=_deployment,
)
