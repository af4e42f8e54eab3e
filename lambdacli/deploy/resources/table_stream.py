"""The stream of a DynamoDB table, ours or somebody else's: switched on where it is asked for.

It is never switched off again, as others may read it: nothing finds it when it leaves the manifest. One that shows
something else than asked for is made anew on a table of ours; on somebody else's that is refused.

Source: "Change data capture for DynamoDB Streams" in the DynamoDB developer guide; UpdateTable in the API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind, _named, _ours
from lambdacli.deploy.resources.table import described, ready
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource


class _TableStream(Kind):
    """Named as the table is in the manifest: by its name or its ARN."""

    kind = "table_stream"
    label = "stream on the DynamoDB table"
    rank = 6
    immutable = frozenset({"StreamViewType"})
    once = frozenset({"TableName"})
    hangs = False

    def lane(self, resource: Resource) -> str:
        """One change of a table at a time."""
        return f"table {_named.bare(resource.name, 'table/')}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        if actual is None or actual.more["ours"] or actual.properties["StreamViewType"] == properties["StreamViewType"]:
            return ""
        shown = f"the table's stream shows {actual.properties['StreamViewType']}, not {properties['StreamViewType']}"
        return f"{shown}: for that it would have to be switched off, and the table is not ours"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The stream, if it is on."""
        table = described(name, aws)
        stream = _stream(table)
        if table is None or stream is None:
            return None
        view = stream["StreamViewType"]
        ours = properties.get("StreamViewType", view) == view or _is_ours(table["TableArn"], aws)
        return Actual({"StreamViewType": view}, {"arn": table["LatestStreamArn"]}, more={"ours": ours})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Switch it on."""
        ready(name, aws)
        if _stream(described(name, aws)) is None:
            specification = {"StreamEnabled": True, "StreamViewType": properties["StreamViewType"]}
            table = _named.bare(name, "table/")
            aws.create("dynamodb", "update_table", TableName=table, StreamSpecification=specification)
            ready(name, aws)
        table_now = described(name, aws)
        if table_now is None:
            raise Refused(
                "dynamodb", "describe_table", "ResourceNotFoundException", f"there is no table {name} any more"
            )
        return {"arn": table_now["LatestStreamArn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Switch it off, to make it anew."""
        ready(name, aws)
        if _stream(described(name, aws)) is not None:
            table = _named.bare(name, "table/")
            aws.call("dynamodb", "update_table", TableName=table, StreamSpecification={"StreamEnabled": False})
            ready(name, aws)


def _is_ours(table_arn: str, aws: Aws) -> bool:
    tags = aws.listed("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=table_arn)
    return _ours.tagged(_named.mapping(tags), aws.place)


def _stream(table: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    specification = (table or {}).get("StreamSpecification") or {}
    return specification if specification.get("StreamEnabled") else None


KIND = _TableStream()
