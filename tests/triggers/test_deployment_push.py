from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdacli import triggers
from lambdacli.deploy.resources.bucket_notification import overlapping
from lambdacli.model import Deploying, Function, Manifest, Trigger
from lambdacli.resource import Key, Place, Ref, Resource
from lambdacli.triggers._pushed import moment, written

ACCOUNT = "123456789012"
OWNED = {"queues": {"dead": {}}}
ALIAS = Ref("alias", "reader")


def deployment(*given: tuple[str, dict[str, Any]], **manifest: Any) -> list[Resource]:
    """What the triggers of one function yield, in order."""
    listed = tuple(Trigger(kind, settings, number) for number, (kind, settings) in enumerate(given))
    function = Function("reader", "app.handler", "python3.13", Path("/p"), triggers=listed)
    other = Function("web", "app.handler", "python3.13", Path("/p"))
    functions = {"reader": function, "web": other}
    made = Manifest(Path("/p/lambdacli.yaml"), "shop", "dev", "eu-west-1", functions, **manifest)
    place = Place(made, ACCOUNT, "eu-west-1")
    yielded = (triggers.load(each.kind).deployment(each, function, place) for each in listed)
    return [each for one in yielded for each in one if isinstance(each, Resource)]


def one(kind: str, *given: tuple[str, dict[str, Any]], **manifest: Any) -> Resource:
    (found,) = [each for each in deployment(*given, **manifest) if each.kind == kind]
    return found


def entry(**settings: Any) -> dict[str, Any]:
    """The one entry that an S3 trigger puts on its bucket."""
    notification = one("bucket_notification", ("s3", {"bucket": "photos", **settings}))
    assert (notification.name, notification.function) == ("photos", "")
    ((made,),) = [list(entries.values()) for entries in notification.properties.values()]
    return dict(made)


def test_an_entry_of_a_bucket() -> None:
    assert entry() == {"LambdaFunctionArn": ALIAS, "Events": ["s3:ObjectCreated:*"]}
    assert entry(events=["s3:ObjectTagging:*", "s3:ObjectAcl:Put"])["Events"] == [
        "s3:ObjectAcl:Put", "s3:ObjectTagging:*",
    ]  # fmt: skip


def test_a_prefix_is_written_as_keys_stand_in_events() -> None:
    rules = entry(prefix="in/year=2027/a b", suffix="é.jpg")["Filter"]["Key"]["FilterRules"]
    assert rules == [
        {"Name": "prefix", "Value": "in/year%3D2027/a+b"}, {"Name": "suffix", "Value": "%C3%A9.jpg"},
    ]  # fmt: skip


def test_a_bucket_may_invoke_before_it_notifies() -> None:
    permission, notification = deployment(("s3", {"bucket": "photos"}))
    assert permission.properties == {
        "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
        "SourceArn": Ref("bucket", "photos"), "SourceAccount": ACCOUNT,
    }  # fmt: skip
    assert notification.after == (permission.key,)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, True),
        ({"prefix": "in/"}, {"prefix": "in/a"}, True),
        ({"prefix": "in/"}, {"prefix": "out/"}, False),
        ({"prefix": "in/"}, {"suffix": ".jpg"}, True),
        ({"suffix": ".jpg"}, {"suffix": "a.jpg"}, True),
        ({"suffix": ".jpg"}, {"suffix": ".png"}, False),
        ({"prefix": "in/", "suffix": ".jpg"}, {"prefix": "in/", "suffix": ".png"}, False),
        ({"events": ["s3:ObjectCreated:*"]}, {"events": ["s3:ObjectCreated:Put"]}, True),
        ({"events": ["s3:ObjectCreated:Copy"]}, {"events": ["s3:ObjectCreated:Put"]}, False),
        ({"events": ["s3:ObjectCreated:*"]}, {"events": ["s3:ObjectRemoved:*"]}, False),
        ({"events": ["s3:LifecycleTransition"]}, {"events": ["s3:LifecycleTransition"]}, True),
    ],
)
def test_what_overlaps(first: dict[str, Any], second: dict[str, Any], expected: bool) -> None:  # noqa: FBT001
    assert overlapping(entry(**first), entry(**second)) is expected
    assert overlapping(entry(**second), entry(**first)) is expected


