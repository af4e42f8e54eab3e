"""What `validate` finds beyond the schema: the disk, and settings that do not go together."""

from __future__ import annotations

from typing import Any

import pytest

from lambdacli.errors import ManifestError

MQ = "broker: 'arn:aws:mq:x', credentials: 'arn:aws:secretsmanager:x'"
ARN = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/1/2"


def text(*functions: str, top: str = "") -> str:
    """A manifest whose functions have these lines as settings."""
    lines = [f"  f{number}: {{handler: app.handler, {settings}}}" for number, settings in enumerate(functions)]
    return "\n".join(["defaults: {runtime: python3.13}", top, "functions:", *lines])


def triggers(*items: str) -> str:
    return f"triggers: [{', '.join(f'{{{item}}}' for item in items)}]"


def test_nothing_to_say(lint: Any) -> None:
    assert lint(text("code: .", "code: app.py")) == []


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ("code: nowhere", "code", "nowhere does not exist"),
        (f"code: {'x' * 5000}", "code", "does not exist"),
        ("layers: [missing]", "layers[0]", "missing does not exist"),
        ("layers: ['arn:aws:lambda:eu-west-1:1:layer:x']", "layers[0]", "this is no ARN of a layer version"),
        ("interpreter: ./no/python", "interpreter", "does not exist"),
        ("env_file: missing.env", "env_file", "missing.env does not exist"),
        ("on_failure: {function: nobody}", "on_failure.function", "there is no function nobody"),
        ("on_success: {s3: bucket}", "on_success.s3", "a bucket takes failures only"),
        ("on_failure: {sqs: q.fifo}", "on_failure.sqs", "a FIFO queue or topic is no destination"),
        (f"environment: {{LONG: {'x' * 5000}}}", "environment", "5,004 bytes of environment variables"),
    ],
)
def test_errors_of_a_function(settings: str, path: str, message: str, lint: Any) -> None:
    ((where, severity, said),) = lint(text(settings))
    assert (where, severity) == (f"functions.f0.{path}", "error")
    assert message in said


def test_a_handler_that_is_not_there_is_an_error_at_the_handler(lint: Any) -> None:
    ((path, severity, message),) = lint("functions: {f: {runtime: python3.13, handler: app.nothing}}")
    assert (path, severity) == ("functions.f.handler", "error")
    assert "nothing" in message


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        ("runtime: python3.8", "runtime", "python3.8 is deprecated since"),
        ("reserved_concurrency: 0", "reserved_concurrency", "keeps the function from ever running"),
        ("on_failure: {function: f0}", "on_failure.function", "would invoke itself"),
        ("environment: {TOKEN: '${env:TOKEN}'}", "environment.TOKEN", "TOKEN is not set"),
    ],
)
def test_warnings_of_a_function(settings: str, path: str, message: str, lint: Any) -> None:
    ((where, severity, said),) = lint(text(settings))
    assert (where, severity) == (f"functions.f0.{path}", "warning")
    assert message in said


def test_more_environments_are_kept_ready_than_may_run(lint: Any) -> None:
    ((where, severity, said),) = lint(text("reserved_concurrency: 2, provisioned_concurrency: 3"))
    assert (where, severity) == ("functions.f0.provisioned_concurrency", "error")
    assert "more than the 2 that are reserved" in said
    assert lint(text("reserved_concurrency: 3, provisioned_concurrency: 3")) == []


