"""What the last deployment has brought about of a function, as a tag: a few characters for each of its resources.

Before them stand the optional kinds of these: where to look for what has left the manifest. The marks only explain a
difference, and never decide anything: what differs although the manifest is as it was deployed was changed by somebody
else. It is written when all else is done, deletions too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import MARKS_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties

MOST = 256  # characters of a tag's value
MARK = 5  # characters of a resource's mark


class _Record(Kind):
    kind = "record"
    label = "record of this deployment"
    rank = 95
    within = True
    concludes = True
    after_switch = True

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get("lambda", "get_function", FunctionName=aws.place.function_name(name))
        marks = found.get("Tags", {}).get(MARKS_TAG) if found else None
        return Actual({"Marks": marks}) if marks is not None else None

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        aws.call("lambda", "tag_resource", Resource=aws.place.function_arn(name), Tags={MARKS_TAG: properties["Marks"]})
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """It goes with the function."""


def text(parts: Iterable[str], marks: Iterable[str]) -> str:
    """What is written: kinds and marks."""
    return f"{' '.join(sorted(set(parts)))}:{''.join(dict.fromkeys(marks))}"[:MOST]


def parts_of(written: str) -> list[str]:
    """The optional kinds that the function had when it was written."""
    return written.partition(":")[0].split()


def marks_of(written: str) -> list[str]:
    """The marks of the resources that there were."""
    marks = written.partition(":")[2]
    return [marks[start : start + MARK] for start in range(0, len(marks), MARK)]


KIND = _Record()
