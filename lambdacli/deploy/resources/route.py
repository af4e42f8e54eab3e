"""A route of an HTTP or WebSocket API, with its limits in the stage and whether it answers.

Source: CreateRoute, CreateRouteResponse and UpdateStage in the API Gateway Version 2 API reference. In somebody
else's API a route is ours if it leads to an alias of ours. A key is there once in an API: a route that moves from one
function to another is the same route, which is why it is only deleted while it leads to the function that lost it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources import _gateway as gateway
from lambdacli.deploy.resources._ours import ours
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Deployed, Properties
    from lambdacli.resource import Place, Resource

_CALLERS = ("AuthorizationType", "AuthorizerId", "AuthorizationScopes")
_WITH_AUTHORIZER = ("JWT", "CUSTOM")
_LIMITS = ("ThrottlingRateLimit", "ThrottlingBurstLimit")
_TRIES = 5  # to make something whose answers get lost
_EVERY = "$default"  # the only key that a route response may have


class _Route(Kind):
    """Named by the function, the API and the route's key."""

    kind = "route"
    rank = 60
    moves = True
    once = frozenset({"StageName"})

    def lane(self, resource: Resource) -> str:
        """That of its API."""
        return gateway.lane(resource)

    def same(self, field: str, wanted: Any, actual: Any) -> bool:
        """Of the limits AWS may tell more than were given."""
        if field == "RouteSettings" and wanted:
            return all((actual or {}).get(key) == value for key, value in wanted.items())
        return bool(wanted == actual)

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """Somebody else's route stays."""
        if actual is not None and not actual.owned:
            return f"{properties['RouteKey']} of this API leads somewhere else, and is not ours"
        return ""

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The route with that key, wherever it leads."""
        api = gateway.api_id(properties, name.partition("/")[2], aws)
        if not api:
            return None
        for each in aws.listed(gateway.SERVICE, "get_routes", "Items", ApiId=api):
            if each["RouteKey"] == properties["RouteKey"]:
                owned = gateway.is_ours(api, aws) or _leads_to_us(api, each, aws)
                return _actual(api, each, str(properties["StageName"]), aws)._replace(owned=owned)
        return None

    def found_on(self, function: Deployed, aws: Aws) -> Iterable[tuple[str, Actual]]:
        """All that lead to the function's alias, in our APIs and in those that may invoke it."""
        for named in gateway.around(function, aws):
            leading = _leading_to(named.id, function.alias_arn, aws)
            for each in aws.listed(gateway.SERVICE, "get_routes", "Items", ApiId=named.id):
                if each.get("Target") in leading:
                    yield f"{function.name}/{named.name}/{each['RouteKey']}", _actual(named.id, each, "", aws)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it, and what its stage says of it."""
        given = {key: properties[key] for key in _CALLERS if properties[key]}
        if properties.get("RouteResponses"):
            given["RouteResponseSelectionExpression"] = _EVERY
        api, key, target = (properties[each] for each in ("ApiId", "RouteKey", "Target"))
        answer = aws.create(gateway.SERVICE, "create_route", ApiId=api, RouteKey=key, Target=target, **given)
        if properties.get("RouteResponses"):
            _answering(properties, str(answer["RouteId"]), aws)
        if properties["RouteSettings"]:
            _limit(properties, aws)
        return {"id": str(answer["RouteId"]), "api": api}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        """Change what differs; make it again if it went with the function that it led to."""
        api, route = properties["ApiId"], actual.attributes["id"]
        told = {key: properties[key] for key in ("Target", *_CALLERS)}
        if not told["AuthorizerId"]:
            del told["AuthorizerId"]  # it goes with the type that needs one
        if "RouteResponses" in changed:
            told["RouteResponseSelectionExpression"] = _EVERY if properties["RouteResponses"] else ""
        if changed - {"RouteSettings"}:
            try:
                aws.call(gateway.SERVICE, "update_route", ApiId=api, RouteId=route, **told)
            except Refused as refused:
                if not refused.absent:
                    raise
                return self.create(name, properties, aws)
        if "RouteResponses" in changed:
            _answering(properties, route, aws)
        if "RouteSettings" in changed:
            _limit(properties, aws)
        return actual.attributes

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it with its limits, unless it leads somewhere else by now."""
        api, route, key = actual.properties["ApiId"], actual.attributes["id"], actual.properties["RouteKey"]
        now = aws.get(gateway.SERVICE, "get_route", ApiId=api, RouteId=route)
        if now is None or now.get("Target") != actual.properties["Target"]:
            return
        for stage in actual.more["Stages"]:
            aws.remove(gateway.SERVICE, "delete_route_settings", ApiId=api, StageName=stage, RouteKey=key)
        aws.remove(gateway.SERVICE, "delete_route", ApiId=api, RouteId=route)


