"""`lambdacli policy`: what functions may do, and what whoever deploys must be permitted: all of that, and no more."""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from deployment import MANIFESTS, Deployment

import lambdacli.deploy
from lambdacli.deploy import deployer
from lambdacli.model import Function, Manifest, Trigger
from lambdacli.resource import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from forked import Forker
    from project import Project
    from rules import Call, Proxy

_ROOM = Path(lambdacli.deploy.__file__).parent
_CALLS = ("get", "listed", "call", "create", "remove", "patient", "events", "pages", "once")
# Operations whose names are values of variables, by the modules that choose among them.
_CHOSEN = {
    ("lambda", "update_function_code"), ("lambda", "update_function_configuration"), ("lambda", "invoke"),
    ("kinesis", "increase_stream_retention_period"), ("kinesis", "decrease_stream_retention_period"),
}  # fmt: skip
# permitted on the bucket that the manifest names
_PACKAGES = {("s3", "head_object"), ("s3", "list_objects_v2"), ("s3", "put_object"), ("s3", "delete_object")}
_ARN = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+")


def _place(**settings: Any) -> Place:
    manifest = Manifest(Path("/nowhere/lambdacli.yaml"), "shop", "dev", "eu-west-1", {}, **settings)
    return Place(manifest, "123456789012", "eu-west-1")


def _constant(node: ast.expr, constants: dict[str, dict[str, Any]], module: str) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return constants[module].get(node.id)
    if isinstance(node, ast.Attribute):
        return next(
            (
                each[node.attr]
                for each in constants.values()
                if node.attr in each
                and node.attr == "SERVICE"
                and node.value.id in _ALIASES[module]
                and each is constants[_ALIASES[module][node.value.id]]
            ),
            None,
        )
    return None


_ALIASES: dict[str, dict[str, str]] = defaultdict(dict)


