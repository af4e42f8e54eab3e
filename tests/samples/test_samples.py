"""Every sample validates, passes its own tests, and gives the results that it promises."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import CommandLine

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = sorted(path.parent.name for path in SAMPLES.glob("*/lambdacli.yaml"))


def copied(sample: str, tmp_path: Path) -> Path:
    """A sample of the test's own, so that no run leaves a trace in the repository."""
    manifest = (SAMPLES / sample / "lambdacli.yaml").read_text(encoding="utf-8")
    for runtime, program in (("nodejs", "node"), ("provided", "curl")):
        if runtime in manifest and not shutil.which(program):
            pytest.skip(f"{program} is not on this machine")
    return Path(shutil.copytree(SAMPLES / sample, tmp_path / sample))


def body(result: Any) -> Any:
    return json.loads(result["body"])


@pytest.mark.parametrize("sample", NAMES)
def test_validates_without_a_remark(sample: str, lambdacli: CommandLine) -> None:
    done = lambdacli("validate", cwd=SAMPLES / sample)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr


@pytest.mark.parametrize("sample", NAMES)
def test_has_a_readme_and_no_stray_files(sample: str) -> None:
    assert {path.name for path in (SAMPLES / sample).iterdir()} - {"__pycache__"} >= {"lambdacli.yaml", "README.md"}
    assert f"`samples/{sample}`" in (SAMPLES / sample / "README.md").read_text(encoding="utf-8")


def test_the_list_of_samples_is_whole() -> None:
    listed = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"[{name}]({name})" not in listed] == []


