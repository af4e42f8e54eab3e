"""The plan, which is pure, against an account in memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from planned import ACCOUNT, REGION, Account, function, place, trigger, wanted

from lambdacli.deploy import plan
from lambdacli.deploy.resources import UNKNOWN, Actual, load
from lambdacli.deploy.values import resolved
from lambdacli.model import Deploying, Destination, Permission
from lambdacli.resource import Key, Ref, Resource, references

if TYPE_CHECKING:
    from lambdacli.deploy.actions import Action, Change
    from lambdacli.deploy.plan import Plan

_SNS = trigger("sns", topic="news")


def _account() -> Account:
    account = Account()
    account.exists("topic", "news")
    account.exists("topic", "old-news")
    account.exists("queue", "jobs")
    return account


def _order(made: Plan) -> list[Key]:
    return [action.key for action in made.actions]


def _of(made: Plan, kind: str, name: str = "orders") -> Action:
    return next(each for each in made.actions if each.key.kind == kind and each.key.name.partition("/")[0] == name)


def _ops(made: Plan) -> dict[str, str]:
    return {str(action.key): action.op for action in made.actions}


def _change(made: Plan, kind: str, field: str, name: str = "orders") -> Change:
    return next(each for each in _of(made, kind, name).changes if each.field == field)


def _sound(made: Plan) -> None:
    """Whatever needs something comes after it, in the list as in the run."""
    seen: set[Key] = set()
    doing = {action.key for action in made.changes}
    for action in made.actions:
        assert doing.intersection(action.needs) <= seen, action
        seen.add(action.key)


def _before(made: Plan, first: Key, then: Key) -> bool:
    """Whether the second waits for the first, directly or not."""
    needs = {action.key: action.needs for action in made.actions}
    waiting, seen = [then], set()
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += needs.get(key, ())
    return first in seen and first != then


def test_a_first_deployment_makes_all_in_the_order_of_need() -> None:
    made = _account().plan(place(function("orders", _SNS)))
    assert set(_ops(made).values()) == {"create"}
    _sound(made)
    kinds = [key.kind for key in _order(made)]
    assert kinds == [
        "log_group",
        "role",
        "function",
        "alias",
        "permission",
        "subscription",
        "versions",
        "record",
    ]
    for first, then in (
        ("role", "function"),
        ("log_group", "function"),
        ("function", "alias"),
        ("alias", "permission"),
        ("permission", "subscription"),
        ("subscription", "versions"),
        ("versions", "record"),
    ):
        assert _before(made, _of(made, first).key, _of(made, then).key), (first, then)


def test_what_is_as_it_should_be_needs_nothing() -> None:
    account, where = _account(), place(function("orders", _SNS), function("bills"))
    account.deploy(where)
    made = account.plan(where)
    assert made.actions == ()
    assert made.unchanged == len([each for each in wanted(where) if each.owned])


def test_new_code_moves_the_alias_after_all_else() -> None:
    account, where = _account(), place(function("orders", _SNS))
    account.deploy(where)
    more = place(function("orders", _SNS, trigger("sns", topic="old-news")))
    made = account.plan(more, orders="two")
    _sound(made)
    assert _of(made, "function").op == _of(made, "alias").op == "update"
    created = [action.key for action in made.actions if action.op == "create"]
    assert {key.kind for key in created} == {"permission", "subscription"}
    assert all(_before(made, key, Key("alias", "orders")) for key in created)
    assert _order(made)[-3:] == [Key("alias", "orders"), Key("versions", "orders"), Key("record", "orders")]


def test_a_new_trigger_waits_for_the_role_that_permits_it_and_for_the_function_that_has_it() -> None:
    """Lambda asks whether the function's role may read a stream when the mapping is made."""
    account = _account()
    account.exists("stream", "clicks")
    account.deploy(place(function("orders", role=f"arn:aws:iam::{ACCOUNT}:role/theirs")))
    made = account.plan(place(function("orders", trigger("kinesis", stream="clicks", starting_position="LATEST"))))
    (mapping,) = (action.key for action in made.actions if action.key.kind == "event_source_mapping")
    assert _before(made, Key("role", "orders"), mapping)
    assert _before(made, Key("function", "orders"), mapping)
    _sound(made)