def test_a_subscription_has_all_settings_of_the_manifest() -> None:
    settings = {"topic": "news", "filter_policy": '{"a": ["b"]}', "filter_policy_scope": "MessageBody"}
    found = one("subscription", ("sns", {**settings, "redrive_queue": "dead"}), resources=OWNED)
    assert found.name == "reader/news"
    assert found.properties == {
        "TopicArn": Ref("topic", "news"), "Endpoint": ALIAS, "FilterPolicy": {"a": ["b"]},
        "FilterPolicyScope": "MessageBody", "RedrivePolicy": {"deadLetterTargetArn": Ref("queue", "dead")},
    }  # fmt: skip


def test_topics_of_the_same_name_are_told_apart() -> None:
    here, away = (f"arn:aws:sns:eu-west-1:{account}:news" for account in (ACCOUNT, "210987654321"))
    names = [one("subscription", ("sns", {"topic": topic})).name for topic in (here, away)]
    assert names == ["reader/news", f"reader/{away}"]


def test_who_may_send_to_a_queue_of_ours() -> None:
    trigger = ("eventbridge", {"pattern": {"source": ["a"]}, "name": "mine", "dead_letter_queue": "dead"})
    policy = one("queue_policy", trigger, resources=OWNED)
    (statement,) = policy.properties["reader"].values()
    assert statement == {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": Ref("queue", "dead"),
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-west-1:{ACCOUNT}:rule/mine"}},
    }  # fmt: skip
    assert policy.key in one("rule", trigger, resources=OWNED).after


@pytest.mark.parametrize(
    ("queue", "queues"),
    [
        ("arn:aws:sqs:eu-west-1:123456789012:dead", {"dead": {}}),
        ("dead", {"orders": {"dead_letter_queue": "dead"}}),
    ],
)
def test_what_is_a_queue_of_ours(queue: str, queues: dict[str, Any]) -> None:
    trigger = ("sns", {"topic": "arn:aws:sns:eu-west-1:123456789012:news", "redrive_queue": queue})
    found = deployment(trigger, resources={"queues": queues})
    assert [(each.kind, each.name) for each in found if each.kind != "permission"] == [
        ("queue_policy", "dead"), ("subscription", "reader/news"),
    ]  # fmt: skip
    assert found[-1].properties["TopicArn"] == Ref("topic", "news")


def test_a_queue_of_others_is_only_told_of() -> None:
    rule = one("rule", ("schedule", {"expression": "rate(1 hour)", "dead_letter_queue": "theirs"}))
    assert rule.notes == ("the policy of queue theirs must let events.amazonaws.com send to it",)


