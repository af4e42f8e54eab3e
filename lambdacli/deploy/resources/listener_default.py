"""What a listener does with requests that no rule matches. Source: ModifyListener in its API reference.

The listener is somebody else's: what it did before is kept in a tag of our target group, and put back in the end.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _balancers as elb
from lambdacli.deploy.resources._named import pairs
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Resource

_LONGEST = 256  # characters of a tag's value
_NOTHING = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", "ContentType": "text/plain"}}]


class _ListenerDefault(Kind):
    kind = "listener_default"
    label = "listener's default action"
    rank = 70
    moves = True

    def lane(self, resource: Resource) -> str:
        return f"listener {_listener(resource.name)}"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = elb.listener(_listener(name), aws)
        return _actual(found) if found else None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for group in elb.groups(function, aws):
            for listener in elb.listeners(group, aws):
                actual = _actual(listener)
                if actual.properties["DefaultActions"] == elb.forward(group["TargetGroupArn"]):
                    yield f"{function.name}/{listener['ListenerArn']}", actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        text = f"listener {_listener(name)} does not exist"
        raise Refused(elb.SERVICE, "modify_listener", "ListenerNotFound", text)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        listener, group = _listener(name), properties["DefaultActions"][0]["TargetGroupArn"]
        before = _packed(actual.properties["DefaultActions"])
        if before:
            tags = pairs({elb.before_tag(listener): before})
            aws.call(elb.SERVICE, "add_tags", ResourceArns=[group], Tags=tags)
        aws.call(elb.SERVICE, "modify_listener", ListenerArn=listener, DefaultActions=properties["DefaultActions"])
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        listener = _listener(name)
        now = elb.listener(listener, aws)
        ours = actual.properties["DefaultActions"]
        if now is None or elb.receivers(now["DefaultActions"]) != ours:
            return  # somebody has given it something else to do
        group = ours[0]["TargetGroupArn"]
        before = _unpacked(elb.tags(group, aws).get(elb.before_tag(listener), "")) or _NOTHING
        try:
            aws.call(elb.SERVICE, "modify_listener", ListenerArn=listener, DefaultActions=before)
        except Refused as refused:
            if not refused.absent:
                raise
            aws.call(elb.SERVICE, "modify_listener", ListenerArn=listener, DefaultActions=_NOTHING)
        aws.remove(elb.SERVICE, "remove_tags", ResourceArns=[group], TagKeys=[elb.before_tag(listener)])


def _actual(found: Mapping[str, Any]) -> Actual:
    properties = {"ListenerArn": found["ListenerArn"], "DefaultActions": elb.receivers(found["DefaultActions"])}
    return Actual(properties, {"id": found["ListenerArn"]})


def _listener(name: str) -> str:
    return name.partition("/")[2]


def _packed(actions: Any) -> str:
    """Actions as a tag's value; "" where they do not fit."""
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(actions).encode(), 9)).decode()
    return packed if len(packed) <= _LONGEST else ""


def _unpacked(value: str) -> Any:
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(value))) if value else None


KIND = _ListenerDefault()