def test_a_trigger_that_left_is_deleted_before_its_permission_and_after_what_is_made() -> None:
    account = _account()
    account.deploy(place(function("orders", _SNS)))
    made = account.plan(place(function("orders", trigger("sns", topic="old-news"))))
    _sound(made)
    gone = [action.key for action in made.actions if action.op == "delete"]
    assert [key.kind for key in gone] == ["subscription", "permission"]
    assert _before(made, gone[0], gone[1])
    new = [action.key for action in made.actions if action.op == "create"]
    assert all(_before(made, each, gone[0]) for each in new)
    assert _order(made)[-1] == Key("record", "orders")
    assert all(_before(made, each, Key("record", "orders")) for each in gone)


def test_a_function_that_left_goes_with_all_that_hangs_on_it() -> None:
    account = _account()
    account.deploy(place(function("orders", _SNS), function("bills")))
    made = account.plan(place(function("bills")))
    _sound(made)
    assert [(action.op, action.key.kind) for action in made.actions] == [
        ("delete", "subscription"),
        ("delete", "function"),  # with its versions, its alias and the permissions of that
        ("delete", "log_group"),
        ("delete", "role"),
    ]
    assert all(action.resource.function == "orders" for action in made.actions)
    assert all(action.reason == "not in the manifest any more" for action in made.actions)


def test_immutable_fields_are_made_anew() -> None:
    account, where = _account(), place(function("orders", _SNS))
    account.deploy(where)
    permission = next(key.name for key in account.things if key.kind == "permission")
    account.changed("permission", permission, Principal="s3.amazonaws.com")
    (action,) = account.plan(where).actions
    assert (action.op, action.key.kind, action.drift) == ("replace", "permission", True)
    assert action.reason == "Principal cannot be changed"
    assert action.changes == (plan.Change("Principal", "s3.amazonaws.com", "sns.amazonaws.com"),)


@pytest.mark.parametrize(("content", "actions"), [("layer", 0), ("another", 5)])
def test_a_layer_moves_its_functions_when_its_content_changes(content: str, actions: int) -> None:
    account, where = _account(), place(function("orders", layers=("/project/lib",)))
    account.deploy(where)
    made = account.plan(where, lib=content)
    _sound(made)
    assert len(made.actions) == actions
    if actions:
        (old,) = account.things[Key("function", "orders")].properties["Layers"]
        assert _change(made, "function", "Layers")[1:3] == ([old], [UNKNOWN])
        assert _of(made, "alias").op == "update"
        assert not any(action.drift for action in made.actions)
        assert _before(made, _order(made)[0], Key("function", "orders"))


def test_a_layer_has_a_new_arn_once_it_is_published() -> None:
    account, where = _account(), place(function("orders", layers=("/project/lib",)))
    account.deploy(where)
    account.deploy(where, lib="another")
    assert account.plan(where, lib="another").actions == ()


def test_a_layer_tells_of_all_functions_even_with_only_one() -> None:
    python = function("orders", layers=("/project/lib",))
    where = place(python, function("bills", runtime="python3.12", layers=("/project/lib",)))
    account = _account()
    account.deploy(where)
    assert account.plan(where, "orders").actions == ()


def test_references_are_unknown_until_what_they_speak_of_is_there() -> None:
    there = {Key("stream", "clicks"): {"arn": "arn:x"}}
    value = {"a": Ref("stream", "clicks"), "b": [Ref("stream", "clicks", "id")], "c": Ref("stream", "other")}
    assert resolved(value, there) == {"a": "arn:x", "b": [UNKNOWN], "c": UNKNOWN}


def test_names_are_known_before_anything_is_there() -> None:
    made = _account().plan(place(function("orders")))
    role = made.attributes[Key("role", "orders")]["arn"]
    assert role == f"arn:aws:iam::{ACCOUNT}:role/lambdacli/shop/dev/{REGION}/orders/shop-dev-orders-{REGION}"
    assert made.attributes[Key("alias", "orders")]["arn"].endswith(":function:shop-dev-orders:live")