@pytest.mark.parametrize(
    ("trigger", "key", "message"),
    [
        ("sqs: {queue: q, batch_size: 11}", "sqs.batch_size", "more than 10 messages need a batching window"),
        ("sqs: {queue: q.fifo, batch_size: 11}", "sqs.batch_size", "at most 10"),
        ("sqs: {queue: q.fifo, maximum_batching_window: 1}", "sqs.maximum_batching_window", "no batching window"),
        ("sqs: {queue: q, visibility_timeout: 1}", "sqs.visibility_timeout", "AWS refuses it"),
        ("sqs: {queue: q, filters: ['{a']}", "sqs.filters[0]", "no JSON"),
        ("sqs: {queue: q, filters: ['[1]']}", "sqs.filters[0]", "a filter is a JSON object"),
        ("sqs: {queue: q, filters: [{body: {a: x}}]}", "sqs.filters[0].body.a", "stand in a list"),
        ("sqs: {queue: q, filters: [{body: {a: [{numerc: [1]}]}}]}", "sqs.filters[0].body.a", "unknown operator"),
        (
            "kinesis: {stream: s, starting_position: AT_TIMESTAMP}",
            "kinesis.starting_position",
            "needs starting_position",
        ),
        ("schedule: rate(1 minutes)", "schedule", "refused by AWS"),
        ("schedule: {expression: rate(1 day), timezone: Mars/Base}", "schedule.timezone", "no time zone"),
        ("http: 'GET /a/{x'", "http", "no path parameter"),
        ("http: 'GET /{p+}/x'", "http", "nothing may follow"),
        ("http: {route: GET /, authorizer: {lambda: {function: who}}}", "http.authorizer.lambda.function", "who"),
        (
            "http: {route: GET /, cors: {allow_origins: ['*'], allow_credentials: true}}",
            "http.cors.allow_credentials",
            "named origins",
        ),
        ("websocket: {route: send, authorizer: iam}", "websocket.authorizer", "only $connect"),
        ("sns: topic.fifo", "sns", "FIFO topic"),
        ("sns: {topic: t, filter_policy: {a: {b: [1]}}}", "sns.filter_policy.a", "not nested"),
        ("logs: /aws/lambda/f0", "logs", "by its own log"),
        ("s3: {bucket: bbb, events: ['s3:ObjectCreated:*', 's3:ObjectCreated:Put']}", "s3.events[1]", "part of"),
        ("kafka: {topic: t, starting_position: LATEST}", "kafka", "exactly one of"),
        ("kafka: {topic: t, bootstrap_servers: ['h:1']}", "kafka", "starting_position is missing"),
        (
            "kafka: {topic: t, bootstrap_servers: ['h:1'], consumption_mode: Queue, maximum_batching_window: 1}",
            "kafka.maximum_batching_window",
            "share group",
        ),
        (f"alb: {{listener: '{ARN}', conditions: {{path: [/a]}}}}", "alb.conditions", "priority"),
        ("eventbridge: {pattern: {}}", "eventbridge.pattern", "not empty"),
        ("eventbridge: {pattern: {detail: {a: []}}}", "eventbridge.pattern.detail.a", "matches nothing"),
        ("iot: SELECT * FROM 'a/#/b'", "iot", "# stands at the end"),
        ("cognito: {user_pool: p, trigger_source: PreSignUp, lambda_version: V2_0}", "cognito.lambda_version", "only"),
    ],
)
def test_errors_of_a_trigger(trigger: str, key: str, message: str, lint: Any) -> None:
    ((path, severity, said),) = lint(text(triggers(trigger)))
    assert path == f"functions.f0.triggers[0].{key}"
    assert severity == "error"
    assert message in said


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("timeout: 31, " + triggers("http: GET /"), "answers 504 after 30 s"),
        ("timeout: 30, " + triggers("rest: GET /"), "answers 504 after 29 s"),
        ("timeout: 6, " + triggers("cognito: {user_pool: p, trigger_source: PreSignUp}"), "5 s"),
        ("timeout: 10, " + triggers("sqs: {queue: q, visibility_timeout: 30}"), "messages may come twice"),
        ("timeout: 31, " + triggers("sqs: q"), "hides a message for 30 s"),
        (triggers("eventbridge: {pattern: {sauce: [a]}}"), "no field 'sauce'"),
    ],
)
def test_warnings_of_a_trigger(settings: str, message: str, lint: Any) -> None:
    ((_, severity, said),) = lint(text(settings))
    assert severity == "warning"
    assert message in said


def test_concurrency_beyond_the_reserved(lint: Any) -> None:
    found = lint(text("reserved_concurrency: 5, " + triggers("sqs: {queue: q, maximum_concurrency: 6}")))
    assert found[0][0] == "functions.f0.triggers[0].sqs.maximum_concurrency"


