"""`lambdacli generate-event` as people use it: the real command line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import CommandLine

GOLDEN = Path(__file__).parent.parent / "golden" / "generate_event"
EVENTS = Path(__file__).parent.parent / "golden" / "events"


def event(lambdacli: CommandLine, *arguments: str, **options: Any) -> Any:
    done = lambdacli("generate-event", *arguments, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def mistake(lambdacli: CommandLine, *arguments: str, **options: Any) -> str:
    done = lambdacli("generate-event", *arguments, **options)
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("LAMBDACLI_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_prints_the_event_alone(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "s3-put")
    assert done.stdout == (EVENTS / "s3-put.json").read_text(encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_of_the_documentation(lambdacli: CommandLine) -> None:
    found = event(lambdacli, "s3-put", "--bucket", "photos", "--key", "in/a b.jpg", "--count", "3")["Records"]
    assert [record["s3"]["object"]["key"] for record in found] == ["in/a+b.jpg"] * 3
    assert {record["s3"]["bucket"]["name"] for record in found} == {"photos"}


def test_a_repeated_parameter_makes_records(lambdacli: CommandLine) -> None:
    found = event(lambdacli, "s3-put", "--key", "a", "--key", "b", "--set", "size=1", "--set", "size=2")["Records"]
    assert [(each["s3"]["object"]["key"], each["s3"]["object"]["size"]) for each in found] == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("sam", "ours"),
    [
        (["s3", "put", "--bucket", "b", "--key", "k"], ["s3-put", "--bucket", "b", "--key", "k"]),
        (["sqs", "receive-message", "--body", '{"a":1}'], ["sqs-receive-message", "--set", 'body={"a":1}']),
        (["sns", "notification", "--topic", "t"], ["sns-notification", "--topic", "t"]),
        (["kinesis", "get-records", "--sequence", "12"], ["kinesis-get-records", "--sequence-number", "12"]),
        (["dynamodb", "update", "--table", "t"], ["dynamodb-update", "--table", "t"]),
        (["apigateway", "authorizer", "--restApiId", "x"], ["apigateway-authorizer", "--api-id", "x"]),
        (["cloudwatch", "scheduled-event", "--rule", "r"], ["eventbridge-schedule", "--rule", "r"]),
        (["cloudwatch", "logs"], ["cloudwatch-logs"]),
        (["alb", "request"], ["alb-request"]),
        (
            ["ses", "email-receiving", "--dns-suffix", "example.com"],
            ["ses-email-receiving", "--dns-suffix", "example.com"],
        ),
    ],
)
def test_sam_spellings(lambdacli: CommandLine, sam: list[str], ours: list[str]) -> None:
    assert event(lambdacli, *sam) == event(lambdacli, *ours)


def test_global_parameters(lambdacli: CommandLine) -> None:
    (record,) = event(
        lambdacli,
        "sqs-receive-message",
        "--region",
        "cn-north-1",
        "--account-id",
        "1",
        "--time",
        "2020-01-01",
        "--seed",
        "x",
    )["Records"]
    assert record["eventSourceARN"] == "arn:aws-cn:sqs:cn-north-1:1:MyQueue"
    assert record["attributes"]["SentTimestamp"] == "1577836800000"


def test_objects_lists_and_flags(lambdacli: CommandLine) -> None:
    found = event(
        lambdacli, "apigateway-http-api-proxy", "--header", "X-A=1", "--header", "X-A=2", "--cookie", "a=1",
        "--cookie", "b=2", "--base64", "--body", "hi",
    )  # fmt: skip
    assert found["headers"]["x-a"] == "1,2"
    assert found["cookies"] == ["a=1", "b=2"]
    assert (found["body"], found["isBase64Encoded"]) == ("aGk=", True)


def test_values_are_never_templates_nor_options(lambdacli: CommandLine) -> None:
    body = '${region} "quoted" \\ new\nline é 🚀'
    assert event(lambdacli, "sqs-receive-message", "--body", body)["Records"][0]["body"] == body
    assert event(lambdacli, "sqs-receive-message", "--body=--list")["Records"][0]["body"] == "--list"
    assert event(lambdacli, "sqs-receive-message", "--body", "")["Records"][0]["body"] == ""


def test_fresh_output_differs_and_plain_output_never(lambdacli: CommandLine) -> None:
    plain = [lambdacli("generate-event", "sqs-receive-message").stdout for _ in range(2)]
    fresh = [lambdacli("generate-event", "sqs-receive-message", "--fresh").stdout for _ in range(2)]
    assert len({*plain, *fresh}) == 3


def test_compact(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "hello-world", "--compact", "--key1", "ü")
    assert done.stdout == '{"key1":"ü","key2":"value2","key3":"value3"}\n'


def test_an_encoding_that_lacks_a_character(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "hello-world", "--compact", "--key1", "ü", env={"PYTHONIOENCODING": "ascii"})
    assert done.stdout == '{"key1":"\\u00fc","key2":"value2","key3":"value3"}\n'


def test_output_into_a_file(lambdacli: CommandLine, tmp_path: Path) -> None:
    done = lambdacli("generate-event", "hello-world", "-o", "event.json", "--key1", "ü")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "event.json").read_text(encoding="utf-8"))["key1"] == "ü"
    before = (tmp_path / "event.json").read_bytes()
    lambdacli("generate-event", "iot-button", "-o", "event.json", "--click-type", "wrong")
    assert (tmp_path / "event.json").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["event.json"]
    assert mistake(lambdacli, "hello-world", "-o", "missing/event.json") == (
        "error: cannot write missing/event.json: No such file or directory\n"
        "hint: -o takes a file that you may write, in a folder that is there; - is stdout\n"
    )
    assert json.loads(lambdacli("generate-event", "hello-world", "-o", "-").stdout)["key1"] == "value1"


@pytest.mark.skipif(os.name != "posix", reason="POSIX's modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_output_leaves_a_files_mode(lambdacli: CommandLine, tmp_path: Path, mode: int) -> None:
    file = tmp_path / "event.json"
    file.touch()
    file.chmod(mode)
    assert lambdacli("generate-event", "hello-world", "-o", "event.json").returncode == 0
    assert (file.stat().st_mode & 0o777, json.loads(file.read_text())["key1"]) == (mode, "value1")


@pytest.mark.skipif(os.name != "posix", reason="POSIX's kinds of files")
def test_output_into_what_is_no_regular_file(lambdacli: CommandLine, tmp_path: Path) -> None:
    """Written to, not replaced."""
    target, link, pipe = tmp_path / "target.json", tmp_path / "link.json", tmp_path / "pipe"
    link.symlink_to(target)
    for _ in ("made", "written again"):
        assert lambdacli("generate-event", "hello-world", "-o", link).returncode == 0
        assert json.loads(target.read_text(encoding="utf-8"))["key1"] == "value1"
        assert link.is_symlink()
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert lambdacli("generate-event", "hello-world", "-o", pipe).returncode == 0
    assert json.loads(os.read(reading, 65536))["key1"] == "value1"
    os.close(reading)
    assert json.loads(lambdacli("generate-event", "hello-world", "-o", "/dev/stdout").stdout)["key1"] == "value1"
    for place, reason in ((tmp_path, "Is a directory"), (target / "x", "Not a directory")):
        assert f"cannot write {place}: {reason}" in mistake(lambdacli, "hello-world", "-o", str(place)).replace(
            "\n", " "
        )


# Events inside others, and changes of the result


def test_an_event_inside_another(lambdacli: CommandLine) -> None:
    found = event(
        lambdacli, "sqs-receive-message", "--wrap", "s3-put", "--bucket", "photos", "--key", "a.jpg", "--key", "b.jpg"
    )["Records"]  # fmt: skip
    inner = [json.loads(record["body"])["Records"] for record in found]
    assert [[each["s3"]["object"]["key"] for each in records] for records in inner] == [["a.jpg"], ["b.jpg"]]
    deep = event(lambdacli, "sqs", "receive-message", "--wrap=sns-notification", "--wrap", "s3-put", "--topic", "t")
    assert json.loads(json.loads(deep["Records"][0]["body"])["Message"])["Records"]


def test_an_event_that_somebody_has_inside_another(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{ "a": "${b}", "n": 1.0 }', encoding="utf-8")
    (record,) = event(lambdacli, "sqs-receive-message", "--wrap", "mine.json", "--queue-name", "q")["Records"]
    assert record["body"] == '{"a":"${b}","n":1.0}'
    assert record["eventSourceARN"].endswith(":q")
    nested = ["sqs-receive-message", "--wrap", "sns-notification", "--wrap"]
    for spec in ("mine.json", "-", '{"a":"${b}","n":1.0}'):
        (record,) = event(lambdacli, *nested, spec, stdin='{"a": "${b}", "n": 1.0}')["Records"]
        assert json.loads(record["body"])["Message"] == '{"a":"${b}","n":1.0}'
    assert "--queue-name" in lambdacli("generate-event", *nested, "-", "--help").stdout


def test_what_looks_like_wrap_may_be_a_value(lambdacli: CommandLine) -> None:
    assert event(lambdacli, "sqs-receive-message", "--body", "--wrap")["Records"][0]["body"] == "--wrap"


def test_help_of_an_event_with_another_inside(lambdacli: CommandLine) -> None:
    text = lambdacli("generate-event", "sqs-receive-message", "--wrap", "sns-notification", "--help").stdout
    assert "SQS messages with sns-notification inside." in text
    assert all(name in text for name in ("--queue-name", "--topic", "--sns-notification-message-attributes"))
    assert "--body" not in text


def test_places_of_the_event(lambdacli: CommandLine) -> None:
    (record,) = event(
        lambdacli, "s3-put", "--set", "key=a b", "--set", "/Records/0/s3/object/size=7",
        "--set", "Records[0].awsRegion=5", "--set", "Records.0.s3.bucket:=null", "--set", "$.Records[0].more={}",
    )["Records"]  # fmt: skip
    assert (record["s3"]["object"]["key"], record["s3"]["object"]["size"]) == ("a+b", 7)
    assert (record["awsRegion"], record["s3"]["bucket"], record["more"]) == ("5", None, {})


def test_json_laid_over_the_event(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "more.json").write_text('{"key3": null, "deep": {"a": 1}}', encoding="utf-8")
    found = event(
        lambdacli, "hello-world", "--merge", "more.json", "--merge", "-", "--set", "deep.b=2", stdin='{"key1": [1]}'
    )
    assert found == {"key1": [1], "key2": "value2", "deep": {"a": 1, "b": 2}}


# Help


@pytest.mark.parametrize("name", ["s3-put", "apigateway-http-api-proxy", "cognito-pre-sign-up"])
def test_help_of_an_event(lambdacli: CommandLine, name: str) -> None:
    done = lambdacli("generate-event", name, "--help")
    assert done.returncode == 0
    golden(f"{name}.txt", done.stdout)


def test_help_of_the_command(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "--help")
    options, _, services = done.stdout.partition("\nServices and how many events they have:\n")
    golden("help.txt", options)
    numbers = re.findall(r"[a-z0-9-]+ (\d+)(?:,| `)", " ".join(services.split()))
    assert done.returncode == 0
    assert sum(map(int, numbers)) == len(list(EVENTS.glob("*.json")))
    narrow = lambdacli("generate-event", "--help", env={"COLUMNS": "80"}).stdout
    assert max(map(len, narrow.splitlines())) <= 80


def test_an_events_own_parameter_goes_before_an_option_of_every_event(lambdacli: CommandLine, tmp_path: Path) -> None:
    name = "eventbridge-stepfunctions-execution-status-change"
    done = lambdacli("generate-event", name, "--output", '{"a":1}', "-o", "event.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads((tmp_path / "event.json").read_text(encoding="utf-8"))["detail"]["output"] == '{"a":1}'
    (mail,) = event(lambdacli, "ses-email-receiving", "--from", "a@example.com")["Records"]
    assert mail["ses"]["mail"]["source"] == "a@example.com"


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "which event?", "`lambdacli generate-event --list` shows all"),
        (["s3-putt"], "there is no event template 's3-putt'", "did you mean s3-put?"),
        (["s3", "putt"], "there is no event template 's3-putt'", "did you mean s3-put?"),
        (["mq"], "which event of mq?", "one of mq-activemq, mq-rabbitmq"),
        (["iot"], "which event of iot?", "`lambdacli generate-event --list iot` shows them"),
        (["zzzzzz"], "there is no event template 'zzzzzz'", "`lambdacli generate-event --list` shows all"),
        (["s3-put", "--buckett", "x"], "event s3-put has no parameter --buckett", "did you mean --bucket?"),
        (["s3-put", "--set", "buckett=x"], "event s3-put has no parameter 'buckett'", "did you mean bucket?"),
        (["s3-put", "--set", "bucket"], "--set bucket: expected NAME=VALUE", "for example --set bucket=photos"),
        (["s3-put", "--set", "--count", "2"], "--set --count: expected NAME=VALUE", "for example --set bucket=photos"),
        (["s3-put", "--set", ":=1"], "--set :=1: expected NAME=VALUE", "for example --set bucket=photos"),
        (["s3-put", "--set"], "--set: expected NAME=VALUE", "for example --set bucket=photos"),
        (["sqs-receive-message", "--wrap", "s3-put", "--body", "x"], "parameter --body: s3-put goes there",
         "leave out --body, or --wrap"),
        (["sqs-receive-message", "--wrap", "missing.json"], "there is no file missing.json", ""),
        (["sqs-receive-message", "--wrap", "{}", "--wrap", "s3-put"],
         "--wrap {}: an event that you have carries no other", "name it last"),
        (["s3-put", "--size", "big"], "parameter size: expected an integer, not 'big'", ""),
        (["s3-put", "--set", "count=many"], "parameter count: expected an integer, not 'many'", ""),
        (["s3-put", "--count", "0"], "count 0: expected 1 to 10000", ""),
        (["apigateway-aws-proxy", "--count", "2"], "count 2: apigateway-aws-proxy has no records to repeat", ""),
        (["s3-put", "--set", "Records.0.s3.bukket.name=x"],
         "--set Records.0.s3.bukket.name: Records.0.s3 has no key 'bukket'",
         """did you mean bucket? `--set '/Records/0/s3/bukket={"name":"x"}'` adds it"""),
        (["s3-put", "--set", "Records.0.s3:=x"], "--set Records.0.s3:=x: expected JSON",
         "a text stands in quotes there, or use = alone"),
        (["s3-put", "--wrap", "sqs-receive-message"], "event s3-put carries no other event",
         "sqs-receive-message, sns-notification, kinesis-get-records, eventbridge-event and others do"),
        (["sqs-receive-message", "--wrap", "s3-putt"], "there is no event template 's3-putt'", "did you mean s3-put?"),
        (["sqs-receive-message", "--wrap", "s3-put", "--buckett", "x"],
         "event sqs-receive-message has no parameter --buckett", "did you mean --bucket?"),
        (["sqs-receive-message", "--wrap", "s3-put", "--set", "body=x"], "parameter body: s3-put goes there",
         "leave out body, or --wrap"),
        (["s3-put", "--merge", "missing.json"], "there is no file missing.json", ""),
        (["s3-put", "--json"], "--json goes with --list and --from: an event is JSON by itself", ""),
        (["s3-put", "extra"], "got unexpected extra argument(s) (extra)",
         "see `lambdacli generate-event s3-put --help`"),
    ],
)  # fmt: skip
def test_mistakes(lambdacli: CommandLine, arguments: list[str], message: str, hint: str) -> None:
    expected = f"error: {message}\n" + (f"hint: {hint}\n" if hint else "")
    assert mistake(lambdacli, *arguments) == expected


@pytest.mark.skipif(os.name != "posix", reason="arguments are bytes only on POSIX")
def test_an_argument_that_is_not_utf8(lambdacli: CommandLine) -> None:
    assert "parameter body: " in mistake(lambdacli, "sqs-receive-message", "--body", os.fsdecode(b"\xff"))


# Own templates

ORDER = {
    "name": "order-placed",
    "summary": "an order of ours",
    "params": {"order-id": {"default": "1", "many": True, "help": "which order"}},
    "batch": "orders",
    "event": {"orders": [{"id": "${order-id}", "uuid": "${uuid}"}]},
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "lambdacli.yaml").write_text("app: shop\nfunctions: {}\n", encoding="utf-8")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "order-placed.json").write_text(json.dumps(ORDER), encoding="utf-8")
    (tmp_path / "src" / "deep").mkdir(parents=True)
    return tmp_path


def test_own_templates_are_found_upward(lambdacli: CommandLine, project: Path) -> None:
    found = event(lambdacli, "order-placed", "--order-id", "7", "--order-id", "8", cwd=project / "src" / "deep")
    assert [order["id"] for order in found["orders"]] == ["7", "8"]
    assert "an order of ours" in lambdacli("generate-event", "--list", "order", cwd=project / "src").stdout
    assert "--order-id TEXT" in lambdacli("generate-event", "order-placed", "--help").stdout


@pytest.mark.parametrize("arguments", [["-m", "{}", "order-placed"], ["order-placed", "--manifest={}"]])
def test_own_templates_of_a_manifest_elsewhere(
    lambdacli: CommandLine, project: Path, tmp_path_factory: Any, arguments: list[str]
) -> None:
    words = [each.format(project / "lambdacli.yaml") for each in arguments]
    assert event(lambdacli, *words, cwd=tmp_path_factory.mktemp("elsewhere"))["orders"][0]["id"] == "1"


def test_own_templates_in_the_folder_that_the_manifest_names(lambdacli: CommandLine, project: Path) -> None:
    (project / "templates").rename(project / "my events")
    (project / "lambdacli.yaml").write_text("app: shop\ntemplates: 'my events' # ours\n", encoding="utf-8")
    assert event(lambdacli, "order-placed")["orders"][0]["id"] == "1"


def test_a_manifest_that_is_not_there(lambdacli: CommandLine) -> None:
    assert mistake(lambdacli, "s3-put", "-m", "missing.yaml").startswith("error: no manifest at ")


def test_a_broken_own_template(lambdacli: CommandLine, project: Path) -> None:
    broken = {**ORDER, "name": "order-lost", "event": {"orders": [{"id": "${ordre-id}"}]}}
    (project / "templates" / "order-lost.json").write_text(json.dumps(broken), encoding="utf-8")
    assert mistake(lambdacli, "order-lost") == (
        "error: template order-lost, $.event.orders[0].id: ${ordre-id}: unknown name 'ordre-id'\n"
        "hint: did you mean order-id?\n"
    )
    (project / "templates" / "order-lost.json").write_text("{", encoding="utf-8")
    assert "order-lost.json:1:2: the template is no JSON" in mistake(lambdacli, "order-lost")