@pytest.mark.parametrize("only", ["", "orders"])
def test_what_somebody_else_changed_is_drift(only: str) -> None:
    account, where = _account(), place(function("orders", _SNS))
    account.deploy(where)
    account.changed("function", "orders", Timeout=99)
    made = account.plan(where, only)
    action = _of(made, "function")
    assert (action.drift, action.reason) == (True, "changed outside lambdacli")
    assert action.changes == (plan.Change("Timeout", 99, 3),)


def test_what_somebody_else_deleted_is_drift() -> None:
    account, where = _account(), place(function("orders", _SNS))
    account.deploy(where)
    key = next(key for key in account.things if key.kind == "subscription")
    del account.things[key]
    (action,) = account.plan(where).actions
    assert (action.op, action.drift, action.reason) == ("create", True, "somebody has deleted it")


def test_a_change_of_the_manifest_is_no_drift() -> None:
    account = _account()
    account.deploy(place(function("orders", _SNS)))
    made = account.plan(place(function("orders", _SNS, timeout=9, log_retention=7, tracing="Active")))
    assert {action.key.kind for action in made.actions} == {
        "function", "log_group", "role", "alias", "versions", "record"
    }  # fmt: skip
    assert not any(action.drift or action.reason for action in made.actions)


@pytest.mark.parametrize("steps", range(8))
def test_a_deployment_that_was_killed_leaves_no_drift(steps: int) -> None:
    first = place(function("orders", _SNS, layers=("/project/lib",)))
    second = place(function("orders", _SNS, trigger("sqs", queue="jobs"), layers=("/project/lib",), timeout=9))
    account = _account()
    account.deploy(first)
    account.deploy(second, orders="two", lib="two", steps=steps)
    made = account.plan(second, orders="two", lib="two")
    assert not [action.key for action in made.actions if action.drift]
    account.deploy(second, orders="two", lib="two")
    assert account.plan(second, orders="two", lib="two").actions == ()


def test_secrets_are_marked() -> None:
    account = _account()
    account.deploy(place(function("orders", environment={"TOKEN": "old", "SAME": "x"})))
    made = account.plan(place(function("orders", environment={"TOKEN": "new", "SAME": "x"})))
    change = _change(made, "function", "Environment.Variables.TOKEN")
    assert change == plan.Change("Environment.Variables.TOKEN", "old", "new", secret=True)
    assert len(_of(made, "function").changes) == 1
    for action in made.actions:
        for each in action.changes:
            assert each.secret or "new" not in str(each.new), each


def test_no_value_of_the_environment_stands_in_what_others_keep() -> None:
    resources = wanted(place(function("orders", _SNS, environment={"TOKEN": "Geheimnis"})))
    account, where = _account(), place(function("orders", _SNS, environment={"TOKEN": "Geheimnis"}))
    account.deploy(where)
    for each in resources:
        if each.kind not in ("function", "alias"):  # the alias has it in a fingerprint
            assert "Geheimnis" not in repr(each.properties), each.key
    for key, actual in account.things.items():
        assert key.kind == "function" or "Geheimnis" not in repr(actual), key


def test_a_canary_leaves_the_alias_where_it_is() -> None:
    account, where = _account(), place(function("orders"))
    account.deploy(where)
    before = account.things[Key("alias", "orders")].properties["Digest"]
    carefully = place(function("orders"), canary=10)
    made = account.deploy(carefully, orders="two")
    assert _change(made, "alias", "RoutingConfig").new == "10 % of a new version"
    there = account.things[Key("alias", "orders")].properties
    assert (there["Digest"], there["Canary"]["Percent"]) == (before, 10)
    assert account.plan(carefully, orders="two").actions == ()
    wholly = account.deploy(where, orders="two")
    assert _of(wholly, "alias").op == "update"
    assert account.things[Key("alias", "orders")].properties["Canary"] is None
    assert account.things[Key("alias", "orders")].properties["Digest"] == there["Canary"]["Digest"]


def test_a_first_deployment_has_no_canary() -> None:
    account, where = _account(), place(function("orders"), canary=10)
    account.deploy(where)
    assert account.things[Key("alias", "orders")].properties["Canary"] is None


