"""Our entries among a bucket's event notifications; what others have put there stays as it is.

Source: PutBucketNotificationConfiguration in S3's API reference; "Configuring event notifications using object key
name filtering" in the S3 user guide for overlaps.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual
from lambdacli.deploy.resources._shares import Shares
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Deployed, Properties
    from lambdacli.deploy.resources._shares import Parts
    from lambdacli.resource import Place, Resource

    Entry = Mapping[str, Any]

_OURS = "LambdaFunctionConfigurations"
_SETS = (_OURS, "QueueConfigurations", "TopicConfigurations")
_DESTINATIONS = ("LambdaFunctionArn", "QueueArn", "TopicArn")


class _BucketNotification(Shares):
    """Named by its bucket. Its properties are the functions, each with its entries by the last part of their Ids."""

    kind = "bucket_notification"
    label = "bucket notification"
    rank = 70

    def lane(self, resource: Resource) -> str:
        """A bucket has one configuration, which is written as a whole."""
        return f"bucket {resource.name}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """S3 notifies functions of its own Region, and each object's event goes to one destination."""
        if actual is None:
            return ""
        region = str(actual.more["region"])
        if region and region != place.region:
            return f"the bucket is in {region}: S3 only notifies functions of its own Region, not of {place.region}"
        wanted = [entry for entries in properties.values() for entry in entries.values()]
        kept = [key for key in actual.properties if place.only and key not in properties]
        others = [*actual.more["others"], *(each for key in kept for each in actual.properties[key].values())]
        pairs = ((one, other) for i, one in enumerate(wanted) for other in (*wanted[i + 1 :], *others))
        return next((_clash(one, other) for one, other in pairs if overlapping(one, other)), "")

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The entries of our functions, and in `more` those of others. There is one of every bucket."""
        configuration = aws.get("s3", "get_bucket_notification_configuration", Bucket=name)
        if configuration is None:
            return None
        mine: dict[str, dict[str, Any]] = {}
        others = []
        for entry in chain.from_iterable(configuration.get(key, ()) for key in _SETS):
            function, told = _whose(entry, aws.place)
            if function:
                mine.setdefault(function, {})[told] = _normal(entry)
            else:
                others.append(_normal(entry))
        return Actual(mine, more={"others": others, "region": _region(name, aws)})

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """The buckets that may invoke the function."""
        for arn in function.sources("s3"):
            bucket = arn.rpartition(":")[2]
            there = self.read(bucket, {}, aws)
            mine = there.properties if there else {}
            if aws.place.only:
                mine = {key: entries for key, entries in mine.items() if key == aws.place.only}
            if there and mine:
                yield bucket, there._replace(properties=mine)

    def said(self, entry: Entry) -> str:
        return _told(entry)

    def write(self, name: str, parts: Parts, aws: Aws) -> None:
        """Read the configuration, change our part of it, and write it back at once: S3 has no condition for it."""
        configuration = aws.get("s3", "get_bucket_notification_configuration", Bucket=name)
        if configuration is None and not any(parts.values()):
            return
        kept = {
            key: value for key, value in (configuration or {}).items() if key in (*_SETS, "EventBridgeConfiguration")
        }
        before = [entry for entry in kept.get(_OURS, ()) if _whose(entry, aws.place)[0] not in parts]
        mine = [
            {"Id": f"{_prefix(aws.place)}{function}.{told}", **entry}
            for function, entries in sorted(parts.items())
            for told, entry in sorted(entries.items())
        ]
        kept[_OURS] = [*before, *mine]
        # without entries of ours nothing needs a check, and another's broken one is not in the way
        checked = {} if mine else {"SkipDestinationValidation": True}
        given = {key: value for key, value in kept.items() if value or key not in _SETS}
        aws.call("s3", "put_bucket_notification_configuration", Bucket=name, NotificationConfiguration=given, **checked)


def _prefix(place: Place) -> str:
    """How the Ids of our entries begin."""
    return f"lambdacli.{place.manifest.app}.{place.manifest.stage}."


def _whose(entry: Entry, place: Place) -> tuple[str, str]:
    """The function of ours that an entry's Id names, and the rest of the Id; two empty texts for what others put."""
    name = str(entry.get("Id", ""))
    if not name.startswith(_prefix(place)):
        return "", ""
    function, _, told = name.removeprefix(_prefix(place)).partition(".")
    return function, told


def _normal(entry: Entry) -> dict[str, Any]:
    """An entry as a manifest's deployment writes it: without Id, in a fixed order."""
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    named = sorted((str(rule["Name"]).lower(), str(rule["Value"])) for rule in rules)
    normal = {key: entry[key] for key in _DESTINATIONS if key in entry} | {"Events": sorted(entry["Events"])}
    if named:
        normal["Filter"] = {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in named]}}
    return normal


def _region(bucket: str, aws: Aws) -> str:
    """Where the bucket is; "" where these credentials may not ask."""
    try:
        head = aws.get("s3", "head_bucket", Bucket=bucket) or {}
    except Refused:  # it takes s3:ListBucket, which nothing else here needs
        return ""
    return str(head.get("BucketRegion", ""))


def overlapping(one: Entry, other: Entry) -> bool:
    """Whether an object's event could be meant for both: S3 refuses such entries.

    An event is common where one names it and the other it or its group; keys overlap where the prefixes and the
    suffixes may both fit.
    """
    if not any(_same_event(first, second) for first in one["Events"] for second in other["Events"]):
        return False
    prefixes, suffixes = (_of(one, "prefix"), _of(other, "prefix")), (_of(one, "suffix"), _of(other, "suffix"))
    begin = any(a.startswith(b) for a, b in (prefixes, prefixes[::-1]))
    return begin and any(a.endswith(b) for a, b in (suffixes, suffixes[::-1]))


def _same_event(one: str, other: str) -> bool:
    if one == other:
        return True
    return any(a.endswith(":*") and b.startswith(a[:-1]) for a, b in ((one, other), (other, one)))


def _of(entry: Entry, name: str) -> str:
    rules = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
    return next((str(rule["Value"]) for rule in rules if rule["Name"] == name), "")


def _clash(one: Entry, other: Entry) -> str:
    whose = next((str(other[key]) for key in _DESTINATIONS if key in other), "")
    return f"{_told(one)} overlaps {_told(other)}, which goes to {whose}; S3 sends an event to one of them"


def _told(entry: Entry) -> str:
    keys = " ".join(f"{name} {value}" for name in ("prefix", "suffix") if (value := _of(entry, name)))
    return f"{', '.join(entry['Events'])} ({keys or 'all keys'})"


KIND = _BucketNotification()
