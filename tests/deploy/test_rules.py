from __future__ import annotations

import contextlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from emulator import ACCOUNT, REGION
from rules import Broken, Denied, Lost, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules import Proxy

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def _code(text: str = "def handler(event, context): return event") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", text)
    return packed.getvalue()


def _role(aws: Proxy, name: str = "worker", **policies: Any) -> str:
    iam = aws.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    for policy, statement in policies.items():
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    return arn


def _function(aws: Proxy, name: str = "orders", role: str = "", **more: Any) -> str:
    """A function with an alias `live`, past all rules; the alias's ARN."""
    client = aws.client("lambda")
    given = {"Runtime": "python3.13", "Handler": "app.handler", "Code": {"ZipFile": _code()}, **more}
    client.create_function(FunctionName=name, Role=role or _role(aws), **given)
    version = client.publish_version(FunctionName=name)["Version"]
    return str(client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)["AliasArn"])


def _refused(call: Callable[[], Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture(autouse=True)
def _nothing_settles_by_itself(aws: Proxy) -> None:
    aws.delay = 3600


def test_a_new_role_cannot_be_assumed_at_once(aws: Proxy) -> None:
    client = aws.strict_client("lambda")
    trust = json.dumps(_TRUST)
    role = aws.strict_client("iam").create_role(RoleName="new", AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def create() -> Any:
        return client.create_function(
            FunctionName="f", Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": _code()}
        )

    assert _refused(create) == (
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    )
    aws.settle()
    assert create()["State"] == "Pending"
    gone = _refused(lambda: client.update_function_configuration(FunctionName="f", Role=role.replace("new", "other")))
    assert "Pending" in gone[1] or "cannot be assumed" in gone[1]


def test_one_change_of_a_function_at_a_time(aws: Proxy) -> None:
    _function(aws)
    client = aws.strict_client("lambda")
    assert client.get_function_configuration(FunctionName="orders")["State"] == "Active"
    changed = client.update_function_configuration(FunctionName="orders", Timeout=9)
    assert (changed["State"], changed["LastUpdateStatus"]) == ("Active", "InProgress")
    for call in (
        lambda: client.update_function_code(FunctionName="orders", ZipFile=_code("x = 1")),
        lambda: client.publish_version(FunctionName="orders"),
    ):
        code, message = _refused(call)
        assert code == "ResourceConflictException"
        assert message.startswith("The operation cannot be performed at this time. An update is in progress for")
    aws.settle()
    assert client.publish_version(FunctionName="orders")["Version"] == "2"


def test_a_dry_run_changes_nothing(aws: Proxy) -> None:
    _function(aws)
    client = aws.strict_client("lambda")
    before = client.get_function_configuration(FunctionName="orders")["CodeSha256"]
    said = client.update_function_code(FunctionName="orders", ZipFile=_code("x = 1"), DryRun=True)
    assert said["CodeSha256"] != before
    assert client.get_function_configuration(FunctionName="orders")["CodeSha256"] == before


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Runtime": "python2"}, "enum value set"),
        ({"MemorySize": 20_000}, "less than or equal to 10240"),
        ({"Timeout": 901}, "less than or equal to 900"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used in this request: AWS_REGION"),
        ({"Environment": {"Variables": {"LONG": "x" * 4096}}}, "exceeded the 4KB limit"),
        ({"FunctionName": "a name"}, "regular expression pattern"),
    ],
)
def test_what_a_function_cannot_be(aws: Proxy, given: dict[str, Any], words: str) -> None:
    usual = {"FunctionName": "f", "Runtime": "python3.13", "Handler": "a.b", "Code": {"ZipFile": _code()}}
    client = aws.strict_client("lambda")
    assert words in _refused(lambda: client.create_function(**{**usual, "Role": _role(aws), **given}))[1]


def test_an_alias_points_at_a_version_that_is_there(aws: Proxy) -> None:
    _function(aws)
    client = aws.strict_client("lambda")
    code, _ = _refused(lambda: client.update_alias(FunctionName="orders", Name="live", FunctionVersion="7"))
    assert code == "ResourceNotFoundException"


def test_a_bucket_is_told_of_functions_that_let_it(aws: Proxy) -> None:
    alias = _function(aws)
    s3 = aws.strict_client("s3")
    s3.create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": REGION})

    def notify(*events_and_prefixes: tuple[str, str]) -> Any:
        wanted = [
            {
                "LambdaFunctionArn": alias,
                "Events": [event],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}},
            }
            for event, prefix in events_and_prefixes
        ]
        configuration = {"LambdaFunctionConfigurations": wanted}
        return s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=configuration)

    denied = ("InvalidArgument", "Unable to validate the following destination configurations")
    assert _refused(lambda: notify(("s3:ObjectCreated:*", ""))) == denied
    grant = {"Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "FunctionName": "orders"}
    client = aws.client("lambda")
    client.add_permission(**grant, StatementId="a", SourceArn="arn:aws:s3:::photos")  # not to the alias
    client.add_permission(**grant, StatementId="b", SourceArn="arn:aws:s3:::others", Qualifier="live")
    assert _refused(lambda: notify(("s3:ObjectCreated:*", ""))) == denied
    client.add_permission(
        **grant, StatementId="c", SourceArn="arn:aws:s3:::photos", SourceAccount=ACCOUNT, Qualifier="live"
    )
    notify(("s3:ObjectCreated:*", "in/"), ("s3:ObjectCreated:*", "out/"), ("s3:ObjectRemoved:*", "in/"))
    assert "overlapping" in _refused(lambda: notify(("s3:ObjectCreated:*", "in/"), ("s3:ObjectCreated:Put", "in/a")))[1]


def test_policies_of_a_function_and_of_its_alias_are_apart(aws: Proxy) -> None:
    _function(aws)
    client = aws.strict_client("lambda")
    grant = {"FunctionName": "orders", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    client.add_permission(**grant, StatementId="one", Qualifier="live")
    assert _refused(lambda: client.get_policy(FunctionName="orders"))[0] == "ResourceNotFoundException"
    assert "one" in client.get_policy(FunctionName="orders", Qualifier="live")["Policy"]
    again = _refused(lambda: client.add_permission(**grant, StatementId="one", Qualifier="live"))
    assert again[0] == "ResourceConflictException"


def _queue(aws: Proxy, **attributes: str) -> str:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="jobs", Attributes=attributes)["QueueUrl"]
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])


