"""Functions: their states, and what Lambda refuses to configure."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from rules.rule import Answer, Refusal, Rule, World, qualified, tell, told

if TYPE_CHECKING:
    from rules.calls import Call

_CONFLICT = "The operation cannot be performed at this time. "
_RESERVED = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
_MOST_VARIABLES = 4096  # bytes of names and values


class States(Rule):
    """A new function is Pending for a while, an updated one InProgress; until then no other change is accepted.

    Source: "Lambda function states" in the Lambda developer guide.
    """

    watches = (
        "lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        "lambda:PublishVersion", "lambda:GetFunction", "lambda:GetFunctionConfiguration",
        "lambda:ListVersionsByFunction", "lambda:ListFunctions", "lambda:DeleteFunction",
    )  # fmt: skip

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if call.operation not in ("UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion"):
            return None
        name, _ = qualified(call)
        if world.new(("created", name)):
            text = "The function is currently in the following state: Pending"
            return Refusal("ResourceConflictException", _CONFLICT + text, 409)
        if world.new(("updated", name)):
            arn = world.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
            text = f"An update is in progress for resource: {arn}"
            return Refusal("ResourceConflictException", _CONFLICT + text, 409)
        return None

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if call.operation == "DeleteFunction":
            return answer
        if call.operation == "CreateFunction":
            world.happened(("created", call.parameters["FunctionName"]))
        elif call.operation.startswith("Update"):
            world.happened(("updated", qualified(call)[0]))
        said = told(answer)
        if call.operation == "PublishVersion":
            world.happened(("published", said["FunctionArn"]))
        for each in said.get("Functions", said.get("Versions", [said.get("Configuration", said)])):
            self._put_right(each, world)
        return tell(said, answer)

    @staticmethod
    def _put_right(configuration: dict[str, Any], world: World) -> None:
        name, latest = configuration["FunctionName"], configuration["Version"] == "$LATEST"
        what = ("created", name) if latest else ("published", configuration["FunctionArn"])
        for each in ("StateReason", "StateReasonCode", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"):
            configuration.pop(each, None)
        configuration["State"] = "Pending" if world.new(what) else "Active"
        if configuration["State"] == "Pending":
            configuration |= {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
        busy = latest and world.new(("updated", name))
        configuration["LastUpdateStatus"] = "InProgress" if busy else "Successful"


class DryRun(Rule):
    """UpdateFunctionCode with DryRun changes nothing, and tells what it would.

    Source: UpdateFunctionCode in the Lambda API reference.
    """

    watches = ("lambda:UpdateFunctionCode",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        if not call.parameters.get("DryRun"):
            return None
        name, _ = qualified(call)
        code = base64.b64decode(call.parameters.get("ZipFile", ""))
        digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
        said = world.client("lambda").get_function_configuration(FunctionName=name)
        said.pop("ResponseMetadata")
        return tell(said | {"CodeSha256": digest, "CodeSize": len(code)})


class Sizes(Rule):
    """A function takes 900 seconds and 10,240 MB at most; the models' own limits are those of managed instances.

    Source: "Lambda quotas" in the Lambda developer guide.
    """

    watches = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:  # noqa: ARG002
        for name, most in (("Timeout", 900), ("MemorySize", 10_240)):
            if (given := call.parameters.get(name, 0)) > most:
                begun = (
                    f"1 validation error detected: Value '{given}' at '{name[0].lower()}{name[1:]}' failed to satisfy"
                )
                text = f"{begun} constraint: Member must have value less than or equal to {most}"
                return Refusal("InvalidParameterValueException", text)
        return None


class Variables(Rule):
    """Environment variables that the runtime sets, and more than 4 KB of them, are refused.

    Source: "Defined runtime environment variables" and "Lambda quotas" in the Lambda developer guide.
    """

    watches = ("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:  # noqa: ARG002
        given = call.parameters.get("Environment", {}).get("Variables", {})
        begun = "Lambda was unable to configure your environment variables because the environment variables you have "
        if reserved := sorted(_RESERVED & set(given)):
            text = "provided contains reserved keys that are currently not supported for modification. "
            used = f"Reserved keys used in this request: {', '.join(reserved)}"
            return Refusal("InvalidParameterValueException", begun + text + used)
        if sum(len(f"{name}{value}".encode()) for name, value in given.items()) > _MOST_VARIABLES:
            return Refusal("InvalidParameterValueException", begun + "provided exceeded the 4KB limit.")
        return None


class AliasVersions(Rule):
    """An alias points at a version that exists.

    Source: CreateAlias and UpdateAlias in the Lambda API reference.
    """

    watches = ("lambda:CreateAlias", "lambda:UpdateAlias")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        name, _ = qualified(call)
        routed = call.parameters.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        for version in filter(None, [call.parameters.get("FunctionVersion"), *routed]):
            if not _exists(name, version, world):
                return Refusal("ResourceNotFoundException", f"Function not found: {name}:{version}", 404)
        return None


class UrlArns(Rule):
    """The answers about an alias's function URL have the alias's ARN.

    Source: GetFunctionUrlConfig in the Lambda API reference.
    """

    watches = (
        "lambda:CreateFunctionUrlConfig", "lambda:GetFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig",
        "lambda:ListFunctionUrlConfigs",
    )  # fmt: skip

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        name, qualifier = qualified(call)
        said = told(answer)
        if call.operation == "ListFunctionUrlConfigs":
            for each in said["FunctionUrlConfigs"]:
                each["FunctionArn"] += self._alias(name, each["FunctionUrl"], world)
        elif qualifier:
            said["FunctionArn"] += f":{qualifier}"
        return tell(said, answer)

    @staticmethod
    def _alias(name: str, url: str, world: World) -> str:
        client = world.client("lambda")
        for alias in client.list_aliases(FunctionName=name)["Aliases"]:
            try:
                found = client.get_function_url_config(FunctionName=name, Qualifier=alias["Name"])
            except client.exceptions.ResourceNotFoundException:
                continue
            if found["FunctionUrl"] == url:
                return f":{alias['Name']}"
        return ""


def _exists(name: str, version: str, world: World) -> bool:
    client = world.client("lambda")
    try:
        client.get_function_configuration(FunctionName=name, Qualifier=version)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
