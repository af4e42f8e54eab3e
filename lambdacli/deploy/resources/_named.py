"""What kinds share whose resources are known by a name or an ARN, and whose tags prove that they are ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from lambdacli.deploy.aws import names
from lambdacli.deploy.resources import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Actual, Attributes
    from lambdacli.resource import Place, Resource


class Named(Kind):
    """What the manifest refers to by a name or an ARN, or owns; its tags prove that it is ours."""

    rank = 5
    hangs = False
    service: ClassVar[str]  # in its ARN
    before: ClassVar[str] = ""  # what stands before the name in its ARN
    section: ClassVar[str]  # of the manifest's `resources`
    defaults: ClassVar[Mapping[str, Any]]  # what it has that nobody has told otherwise

    def arn(self, name: str, place: Place) -> str:
        """The ARN of a name; an ARN as it is."""
        return name if name.startswith("arn:") else place.arn(self.service, f"{self.before}{name}")

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"arn": self.arn(resource.name, place), "name": bare(resource.name, self.before)}

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        return same_tags(wanted, actual) if field == "Tags" else bool(wanted == actual)

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """Of the tagged ARNs those of subscriptions, consumers and streams of tables have more than a name."""
        for name in candidates(aws, self.section, self.arn("", aws.place)):
            actual = None if {"/", ":"} & set(name) else self.read(name, self.defaults, aws)
            if actual is not None and actual.owned:
                yield name, actual


def candidates(aws: Aws, section: str, prefix: str) -> list[str]:
    """The names under which something of ours may be: what has our tags, and what the manifest owns.

    What was tagged a moment ago is not among the first yet.
    """
    owned = aws.place.manifest.resources.get(section, {})
    dead = [each["dead_letter_queue"] for each in owned.values() if "dead_letter_queue" in each]
    return list(dict.fromkeys([*names(aws.tagged(), prefix), *owned, *(each for each in dead if ":" not in each)]))


def foreign(name: str, place: Place) -> bool:
    """An ARN of another account or region, about which nobody here is asked."""
    if not name.startswith("arn:"):
        return False
    _, _, _, region, account, _ = name.split(":", 5)
    return (region or place.region, account or place.account) != (place.region, place.account)


def bare(name: str, prefix: str = "") -> str:
    """The name in an ARN, without the type before it; a name as it is."""
    return name.split(":", 5)[5].removeprefix(prefix) if name.startswith("arn:") else name


def pairs(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as a list, as most services want them."""
    return [{key: name, value: text} for name, text in tags.items()]


def mapping(tags: Iterable[Mapping[str, Any]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as a mapping."""
    return {str(each[key]): str(each[value]) for each in tags}


def lost(wanted: Mapping[str, str], actual: Mapping[str, str]) -> list[str]:
    """Tags to take away. Those that AWS itself has put there stay."""
    return [key for key in actual if key not in wanted and not key.startswith("aws:")]


def same_tags(wanted: Mapping[str, str], actual: Mapping[str, str] | None) -> bool:
    """Whether the tags that nobody but AWS put there are the wanted ones."""
    return dict(wanted) == {key: value for key, value in (actual or {}).items() if not key.startswith("aws:")}
