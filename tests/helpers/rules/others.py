"""Rules of EventBridge, API Gateway, DynamoDB, Kinesis and SQS."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rules.rule import Answer, Refusal, Rule, World, tell, told

if TYPE_CHECKING:
    from rules.calls import Call

_LATE = 300  # seconds in which a schedule may have begun


class RulesWithTargets(Rule):
    """A rule is deleted after its targets.

    Source: DeleteRule in the EventBridge API reference.
    """

    watches = ("events:DeleteRule",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        client = world.client("events")
        bus = {"EventBusName": call.parameters["EventBusName"]} if "EventBusName" in call.parameters else {}
        try:
            targets = client.list_targets_by_rule(Rule=call.parameters["Name"], **bus)["Targets"]
        except client.exceptions.ResourceNotFoundException:
            return None
        text = "Rule can't be deleted since it has targets."
        return Refusal("ValidationException", text) if targets else None


class Routes(Rule):
    """A route key is there once in an HTTP or WebSocket API.

    Source: CreateRoute in the API Gateway V2 API reference (ConflictException).
    """

    watches = ("apigatewayv2:CreateRoute",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        key = call.parameters["RouteKey"]
        routes = world.client("apigatewayv2").get_routes(ApiId=call.parameters["ApiId"])["Items"]
        if key in (route["RouteKey"] for route in routes):
            return Refusal("ConflictException", f"Route with key {key} already exists for this API", 409)
        return None


class Integrations(Rule):
    """An integration that a route points at cannot be deleted.

    Source: DeleteIntegration in the API Gateway V2 API reference.
    """

    watches = ("apigatewayv2:DeleteIntegration",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        identifier = call.parameters["IntegrationId"]
        for route in world.client("apigatewayv2").get_routes(ApiId=call.parameters["ApiId"])["Items"]:
            if route.get("Target") == f"integrations/{identifier}":
                text = f"Cannot delete Integration '{identifier}', it is referenced by Route '{route['RouteId']}'."
                return Refusal("ConflictException", text, 409)
        return None


class RestResources(Rule):
    """A path part is there once under its parent, and a method once in its resource.

    Source: CreateResource and PutMethod in the API Gateway API reference (ConflictException).
    """

    watches = ("apigateway:CreateResource", "apigateway:PutMethod")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        given = call.parameters
        client = world.client("apigateway")
        resources = client.get_resources(restApiId=given["restApiId"], embed=["methods"], limit=500)["items"]
        if call.operation == "PutMethod":
            methods = {(each["id"], method) for each in resources for method in each.get("resourceMethods", {})}
            taken = (given["resourceId"], given["httpMethod"]) in methods
            return Refusal("ConflictException", "Method already exists for this resource", 409) if taken else None
        if (given["parentId"], given["pathPart"]) in {(e.get("parentId"), e.get("pathPart")) for e in resources}:
            text = f"Another resource with the same parent already has this name: {given['pathPart']}"
            return Refusal("ConflictException", text, 409)
        return None


class RestDeployments(Rule):
    """An API is deployed with at least one method, and an integration for each.

    Source: "Deploy REST APIs in API Gateway" in the API Gateway developer guide.
    """

    watches = ("apigateway:CreateDeployment",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        api = call.parameters["restApiId"]
        client = world.client("apigateway")
        resources = client.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
        methods = [(each["id"], method) for each in resources for method in each.get("resourceMethods", {})]
        if not methods:
            return Refusal("BadRequestException", "The REST API doesn't contain any methods")
        for resource, method in methods:
            if "methodIntegration" not in client.get_method(restApiId=api, resourceId=resource, httpMethod=method):
                return Refusal("BadRequestException", "No integration defined for method")
        return None


class Tables(Rule):
    """A table is CREATING or UPDATING for a while and takes no other change until that is over.

    Source: CreateTable and UpdateTable in the DynamoDB API reference (ResourceInUseException).
    """

    watches = ("dynamodb:CreateTable", "dynamodb:UpdateTable", "dynamodb:DescribeTable", "dynamodb:DeleteTable")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        name = call.parameters["TableName"]
        if call.operation in ("UpdateTable", "DeleteTable") and _busy("table", name, world):
            text = f"Attempt to change a resource which is still in use: Table is being updated: {name}"
            return Refusal("ResourceInUseException", text)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        name = call.parameters["TableName"]
        if call.operation in ("CreateTable", "UpdateTable"):
            world.happened(("table made" if call.operation == "CreateTable" else "table changed", name))
        said = told(answer)
        table = said.get("Table") or said.get("TableDescription")
        if state := _busy("table", name, world):
            table["TableStatus"] = state
        return tell(said, answer)


class Streams(Rule):
    """A stream is CREATING for a while and takes no change until that is over; it is made with its tags.

    Source: CreateStream in the Kinesis API reference.
    """

    watches = ("kinesis:*",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        name = _stream(call)
        if call.reads or call.operation == "CreateStream" or not _busy("stream", name, world):
            return None
        return Refusal("ResourceInUseException", f"Stream {name} not ACTIVE, instead in state CREATING")

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        name = _stream(call)
        if call.operation == "CreateStream":
            world.happened(("stream made", name))
            if tags := call.parameters.get("Tags"):
                world.client("kinesis").add_tags_to_stream(StreamName=name, Tags=tags)
        said = told(answer)
        for key in ("StreamDescriptionSummary", "StreamDescription"):
            if key in said and _busy("stream", name, world):
                said[key]["StreamStatus"] = "CREATING"
        return tell(said, answer) if call.operation.startswith("Describe") else answer


class DeletedQueues(Rule):
    """A queue's name is free again a while after it was deleted (60 seconds on AWS).

    Source: CreateQueue in the SQS API reference.
    """

    watches = ("sqs:CreateQueue", "sqs:DeleteQueue")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.operation == "CreateQueue" and world.new(("queue gone", call.parameters["QueueName"])):
            text = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
            return Refusal("AWS.SimpleQueueService.QueueDeletedRecently", text)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.operation == "DeleteQueue":
            world.happened(("queue gone", call.parameters["QueueUrl"].rpartition("/")[2]))
        return answer


class StartDates(Rule):
    """A schedule does not begin in the past.

    Source: https://github.com/getmoto/moto/pull/8172 for the message; StartDate in EventBridge Scheduler's API.
    """

    watches = ("scheduler:CreateSchedule", "scheduler:UpdateSchedule")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:  # noqa: ARG002
        start = call.parameters.get("StartDate")
        if start is None or float(start) > time.time() - _LATE:
            return None
        return Refusal("ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago.")


class UserPools(Rule):
    """What a user pool does not have is left out of the answer: the emulator sends empty texts, which nobody may set.

    Source: DescribeUserPool and UpdateUserPool in the Cognito API reference.
    """

    watches = ("cognito-idp:DescribeUserPool",)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        said = told(answer)
        said["UserPool"] = {key: value for key, value in said["UserPool"].items() if value not in ("", None)}
        return tell(said, answer)


def _busy(kind: str, name: str, world: World) -> str:
    if world.new((f"{kind} made", name)):
        return "CREATING"
    return "UPDATING" if world.new((f"{kind} changed", name)) else ""


def _stream(call: Call) -> str:
    return str(call.parameters.get("StreamName") or call.parameters.get("StreamARN", "").rpartition("/")[2])