@pytest.mark.parametrize(
    ("one", "other", "collisions"),
    [
        ("bucket: bbb", "bucket: bbb", 1),
        ("bucket: bbb", "bucket: ccc", 0),
        ("bucket: bbb, prefix: in/", "bucket: bbb, prefix: in/a/", 1),
        ("bucket: bbb, prefix: in/", "bucket: bbb, prefix: out/", 0),
        ("bucket: bbb, suffix: .jpg", "bucket: bbb, suffix: .png", 0),
        ("bucket: bbb, suffix: .jpg", "bucket: bbb, suffix: big.jpg", 1),
        ("bucket: bbb, prefix: a/, suffix: big.jpg", "bucket: bbb, prefix: a/b/, suffix: .jpg", 1),
        ("bucket: bbb, events: ['s3:ObjectRemoved:*']", "bucket: bbb", 0),
        ("bucket: bbb, events: ['s3:ObjectCreated:Put']", "bucket: bbb", 1),
        ("bucket: bbb, events: ['s3:ObjectCreated:Put']", "bucket: bbb, events: ['s3:ObjectCreated:Copy']", 0),
    ],
)
def test_notifications_of_one_bucket(one: str, other: str, collisions: int, lint: Any) -> None:
    found = lint(text(triggers(f"s3: {{{one}}}"), triggers(f"s3: {{{other}}}")))
    assert [path for path, _, _ in found] == ["functions.f1.triggers[0].s3"] * collisions
    if collisions:
        assert "S3 refuses this beside functions.f0.triggers[0]" in found[0][2]


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ("http: 'GET /a/{id}'", "http: 'GET /a/{name}'", "the same route leads to functions.f0.triggers[0]"),
        ("rest: GET /a", "rest: GET /a", "the same route"),
        ("websocket: $default", "websocket: $default", "the same route"),
        ("cognito: {user_pool: p, trigger_source: PreSignUp}",) * 2 + ("one function for each step",),
        (f"alb: {{listener: '{ARN}', priority: 1, conditions: {{path: [/a]}}}}",) * 2 + ("this priority",),
        ("schedule: {expression: rate(1 day), name: n}",) * 2 + ("a schedule of this name",),
        ("http: {route: GET /a, cors: true}", "http: {route: GET /b, cors: false}", "other CORS settings"),
    ],
)
def test_what_may_be_there_once(one: str, other: str, message: str, lint: Any) -> None:
    ((path, severity, said),) = lint(text(triggers(one), triggers(other)))
    assert (path.split(".")[1], severity) == ("f1", "error")
    assert message in said


def test_routes_of_different_apis_and_methods_are_different(lint: Any) -> None:
    assert lint(text(triggers("http: GET /a", "http: POST /a", "http: {route: GET /a, api: other}"))) == []


def test_two_readers_of_a_queue_share_its_messages(lint: Any) -> None:
    ((path, severity, message),) = lint(text(triggers("sqs: q"), triggers("sqs: q")))
    assert (path, severity) == ("functions.f1.triggers[0].sqs", "warning")
    assert "each message goes to one of the two" in message
    assert lint(text(triggers("sqs: q", "sqs: q")))[0][1] == "error"


def test_more_readers_of_a_table_than_aws_advises(lint: Any) -> None:
    stream = triggers("dynamodb: {table: orders, starting_position: LATEST}")
    assert lint(text(stream, stream)) == []
    assert lint(text(stream, stream, stream))[0][1:] == ("warning", "orders has more than 2 readers of a stream")


def test_values_of_variables_are_held_to_the_schema(lint: Any) -> None:
    described = text(triggers('s3: {bucket: "photos-${env:WHO}"}'))
    assert lint(described, environ={"WHO": "me"}) == []
    ((path, severity, message),) = lint(described, environ={"WHO": "Not Me"})
    assert (path, severity) == ("functions.f0.triggers[0].s3.bucket", "error")
    assert 'found "photos-Not Me"' in message


