"""The alias that triggers point at. It moves from one whole version to the next, or a part of the traffic does.

Its description tells the number of its version and the digest of what that is made of, so that a version is known
without reading it. Source: PublishVersion, CreateAlias and UpdateAlias in Lambda's API reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import UNKNOWN, Actual, Kind
from lambdacli.deploy.resources._functions import settled
from lambdacli.refusals import Refused
from lambdacli.resource import ALIAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_DESCRIBED = re.compile(r"lambdacli: version (\d+) is (\S+?)(?:, (\d+) % of version (\d+), which is (\S+))?")
_DIGEST = 22  # characters: 132 bits


class Version(NamedTuple):
    """A version and the digest of what it is made of; "" where nobody knows."""

    number: str
    digest: str


class _Alias(Kind):
    kind = "alias"
    rank = 30
    within = True
    last = True
    once = frozenset({"CodeSha256"})
    moving = frozenset({"version"})

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"arn": place.alias_arn(resource.name)}

    def wanted(self, properties: Properties, actual: Actual | None, place: Place) -> Properties:
        """With --canary the alias stays where it is, and gives a part to what is new."""
        new = properties["Digest"]
        new = new if new is UNKNOWN else new[:_DIGEST]
        there = actual.properties["Digest"] if actual else new
        if not place.canary or there == new:
            return {**properties, "Digest": new, "Canary": None}
        return {**properties, "Digest": there, "Canary": {"Digest": new, "Percent": place.canary}}

    def told(self, field: str, old: Any, new: Any, actual: Actual) -> tuple[str, Any, Any]:
        """Digests are for comparing: people know versions, and how much of the traffic goes where."""
        if field == "Digest":
            return "FunctionVersion", actual.attributes["version"], UNKNOWN
        return "RoutingConfig", _share(old, "newer"), _share(new, "new")

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get("lambda", "get_alias", FunctionName=aws.place.function_name(name), Name=ALIAS)
        return _actual(found) if found else None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        actual = self.read(function.name, {}, aws)
        if actual is not None:
            yield function.name, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        function_name = aws.place.function_name(name)
        version = publish(aws, function_name, properties["CodeSha256"], properties["Digest"])
        made = aws.create(
            "lambda", "create_alias", FunctionName=function_name, Name=ALIAS, FunctionVersion=version,
            Description=described(Version(version, properties["Digest"])),
        )  # fmt: skip
        return {"arn": made["AliasArn"], "version": version}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        function_name = aws.place.function_name(name)
        canary = properties["Canary"]
        digest = (canary or properties)["Digest"]
        new = Version(publish(aws, function_name, properties["CodeSha256"], digest), digest)
        if canary:
            stays = Version(actual.attributes["version"], actual.properties["Digest"])
            return move(aws, function_name, stays, new, canary["Percent"], before=stays.number)
        return move(aws, function_name, new, before=actual.attributes["version"])

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        aws.remove("lambda", "delete_alias", FunctionName=aws.place.function_name(name), Name=ALIAS)


def _share(canary: Mapping[str, Any] | None, which: str) -> str | None:
    return f"{canary['Percent']} % of a {which} version" if canary else None


def publish(aws: Aws, function_name: str, code_sha256: str, digest: str) -> str:
    """The number of the version that $LATEST is now; the same one if it is published already."""
    made = aws.call(
        "lambda",
        "publish_version",
        FunctionName=function_name,
        CodeSha256=code_sha256,
        Description=f"lambdacli {digest}",
    )
    settled(aws, function_name, made, qualifier=made["Version"])
    return str(made["Version"])


def digest_of(aws: Aws, function_name: str, number: str) -> str:
    """What a version is made of, as it was written down when it was published; "" where it was not."""
    found = aws.get("lambda", "get_function_configuration", FunctionName=function_name, Qualifier=number) or {}
    head, _, digest = found.get("Description", "").partition(" ")
    return digest if head == "lambdacli" else ""


def move(
    aws: Aws, function_name: str, to: Version, canary: Version | None = None, percent: int = 0, *, before: str
) -> Attributes:
    """Point the alias at a version, with a part of the traffic for another one. May be called twice.

    Raises:
        Refused: the alias is neither at `before` nor where it shall be: somebody else has moved it.
    """
    there = aws.get("lambda", "get_alias", FunctionName=function_name, Name=ALIAS) or {}
    if there.get("FunctionVersion") not in (before, to.number):
        raise Refused("lambda", "update_alias", "Moved", f"{ALIAS} is at version {there.get('FunctionVersion')} by now")
    weights = {canary.number: percent / 100} if canary else {}
    made = aws.call(
        "lambda", "update_alias", FunctionName=function_name, Name=ALIAS, FunctionVersion=to.number,
        Description=described(to, canary, percent), RoutingConfig={"AdditionalVersionWeights": weights},
    )  # fmt: skip
    return {"arn": made["AliasArn"], "version": to.number}


def shares(found: Mapping[str, Any]) -> dict[str, float]:
    """The versions that get a part of an alias' traffic besides the one that it points at, with the part of each."""
    return dict((found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def described(version: Version, canary: Version | None = None, percent: int = 0) -> str:
    """The alias' description."""
    text = f"lambdacli: version {version.number} is {version.digest or '?'}"
    return f"{text}, {percent} % of version {canary.number}, which is {canary.digest or '?'}" if canary else text


def _actual(found: Mapping[str, Any]) -> Actual:
    number = str(found["FunctionVersion"])
    weights = shares(found)
    told = _DESCRIBED.fullmatch(found.get("Description", ""))
    ours = told is not None and told[1] == number
    digest = told[2] if told and ours else f"version {number}, which somebody else has chosen"
    canary = None
    for other, weight in weights.items():
        known = told[5] if told and told[4] == other else f"version {other}"
        canary = {"Digest": known, "Percent": round(weight * 100)}
    attributes = {"arn": found["AliasArn"], "version": number}
    chosen = "the canary gets all of the traffic" if canary else "the traffic was moved since the last deployment"
    more = {"Canary": next(iter(weights), ""), "Chosen": chosen if ours else ""}
    return Actual({"Digest": digest, "Canary": canary}, attributes, more=more)


KIND = _Alias()