def test_only_one_function_is_looked_at() -> None:
    account = _account()
    where = place(function("orders", _SNS), function("bills"))
    account.deploy(where)
    account.changed("function", "bills", Timeout=99)
    made = account.plan(place(function("orders"), function("bills", timeout=5)), "orders")
    assert {action.resource.function for action in made.actions} == {"orders"}
    assert {action.key.kind for action in made.actions if action.op == "delete"} == {"permission", "subscription"}


def test_others_stay_with_only() -> None:
    account, where = _account(), place(function("orders"), function("bills", layers=("/project/lib",)))
    account.deploy(where)
    assert account.plan(where, "orders").actions == ()


@pytest.mark.parametrize(("delete_data", "op"), [(False, "keep"), (True, "delete")])
def test_data_is_deleted_only_when_that_is_said(delete_data: bool, op: str) -> None:  # noqa: FBT001
    account = _account()
    account.things[Key("bucket", "photos")] = Actual({}, {"arn": "arn:aws:s3:::photos"})
    made = account.plan(place(function("orders")), delete_data=delete_data)
    action = next(each for each in made.actions if each.key.kind == "bucket")
    assert action.op == op
    assert (action in made.changes) == delete_data
    assert ("--delete-data" in action.reason) != delete_data


def test_what_is_missing_is_told_with_its_place() -> None:
    ends = {"on_failure": Destination("sqs", "failed"), "dead_letter": Destination("sqs", "dead")}
    made = Account().plan(place(function("orders", _SNS, **ends)))
    assert {(lack.resource.where, lack.message) for lack in made.lacks} == {
        ("functions.orders.triggers[0].sns", "there is no SNS topic news"),
        ("functions.orders.on_failure", "there is no SQS queue failed"),
        ("functions.orders.dead_letter", "there is no SQS queue dead"),
    }
    assert all(lack.hint for lack in made.lacks)


def test_a_function_of_somebody_else_is_in_the_way() -> None:
    account, where = _account(), place(function("orders"))
    account.deploy(where)
    account.things[Key("function", "orders")] = account.things[Key("function", "orders")]._replace(owned=False)
    (lack,) = account.plan(where).lacks
    assert "shop-dev-orders exists and is not ours" in lack.message


def test_what_two_functions_share_is_made_once() -> None:
    where = place(function("orders", layers=("/project/lib",)), function("bills", layers=("/project/lib",)))
    resources = wanted(where)
    assert len({each.key for each in resources}) == len(resources)
    (layer,) = [each for each in resources if each.kind == "layer"]
    assert layer.function == ""


@pytest.mark.parametrize("among", [("a", "a"), ("a", "b"), ("a", "b", "c")])
def test_functions_may_send_to_each_other_in_a_circle(among: tuple[str, ...]) -> None:
    names = list(dict.fromkeys(among))
    functions = [
        function(name, on_failure=Destination("function", names[(number + 1) % len(names)]))
        for number, name in enumerate(names)
    ]
    account, where = Account(), place(*functions)
    made = account.plan(where)
    _sound(made)
    for name in names:
        assert _before(made, Key("role", name), Key("function", name))
        assert _before(made, Key("alias", name), Key("event_invoke_config", name))
        target = Key("alias", names[(names.index(name) + 1) % len(names)])
        assert _before(made, target, Key("event_invoke_config", name))
    account.deploy(where)
    assert account.plan(where).actions == ()
    _sound(account.plan(where, **dict.fromkeys(names, "two")))


