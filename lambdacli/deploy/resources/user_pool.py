"""A Cognito user pool, which is somebody else's. Source: DescribeUserPool and ListUserPools in its API reference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_ID = re.compile(r"[\w-]+_[0-9a-zA-Z]+")  # eu-west-1_AbCdEfGhI
_PAGE = 60


class _UserPool(Kind):
    """Its name is what the manifest says: the pool's name, id or ARN."""

    kind = "user_pool"
    label = "Cognito user pool"
    rank = 5
    hangs = False

    def known(self, resource: Resource, place: Place) -> Attributes:
        if resource.name.startswith("arn:"):
            return {"arn": resource.name, "id": resource.name.rpartition("/")[2]}
        if resource.name.startswith(f"{place.region}_"):
            return {"id": resource.name, "arn": place.arn("cognito-idp", f"userpool/{resource.name}")}
        return {}

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        elsewhere = name.startswith("arn:") and not name.startswith(aws.place.arn("cognito-idp", ""))
        if elsewhere:
            return Actual({}, {"arn": name, "id": name.rpartition("/")[2]}, owned=False)
        pool = name.rpartition("/")[2]
        found = aws.get("cognito-idp", "describe_user_pool", UserPoolId=pool) if _ID.fullmatch(pool) else None
        if found is not None:
            there = found["UserPool"]
            return Actual({}, {"arn": there["Arn"], "id": there["Id"], "name": there["Name"]}, owned=False)
        return _named(name, aws)


def _named(name: str, aws: Aws) -> Actual | None:
    pools = aws.listed("cognito-idp", "list_user_pools", "UserPools", MaxResults=_PAGE)
    found = [each["Id"] for each in pools if each["Name"] == name]
    if len(found) > 1:
        text = f"{len(found)} user pools are called {name}: give the id of one, as {found[0]}"
        raise Refused("cognito-idp", "list_user_pools", "Ambiguous", text)
    if not found:
        return None
    arn = aws.place.arn("cognito-idp", f"userpool/{found[0]}")
    return Actual({}, {"arn": arn, "id": found[0], "name": name}, owned=False)


KIND = _UserPool()