def test_a_sample_is_tested_by_unittest(tmp_path: Path) -> None:
    folder = copied("thumbnails", tmp_path)
    command = [sys.executable, "-m", "unittest", "discover", "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.toolchain
def test_a_sample_is_tested_by_node(tmp_path: Path) -> None:
    folder = copied("order-mail", tmp_path)
    done = subprocess.run(["node", "--test"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def invoked(lambdacli: CommandLine, folder: Path, *arguments: str, stdin: str = "") -> tuple[Any, str]:
    """The result and the log."""
    done = lambdacli("invoke", "--allow-version-mismatch", *arguments, cwd=folder, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_hello(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("hello", tmp_path)
    assert invoked(lambdacli, folder, "-e", '{"name": "Ada"}')[0] == {"message": "Hello, Ada!"}
    assert invoked(lambdacli, folder, "-e", "{}")[0] == {"message": "Hello, world!"}


def test_hello_refuses_a_name_that_is_none(lambdacli: CommandLine, tmp_path: Path) -> None:
    done = lambdacli("invoke", "--allow-version-mismatch", "-e", '{"name": 7}', cwd=copied("hello", tmp_path))
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorMessage"] == "name must be a string, not 7"


def test_thumbnails_from_the_trigger_of_the_function(lambdacli: CommandLine, tmp_path: Path) -> None:
    result, log = invoked(lambdacli, copied("thumbnails", tmp_path))
    (thumbnail,) = result["thumbnails"]
    assert thumbnail["width"] == 160
    assert thumbnail["target"].startswith("s3://photos-thumbnails/160/in/")
    assert '"message": "thumbnail"' in log


def test_thumbnails_reads_a_key_as_s3_encodes_it(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("thumbnails", tmp_path)
    event = lambdacli("generate-event", "s3-put", "--bucket", "photos", "--key", "in/ç a+b.jpg", "--size", "700000")
    result, _ = invoked(lambdacli, folder, "-e", "-", stdin=event.stdout)
    assert [(each["width"], each["source"]) for each in result["thumbnails"]] == [
        (160, "in/ç a+b.jpg"),
        (640, "in/ç a+b.jpg"),
        (1280, "in/ç a+b.jpg"),
    ]


def test_thumbnails_skips_what_is_no_photo(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("thumbnails", tmp_path)
    result, log = invoked(lambdacli, folder, "-e", "s3-put", "--set", "key=in/notes.txt")
    assert result == {"thumbnails": []}
    assert '"message": "skipped"' in log


def test_order_mail_writes_a_mail_for_each_change_of_an_order(lambdacli: CommandLine, tmp_path: Path) -> None:
    result, log = invoked(lambdacli, copied("order-mail", tmp_path), "orders", "-e", "events/orders.json")
    assert result == {"batchItemFailures": []}
    mails = [json.loads(line.split("\t")[-1]) for line in log.splitlines() if '"message":"mail"' in line]
    assert [(mail["id"], mail["to"], mail["subject"]) for mail in mails] == [
        ("1042-PLACED", "ada@example.com", "Your order 1042 (€49.90)"),
        ("1041-SHIPPED", "grace@example.com", "Your order 1041 is on its way"),
    ]


def test_order_mail_sends_an_invoice_to_the_address_in_its_key(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("order-mail", tmp_path)
    result, _ = invoked(
        lambdacli,
        folder,
        "invoices",
        "-e",
        "s3-put",
        "--set",
        "bucket=invoices",
        "--set",
        "key=1042/ada+shop@example.com.pdf",
    )
    assert result["mails"] == [
        {
            "id": "1042-invoice",
            "to": "ada+shop@example.com",
            "subject": "Invoice for order 1042",
            "attachment": "s3://invoices/1042/ada+shop@example.com.pdf",
        }
    ]


def metrics(log: str) -> list[dict[str, Any]]:
    """The lines in CloudWatch's Embedded Metric Format, without their directives."""
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"_aws"')]
    return [{key: value for key, value in line.items() if key != "_aws"} for line in lines]


def test_stream_metrics_sums_views_and_stops_at_the_first_bad_record(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("stream-metrics", tmp_path)
    event = json.loads((folder / "events/views.json").read_text(encoding="utf-8"))
    result, log = invoked(lambdacli, folder, "views", "-e", "events/views.json")
    bad = event["Records"][3]["kinesis"]["sequenceNumber"]
    assert result["batchItemFailures"] == [{"itemIdentifier": bad}]
    assert result["state"] == {"/": {"views": 2, "milliseconds": 300}, "/cart": {"views": 1, "milliseconds": 80}}
    assert metrics(log) == [
        {"Page": "/", "Views": 2, "Latency": 150.0},
        {"Page": "/cart", "Views": 1, "Latency": 80.0},
    ]


def test_stream_metrics_carries_a_window_from_call_to_call(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("stream-metrics", tmp_path)
    event = json.loads((folder / "events/views.json").read_text(encoding="utf-8"))
    window = {"start": "2026-01-02T03:04:00Z", "end": "2026-01-02T03:05:00Z"}
    event |= {"Records": event["Records"][:3], "window": window, "state": {}, "isFinalInvokeForWindow": False}
    first, log = invoked(lambdacli, folder, "views", "-e", json.dumps(event))
    assert metrics(log) == []
    event |= {"Records": event["Records"][:1], "state": first["state"], "isFinalInvokeForWindow": True}
    second, log = invoked(lambdacli, folder, "views", "-e", json.dumps(event))
    assert second["state"]["/"] == {"views": 3, "milliseconds": 420}
    assert f'"Timestamp": {1767323100000}' in log


def test_stream_metrics_counts_the_difference_that_a_change_makes(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("stream-metrics", tmp_path)
    result, log = invoked(lambdacli, folder, "revenue", "-e", "events/orders.json")
    assert result == {"batchItemFailures": []}
    assert metrics(log) == [{"Currency": "EUR", "Revenue": 20.0}, {"Currency": "USD", "Revenue": -5.5}]


@pytest.mark.parametrize(
    ("event", "status", "content"),
    [
        (
            {"routeKey": "GET /products/{id}", "pathParameters": {"id": "7"}},
            200,
            {"id": "7", "name": "Kettle", "price": 2900},
        ),
        ({"routeKey": "GET /products/{id}", "pathParameters": {"id": "9"}}, 404, {"error": "no product 9"}),
        (
            {"routeKey": "PUT /products/{id}", "pathParameters": {"id": "7"}, "body": "x"},
            400,
            {"error": "the body must be JSON"},
        ),
        ({"routeKey": "DELETE /products"}, 404, {"error": "no route DELETE /products"}),
    ],
)
def test_web_in_python(event: Any, status: int, content: Any, lambdacli: CommandLine, tmp_path: Path) -> None:
    result, _ = invoked(lambdacli, copied("web", tmp_path), "catalog", "-e", json.dumps(event))
    assert (result["statusCode"], body(result)) == (status, content)


def test_web_answers_the_event_of_its_first_route(lambdacli: CommandLine, tmp_path: Path) -> None:
    result, _ = invoked(lambdacli, copied("web", tmp_path), "catalog")
    assert [product["name"] for product in body(result)] == ["Kettle", "Teapot"]


def test_web_creates_a_product_from_an_encoded_body(lambdacli: CommandLine, tmp_path: Path) -> None:
    event = {
        "routeKey": "PUT /products/{id}",
        "pathParameters": {"id": "9"},
        "body": "eyJuYW1lIjogIkN1cCIsICJwcmljZSI6IDUwMH0=",
        "isBase64Encoded": True,
    }
    result, _ = invoked(lambdacli, copied("web", tmp_path), "catalog", "-e", json.dumps(event))
    assert (result["statusCode"], body(result)) == (201, {"id": "9", "name": "Cup", "price": 500})


@pytest.mark.parametrize(
    ("sent", "status", "content"),
    [
        ('{"price": 2900, "quantity": 12}', 200, {"price": 2900, "quantity": 12, "discount": 10, "total": 31320}),
        ('{"price": 2900, "quantity": 0}', 422, {"error": "quantity must be a positive integer"}),
        ("null", 422, {"error": "price must be an integer, in cents"}),
        ("", 400, {"error": "the body must be JSON"}),
    ],
)
def test_web_in_node(sent: str, status: int, content: Any, lambdacli: CommandLine, tmp_path: Path) -> None:
    event = {"routeKey": "POST /quotes", "body": sent}
    result, _ = invoked(lambdacli, copied("web", tmp_path), "quotes", "-e", json.dumps(event))
    assert (result["statusCode"], body(result)) == (status, content)


def test_mobile_takes_its_event_from_a_template_of_its_own(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("mobile", tmp_path)
    result, _ = invoked(lambdacli, folder)
    assert (result["ok"], result["version"], [note["id"] for note in result["notes"]]) == (True, 3, ["b", "c"])
    result, _ = invoked(lambdacli, folder, "-e", "mobile-sync", "--set", "since=3")
    assert result == {"ok": True, "version": 3, "notes": []}


def test_mobile_knows_the_app_and_answers_a_wrong_action(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("mobile", tmp_path)
    client = json.dumps({"client": {"app_version_name": "2.1"}})
    result, log = invoked(lambdacli, folder, "-e", '{"action": "fly"}', "--client-context", client)
    assert result == {"ok": False, "error": "action must be one of echo, sync"}
    assert '"app": "2.1"' in log


@pytest.mark.parametrize(
    ("function", "start", "end"),
    [
        ("every-minute", "2026-03-01T00:01:00Z", "2026-03-01T00:02:00Z"),
        ("every-hour", "2026-02-28T23:00:00Z", "2026-03-01T00:00:00Z"),
        ("every-day", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
    ],
)
def test_schedule(function: str, start: str, end: str, lambdacli: CommandLine, tmp_path: Path) -> None:
    event = json.dumps({"time": "2026-03-01T00:02:09Z"})
    result, _ = invoked(lambdacli, copied("schedule", tmp_path), function, "-e", event)
    assert (result["start"], result["end"]) == (start, end)


@pytest.mark.parametrize("function", ["every-minute", "every-hour", "every-day"])
def test_schedule_from_its_own_trigger(function: str, lambdacli: CommandLine, tmp_path: Path) -> None:
    result, _ = invoked(lambdacli, copied("schedule", tmp_path), function)
    assert result["start"] < result["end"]


def test_custom_runtime(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("custom-runtime", tmp_path)
    result, log = invoked(lambdacli, folder, "-e", '{"text": "one two"}')
    assert result["words"] == 3
    assert '"message": "counted"' in log


def test_custom_runtime_tells_of_a_failure(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("custom-runtime", tmp_path)
    (folder / "src/count.sh").write_text("handler() {\n  return 3\n}\n", encoding="utf-8")
    done = lambdacli("invoke", "-e", "{}", cwd=folder)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "errorMessage": "handler ended with exit status 3",
        "errorType": "Function.Failed",
    }


def test_custom_runtime_tells_of_a_missing_function(lambdacli: CommandLine, tmp_path: Path) -> None:
    folder = copied("custom-runtime", tmp_path)
    (folder / "src/count.sh").write_text("", encoding="utf-8")
    done = lambdacli("invoke", "-e", "{}", cwd=folder)
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "Runtime.NoSuchFunction"
