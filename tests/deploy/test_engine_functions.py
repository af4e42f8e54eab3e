"""Every setting of a function, deployed, changed and taken away again, on the emulator behind AWS's rules."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from emulator import ACCOUNT, REGION
from snapshot import snapshot

if TYPE_CHECKING:
    from project import Project

_NAME = "shop-dev-orders"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_UPLOADS = ("lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:PublishLayerVersion")


def _deploy(project: Project, **settings: Any) -> list[str]:
    """With these settings of `orders`; the names of the calls that changed something."""
    project.write(orders=settings)
    return _again(project)


def _again(project: Project) -> list[str]:
    ended = project("deploy", "--yes")
    assert ended.status == 0, ended.err
    writes = [call for call in project.aws.writes if not call.startswith("ssm:")]
    second = project("deploy", "--yes")
    assert (second.status, project.aws.writes) == (0, []), second.err
    return writes


def _live(project: Project) -> dict[str, Any]:
    """What traffic gets."""
    found: dict[str, Any] = project.aws.client("lambda").get_function_configuration(
        FunctionName=_NAME, Qualifier="live"
    )
    return found


def _function(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.aws.client("lambda").get_function(FunctionName=_NAME)
    return found


def _role(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.aws.client("iam").get_role(RoleName=f"{_NAME}-{REGION}")["Role"]
    return found


def _permitted(project: Project) -> dict[str, list[str]]:
    """What the role may do, and on what."""
    policy = project.aws.client("iam").get_role_policy(RoleName=f"{_NAME}-{REGION}", PolicyName="lambdacli")
    statements = policy["PolicyDocument"]["Statement"]
    return {action: each["Resource"] for each in statements for action in each["Action"]}


def _retention(project: Project) -> int | None:
    (group,) = project.aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{_NAME}")["logGroups"]
    return group.get("retentionInDays")  # type: ignore[no-any-return]


_PLAIN = {
    "memory": 512, "timeout": 9, "ephemeral_storage": 1024, "environment": {"ONE": "1", "TWO": "2"},
    "description": "Takes orders", "architecture": "arm64", "runtime": "python3.12", "handler": "app.other",
    "tags": {"team": "x", "cost": "1"}, "log_retention": 7, "tracing": "Active", "reserved_concurrency": 5,
    "maximum_event_age": 60, "maximum_retry_attempts": 0, "provisioned_concurrency": 1,
    "kms_key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/one",
    "vpc": {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]},
}  # fmt: skip
_CHANGED = {
    **_PLAIN, "memory": 1024, "timeout": 10, "ephemeral_storage": 2048, "environment": {"ONE": "3", "MORE": "4"},
    "description": "Takes all orders", "reserved_concurrency": 2, "tags": {"team": "y"}, "log_retention": "never",
    "maximum_event_age": 120, "provisioned_concurrency": 2, "kms_key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/two",
    "vpc": {"subnets": ["subnet-2", "subnet-3"], "security_groups": ["sg-2"]},
}  # fmt: skip


def test_every_setting_is_deployed_changed_and_taken_away(project: Project) -> None:
    (project.folder / "app.py").write_text("def handler(event, context): return event\nother = handler\n")
    _deploy(project)
    plain = snapshot(project.aws)
    _deploy(project, **_PLAIN)
    _is_plain(project)
    _deploy(project, **_CHANGED)
    _is_changed(project)
    _deploy(project)
    assert snapshot(project.aws)["iam"] == plain["iam"]
    assert snapshot(project.aws)["logs"] == plain["logs"]
    live = _live(project)
    assert (live["MemorySize"], live["Timeout"], live["Runtime"], live["Handler"]) == (
        128,
        3,
        "python3.13",
        "app.handler",
    )
    assert not live.get("Environment", {}).get("Variables")
    assert not live.get("VpcConfig", {}).get("SubnetIds")
    assert not live.get("KMSKeyArn")
    assert live["EphemeralStorage"] == {"Size": 512}
    assert live["Architectures"] == ["x86_64"]
    assert "Concurrency" not in _function(project)
    assert "team" not in _function(project)["Tags"]
    client = project.aws.client("lambda")
    assert not client.list_function_event_invoke_configs(FunctionName=_NAME)["FunctionEventInvokeConfigs"]
    with pytest.raises(client.exceptions.ProvisionedConcurrencyConfigNotFoundException):
        client.get_provisioned_concurrency_config(FunctionName=_NAME, Qualifier="live")


def _is_plain(project: Project) -> None:
    live = _live(project)
    assert (live["MemorySize"], live["Timeout"], live["Runtime"], live["Handler"]) == (
        512,
        9,
        "python3.12",
        "app.other",
    )
    assert live["EphemeralStorage"] == {"Size": 1024}
    assert live["Environment"]["Variables"] == {"ONE": "1", "TWO": "2"}
    assert live["TracingConfig"]["Mode"] == "Active"
    assert live["Architectures"] == ["arm64"]
    assert live["KMSKeyArn"] == _PLAIN["kms_key"]
    assert live["VpcConfig"]["SubnetIds"] == ["subnet-1", "subnet-2"]
    found = _function(project)
    assert found["Configuration"]["Description"] == "Takes orders"
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 5
    assert {"team": "x", "cost": "1"}.items() <= found["Tags"].items()
    assert _retention(project) == 7
    permitted = _permitted(project)
    assert permitted["xray:PutTraceSegments"] == ["*"]
    assert permitted["kms:Decrypt"] == [_PLAIN["kms_key"]]
    assert "ec2:CreateNetworkInterface" in permitted
    asked = {"FunctionName": _NAME, "Qualifier": "live"}
    asynchronous = project.aws.client("lambda").get_function_event_invoke_config(**asked)
    assert (asynchronous["MaximumEventAgeInSeconds"], asynchronous["MaximumRetryAttempts"]) == (60, 0)
    provisioned = project.aws.client("lambda").get_provisioned_concurrency_config(**asked)
    assert provisioned["RequestedProvisionedConcurrentExecutions"] == 1


def _is_changed(project: Project) -> None:
    live = _live(project)
    assert (live["MemorySize"], live["EphemeralStorage"]["Size"]) == (1024, 2048)
    assert live["Environment"]["Variables"] == {"ONE": "3", "MORE": "4"}
    assert live["VpcConfig"]["SubnetIds"] == ["subnet-2", "subnet-3"]
    found = _function(project)
    assert found["Concurrency"]["ReservedConcurrentExecutions"] == 2
    assert found["Tags"]["team"] == "y"
    assert "cost" not in found["Tags"]
    assert _retention(project) is None
    tags = {each["Key"]: each["Value"] for each in _role(project)["Tags"]}
    assert tags["team"] == "y"
    assert "cost" not in tags


def test_only_new_code_is_uploaded_and_once(project: Project) -> None:
    writes = _deploy(project)
    assert [each for each in writes if each in _UPLOADS] == ["lambda:CreateFunction"]
    first = _live(project)
    (project.folder / "app.py").write_text("def handler(event, context): return 'new'\n")
    writes = _again(project)
    assert [each for each in writes if each != "lambda:TagResource"] == [
        "lambda:UpdateFunctionCode",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
    ]
    assert _live(project)["CodeSha256"] != first["CodeSha256"]
    assert _live(project)["Version"] == "2"
    assert not set(_deploy(project, timeout=9)).intersection(_UPLOADS)


def test_what_is_called_is_the_new_version(project: Project) -> None:
    (project.folder / "app.py").write_text("def handler(event, context): return 'one'\n")
    _deploy(project)
    client = project.aws.client("lambda")
    assert client.invoke(FunctionName=_NAME, Qualifier="live")["Payload"].read() == b'"one"'
    (project.folder / "app.py").write_text("def handler(event, context): return 'two'\n")
    _again(project)
    assert client.invoke(FunctionName=_NAME, Qualifier="live")["Payload"].read() == b'"two"'


def test_old_versions_are_deleted_except_those_that_get_traffic(project: Project) -> None:
    project.write(orders={})
    project.manifest["deploy"] = {"keep_versions": 2}
    for number in range(4):
        (project.folder / "app.py").write_text(f"def handler(event, context): return {number}\n")
        project.save()
        _again(project)
    client = project.aws.client("lambda")
    versions = [each["Version"] for each in client.list_versions_by_function(FunctionName=_NAME)["Versions"]]
    assert versions == ["$LATEST", "3", "4"]
    client.create_alias(FunctionName=_NAME, Name="theirs", FunctionVersion="3")
    for number in range(4, 7):
        (project.folder / "app.py").write_text(f"def handler(event, context): return {number}\n")
        _again(project)
    versions = [each["Version"] for each in client.list_versions_by_function(FunctionName=_NAME)["Versions"]]
    assert versions == ["$LATEST", "3", "6", "7"]


def test_a_local_layer_is_published_when_its_content_changes(project: Project) -> None:
    layer = project.folder / "lib" / "python"
    layer.mkdir(parents=True)
    (layer / "shared.py").write_text("VALUE = 1\n")
    (project.folder / "app.py").write_text("import shared\ndef handler(event, context): return shared.VALUE\n")
    writes = _deploy(project, layers=["lib"])
    assert writes.count("lambda:PublishLayerVersion") == 1
    (first,) = _live(project)["Layers"]
    assert not set(_deploy(project, layers=["lib"], timeout=9)).intersection(_UPLOADS)
    (layer / "shared.py").write_text("VALUE = 2\n")
    writes = _again(project)
    assert [each for each in writes if each in _UPLOADS] == ["lambda:PublishLayerVersion"]
    (second,) = _live(project)["Layers"]
    assert first["Arn"].rpartition(":")[0] == second["Arn"].rpartition(":")[0]
    assert first["Arn"] != second["Arn"]
    writes = _deploy(project)
    assert "lambda:DeleteLayerVersion" in writes
    assert not _live(project).get("Layers")
    assert project.aws.client("lambda").list_layers()["Layers"] == []


def test_a_layer_by_arn_is_used_as_it_is(project: Project) -> None:
    made = project.aws.client("lambda").publish_layer_version(LayerName="theirs", Content={"ZipFile": _EMPTY_ZIP})
    _deploy(project, layers=[made["LayerVersionArn"]])
    assert [each["Arn"] for each in _live(project)["Layers"]] == [made["LayerVersionArn"]]
    _deploy(project)
    assert not _live(project).get("Layers")
    assert len(project.aws.client("lambda").list_layers()["Layers"]) == 1


_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)


def _others(project: Project) -> dict[str, str]:
    """What belongs to somebody else; ARNs."""
    aws = project.aws
    url = aws.client("sqs").create_queue(QueueName="failed")["QueueUrl"]
    asked = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    bucket = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    aws.client("s3").create_bucket(Bucket="failures", **bucket)
    return {
        "sqs": asked["Attributes"]["QueueArn"],
        "sns": aws.client("sns").create_topic(Name="failed")["TopicArn"],
        "eventbridge": aws.client("events").create_event_bus(Name="failed")["EventBusArn"],
        "s3": "arn:aws:s3:::failures",
        "function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-dev-second:live",
    }


_ACTIONS = {
    "sqs": "sqs:SendMessage", "sns": "sns:Publish", "eventbridge": "events:PutEvents", "s3": "s3:PutObject",
    "function": "lambda:InvokeFunction",
}  # fmt: skip


def test_asynchronous_events_end_where_the_manifest_says(project: Project) -> None:
    arns = _others(project)
    written = {**arns, "sqs": "failed", "s3": "failures", "function": "second"}  # names and ARNs
    for kind, action in _ACTIONS.items():
        target = written[kind]
        ends = {"on_failure": {kind: target}} | ({} if kind == "s3" else {"on_success": {kind: target}})
        project.write(orders=ends, second={})
        _again(project)
        asked = {"FunctionName": _NAME, "Qualifier": "live"}
        found = project.aws.client("lambda").get_function_event_invoke_config(**asked)["DestinationConfig"]
        assert {end: each["Destination"] for end, each in found.items() if each} == {
            {"on_failure": "OnFailure", "on_success": "OnSuccess"}[end]: arns[kind] for end in ends
        }
        granted = _permitted(project)[action]
        assert arns[kind] + ("/*" if kind == "s3" else "") in granted
        assert all(each.startswith(arns[kind]) for each in granted)
    _deploy(project)
    assert not set(_ACTIONS.values()).intersection(_permitted(project))


@pytest.mark.parametrize("kind", ["sqs", "sns"])
def test_dead_letters(project: Project, kind: str) -> None:
    arn = _others(project)[kind]
    _deploy(project, dead_letter={kind: "failed"})
    assert _live(project)["DeadLetterConfig"]["TargetArn"] == arn
    assert _permitted(project)[_ACTIONS[kind]] == [arn]
    _deploy(project)
    assert not _live(project).get("DeadLetterConfig", {}).get("TargetArn")
    assert _ACTIONS[kind] not in _permitted(project)


def test_a_destination_that_is_missing_is_told_with_its_line(project: Project) -> None:
    project.write(orders={"on_failure": {"sqs": "nowhere"}})
    ended = project("deploy", "--yes")
    assert (ended.status, project.aws.writes) == (2, [])
    assert "functions.orders.on_failure: there is no SQS queue nowhere" in ended.err


def test_a_function_may_send_to_itself_and_two_to_each_other(project: Project) -> None:
    project.write(orders={"on_failure": {"function": "mails"}}, mails={"on_failure": {"function": "orders"}})
    _again(project)
    project.write(orders={"on_failure": {"function": "orders"}})
    _again(project)
    assert _permitted(project)["lambda:InvokeFunction"] == [
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-dev-orders:live"
    ]


def test_a_role_of_somebody_else_is_not_touched(project: Project) -> None:
    iam = project.aws.client("iam")
    arn = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    _deploy(project)
    before = iam.get_role(RoleName="theirs")
    writes = _deploy(project, role=arn)
    assert _live(project)["Role"] == arn
    assert [each for each in writes if each.startswith("iam:")] == ["iam:DeleteRolePolicy", "iam:DeleteRole"]
    ended = project("destroy", "--yes")
    assert ended.status == 0, ended.err
    assert iam.get_role(RoleName="theirs")["Role"] == before["Role"]
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["theirs"]


def test_the_role_of_the_command_line_is_used_for_all(project: Project) -> None:
    iam = project.aws.client("iam")
    arn = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    ended = project("deploy", "--yes", "--role", arn)
    assert ended.status == 0, ended.err
    assert _live(project)["Role"] == arn
    assert not [call for call in project.aws.writes if call.startswith("iam:")]


def test_a_boundary_is_set_changed_and_taken_away(project: Project) -> None:
    iam = project.aws.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    arns = [iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"] for name in ("limit", "other")]
    project.write(orders={})
    for arn in (*arns, ""):
        project.manifest["deploy"] = {"permissions_boundary": arn} if arn else {}
        project.save()
        _again(project)
        assert _role(project).get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "") == arn


def test_permissions_of_the_manifest(project: Project) -> None:
    _deploy(project, permissions=[{"allow": ["s3:GetObject"], "on": ["arn:aws:s3:::photos/*"]}])
    assert _permitted(project)["s3:GetObject"] == ["arn:aws:s3:::photos/*"]
    _deploy(project)
    assert "s3:GetObject" not in _permitted(project)


def test_a_function_of_somebody_else_stays(project: Project) -> None:
    iam = project.aws.client("iam")
    role = iam.create_role(RoleName="theirs", AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    project.aws.client("lambda").create_function(
        FunctionName=_NAME, Role=role, Runtime="python3.13", Handler="a.b", Code={"ZipFile": _EMPTY_ZIP}
    )
    project.aws.client("lambda").get_waiter("function_active_v2").wait(FunctionName=_NAME)
    before = _function(project)["Configuration"]
    project.write(orders={})
    ended = project("deploy", "--yes")
    assert (ended.status, project.aws.writes) == (2, [])
    assert f"function {_NAME} exists and is not ours" in ended.err
    assert project("destroy", "--yes").status == 0
    assert _function(project)["Configuration"] == before


def test_drift_is_told_and_put_right(project: Project) -> None:
    _deploy(project)
    project.aws.client("lambda").update_function_configuration(FunctionName=_NAME, Timeout=60)
    plan = project.json("deploy", "--dry-run")
    (action,) = [each for each in plan["actions"] if each["kind"] == "function"]
    assert action["drift"] is True
    _again(project)
    assert _function(project)["Configuration"]["Timeout"] == 3
    assert _live(project)["Timeout"] == 3


def test_a_second_destroy_has_nothing_to_do(project: Project) -> None:
    _deploy(project, **{**_PLAIN, "handler": "app.handler"})
    assert project("destroy", "--yes").status == 0
    left = project.aws.client("lambda").list_functions()["Functions"], project.aws.client("iam").list_roles()["Roles"]
    assert left == ([], [])
    ended = project("destroy", "--yes")
    assert (ended.status, project.aws.writes) == (0, [])
    assert "nothing to destroy" in ended.err