_READ = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": "*"}


def test_a_mapping_needs_the_role_to_read(aws: Proxy) -> None:
    alias, queue = _function(aws), _queue(aws)
    client = aws.strict_client("lambda")

    def create() -> Any:
        return client.create_event_source_mapping(EventSourceArn=queue, FunctionName=alias)

    text = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
    assert _refused(create) == ("InvalidParameterValueException", text)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **_READ}]}
    aws.strict_client("iam").put_role_policy(RoleName="worker", PolicyName="read", PolicyDocument=json.dumps(document))
    assert _refused(create)[1] == text  # not seen everywhere yet
    aws.settle()
    assert create()["State"] == "Creating"


def test_a_mapping_passes_through_its_states(aws: Proxy) -> None:
    alias, queue = _function(aws, role=_role(aws, read=_READ)), _queue(aws)
    client = aws.strict_client("lambda")
    made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName=alias, MetricsConfig={"Metrics": []})
    identifier = made["UUID"]
    assert made["MetricsConfig"] == {"Metrics": []}
    assert _refused(lambda: client.update_event_source_mapping(UUID=identifier, BatchSize=5))[0] == (
        "ResourceInUseException"
    )
    exists = _refused(lambda: client.create_event_source_mapping(EventSourceArn=queue, FunctionName=alias))
    assert exists[0] == "ResourceConflictException"
    assert identifier in exists[1]
    aws.settle()
    assert client.update_event_source_mapping(UUID=identifier, BatchSize=5)["BatchSize"] == 5
    aws.settle()
    assert client.list_event_source_mappings(FunctionName="orders")["EventSourceMappings"] == []
    assert len(client.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]) == 1
    client.delete_event_source_mapping(UUID=identifier)
    left = client.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]
    assert [each["State"] for each in left] == ["Deleting"]
    aws.settle()
    assert client.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"] == []


def test_messages_stay_invisible_while_the_function_may_run(aws: Proxy) -> None:
    alias, queue = _function(aws, role=_role(aws, read=_READ), Timeout=60), _queue(aws, VisibilityTimeout="30")
    client = aws.strict_client("lambda")
    refused = _refused(lambda: client.create_event_source_mapping(EventSourceArn=queue, FunctionName=alias))
    assert "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds" in refused[1]


