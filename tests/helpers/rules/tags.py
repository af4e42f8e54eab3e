"""GetResources of the tagging API: it knows more services than the emulator, but no roles, and forgets slowly."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from rules.rule import Answer, Rule, World, tell, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.calls import Call

_KEY = "ResourceTagMappingList"
_DELETED_MEANWHILE = suppress(ClientError)


class Tagged(Rule):
    """Streams, log groups, target groups, listener rules and APIs are found by their tags; roles are not.

    What was found once is found still after it was deleted.

    Source: "Services that support the Resource Groups Tagging API" in its reference; GetResources there.
    """

    watches = ("resourcegroupstaggingapi:GetResources",)

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, str]] = {}

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        said = told(answer)
        wanted = {each["Key"]: each.get("Values", []) for each in call.parameters.get("TagFilters", [])}
        for each in said[_KEY]:
            if not each["ResourceARN"].startswith("arn:aws:iam:"):
                self._seen[each["ResourceARN"]] = _plain(each["Tags"])
        for arn, tags in _missed(world):
            self._seen[arn] = tags
        said[_KEY] = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in sorted(self._seen.items())
            if all(key in tags and (not values or tags[key] in values) for key, values in wanted.items())
        ]
        said.pop("PaginationToken", None)
        return tell(said, answer)

    def forget(self) -> None:
        self._seen.clear()


def _missed(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    kinesis, logs = world.client("kinesis"), world.client("logs")
    for name in kinesis.list_streams()["StreamNames"]:
        with _DELETED_MEANWHILE:
            arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
            yield arn, _plain(kinesis.list_tags_for_stream(StreamName=name)["Tags"])
    for group in logs.describe_log_groups()["logGroups"]:
        arn = group["arn"].removesuffix(":*")
        with _DELETED_MEANWHILE:
            yield arn, logs.list_tags_for_resource(resourceArn=arn)["tags"]
    yield from _gateways(world)
    yield from _balancers(world)


def _gateways(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    region = world.client("apigateway").meta.region_name
    for api in world.client("apigatewayv2").get_apis()["Items"]:
        yield f"arn:aws:apigateway:{region}::/apis/{api['ApiId']}", api.get("Tags", {})
    for api in world.client("apigateway").get_rest_apis()["items"]:
        yield f"arn:aws:apigateway:{region}::/restapis/{api['id']}", api.get("tags", {})


def _balancers(world: World) -> Iterator[tuple[str, dict[str, str]]]:
    elb = world.client("elbv2")
    arns = [each["TargetGroupArn"] for each in elb.describe_target_groups()["TargetGroups"]]
    for arn, rule in listener_rules(world):
        if not rule["IsDefault"]:
            arns.append(rule["RuleArn"])
        arns.append(arn)
    for arn in dict.fromkeys(arns):
        with _DELETED_MEANWHILE:
            yield arn, _plain(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])


def listener_rules(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every rule with the ARN of its load balancer."""
    elb = world.client("elbv2")
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        for listener in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
            for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                yield arn, rule


def _plain(tags: list[dict[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}