def _leading_to(api: str, arn: str, aws: Aws) -> set[str]:
    found = gateway.integrations(api, aws)
    return {gateway.target(each) for each in found if gateway.invoked(each["IntegrationUri"]) == arn}


def _leads_to_us(api: str, route: Mapping[str, Any], aws: Aws) -> bool:
    found = (each for each in gateway.integrations(api, aws) if gateway.target(each) == route.get("Target"))
    return any(ours(gateway.invoked(each["IntegrationUri"]), aws) for each in found)


def _actual(api: str, route: Mapping[str, Any], stage: str, aws: Aws) -> Actual:
    stages = aws.listed(gateway.SERVICE, "get_stages", "Items", ApiId=api)
    settings = {each["StageName"]: _settings(each, route["RouteKey"]) for each in stages}
    limits = settings.get(stage) or {}
    authorization = route.get("AuthorizationType", "NONE")
    properties = {
        "ApiId": api,
        "RouteKey": route["RouteKey"],
        "Target": route.get("Target", ""),
        "AuthorizationType": authorization,
        "AuthorizerId": (route.get("AuthorizerId") or "") if authorization in _WITH_AUTHORIZER else "",
        "AuthorizationScopes": sorted(route.get("AuthorizationScopes") or ()),
        "RouteSettings": {key: limits[key] for key in _LIMITS if limits.get(key) is not None},
        "RouteResponses": _responses(api, route, aws),
    }
    limited = [name for name, each in settings.items() if each is not None]
    return Actual(properties, {"id": str(route["RouteId"]), "api": api}, more={"Stages": limited})


def _settings(stage: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = stage.get("RouteSettings", {}).get(key)
    return found


def _responses(api: str, route: Mapping[str, Any], aws: Aws) -> list[str]:
    """The keys of a WebSocket route's responses; one that selects none has none that count."""
    if not route.get("RouteResponseSelectionExpression"):
        return []
    found = aws.listed(gateway.SERVICE, "get_route_responses", "Items", ApiId=api, RouteId=route["RouteId"])
    return [each["RouteResponseKey"] for each in found]


def _answering(properties: Properties, route: str, aws: Aws) -> None:
    """Give the route its response, once, or take it away."""
    for _ in range(_TRIES):
        try:
            return _answering_once(properties["ApiId"], route, properties["RouteResponses"], aws)
        except Refused as refused:  # noqa: PERF203 - a call over the network costs more
            if not (refused.lost or refused.exists):
                raise
    return None


def _answering_once(api: str, route: str, wanted: list[str], aws: Aws) -> None:
    found = aws.listed(gateway.SERVICE, "get_route_responses", "Items", ApiId=api, RouteId=route)
    for each in found[len(wanted) :]:
        response = each["RouteResponseId"]
        aws.remove(gateway.SERVICE, "delete_route_response", ApiId=api, RouteId=route, RouteResponseId=response)
    if wanted and not found:
        aws.create(gateway.SERVICE, "create_route_response", ApiId=api, RouteId=route, RouteResponseKey=_EVERY)


def _limit(properties: Properties, aws: Aws) -> None:
    """The route's limits in its stage, with what else the stage says of its routes."""
    api, stage, key = (properties[each] for each in ("ApiId", "StageName", "RouteKey"))
    current = aws.get(gateway.SERVICE, "get_stage", ApiId=api, StageName=stage) or {}
    known = {each["RouteKey"] for each in aws.listed(gateway.SERVICE, "get_routes", "Items", ApiId=api)}
    settings = {name: each for name, each in current.get("RouteSettings", {}).items() if name in known}
    mine = {name: value for name, value in settings.pop(key, {}).items() if name not in _LIMITS}
    mine |= properties["RouteSettings"]
    if not properties["RouteSettings"]:
        aws.remove(gateway.SERVICE, "delete_route_settings", ApiId=api, StageName=stage, RouteKey=key)
    if mine:
        settings[key] = mine
        aws.call(gateway.SERVICE, "update_stage", ApiId=api, StageName=stage, RouteSettings=settings)


KIND = _Route()