def test_mappings_of_brokers(aws: Proxy) -> None:
    alias = _function(aws)
    client = aws.strict_client("lambda")
    broker = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:orders:b-1"
    access = [{"Type": "BASIC_AUTH", "URI": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mq-AbCdEf"}]
    made = client.create_event_source_mapping(
        EventSourceArn=broker, FunctionName=alias, Queues=["jobs"], SourceAccessConfigurations=access
    )
    found = client.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"]
    assert [(each["UUID"], each["Queues"]) for each in found] == [(made["UUID"], ["jobs"])]
    client.update_event_source_mapping(UUID=made["UUID"], BatchSize=7)
    assert client.get_event_source_mapping(UUID=made["UUID"])["BatchSize"] == 7
    client.delete_event_source_mapping(UUID=made["UUID"])
    assert client.list_event_source_mappings(FunctionName=alias)["EventSourceMappings"] == []


def test_a_rule_is_deleted_after_its_targets(aws: Proxy) -> None:
    events = aws.strict_client("events")
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="nightly", Targets=[{"Id": "f", "Arn": _function(aws)}])
    assert _refused(lambda: events.delete_rule(Name="nightly"))[0] == "ValidationException"
    events.remove_targets(Rule="nightly", Ids=["f"])
    events.delete_rule(Name="nightly")


def test_routes_are_there_once(aws: Proxy) -> None:
    client = aws.strict_client("apigatewayv2")
    api = client.create_api(Name="shop", ProtocolType="HTTP")["ApiId"]
    target = client.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=_function(aws), PayloadFormatVersion="2.0"
    )["IntegrationId"]
    client.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{target}")
    assert _refused(lambda: client.create_route(ApiId=api, RouteKey="GET /"))[0] == "ConflictException"
    assert _refused(lambda: client.delete_integration(ApiId=api, IntegrationId=target))[0] == "ConflictException"


def test_parts_and_methods_of_a_rest_api_are_there_once(aws: Proxy) -> None:
    client = aws.strict_client("apigateway")
    api = client.create_rest_api(name="shop")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    assert "any methods" in _refused(lambda: client.create_deployment(restApiId=api))[1]
    part = client.create_resource(restApiId=api, parentId=root, pathPart="a")["id"]
    assert (
        _refused(lambda: client.create_resource(restApiId=api, parentId=root, pathPart="a"))[0] == "ConflictException"
    )
    method = {"restApiId": api, "resourceId": part, "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE")
    assert _refused(lambda: client.put_method(**method, authorizationType="NONE"))[0] == "ConflictException"
    assert "No integration" in _refused(lambda: client.create_deployment(restApiId=api))[1]


def test_a_table_and_a_stream_take_a_while(aws: Proxy) -> None:
    dynamodb, kinesis = aws.strict_client("dynamodb"), aws.strict_client("kinesis")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert dynamodb.describe_table(TableName="orders")["Table"]["TableStatus"] == "CREATING"
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    change = {"TableName": "orders", "StreamSpecification": stream}
    assert _refused(lambda: dynamodb.update_table(**change))[0] == "ResourceInUseException"
    aws.settle()
    dynamodb.update_table(**change)
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    told = kinesis.describe_stream_summary(StreamName="clicks")["StreamDescriptionSummary"]
    assert told["StreamStatus"] == "CREATING"