def test_a_rule_has_all_settings_of_the_manifest() -> None:
    settings = {
        "pattern": '{"source": ["a"]}', "event_bus": "sales", "description": "d", "enabled": False,
        "input_transformer": {"paths": {"x": "$.detail.x"}, "template": "<x>"}, "maximum_retry_attempts": 0,
        "dead_letter_queue": "dead",
    }  # fmt: skip
    found = one("rule", ("eventbridge", settings), resources=OWNED)
    assert found.name == "reader/sales/shop-dev-reader.eventbridge"
    assert found.properties == {
        "EventBusName": Ref("event_bus", "sales", "name"),
        "EventPattern": {"source": ["a"]},
        "ScheduleExpression": "",
        "State": "DISABLED",
        "Description": "d",
        "Target": {
            "Arn": ALIAS,
            "InputTransformer": {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": "<x>"},
            "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 0},
            "DeadLetterConfig": {"Arn": Ref("queue", "dead")},
        },
        "Tags": {"lambdacli:app": "shop", "lambdacli:stage": "dev", "lambdacli:function": "reader"},
    }


@pytest.mark.parametrize("bus", ["sales", f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/sales"])
def test_a_bus_has_one_name(bus: str) -> None:
    assert one("rule", ("eventbridge", {"pattern": {"source": ["a"]}, "event_bus": bus})).name.startswith(
        "reader/sales/"
    )


def test_names_that_nobody_gives_are_counted() -> None:
    rate = {"expression": "rate(1 hour)"}
    given = [("schedule", rate), ("schedule", {**rate, "name": "mine"}), ("schedule", rate)]
    names = [each.name for each in deployment(*given) if each.kind == "rule"]
    assert names == ["reader/shop-dev-reader.schedule", "reader/mine", "reader/shop-dev-reader.schedule.2"]


def test_a_schedule_has_all_settings_of_the_manifest() -> None:
    settings = {
        "expression": "cron(0 8 ? * MON-FRI *)", "timezone": "Europe/Berlin", "start_date": "2030-01-01T08:00:00+01:00",
        "end_date": "2031-01-01", "flexible_time_window": 15, "action_after_completion": "DELETE", "enabled": False,
        "kms_key": "arn:aws:kms:eu-west-1:123456789012:alias/mine", "description": "d", "input": [1],
        "maximum_event_age": 60, "dead_letter_queue": "theirs",
    }  # fmt: skip
    found = one("schedule", ("schedule", settings))
    assert found.name == "reader/shop-dev/shop-dev-reader.schedule"
    assert found.properties == {
        "GroupName": Ref("schedule_group", "shop-dev", "name"),
        "ScheduleExpression": "cron(0 8 ? * MON-FRI *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "ActionAfterCompletion": "DELETE",
        "StartDate": "2030-01-01T07:00:00Z",
        "EndDate": "2031-01-01T00:00:00Z",
        "Description": "d",
        "State": "DISABLED",
        "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:alias/mine",
        "Target": {
            "Arn": ALIAS,
            "RoleArn": Ref("invoker_role", "reader"),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 185},
            "Input": "[1]",
            "DeadLetterConfig": {"Arn": Ref("queue", "theirs")},
        },
    }


def test_the_role_of_the_scheduler_may_no_more_than_it_must() -> None:
    settings = {"expression": "at(2030-01-01T08:00:00)", "kms_key": "arn:aws:kms:eu-west-1:123456789012:alias/mine"}
    boundary = "arn:aws:iam::123456789012:policy/limits"
    found = one("invoker_role", ("schedule", settings), deploying=Deploying(permissions_boundary=boundary))
    assert found.properties["PermissionsBoundary"] == boundary
    group = f"arn:aws:scheduler:eu-west-1:{ACCOUNT}:schedule-group/shop-dev"
    assert found.properties["Groups"] == {"shop-dev": group}
    decrypting, invoking = (found.properties["Statements"][sid] for sid in sorted(found.properties["Statements"]))
    assert invoking == {
        "Effect": "Allow", "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop-dev-reader:live",
    }  # fmt: skip
    assert decrypting == {
        "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:123456789012:key/*",
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/mine"}},
    }  # fmt: skip


def test_a_group_that_the_manifest_names_is_not_made() -> None:
    settings = {"expression": "rate(1 hour)", "group": "theirs"}
    kinds = [each.kind for each in deployment(("schedule", settings))]
    assert kinds == ["invoker_role", "schedule"]


def test_a_subscription_filter_has_all_settings_of_the_manifest() -> None:
    settings = {
        "log_group": "/app/web", "filter_pattern": "ERROR", "apply_on_transformed_logs": True,
        "field_selection_criteria": '@aws.account = "123456789012"',
        "emit_system_fields": ["@aws.region", "@aws.account"],
    }  # fmt: skip
    permission, group, found = deployment(("logs", settings))
    assert permission.properties["SourceArn"] == f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/app/web:*"
    assert (group.kind, group.name, group.owned) == ("external_log_group", "/app/web", False)
    assert found.name == "reader//app/web:shop-dev-reader.logs"
    assert found.properties == {
        "logGroupName": "/app/web", "filterPattern": "ERROR", "destinationArn": ALIAS, "applyOnTransformedLogs": True,
        "fieldSelectionCriteria": '@aws.account = "123456789012"', "emitSystemFields": ["@aws.account", "@aws.region"],
    }  # fmt: skip


def test_the_log_of_a_function_of_the_manifest_is_waited_for() -> None:
    arn = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/lambda/shop-dev-web:*"
    permission, found = deployment(("logs", {"log_group": arn}))
    assert found.after == (permission.key, Key("log_group", "web"))
    assert found.name == "reader//aws/lambda/shop-dev-web:shop-dev-reader.logs"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-31T08:00:00Z", "2027-01-31T08:00:00Z"),
        ("2027-01-31T08:00:00+02:00", "2027-01-31T06:00:00Z"),
        ("2027-01-31T08:00:00", "2027-01-31T08:00:00Z"),
        ("2027-01-31", "2027-01-31T00:00:00Z"),
    ],
)
def test_moments_are_in_utc(text: str, expected: str) -> None:
    assert written(moment(text)) == expected