def test_problems_of_a_stage_are_placed_in_the_stage(lint: Any) -> None:
    described = text("code: .", top="stages: {prod: {functions: {f0: {code: nowhere}}}}")
    assert lint(described) == []
    assert lint(described, stage="prod")[0][0] == "stages.prod.functions.f0.code"


@pytest.mark.parametrize(
    ("trigger", "key", "message"),
    [
        ("sns: {topic: t, filter_policy_scope: MessageBody}", "sns.filter_policy_scope", "no filter_policy"),
        ("sns: {topic: t, filter_policy: '{oops'}", "sns.filter_policy", "no JSON"),
        ("sns: {topic: t, filter_policy: '[]'}", "sns.filter_policy", "a JSON object"),
        ("schedule: {expression: rate(1 day), service: rule, timezone: UTC}", "schedule.timezone", "no such setting"),
        ("schedule: {expression: 'at(2027-01-01T00:00:00)', service: rule}", "schedule.expression", "Scheduler"),
        (f"mq: {{engine: activemq, queue: q, virtual_host: /, {MQ}}}", "mq.virtual_host", "no virtual hosts"),
        (f"alb: {{listener: '{ARN}', priority: 1}}", "alb.priority", "default action"),
        (f"alb: {{listener: '{ARN}', priority: 1, conditions: {{path: [a, b, c], header: {{x: [d, e, f]}}}}}}",
         "alb.conditions", "found 6"),
        ("eventbridge: {pattern: 'x x'}", "eventbridge.pattern", "no JSON"),
        ("eventbridge: {pattern: {source: [a]}, input: 1, input_path: $.x}", "eventbridge", "only one of"),
        ("http: 'GET /{a}/{a}'", "http", "stands twice"),
        ("http: 'GET /{a b}'", "http", "expected METHOD"),
        ("sqs: {queue: q, maximum_concurrency: 5, provisioned_pollers: {minimum: 2}}", "sqs.maximum_concurrency",
         "exclude each other"),
        ("kinesis: {stream: s, starting_position: LATEST, filters: [{$or: [{data: x}]}]}",
         "kinesis.filters[0].$or.data", "stand in a list"),
        ("iot: SELECT * FROM 'a+/b'", "iot", "a whole level"),
    ],
)  # fmt: skip
def test_more_errors_of_a_trigger(trigger: str, key: str, message: str, lint: Any) -> None:
    try:
        found = lint(text(triggers(trigger)))
    except ManifestError as error:  # what the schema says already
        found = [(problem.path, problem.severity, problem.message) for problem in error.problems]
    ((path, severity, said),) = found
    assert (path, severity) == (f"functions.f0.triggers[0].{key}", "error")
    assert message in said


def test_a_function_has_one_url(lint: Any) -> None:
    found = lint(text(triggers("url: {auth_type: NONE}", "url: {auth_type: NONE}")))
    assert {message for _, _, message in found} == {"a function has one URL"}


def test_a_mapping_that_fails_for_ever_never_reports(lint: Any) -> None:
    ((path, severity, _),) = lint(
        text(triggers("kinesis: {stream: s, starting_position: LATEST, on_failure: {sqs: q}}"))
    )
    assert (path, severity) == ("functions.f0.triggers[0].kinesis.on_failure", "warning")


def test_more_notifications_than_a_bucket_may_have(lint: Any) -> None:
    items = [f"s3: {{bucket: bbb, prefix: in/{number:03}/}}" for number in range(101)]
    ((path, severity, message),) = lint(text(triggers(*items)))
    assert (path, severity) == ("functions.f0.triggers[100].s3", "error")
    assert message == "bbb has 101 notifications, S3 allows 100"


def test_a_date_that_there_is_not(lint: Any) -> None:
    expected = ("functions.f0.triggers[0].schedule", "warning", "it never fires: no date is like that")
    assert lint(text(triggers("schedule: cron(0 0 31 2 ? *)"))) == [expected]
    assert lint(text(triggers("schedule: cron(0 0 29 2 ? *)"))) == []