def test_a_role_speaks_of_what_is_not_there_yet() -> None:
    made = _account().plan(place(function("orders", on_failure=Destination("function", "bills")), function("bills")))
    assert not _before(made, Key("alias", "bills"), Key("function", "orders"))
    policy = resolved(_of(made, "role").resource.properties["PolicyDocument"], made.attributes)
    statement = next(each for each in policy["Statement"] if "lambda:InvokeFunction" in each["Action"])
    assert statement["Resource"] == [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-dev-bills:live"]


def test_permissions_of_one_kind_stand_in_one_statement() -> None:
    one = Permission(("s3:GetObject",), ("arn:aws:s3:::a/*",))
    other = Permission(("s3:GetObject",), ("arn:aws:s3:::b/*", "arn:aws:s3:::a/*"))
    (role,) = [each for each in wanted(place(function("orders", permissions=(one, other)))) if each.kind == "role"]
    statements = role.properties["PolicyDocument"]["Statement"]
    assert [each["Resource"] for each in statements if each["Action"] == ["s3:GetObject"]] == [
        ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]
    ]
    assert role.notes == (
        "may s3:GetObject on arn:aws:s3:::a/*",
        "may s3:GetObject on arn:aws:s3:::b/*, arn:aws:s3:::a/*",
    )


def test_a_role_that_is_given_is_neither_made_nor_deleted() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/theirs"
    account = _account()
    account.deploy(place(function("orders")))
    made = account.plan(place(function("orders", role=arn)))
    assert _of(made, "role").op == "delete"  # the one that lambdacli has made
    assert _change(made, "function", "Role").new == arn
    assert _before(made, Key("function", "orders"), Key("role", "orders"))
    first = Account().plan(place(function("orders"), role=arn))
    assert "role" not in {action.key.kind for action in first.actions}
    assert _of(first, "function").resource.properties["Role"] == arn


def test_marks_are_the_same_on_every_machine() -> None:
    one, other = (
        wanted(place(function("orders", environment=variables)))
        for variables in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    )
    assert [plan.mark(each, {}) for each in one] == [plan.mark(each, {}) for each in other]


def test_a_tag_holds_the_record_of_any_function() -> None:
    topics = tuple(trigger("sns", topic=f"topic-{number}") for number in range(60))
    account = Account()
    for each in topics:
        account.exists("topic", each.settings["topic"])
    where = place(function("orders", *topics))
    account.deploy(where)
    assert len(account.things[Key("record", "orders")].properties["Marks"]) <= 256
    assert account.plan(where).actions == ()
    account.changed("function", "orders", Timeout=99)
    assert _of(account.plan(where), "function").drift


def _counted(count: int) -> tuple[int, int]:
    """How many resources a plan is made of, and how many of them its actions need."""
    functions = [
        function(f"f{number}", _SNS, trigger("http", route=f"GET /{number}"), trigger("sqs", queue="jobs"))
        for number in range(count)
    ]
    account, where = _account(), place(*functions)
    made = account.plan(where)
    account.deploy(where)
    again = account.plan(where, **{each.name: "two" for each in functions})
    gone = account.plan(place(functions[0]))
    needed = sum(len(action.needs) for each in (made, again, gone) for action in each.actions)
    return sum(len(each.actions) for each in (made, again, gone)), needed


def test_the_work_grows_with_the_number_of_functions() -> None:
    few, many = _counted(10), _counted(100)
    assert many[0] <= 10.5 * few[0]
    assert many[1] <= 10.5 * few[1]


def test_every_reference_of_a_role_is_to_what_only_aws_knows() -> None:
    dynamodb = trigger("dynamodb", table="clicks", starting_position="LATEST")
    queue = trigger("sqs", queue="jobs")
    for each in wanted(place(function("orders", _SNS, queue, dynamodb, dead_letter=Destination("sqs", "dead")))):
        if each.kind == "role":
            where = place()
            for ref in references(each.properties):
                assert ref.attribute not in load(ref.kind).known(Resource(ref.kind, ref.name, {}), where), ref


def test_a_boundary_stands_in_the_role() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/limit"
    where = place(function("orders"), deploying=Deploying(permissions_boundary=arn))
    (role,) = [each for each in wanted(where) if each.kind == "role"]
    assert role.properties["PermissionsBoundary"] == arn


def test_policies_are_json() -> None:
    made = _account().plan(place(function("orders", _SNS, trigger("sqs", queue="jobs"))))
    document = resolved(_of(made, "role").resource.properties["PolicyDocument"], made.attributes)
    assert json.loads(json.dumps(document)) == document
    for statement in document["Statement"]:
        assert set(statement) == {"Effect", "Action", "Resource"}
