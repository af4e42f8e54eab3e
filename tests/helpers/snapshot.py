"""Everything that is in the emulator, read through boto3, with names in the place of what is different each time."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rules import Proxy

    Client = Callable[[str], Any]

_VOLATILE = frozenset({
    "ResponseMetadata", "RevisionId", "LastModified", "LastModifiedTime", "CreationTime", "CreationDate", "CreateDate",
    "RoleId", "creationTime", "CreatedDate", "createdDate", "lastUpdatedDate", "LastUpdatedDate", "CreatedTimestamp",
    "LastModifiedTimestamp", "CreationDateTime", "StreamCreationTimestamp", "CreationTimestamp", "LastModificationDate",
    "RoleLastUsed", "LastProcessingResult", "storedBytes", "ApproximateNumberOfMessages", "LastModifiedDate", "TableId",
    "LastUpdateDateTime",
    "createdAt", "LatestStreamLabel", "ETag", "HTTPHeaders", "Location", "State", "StateReason", "StateReasonCode",
    "ApiGatewayManaged", "DeploymentId", "deploymentId", "Version", "CreatedAt", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "Date", "LastUpdateStatus",
})  # fmt: skip


def snapshot(aws: Proxy) -> dict[str, Any]:
    """What there is, by service; two of them are equal when nobody can tell the two states apart."""
    with ThreadPoolExecutor(8) as pool:
        found = dict(zip(_READERS, pool.map(lambda read: read(aws.client), _READERS.values()), strict=True))
    found["mappings"] = _mappings(aws)
    text = json.dumps({service: _settled(each) for service, each in found.items()}, sort_keys=True, default=str)
    for identifier, name in sorted(_names(found).items(), key=lambda each: len(each[0]), reverse=True):
        text = text.replace(identifier, name)
    return _sorted(json.loads(text))  # type: ignore[no-any-return]


def _settled(value: Any) -> Any:
    """Without what is never the same twice; what is empty is not there."""
    if isinstance(value, dict):
        kept = {key: _settled(each) for key, each in value.items() if key not in _VOLATILE}
        return {key: each for key, each in kept.items() if each not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_settled(each) for each in value]
    return value


def _sorted(value: Any) -> Any:
    """Lists whose order AWS does not keep, in one of their own."""
    if isinstance(value, dict):
        return {key: _sorted(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def _names(found: dict[str, Any]) -> dict[str, str]:
    """What AWS has made up: the name of what it stands for."""
    known = {each["UUID"]: f"<mapping {each['FunctionArn']}>" for each in found["mappings"]}
    known |= {each.rpartition(":")[2]: "<subscription>" for each in found["subscriptions"]}
    for each in found["elbv2"]:
        known[each["TargetGroupArn"].rpartition("/")[2]] = f"<group {each['TargetGroupName']}>"
    for each in found["dynamodb"]:
        if "LatestStreamLabel" in each:
            known[each["LatestStreamLabel"]] = f"<stream {each['TableName']}>"
    for each in (url for function in found["lambda"] for url in function["urls"]):
        known[each["FunctionUrl"].split("/")[2].split(".")[0]] = f"<url {each['FunctionArn']}>"
    return known | _names_of_apis(found)


def _names_of_apis(found: dict[str, Any]) -> dict[str, str]:
    known: dict[str, str] = {}
    for api in found["apigatewayv2"]:
        known[api["ApiId"]] = f"<api {api['Name']}>"
        for each in api["integrations"]:
            known[each["IntegrationId"]] = f"<integration {each.get('IntegrationUri', '')}>"
        known |= {each["RouteId"]: f"<route {each['RouteKey']}>" for each in api["routes"]}
        known |= {each["AuthorizerId"]: f"<authorizer {each['Name']}>" for each in api["authorizers"]}
    for api in found["apigateway"]:
        known[api["id"]] = f"<api {api['name']}>"
        known |= {each["id"]: f"<resource {each['path']}>" for each in api["resources"]}
        known |= {each["id"]: f"<authorizer {each['name']}>" for each in api["authorizers"]}
    return known


def _lambda(client: Client) -> list[Any]:
    found = client("lambda")
    return [_function(found, each["FunctionName"]) for each in found.list_functions()["Functions"]]


def _mappings(aws: Proxy) -> list[Any]:
    """Past the rules some are not there, and some parameters."""
    pages = aws.strict_client("lambda").get_paginator("list_event_source_mappings").paginate()
    return [each for page in pages for each in page["EventSourceMappings"]]


def _function(found: Any, name: str) -> dict[str, Any]:
    whole = found.get_function(FunctionName=name)
    aliases = found.list_aliases(FunctionName=name)["Aliases"]
    for alias in aliases:
        alias["version"] = found.get_function_configuration(FunctionName=name, Qualifier=alias.pop("FunctionVersion"))
        alias["version"]["FunctionArn"] = alias["version"]["FunctionArn"].rpartition(":")[0]
    return {
        "configuration": whole["Configuration"],
        "tags": whole.get("Tags", {}),
        "concurrency": whole.get("Concurrency"),
        "versions": len(found.list_versions_by_function(FunctionName=name)["Versions"]),
        "aliases": aliases,
        "policy": _policy(found, name),
        "urls": found.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"],
        "invoke": found.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"],
        "provisioned": [_provisioned(found, name, alias["Name"]) for alias in aliases],
    }


def _provisioned(found: Any, name: str, alias: str) -> Any:
    try:
        return found.get_provisioned_concurrency_config(FunctionName=name, Qualifier=alias)
    except found.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return None


def _policy(found: Any, name: str) -> Any:
    try:
        return json.loads(found.get_policy(FunctionName=name)["Policy"])["Statement"]
    except found.exceptions.ResourceNotFoundException:
        return []


def _iam(client: Client) -> list[Any]:
    iam = client("iam")
    roles = []
    for role in iam.list_roles()["Roles"]:
        name = {"RoleName": role["RoleName"]}
        policies = iam.list_role_policies(**name)["PolicyNames"]
        roles.append({
            **role,
            "tags": iam.list_role_tags(**name)["Tags"],
            "policies": {each: iam.get_role_policy(**name, PolicyName=each)["PolicyDocument"] for each in policies},
            "attached": iam.list_attached_role_policies(**name)["AttachedPolicies"],
        })  # fmt: skip
    return roles


def _logs(client: Client) -> list[Any]:
    logs = client("logs")
    return [
        {
            **each,
            "tags": logs.list_tags_for_resource(resourceArn=each["arn"].removesuffix(":*"))["tags"],
            "filters": logs.describe_subscription_filters(logGroupName=each["logGroupName"])["subscriptionFilters"],
        }
        for each in logs.describe_log_groups()["logGroups"]
    ]


def _s3(client: Client) -> list[Any]:
    s3 = client("s3")
    return [
        {
            "name": each["Name"],
            "notifications": s3.get_bucket_notification_configuration(Bucket=each["Name"]),
            "tags": _bucket_tags(s3, each["Name"]),
            "versioning": s3.get_bucket_versioning(Bucket=each["Name"]).get("Status"),
        }
        for each in s3.list_buckets()["Buckets"]
    ]


def _bucket_tags(s3: Any, name: str) -> list[Any]:
    try:
        return list(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except s3.exceptions.ClientError:  # it has none
        return []


def _sqs(client: Client) -> list[Any]:
    sqs = client("sqs")
    urls = sqs.list_queues().get("QueueUrls", [])
    return [
        {
            **sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"],
            "tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {}),
        }
        for url in urls
    ]


_NO_FILTER = {"FilterPolicy": "{}", "FilterPolicyScope": "MessageAttributes"}  # what means the same as nothing


def _subscription(attributes: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in attributes.items() if _NO_FILTER.get(key) != value}


def _sns(client: Client) -> list[Any]:
    sns = client("sns")
    return [
        {
            **sns.get_topic_attributes(TopicArn=each["TopicArn"])["Attributes"],
            "tags": sns.list_tags_for_resource(ResourceArn=each["TopicArn"])["Tags"],
            "subscriptions": [
                _subscription(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"])
                for arn in _subscriptions(client, each["TopicArn"])
            ],
        }
        for each in sns.list_topics()["Topics"]
    ]


def _subscriptions(client: Client, topic: str = "") -> list[str]:
    sns = client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=topic) if topic else sns.list_subscriptions()
    return [each["SubscriptionArn"] for each in found["Subscriptions"]]


def _dynamodb(client: Client) -> list[Any]:
    dynamodb = client("dynamodb")
    tables = [dynamodb.describe_table(TableName=each)["Table"] for each in dynamodb.list_tables()["TableNames"]]
    return [{**each, "tags": dynamodb.list_tags_of_resource(ResourceArn=each["TableArn"])["Tags"]} for each in tables]


def _kinesis(client: Client) -> list[Any]:
    kinesis = client("kinesis")
    return [
        {
            **kinesis.describe_stream_summary(StreamName=each)["StreamDescriptionSummary"],
            "tags": kinesis.list_tags_for_stream(StreamName=each)["Tags"],
        }
        for each in kinesis.list_streams()["StreamNames"]
    ]


def _events(client: Client) -> list[Any]:
    events = client("events")
    return [
        {
            **rule,
            "bus": bus["Name"],
            "tags": events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"],
            "targets": events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus["Name"])["Targets"],
        }
        for bus in events.list_event_buses()["EventBuses"]
        for rule in [*events.list_rules(EventBusName=bus["Name"])["Rules"]]
    ] + [bus for bus in events.list_event_buses()["EventBuses"] if bus["Name"] != "default"]


def _scheduler(client: Client) -> list[Any]:
    scheduler = client("scheduler")
    groups = [each for each in scheduler.list_schedule_groups()["ScheduleGroups"] if each["Name"] != "default"]
    return groups + [
        scheduler.get_schedule(Name=each["Name"], GroupName=each["GroupName"])
        for each in scheduler.list_schedules()["Schedules"]
    ]


def _apigatewayv2(client: Client) -> list[Any]:
    gateway = client("apigatewayv2")
    return [
        {
            **api,
            "routes": gateway.get_routes(ApiId=api["ApiId"])["Items"],
            "integrations": gateway.get_integrations(ApiId=api["ApiId"])["Items"],
            "stages": gateway.get_stages(ApiId=api["ApiId"])["Items"],
            "authorizers": gateway.get_authorizers(ApiId=api["ApiId"])["Items"],
        }
        for api in gateway.get_apis()["Items"]
    ]


def _apigateway(client: Client) -> list[Any]:
    gateway = client("apigateway")
    return [
        {
            **api,
            "resources": _validated(gateway, api["id"]),
            "stages": gateway.get_stages(restApiId=api["id"])["item"],
            "authorizers": gateway.get_authorizers(restApiId=api["id"])["items"],
        }
        for api in gateway.get_rest_apis()["items"]
    ]


def _validated(gateway: Any, api: str) -> list[Any]:
    """Paths with their methods, and what holds requests to their parameters in the place of its id."""
    validators = {each["id"]: each for each in gateway.get_request_validators(restApiId=api)["items"]}
    found: list[Any] = gateway.get_resources(restApiId=api, embed=["methods"], limit=500)["items"]
    for method in (each for path in found for each in path.get("resourceMethods", {}).values()):
        validator = validators.get(method.pop("requestValidatorId", None), {})
        method["validator"] = {key: value for key, value in validator.items() if key != "id"}
    return found


def _elbv2(client: Client) -> list[Any]:
    elb = client("elbv2")
    return [
        {
            **each,
            "targets": elb.describe_target_health(TargetGroupArn=each["TargetGroupArn"])["TargetHealthDescriptions"],
            "tags": elb.describe_tags(ResourceArns=[each["TargetGroupArn"]])["TagDescriptions"],
        }
        for each in elb.describe_target_groups()["TargetGroups"]
    ]


def _listener_rules(client: Client) -> list[Any]:
    elb = client("elbv2")
    return [
        {key: value for key, value in rule.items() if key != "RuleArn"}
        for balancer in elb.describe_load_balancers()["LoadBalancers"]
        for each in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for rule in elb.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]
    ]


def _iot(client: Client) -> list[Any]:
    iot = client("iot")
    return [iot.get_topic_rule(ruleName=each["ruleName"]) for each in iot.list_topic_rules()["rules"]]


def _cognito(client: Client) -> list[Any]:
    cognito = client("cognito-idp")
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    return [cognito.describe_user_pool(UserPoolId=each["Id"])["UserPool"]["LambdaConfig"] for each in pools]


def _ses(client: Client) -> list[Any]:
    ses = client("ses")
    sets = ses.list_receipt_rule_sets()["RuleSets"]
    return [ses.describe_receipt_rule_set(RuleSetName=each["Name"]).get("Rules", []) for each in sets]


def _ssm(client: Client) -> list[Any]:
    """A killed run's lock may stay: whoever comes later takes it over, or has nothing to do."""
    ssm = client("ssm")
    names = [each["Name"] for each in ssm.describe_parameters()["Parameters"] if not each["Name"].endswith("/lock")]
    return [ssm.get_parameter(Name=each)["Parameter"] for each in names]


