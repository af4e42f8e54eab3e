"""A local layer, published anew only when its content has changed. Source: PublishLayerVersion in Lambda's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources.uploads import sent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place

MAX_LAYER_NAME = 64  # characters; AWS takes 140
_TRIES = 4  # to publish, while answers get lost


class _Layer(Kind):
    kind = "layer"
    rank = 10
    hangs = False
    moving = frozenset({"arn"})
    once = frozenset({"CodeSha256"})

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        versions = _versions(name, aws)
        if not versions:
            return None
        newest = max(versions, key=lambda each: int(each["Version"]))
        content = newest.get("Description", "").removeprefix(_description("", aws.place))
        found = {
            "Content": content,
            "CompatibleRuntimes": sorted(newest.get("CompatibleRuntimes") or ()),
            "CompatibleArchitectures": sorted(newest.get("CompatibleArchitectures") or ()),
        }
        return Actual(found, {"arn": newest["LayerVersionArn"]})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        prefix, ours = f"{aws.place.prefix}-", _description("", aws.place)
        for layer in aws.listed("lambda", "list_layers", "Layers"):
            newest = layer.get("LatestMatchingVersion") or {}
            if layer["LayerName"].startswith(prefix) and newest.get("Description", "").startswith(ours):
                yield layer["LayerName"].removeprefix(prefix), Actual({}, {"arn": newest["LayerVersionArn"]})

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        content, where = properties["Content"], _name(name, aws.place)
        made = aws.create(
            "lambda", "publish_layer_version", LayerName=where, Description=_description(content, aws.place),
            Content=sent(properties["CodeSha256"], aws),
            CompatibleRuntimes=properties["CompatibleRuntimes"],
            CompatibleArchitectures=properties["CompatibleArchitectures"],
        )  # fmt: skip
        return {"arn": made["LayerVersionArn"]}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """A new version. Functions keep those that they have: the older ones need not be kept for them."""
        from lambdacli.refusals import Refused

        for _ in range(_TRIES):
            try:
                made = self.create(name, properties, aws)
            except Refused as refused:
                there = self.read(name, properties, aws)
                if not refused.lost or there is None or there.properties["Content"] != properties["Content"]:
                    if not refused.lost:
                        raise
                    continue
                made = there.attributes
            break
        else:
            made = self.create(name, properties, aws)
        _prune(name, aws)
        return made

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        for version in sorted(int(each["Version"]) for each in _versions(name, aws)):
            where = _name(name, aws.place)
            aws.remove("lambda", "delete_layer_version", LayerName=where, VersionNumber=version)


def _name(name: str, place: Place) -> str:
    return place.named(name, MAX_LAYER_NAME)


def _description(content: str, place: Place) -> str:
    """Proves whose it is, and tells the content: layers have no tags."""
    return f"lambdacli {place.manifest.app}/{place.manifest.stage} {content}"


def _versions(name: str, aws: Aws) -> list[dict[str, Any]]:
    ours = _description("", aws.place)
    found = aws.listed("lambda", "list_layer_versions", "LayerVersions", LayerName=_name(name, aws.place))
    return [each for each in found if each.get("Description", "").startswith(ours)]


def _prune(name: str, aws: Aws) -> None:
    numbers = sorted(int(each["Version"]) for each in _versions(name, aws))
    for version in numbers[: -aws.place.manifest.deploying.keep_versions]:
        aws.remove("lambda", "delete_layer_version", LayerName=_name(name, aws.place), VersionNumber=version)


KIND = _Layer()
