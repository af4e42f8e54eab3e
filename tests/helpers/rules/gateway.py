"""HTTP and WebSocket APIs: what stages say of routes, and names that are there once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call


class Stages(Rule):
    """A stage is there once.

    Source: CreateStage in the API Gateway V2 API reference (ConflictException).
    """

    watches = ("apigatewayv2:CreateStage",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        stages = world.client("apigatewayv2").get_stages(ApiId=call.parameters["ApiId"])["Items"]
        if call.parameters["StageName"] in (stage["StageName"] for stage in stages):
            return Refusal("ConflictException", "Stage already exists", 409)
        return None


class RouteSettings(Rule):
    """A stage's settings of a route are deleted alone (the emulator deletes the stage), and need the route.

    Source: DeleteRouteSettings and UpdateStage in the API Gateway V2 API reference.
    """

    watches = ("apigatewayv2:DeleteRouteSettings", "apigatewayv2:CreateStage", "apigatewayv2:UpdateStage")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        client = world.client("apigatewayv2")
        if call.operation == "DeleteRouteSettings":
            return _without(client, **call.parameters)
        known = {route["RouteKey"] for route in client.get_routes(ApiId=call.parameters["ApiId"])["Items"]}
        for key in call.parameters.get("RouteSettings", {}):
            if key not in known:
                text = f"Unable to find Route by key {key} within the provided RouteSettings"
                return Refusal("NotFoundException", text, 404)
        return None


class AuthorizerNames(Rule):
    """An authorizer's name is there once in its API.

    Source: CreateAuthorizer in the API Gateway V2 API reference (BadRequestException).
    """

    watches = ("apigatewayv2:CreateAuthorizer",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        name = call.parameters["Name"]
        authorizers = world.client("apigatewayv2").get_authorizers(ApiId=call.parameters["ApiId"])["Items"]
        if name in (each["Name"] for each in authorizers):
            return Refusal("BadRequestException", f"Authorizer name must be unique. Authorizer {name} already exists")
        return None


def _without(client: Any, ApiId: str, StageName: str, RouteKey: str) -> Refusal | Answer:  # noqa: N803 - AWS's names
    stage = next((each for each in client.get_stages(ApiId=ApiId)["Items"] if each["StageName"] == StageName), None)
    if stage is None or RouteKey not in stage.get("RouteSettings", {}):
        return Refusal("NotFoundException", f"Unable to find Route settings by key {RouteKey}", 404)
    rest = {key: value for key, value in stage["RouteSettings"].items() if key != RouteKey}
    client.update_stage(ApiId=ApiId, StageName=StageName, RouteSettings=rest)
    return Answer(204, {})
