"""REST APIs as they are: APIs, paths, methods, authorizers. Source: the API Gateway API reference (version 1)."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import Kind
from lambdacli.deploy.resources._ours import spelling, tagged, uses
from lambdacli.refusals import Refused
from lambdacli.resource import SID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Actual, Deployed
    from lambdacli.resource import Place, Resource

SERVICE = "apigateway"
_PAGE = 500  # the most that these lists have on a page
_ID = re.compile(r"[a-z0-9]{10}")
_INVOKED = re.compile(r"/functions/(arn:.+)/(?:response-streaming-)?invocations$")
_SID = f"{SID}rest-"  # of the statements that let REST APIs invoke, as opposed to HTTP and WebSocket APIs


class InApi(Kind):
    """What lies in a REST API: its name begins with the API's as the manifest has it."""

    hangs = False

    def lying_in(self, api: str, called: str, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All of this kind in an API of this id that are ours, by name."""
        raise NotImplementedError

    def lane(self, resource: Resource) -> str:
        return f"rest_api {resource.name.rpartition(' ')[0] or resource.name}"

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for api in own_apis(aws):
            yield from self.lying_in(api["id"], called(api, aws.place), aws)

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for api, name in lent_to(function, aws):
            yield from self.lying_in(api, name, aws)


class Method(NamedTuple):
    """A method of a path, with what it does."""

    path: str
    verb: str  # GET, ANY
    resource: str  # id of the path
    given: Mapping[str, Any]  # as AWS describes it

    @property
    def integration(self) -> Mapping[str, Any]:
        """What is called; nothing where it is not finished."""
        return self.given.get("methodIntegration") or {}

    @property
    def invokes(self) -> str:
        """The ARN of the function that it invokes, "" for none."""
        found = _INVOKED.search(self.integration.get("uri") or "")
        return found[1] if found else ""


class Paths:
    """All paths of an API."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self.given = given

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """Every method of every path."""
        return tuple(
            Method(each["path"], verb, each["id"], method)
            for each in self.given
            for verb, method in (each.get("resourceMethods") or {}).items()
        )

    def invoking(self, arn: str) -> list[Method]:
        """The methods that invoke a function."""
        return self._by_function.get(arn, [])

    def method(self, verb: str, path: str) -> Method | None:
        """One method; None where there is none."""
        return self._by_name.get((verb, path))

    def id_of(self, path: str) -> str:
        """The id of a path, "" where there is none."""
        return next((each["id"] for each in self.given if each["path"] == path), "")

    @cached_property
    def _by_function(self) -> dict[str, list[Method]]:
        found: dict[str, list[Method]] = {}
        for each in self.methods:
            found.setdefault(each.invokes, []).append(each)
        return found

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Method]:
        return {(each.verb, each.path): each for each in self.methods}


_KNOWN: dict[str, Paths] = {}  # of the last answer about each API: a thousand functions ask for the same one


def apis(aws: Aws) -> list[dict[str, Any]]:
    """All REST APIs, the oldest first."""
    found = aws.listed(SERVICE, "get_rest_apis", "items", limit=_PAGE)
    return sorted(found, key=lambda each: (str(each.get("createdDate", "")), each["id"]))


def own_apis(aws: Aws) -> list[dict[str, Any]]:
    """Those that this app and stage has made. Nobody looks for them where neither manifest nor tags tell of any."""
    if not uses(aws.place, "rest") and not any("::/restapis/" in arn for arn in aws.tagged()):
        return []
    return [each for each in apis(aws) if tagged(each.get("tags") or {}, aws.place)]


def named(name: str, aws: Aws) -> dict[str, Any] | None:
    """The API of an id or a name: of several the oldest that is ours, else the oldest."""
    key = "id" if _ID.fullmatch(name) else "name"
    found = [each for each in apis(aws) if each[key] == name]
    mine = [each for each in found if tagged(each.get("tags") or {}, aws.place)]
    return next(iter((*mine, *found)), None)


def by_id(api: str, aws: Aws) -> dict[str, Any] | None:
    """The API of an id; None where it is gone."""
    found = aws.listed(SERVICE, "get_rest_apis", "items", limit=_PAGE)
    return next((each for each in found if each["id"] == api), None)


def owned(api: str, aws: Aws) -> bool:
    """Whether an API is ours."""
    return any(each["id"] == api for each in own_apis(aws))


def paths(api: str, aws: Aws) -> Paths:
    """All paths with their methods; none where the API is gone. One call for all that lies in it."""
    found = aws.listed(SERVICE, "get_resources", "items", restApiId=api, embed=["methods"], limit=_PAGE)
    known = _KNOWN.get(api)
    if known is None or known.given is not found:
        known = _KNOWN[api] = Paths(found)
    return known


def stages(api: str, aws: Aws) -> list[dict[str, Any]]:
    """All stages of an API."""
    answer = aws.get(SERVICE, "get_stages", restApiId=api) or {}
    return list(answer.get("item") or ())


def used_by(function: Deployed, aws: Aws) -> Iterator[tuple[str, str]]:
    """The id of each REST API that may invoke a function, and what the manifest calls it."""
    statements = tuple(each for each in function.statements if str(each.get("Sid", "")).startswith(_SID))
    sources = function._replace(statements=statements).sources("apigateway")
    for api in dict.fromkeys(arn.split(":", 5)[5].partition("/")[0] for arn in sources):
        there = by_id(api, aws)
        if there is not None:
            yield api, called(there, aws.place)


def lent_to(function: Deployed, aws: Aws) -> Iterator[tuple[str, str]]:
    """Of these the APIs that are somebody else's."""
    for api, name in used_by(function, aws):
        if not owned(api, aws):
            yield api, name


def stages_of(function: Deployed) -> Iterator[tuple[str, str]]:
    """The id of each API, and the stage in it, that may invoke a function."""
    for arn in function.sources("apigateway"):
        api, stage, *_ = [*arn.split(":", 5)[5].split("/"), ""]
        if stage != "authorizers":
            yield api, stage


def called(api: Mapping[str, Any], place: Place) -> str:
    """What the manifest calls an API: its name or its id."""
    return spelling(place, "rest", "api", [api["name"], api["id"]])


def ensure(path: str, api: str, aws: Aws) -> str:
    """The id of a path, which is made with all that leads to it where it is missing."""
    known = paths(api, aws)
    parent, there = known.id_of("/"), ""
    for part in path.strip("/").split("/") if path != "/" else ():
        there = f"{there}/{part}"
        parent = known.id_of(there) or _made(api, parent, part, there, aws)
    return parent


def _made(api: str, parent: str, part: str, path: str, aws: Aws) -> str:
    try:
        made = aws.create(SERVICE, "create_resource", restApiId=api, parentId=parent, pathPart=part)
        return str(made["id"])
    except Refused as refused:
        found = paths(api, aws).id_of(path) if refused.lost or refused.code == "ConflictException" else ""
        if not found:
            raise
        return found


def prune(path: str, api: str, aws: Aws) -> None:
    """Delete a path, and what leads to it, as far as nothing is left there."""
    known = {each["path"]: each for each in paths(api, aws).given}
    while path != "/" and path in known:
        below = any(each.startswith(f"{path}/") for each in known)
        if below or known[path].get("resourceMethods"):
            return
        aws.remove(SERVICE, "delete_resource", restApiId=api, resourceId=known.pop(path)["id"])
        path = path.rpartition("/")[0] or "/"
