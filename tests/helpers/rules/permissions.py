"""A function's own policy: one for each alias, and what must stand in it before others may send events."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from rules.roles import listed, statements
from rules.rule import Answer, Refusal, Rule, World, function_of, qualified, tell, told

if TYPE_CHECKING:
    from rules.calls import Call


class Policies(Rule):
    """The policy of a function without qualifier does not have what was granted to its aliases.

    Source: "Viewing resource-based IAM policies in Lambda" in the Lambda developer guide.
    """

    watches = ("lambda:GetPolicy",)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        _, qualifier = qualified(call)
        if qualifier:
            return answer
        said = told(answer)
        policy = json.loads(said["Policy"])
        policy["Statement"] = [each for each in policy["Statement"] if not function_of(each["Resource"])[1]]
        if not policy["Statement"]:
            text = "No policy is associated with the given resource."
            return Refusal("ResourceNotFoundException", text, 404).answer(call)
        return tell(said | {"Policy": json.dumps(policy)}, answer)


class Targets(Rule):
    """A load balancer checks that it may invoke the function that it is given.

    Source: "Use Lambda functions as targets of an Application Load Balancer" in its user guide.
    """

    watches = ("elbv2:RegisterTargets",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        group = call.parameters["TargetGroupArn"]
        for function in (target["Id"] for target in call.parameters["Targets"] if ":function:" in target["Id"]):
            if not permitted(function, "elasticloadbalancing.amazonaws.com", group, world):
                begun = "elasticloadbalancing principal does not have permission to invoke"
                return Refusal("AccessDenied", f"{begun} {function} from target group {group}", 403)
        return None


class Subscribers(Rule):
    """CloudWatch Logs invokes the function to see whether it may.

    Source: "Log group-level subscription filters" in the CloudWatch Logs user guide.
    """

    watches = ("logs:PutSubscriptionFilter",)

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        function = call.parameters["destinationArn"]
        if ":function:" not in function:
            return None
        partition, region, account = (function.split(":")[place] for place in (1, 3, 4))
        group = f"arn:{partition}:logs:{region}:{account}:log-group:{call.parameters['logGroupName']}:*"
        if permitted(function, "logs.amazonaws.com", group, world):
            return None
        text = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute"
        return Refusal("InvalidParameterException", f"{text} your function.")


class Receivers(Rule):
    """SES checks that it may invoke the function.

    Source: "Invoke Lambda function action" in the SES developer guide.
    """

    watches = ("ses:CreateReceiptRule", "ses:UpdateReceiptRule")

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        for action in call.parameters["Rule"].get("Actions", []):
            function = action.get("LambdaAction", {}).get("FunctionArn")
            if function and not permitted(function, "ses.amazonaws.com", _receipt_rule(call, function), world):
                return Refusal("InvalidLambdaFunction", f"Could not invoke Lambda function: {function}")
        return None


def _receipt_rule(call: Call, function: str) -> str:
    partition, region, account = (function.split(":")[place] for place in (1, 3, 4))
    rule = f"receipt-rule-set/{call.parameters['RuleSetName']}:receipt-rule/{call.parameters['Rule']['Name']}"
    return f"arn:{partition}:ses:{region}:{account}:{rule}"


def permitted(function: str, principal: str, source: str, world: World) -> bool:
    """Whether the policy of this very function, version or alias lets a service invoke it for the source."""
    name, qualifier = function_of(function)
    client = world.client("lambda")
    try:
        given = {"Qualifier": qualifier} if qualifier else {}
        policy = client.get_policy(FunctionName=name, **given)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return False
    account = function.split(":")[4]
    return any(
        principal in listed(each["Principal"].get("Service") if isinstance(each["Principal"], dict) else None)
        and function_of(each["Resource"])[1] == qualifier
        and _meets(each.get("Condition", {}), source, account)
        for each in statements(policy)
    )


def _meets(conditions: dict[str, dict[str, str]], source: str, account: str) -> bool:
    given = {key.lower(): value for inner in conditions.values() for key, value in inner.items()}
    return fnmatchcase(source, given.get("aws:sourcearn", "*")) and given.get("aws:sourceaccount", account) == account
