"""What the last deployment has brought about of a function, as a tag: a few characters for each of its resources.

It only explains a difference, and never decides anything: what differs although the manifest is as it was deployed was
changed by somebody else. It is written when all else is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import MARKS_TAG

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

MOST = 256  # characters of a tag's value


class _Record(Kind):
    kind = "record"
    label = "record of this deployment"
    rank = 95
    after_switch = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:  # noqa: ARG002 - the kinds' shape
        found = aws.get("lambda", "get_function", FunctionName=aws.place.function_name(name))
        marks = found.get("Tags", {}).get(MARKS_TAG) if found else None
        return Actual({"Marks": marks}) if marks is not None else None

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        aws.call("lambda", "tag_resource", Resource=aws.place.function_arn(name), Tags={MARKS_TAG: properties["Marks"]})
        return {}

    def update(
        self,
        name: str,
        properties: Properties,
        actual: Actual,  # noqa: ARG002 - the kinds' shape
        changed: AbstractSet[str],  # noqa: ARG002 - the kinds' shape
        aws: Aws,
    ) -> Attributes:
        return self.create(name, properties, aws)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """It goes with the function."""


KIND = _Record()