def test_a_target_group_and_a_log_group_need_permission(aws: Proxy) -> None:
    alias = _function(aws)
    elb, logs = aws.strict_client("elbv2"), aws.strict_client("logs")
    group = elb.create_target_group(Name="orders", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    assert _refused(lambda: elb.register_targets(TargetGroupArn=group, Targets=[{"Id": alias}]))[0] == "AccessDenied"
    logs.create_log_group(logGroupName="/app")

    def subscribe() -> None:
        logs.put_subscription_filter(logGroupName="/app", filterName="f", filterPattern="", destinationArn=alias)

    assert _refused(subscribe)[0] == "InvalidParameterException"
    grant = {"FunctionName": "orders", "Qualifier": "live", "Action": "lambda:InvokeFunction"}
    client = aws.client("lambda")
    client.add_permission(**grant, StatementId="elb", Principal="elasticloadbalancing.amazonaws.com", SourceArn=group)
    source = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/app:*"
    client.add_permission(**grant, StatementId="logs", Principal="logs.amazonaws.com", SourceArn=source)
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": alias}])
    subscribe()


def test_lists_come_in_small_pages(aws: Proxy) -> None:
    role = _role(aws)
    for name in "abcde":
        _function(aws, name, role)
        aws.client("sns").create_topic(Name=name)
        aws.client("iam").put_role_policy(
            RoleName="worker",
            PolicyName=name,
            PolicyDocument=json.dumps(_TRUST | {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        )
        aws.client("logs").create_log_group(logGroupName=name)
    client = aws.strict_client("lambda")
    assert len(client.list_functions()["Functions"]) == 2
    names = [
        each["FunctionName"] for page in client.get_paginator("list_functions").paginate() for each in page["Functions"]
    ]
    assert names == list("abcde")
    topics = aws.strict_client("sns").get_paginator("list_topics").paginate()
    assert [len(page["Topics"]) for page in topics] == [2, 2, 1]
    policies = aws.strict_client("iam").get_paginator("list_role_policies").paginate(RoleName="worker")
    assert [page["PolicyNames"] for page in policies] == [["a", "b"], ["c", "d"], ["e"]]
    groups = aws.strict_client("logs").get_paginator("describe_log_groups").paginate()
    assert [len(page["logGroups"]) for page in groups] == [2, 2, 1]


def test_tags_find_more_services_no_roles_and_what_is_gone(aws: Proxy) -> None:
    tags = {"team": "shop"}
    aws.client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    aws.client("kinesis").add_tags_to_stream(StreamName="clicks", Tags=tags)
    aws.client("logs").create_log_group(logGroupName="/app", tags=tags)
    listed = [{"Key": "team", "Value": "shop"}]
    aws.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(_TRUST), Tags=listed)
    found = aws.strict_client("resourcegroupstaggingapi")

    def arns(value: str) -> list[str]:
        pages = found.get_paginator("get_resources").paginate(TagFilters=[{"Key": "team", "Values": [value]}])
        return [each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"]]

    place = f"{REGION}:{ACCOUNT}"
    wanted = [f"arn:aws:kinesis:{place}:stream/clicks", f"arn:aws:logs:{place}:log-group:/app"]
    assert arns("shop") == wanted
    aws.client("kinesis").delete_stream(StreamName="clicks")
    assert arns("shop") == wanted
    assert arns("other") == []


def test_a_target_group_in_use_stays(aws: Proxy) -> None:
    elb = aws.strict_client("elbv2")
    balancer = elb.create_load_balancer(Name="shop", Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
    group = elb.create_target_group(Name="orders", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    described = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    assert described["LoadBalancerArns"] == [balancer["LoadBalancerArn"]]
    assert _refused(lambda: elb.delete_target_group(TargetGroupArn=group))[0] == "ResourceInUse"


def test_calls_are_counted_and_go_wrong_as_planned(aws: Proxy) -> None:
    sqs = aws.strict_client("sqs")
    aws.forget()
    throttled = aws.fault(lambda call: call.operation == "CreateQueue", Throttled())
    lost = aws.fault(4, Lost())
    assert _refused(lambda: sqs.create_queue(QueueName="jobs"))[0] == "RequestThrottled"
    sqs.create_queue(QueueName="jobs")
    sqs.list_queues()
    with pytest.raises(ConnectionClosedError):
        sqs.create_queue(QueueName="lost")
    assert [call.name for call in aws.calls] == [
        "sqs:CreateQueue", "sqs:CreateQueue", "sqs:ListQueues", "sqs:CreateQueue",
    ]  # fmt: skip
    assert aws.writes == ["sqs:CreateQueue"] * 3
    assert (len(throttled.met), len(lost.met)) == (1, 1)
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 2
    for fault, code in ((Denied(), "AccessDeniedException"), (Broken(), "InternalFailure")):
        aws.fault(lambda call: call.operation == "CreateQueue", fault)
        assert _refused(lambda: sqs.create_queue(QueueName="other"))[0] == code
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 3


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("lambda", "get_function", {"FunctionName": "arn:aws:lambda:eu-west-1:123456789012:function:f:live"}),
        ("s3", "get_bucket_notification_configuration", {"Bucket": "photos"}),
        ("s3", "head_bucket", {"Bucket": "photos"}),
        ("iam", "get_role", {"RoleName": "worker"}),
        ("events", "list_targets_by_rule", {"Rule": "nightly"}),
        ("dynamodbstreams", "list_streams", {"TableName": "orders"}),
        ("apigatewayv2", "get_tags", {"ResourceArn": "arn:aws:apigateway:eu-west-1::/apis/abc"}),
        ("apigateway", "get_method", {"restApiId": "abc", "resourceId": "d", "httpMethod": "GET"}),
        ("elbv2", "describe_rules", {"RuleArns": ["arn:aws:elasticloadbalancing:x", "arn:aws:elasticloadbalancing:y"]}),
        ("iot", "get_topic_rule", {"ruleName": "r"}),
        ("scheduler", "get_schedule", {"Name": "s", "GroupName": "g"}),
        ("cognito-idp", "describe_user_pool", {"UserPoolId": "eu-west-1_abc"}),
        ("ses", "describe_receipt_rule", {"RuleSetName": "in", "RuleName": "r"}),
        ("resourcegroupstaggingapi", "get_resources", {"ResourceTypeFilters": ["lambda"]}),
        ("ssm", "get_parameter", {"Name": "/a/b"}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_every_protocol_is_understood(aws: Proxy, service: str, operation: str, parameters: dict[str, Any]) -> None:
    with contextlib.suppress(ClientError):  # hardly anything of that is there
        getattr(aws.strict_client(service), operation)(**parameters)
    assert [call.name for call in aws.calls] == [f"{service}:{operation.title().replace('_', '')}"]
    assert {key: aws.calls[0].parameters.get(key) for key in parameters} == parameters
    assert aws.writes == []