def _called() -> set[tuple[str, str]]:
    """Every service and operation that stands in a call of the room that deploys."""
    paths = [*_ROOM.rglob("*.py"), _ROOM.parent / "connection.py"]
    trees = {path.stem: ast.parse(path.read_text()) for path in paths}
    constants: dict[str, dict[str, Any]] = {}
    for module, tree in trees.items():
        constants[module] = {
            node.targets[0].id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                _ALIASES[module] |= {each.asname or each.name: each.name for each in node.names}
    return {call for module, tree in trees.items() for call in _in(tree, module, constants)}


def _in(tree: ast.Module, module: str, constants: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
            found = [_constant(each, constants, module) for each in node.args[:2]]
            if len(found) == 2 and all(isinstance(each, str) and re.fullmatch("[a-z0-9_-]+", each) for each in found):
                yield found[0], found[1]


def _listed() -> set[tuple[str, str]]:
    return {
        (scope.service, operation)
        for scope in (*deployer.FUNCTIONS, *deployer.TRIGGERS)
        for operation in scope.operations.split()
        if not operation.endswith("_")
    }


def _plain(calls: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Without API Gateway, whose permissions are methods of HTTP."""
    return {call for call in calls if not call[0].startswith("apigateway")}


def test_every_operation_that_is_called_is_listed_and_no_other() -> None:
    called = _called() | _CHOSEN
    services = set(boto3.Session().get_available_services())
    wanted = {call for call in called if call[0] in services}
    assert _plain(wanted) - _PACKAGES == _listed()


def test_every_operation_is_one_of_aws() -> None:
    for service, operation in sorted(_listed() | _called()):
        client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
        assert operation in client.meta.method_to_api_mapping, (service, operation)
        named = client.meta.method_to_api_mapping[operation]
        actions = deployer.actions(service, operation)
        if service.startswith("apigateway"):
            assert f"apigateway:{client.meta.service_model.operation_model(named).http['method']}" in actions
        elif (service, operation) not in deployer.RENAMED:
            assert [each.partition(":")[2] for each in actions] == [named]


def test_the_policies_are_well_formed_and_not_too_large() -> None:
    function = Function(
        "f",
        "app.handler",
        "python3.13",
        Path("/nowhere"),
        role="arn:aws:iam::123456789012:role/mine",
        layers=("arn:aws:lambda:eu-west-1:999999999999:layer:x:1",),
        kms_key="arn:aws:kms:eu-west-1:123456789012:key/k",
        subnets=("subnet-1",),
    )
    place = _place()
    place = place._replace(manifest=place.manifest._replace(functions={"f": function}))
    for policy in deployer.policies(place).values():
        _well_formed(policy)
        assert len(json.dumps(policy, separators=(",", ":"))) < deployer.MAX_SIZE
        sids = [each["Sid"] for each in policy["Statement"]]
        assert len(sids) == len(set(sids))


def test_what_only_some_manifests_need_is_permitted_to_these() -> None:
    named = {"expression": "rate(1 day)", "name": "nightly"}
    triggers = (
        Trigger("schedule", named),
        Trigger("rest", {"route": "GET /a", "endpoint_type": "PRIVATE"}, 1),
    )
    function = Function("f", "app.handler", "python3.13", Path("/nowhere"), triggers=triggers)
    place = _place()
    plain = list(deployer.policies(place).values())
    several = list(
        deployer.policies(place._replace(manifest=place.manifest._replace(functions={"f": function}))).values()
    )
    here = "eu-west-1:123456789012"
    for action, arn in (
        ("events:PutRule", f"arn:aws:events:{here}:rule/nightly"),
        ("scheduler:CreateSchedule", f"arn:aws:scheduler:{here}:schedule/shop-dev/nightly"),
        ("apigateway:UpdateRestApiPolicy", "arn:aws:apigateway:eu-west-1::/restapis/a1"),
    ):
        assert _permitted(several, action, arn)
        assert not _permitted(plain, action, arn)
    for policy in several:
        _well_formed(policy)


def test_tags_are_permitted_where_functions_and_mappings_have_some() -> None:
    policies = list(deployer.policies(_place()).values())
    assert _permitted(policies, "lambda:TagResource", "arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:u-1")
    assert "lambda:ListTags" in deployer.actions("lambda", "get_function")


def _well_formed(policy: dict[str, Any]) -> None:
    assert policy["Version"] == "2012-10-17"
    for statement in policy["Statement"]:
        assert statement.keys() <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        assert re.fullmatch("[A-Za-z0-9]*", statement.get("Sid", ""))
        actions, resources = (_several(statement[key]) for key in ("Action", "Resource"))
        assert actions
        assert resources
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", each) for each in actions)
        assert all(each == "*" or _ARN.fullmatch(each) for each in resources), resources


def _several(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("name", sorted(path.stem for path in MANIFESTS.glob("*.yaml")))
def test_whoever_deploys_and_destroys_is_permitted_each_call(
    aws: Proxy, forker: Forker, tmp_path: Path, name: str
) -> None:
    aws.delay = 0
    deployment = Deployment(aws, forker, name, tmp_path / name)
    deployment.anew()
    aws.forget()
    printed = forker("policy", "--deployer", cwd=deployment.folder, env=deployment.environment)
    policies = [each["PolicyDocument"] for each in json.loads(printed.out).values()]
    deployment.deployed()
    calls = list(aws.calls)
    ended = forker("destroy", "--yes", "--delete-data", cwd=deployment.folder, env=deployment.environment)
    assert ended.status == 0, ended.err
    for call in (*calls, *aws.calls):
        for action in deployer.actions(call.service, _snake(call)):
            assert _permitted(policies, action, _arn(call)), (action, call.parameters)


def _snake(call: Call) -> str:
    client = boto3.client(call.service, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    return next(snake for snake, named in client.meta.method_to_api_mapping.items() if named == call.operation)


def _arn(call: Call) -> str:
    """What the call is about, for the services whose names lambdacli gives; "" where that is not looked at."""
    parameters = call.parameters
    here = "eu-west-1:123456789012"
    if call.service == "lambda" and "FunctionName" in parameters and "SourceMapping" not in call.operation:
        return f"arn:aws:lambda:{here}:function:{parameters['FunctionName']}"
    if call.service == "ssm" and "Name" in parameters:
        return f"arn:aws:ssm:{here}:parameter{parameters['Name']}"
    if call.service == "logs" and "logGroupName" in parameters:
        return f"arn:aws:logs:{here}:log-group:{parameters['logGroupName']}"
    if call.service == "events" and call.operation in ("PutRule", "DescribeRule", "DeleteRule"):
        bus = parameters.get("EventBusName", "default")
        return f"arn:aws:events:{here}:rule/{'' if bus == 'default' else bus + '/'}{parameters['Name']}"
    return ""


def _permitted(policies: Iterable[dict[str, Any]], action: str, arn: str) -> bool:
    return any(
        action in statement["Action"] and (not arn or any(fnmatchcase(arn, each) for each in statement["Resource"]))
        for policy in policies
        for statement in policy["Statement"]
    )


@pytest.mark.parametrize("name", sorted(path.stem for path in MANIFESTS.glob("*.yaml")))
def test_the_functions_get_the_policies_that_are_printed(aws: Proxy, forker: Forker, tmp_path: Path, name: str) -> None:
    aws.delay = 0
    deployment = Deployment(aws, forker, name, tmp_path / name)
    deployment.anew()
    aws.forget()
    ended = forker("policy", cwd=deployment.folder, env=deployment.environment)
    assert ended.status == 0, ended.err
    assert [call.name for call in aws.calls] == ["sts:GetCallerIdentity"]
    printed = json.loads(ended.out)
    deployment.deployed()
    iam = aws.client("iam")
    roles = {each["RoleName"]: each for each in iam.list_roles(PathPrefix="/lambdacli/")["Roles"]}
    assert set(roles) == set(printed)
    for role, documents in printed.items():
        _well_formed(documents["PolicyDocument"])
        deployed = iam.get_role_policy(RoleName=role, PolicyName="lambdacli")["PolicyDocument"]
        assert json.loads(_without_what_aws_chooses(json.dumps(deployed))) == documents["PolicyDocument"]
        assert roles[role]["AssumeRolePolicyDocument"] == documents["AssumeRolePolicyDocument"]


def _without_what_aws_chooses(policy: str) -> str:
    """The time when a stream was made, the id of an API."""
    policy = re.sub(r"(:table/[^/\"]+/stream/)[^\"*]+", r"\1*", policy)
    return re.sub(r"(:execute-api:[^:]+:\d+:)[^/\"]+", r"\1*", policy)


def test_offline_with_an_account(project: Project) -> None:
    ended = project("policy", "orders", "--account", "123456789012", env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert ended.status == 0, ended.err
    assert list(json.loads(ended.out)) == ["shop-dev-orders-eu-west-1"]
    assert project.aws.calls == []


def test_a_role_of_ones_own_is_not_touched(project: Project) -> None:
    role = "arn:aws:iam::123456789012:role/mine"
    ended = project("policy", "--account", "123456789012", "--role", role)
    assert (ended.status, json.loads(ended.out)) == (0, {})
    assert f"orders runs under {role}, which lambdacli does not touch\n" in ended.err
    told = json.loads(project("policy", "--deployer", "--account", "123456789012", "--role", role).out)
    passed = [
        each for each in told["shop-dev-deploys-functions"]["PolicyDocument"]["Statement"] if each["Sid"] == "PassRoles"
    ]
    assert role in passed[0]["Resource"]


def test_a_function_that_nobody_knows(project: Project) -> None:
    ended = project("policy", "order", "--account", "123456789012")
    assert (ended.status, ended.err.splitlines()[-1]) == (2, "hint: did you mean orders?")