def _layers(client: Client) -> list[Any]:
    found = client("lambda")
    return [
        (layer["LayerName"], len(found.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]))
        for layer in found.list_layers()["Layers"]
    ]


_READERS: dict[str, Callable[[Client], Any]] = {
    "lambda": _lambda,
    "layers": _layers,
    "iam": _iam,
    "logs": _logs,
    "s3": _s3,
    "sqs": _sqs,
    "sns": _sns,
    "subscriptions": _subscriptions,
    "dynamodb": _dynamodb,
    "kinesis": _kinesis,
    "events": _events,
    "scheduler": _scheduler,
    "apigatewayv2": _apigatewayv2,
    "apigateway": _apigateway,
    "elbv2": _elbv2,
    "rules": _listener_rules,
    "iot": _iot,
    "cognito": _cognito,
    "ses": _ses,
    "ssm": _ssm,
}


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two snapshots differ, one line each."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (this, that) in enumerate(zip(one, other, strict=True)):
            yield from differences(this, that, f"{path}[{number}]")
    elif one != other:
        yield f"{path}: {_short(one)} → {_short(other)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return re.sub(r"\s+", " ", text)[:600]


# What tells how often something was published before: numbers of versions, and digests of what has them inside.
_COUNTED = re.compile(r"(?<=lambdacli: )version \d+ is [\w-]+|(?<=lambdacli )[\w-]{22}|(?<=:layer:)[\w:-]+")


def without_counts(found: dict[str, Any]) -> dict[str, Any]:
    """A snapshot that does not tell how many versions of anything there were before."""
    kept = {service: each for service, each in found.items() if service != "layers"}
    for function in kept["lambda"]:
        function.pop("versions")
    return dict(json.loads(_COUNTED.sub("", json.dumps(kept))))
