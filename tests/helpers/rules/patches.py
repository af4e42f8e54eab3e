"""Rules of how REST APIs are changed and tagged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rules.rule import Answer, Refusal, Rule, World, tell, told

if TYPE_CHECKING:
    from rules.calls import Call

_MEDIA, _TYPES = "/binaryMediaTypes/", "/endpointConfiguration/types/"


class RestPatches(Rule):
    """A REST API's binary media types and endpoint types are lists, and each item has a path.

    Source: "Patch operations" of UpdateRestApi in the API Gateway API reference.
    """

    watches = ("apigateway:UpdateRestApi",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        there = world.client("apigateway").get_rest_api(restApiId=call.parameters["restApiId"])
        operations = [_whole(each, there) for each in call.parameters["patchOperations"]]
        call.request.body = json.dumps({"patchOperations": operations}).encode()
        return None


class RestTags(Rule):
    """What TagResource has added is among an API's tags.

    Source: GetRestApis and TagResource in the API Gateway API reference.
    """

    watches = ("apigateway:GetRestApi", "apigateway:GetRestApis")

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        client = world.client("apigateway")
        said = told(answer)
        for each in said.get("item", [said]):
            arn = f"arn:aws:apigateway:{client.meta.region_name}::/restapis/{each['id']}"
            each["tags"] = {**(each.get("tags") or {}), **client.get_tags(resourceArn=arn)["tags"]}
        return tell(said, answer)


def _whole(operation: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """An operation on a list's item as one on the list, which the emulator knows."""
    path = operation["path"]
    if path.startswith(_TYPES):
        value = {**there["endpointConfiguration"], "types": [operation["value"]]}
        return {"op": "replace", "path": "/endpointConfiguration", "value": value}
    if path.startswith(_MEDIA):
        types = there.setdefault("binaryMediaTypes", [])
        one = path.removeprefix(_MEDIA).replace("~1", "/")
        types.append(one) if operation["op"] == "add" else types.remove(one)
        return {"op": "replace", "path": "/binaryMediaTypes", "value": types}
    return operation
