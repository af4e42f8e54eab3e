"""Packages that are too large for Lambda's API: they go through the bucket that the manifest names.

Lambda copies them. They are kept all the same for as long as the manifest has them, as a run that was killed need not
send them again; what lies there of others stays. Source: FunctionCode in Lambda's API reference, "Lambda quotas".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.package import DIRECT_UPLOAD
from lambdacli.deploy.resources import Actual, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.package import Package
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place


class _Uploads(Kind):
    """Named by the bucket. Functions and layers put there what they need; here goes what none of them needs."""

    kind = "uploads"
    label = "uploaded packages"
    rank = 1
    hangs = False

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """What is not there yet is no difference."""
        return set(actual) <= set(wanted)

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual:
        """What lies there; it is always there, as nothing need be made."""
        found = aws.listed("s3", "list_objects_v2", "Contents", Bucket=name, Prefix=folder(aws.place))
        return Actual({"Keys": sorted(each["Key"] for each in found)})

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        bucket = aws.place.manifest.deploying.bucket
        actual = self.read(bucket, {}, aws) if bucket else Actual({"Keys": []})
        if actual.properties["Keys"]:
            yield bucket, actual

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        _remove(name, set(actual.properties["Keys"]) - set(properties["Keys"]), aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        _remove(name, actual.properties["Keys"], aws)


def folder(place: Place) -> str:
    """How the keys begin."""
    return f"lambdacli/{place.manifest.app}/{place.manifest.stage}/"


def keys(packages: Iterable[Package], place: Place) -> list[str]:
    """Where the packages lie that do not go directly."""
    return sorted({_key(each, place) for each in packages if each.size > DIRECT_UPLOAD})


def sent(sha256: str, aws: Aws) -> dict[str, Any]:
    """A package as Lambda takes it: itself, or where it lies in the bucket, put there unless it is there already."""
    package = aws.packages[sha256]
    if package.size <= DIRECT_UPLOAD:
        return {"ZipFile": package.path.read_bytes()}
    bucket, key = aws.place.manifest.deploying.bucket, _key(package, aws.place)
    if aws.get("s3", "head_object", Bucket=bucket, Key=key) is None:
        aws.connection.upload(package.path, Bucket=bucket, Key=key)
    return {"S3Bucket": bucket, "S3Key": key}


def _key(package: Package, place: Place) -> str:
    return f"{folder(place)}{package.content}.zip"


def _remove(bucket: str, unneeded: Iterable[str], aws: Aws) -> None:
    for key in sorted(unneeded):
        aws.remove("s3", "delete_object", Bucket=bucket, Key=key)


KIND = _Uploads()
