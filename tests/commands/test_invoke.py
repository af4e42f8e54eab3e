"""`lambdacli invoke` as people use it: the real command line, real child processes."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import CommandLine

PYTHON = f"python3.{sys.version_info[1]}"
posix = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
pytestmark = posix

APP = """\
import json, os, subprocess, sys, time

def echo(event, context): return event
def environment(event, context): return dict(os.environ)
def fails(event, context):
    return helper(event)
def helper(event):
    raise ValueError("größe")
def sleeps(event, context): time.sleep(60)
def eats(event, context):
    kept = bytearray(300_000_000)
    time.sleep(60)
def prints(event, context):
    print("to stdout")
    print("to stderr", file=sys.stderr)
    return "result"
def about(event, context):
    import resource
    return {
        "cwd": os.getcwd(),
        "stdin": os.path.realpath("/proc/self/fd/0") if os.path.exists("/proc/self") else os.devnull,
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(),
        "client": context.client_context and [context.client_context.custom, context.client_context.env],
    }
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with handlers and no manifest."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def manifest(folder: Path, **function: Any) -> None:
    """A manifest with one function `f`: JSON is YAML."""
    values = {"handler": "app.echo", "runtime": PYTHON, **function}
    (folder / "lambdacli.yaml").write_text(json.dumps({"region": "eu-west-1", "functions": {"f": values}}))


def result(lambdacli: CommandLine, *arguments: str, **options: Any) -> Any:
    done = lambdacli("invoke", *arguments, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def mistake(lambdacli: CommandLine, *arguments: str, code: int = 2, **options: Any) -> tuple[str, str]:
    """The one line that says what is wrong, and the hint."""
    done = lambdacli("invoke", *arguments, **options)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    error, *hint = done.stderr.splitlines()
    assert len(hint) <= 1
    assert error.startswith("error: ")
    return error.removeprefix("error: "), "".join(hint).removeprefix("hint: ")


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes(folder: Path) -> list[int]:
    """Every process that works in the folder or was started for it, lambdacli's own guard included."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                about = os.fsencode((each / "cwd").readlink()) + (each / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in about and int(each.name) != os.getpid():
                found.append(int(each.name))
    return found


# Where the event comes from


def test_the_result_and_a_newline_alone_on_stdout(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    done = lambdacli("invoke", "app.prints")
    assert (done.returncode, done.stdout) == (0, '"result"\n')
    shape = (
        rf"INIT_START Runtime Version: python:3\.{sys.version_info[1]}\S*\n"
        r"START RequestId: (\S{36}) Version: \$LATEST\nto stdout\nto stderr\nEND RequestId: \1\n"
        r"REPORT RequestId: \1\tDuration: .* ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\t"
        r"Max Memory Used: \d+ MB\tInit Duration: .* ms\t\n"
    )
    assert re.fullmatch(shape, done.stderr)


@pytest.mark.parametrize("event", ["null", "0", '""', "false", "[]", "{}", '{"a": [1, 2.5, "größe 😀"]}', "-1"])
def test_inline_json_and_falsy_results(lambdacli: CommandLine, app: Path, event: str) -> None:
    assert app.exists()
    done = lambdacli("invoke", "app.echo", "-e", event)
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads(event)
    assert done.stdout.endswith("\n")
    assert done.stdout.count("\n") == 1


def test_an_event_from_a_file_and_from_stdin(lambdacli: CommandLine, app: Path) -> None:
    (app / "event.json").write_text('{"from": "file"}')
    assert result(lambdacli, "app.echo", "-e", "event.json") == {"from": "file"}
    assert result(lambdacli, "app.echo", "--event", "-", stdin='{"from": "stdin"}') == {"from": "stdin"}


def test_an_event_from_a_template(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    event = result(lambdacli, "app.echo", "-e", "s3-put", "--set", "bucket=photos", "--set", "key=in/a b.jpg")
    (record,) = event["Records"]
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == ("photos", "in/a+b.jpg")


def test_an_event_in_two_words(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    assert result(lambdacli, "app.echo", "-e", "s3 put") == result(lambdacli, "app.echo", "-e", "s3-put")


def test_places_of_the_event_are_set(lambdacli: CommandLine, app: Path) -> None:
    (app / "event.json").write_text('{"a": [1], "text": "1"}')
    places = ["--set", "a.-=2", "--set", "/text=3", "--set", "new:={}"]
    expected = {"a": [1, 2], "text": "3", "new": {}}
    assert result(lambdacli, "app.echo", "-e", "event.json", *places) == expected
    assert result(lambdacli, "app.echo", "-e", "-", *places, stdin='{"a": [1], "text": "1"}') == expected
    assert result(lambdacli, "app.echo", "-e", '{"a": [1], "text": "1"}', *places) == expected
    (record,) = result(lambdacli, "app.echo", "-e", "s3-put", "--set", "key=k", "--set", "Records.0.x=1")["Records"]
    assert (record["s3"]["object"]["key"], record["x"]) == ("k", 1)
    manifest(app, triggers=[{"sqs": "orders"}])
    (record,) = result(lambdacli, "--set", "body=hello", "--set", "Records[0].attributes.SenderId=me")["Records"]
    assert (record["body"], record["attributes"]["SenderId"]) == ("hello", "me")


def test_the_functions_own_trigger_makes_the_event(lambdacli: CommandLine, app: Path) -> None:
    s3 = {"bucket": "photos", "events": ["s3:ObjectCreated:*"], "prefix": "in/", "suffix": ".jpg"}
    manifest(app, triggers=[{"s3": s3}, {"sqs": {"queue": "orders"}}, {"http": "GET /orders/{id}"}])
    (record,) = result(lambdacli)["Records"]
    assert record["s3"]["bucket"]["name"] == "photos"
    assert re.fullmatch(r"in/.*\.jpg", record["s3"]["object"]["key"])
    assert record["awsRegion"] == "eu-west-1"
    (record,) = result(lambdacli, "--trigger", "sqs", "--set", "body=hello")["Records"]
    assert record["eventSourceARN"].endswith(":orders")
    assert record["body"] == "hello"
    assert result(lambdacli, "f", "--trigger", "http")["routeKey"] == "GET /orders/{id}"
    error, hint = mistake(lambdacli, "--trigger", "sns")
    assert (error, hint) == ("function f has no sns trigger", "its triggers: http, s3, sqs")


def test_without_a_trigger_the_event_is_empty(lambdacli: CommandLine, app: Path) -> None:
    manifest(app)
    assert result(lambdacli) == {}
    assert result(lambdacli, cwd=app) == {}


def test_five_megabytes_in_and_out(lambdacli: CommandLine, app: Path) -> None:
    (app / "event.json").write_text(json.dumps("x" * 5_000_000))
    assert result(lambdacli, "app.echo", "-e", "event.json") == "x" * 5_000_000


def test_an_event_that_is_too_large(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    error, hint = mistake(lambdacli, "app.echo", "-e", "-", stdin=json.dumps("x" * 6_300_000))
    assert error.endswith("stdin: the event has more than 6,291,456 bytes, the most of a synchronous invocation"), error
    assert hint
    assert mistake(lambdacli, "app.echo", "-e", "/dev/zero")[0].endswith(error.partition(": the")[2])
    inline = [f"--set=body={'x' * 100_000}", "--set", "count=100"]
    assert "bytes" in mistake(lambdacli, "app.echo", "-e", "sqs-receive-message", *inline)[0]


# Functions that fail


def test_an_error_of_the_function(lambdacli: CommandLine, app: Path) -> None:
    done = lambdacli("invoke", "app.fails", cwd=app)
    assert done.returncode == 1
    error = json.loads(done.stdout)
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "größe")
    assert len(error["stackTrace"]) == 2
    *_, outer, inner, last = done.stderr.splitlines()
    assert outer == '  File "app.py", line 6, in fails'
    assert inner == '  File "app.py", line 8, in helper'
    assert last == "error: function app failed: ValueError: größe"
    assert "lambdacli/" not in done.stderr


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("import nope_nope", "app.handler", "Runtime.ImportModuleError", "No module named 'nope_nope'"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("1 / 0", "app.handler", "ZeroDivisionError", "division by zero"),
        ("def handler(e, c): return {1, 2}", "app.handler", "Runtime.MarshalError", "not JSON serializable"),
        ("import os\ndef handler(e, c): os._exit(3)", "app.handler", "Runtime.ExitError", "exit status 3"),
        ("import sys\ndef handler(e, c): sys.exit(0)", "app.handler", "Runtime.ExitError", "without providing"),
        ("import os\ndef handler(e, c): os.abort()", "app.handler", "Runtime.ExitError", "signal: aborted"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "app.handler", "Runtime.ExitError", "killed"),
        (
            "def handler(e, c): return 'x' * 7_000_000",
            "app.handler",
            "Function.ResponseSizeTooLarge",
            "exceeded maximum allowed payload size (6291556 bytes)",
        ),
    ],
)
def test_every_kind_of_failure(
    lambdacli: CommandLine, app: Path, code: str, handler: str, kind: str, message: str
) -> None:
    (app / "app.py").write_text(code)
    done = lambdacli("invoke", handler)
    assert done.returncode == 1, done.stderr
    error = json.loads(done.stdout)
    assert error["errorType"] == kind
    assert message in error["errorMessage"]
    assert f"error: function app failed: {kind}: " in done.stderr
    assert "lambdacli/local" not in done.stderr


def test_a_timeout(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    started = time.monotonic()
    done = lambdacli("invoke", "app.sleeps", "--timeout", "0.3")
    assert done.returncode == 4
    assert time.monotonic() - started < 20
    assert json.loads(done.stdout)["errorType"] == "Sandbox.Timedout"
    assert re.search(r"\nerror: .*Task timed out after 0.30 seconds\nhint: .*--timeout", done.stderr)
    manifest(app, handler="app.sleeps", timeout=1)
    done = lambdacli("invoke")
    assert done.returncode == 4
    assert "Task timed out after 1.00 seconds" in done.stdout


def test_a_function_that_prints_for_ever_still_times_out(lambdacli: CommandLine, app: Path) -> None:
    (app / "app.py").write_text("def handler(e, c):\n    while True: print('x' * 9000)\n")
    assert lambdacli("invoke", "app.handler", "--timeout", "0.3", "--log-file", os.devnull).returncode == 4


@linux
def test_out_of_memory(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    done = lambdacli("invoke", "app.eats")
    assert done.returncode == 4
    assert json.loads(done.stdout)["errorType"] == "Runtime.OutOfMemory"
    assert re.search(r"\nerror: .*Runtime.OutOfMemory.*\nhint: give it more `memory` in the manifest\n", done.stderr)


def test_no_timeout_outlives_the_functions_own(lambdacli: CommandLine, app: Path) -> None:
    (app / "app.py").write_text("import time\ndef handler(e, c): time.sleep(1.2); return 1\n")
    manifest(app, handler="app.handler", timeout=1)
    assert result(lambdacli, "--no-timeout") == 1
    assert result(lambdacli, "--timeout", "50") == 1


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        ("app.echo --timeout 0", "--timeout 0 is not above 0 and at most 86400", "--no-timeout"),
        ("app.echo --timeout nan", "--timeout nan is not above 0", "--no-timeout"),
        ("app.echo --timeout inf", "--timeout inf is not above 0", "--no-timeout"),
        ("app.echo --timeout x", "invalid value for '--timeout'", "lambdacli invoke --help"),
        ("app.echo --timeout 1 --no-timeout", "--timeout and --no-timeout exclude each other", "leave one"),
        ("app.echo --env A", "--env 'A' is not NAME=VALUE", "--env GREETING=hello"),
        ("app.echo --env AWS_REGION=x", "--env: AWS_REGION is Lambda's own variable", "--region"),
        ("app.echo --env _X=x", "--env: _X is Lambda's own variable", "--region"),
        ("app.echo --region EU", "'EU' is no region", "such as eu-west-1"),
        ("app --runtime provded", "unknown runtime 'provded'", "did you mean provided.al2?"),
        ("app.echo --env-file nope.env", "nope.env does not exist", "lines of NAME=value"),
        ("app.echo --runtime python9.9", "unknown runtime 'python9.9'", "did you mean python3."),
        ("app.echo --client-context nope", "--client-context is neither", "for example"),
        ("app.echo --client-context [1]", "--client-context is neither", "for example"),
        ("app.echo --set a=b", "function app has no trigger that --set could change", "name a template"),
        ("app.echo -e s3-put --set bukket=b", "", "bucket"),
        (
            "app.echo -e s3-put --set Records.1.x=b",
            "--set Records.1.x: Records has no item '1'",
            'only 0; `--set \'/Records/-={"x":"b"}\'` appends one',
        ),
        ("app.echo -e s3-put --set --count 2", "--set --count: expected NAME=VALUE", "bucket=photos"),
        (
            "app.echo -e {} --set zz=1",
            "--set zz: the event has no key 'zz'",
            "`--set /zz=1` adds a key; parameters belong",
        ),
        ("-e s3-put --set --count 2", "--set --count: expected NAME=VALUE", "bucket=photos"),
        ("app.echo -e s3-put --count 2", "no such option: --count", "`--set count=2` sets a parameter"),
        ("app.echo -e s3-put --bucket=x", "no such option: --bucket", "`--set bucket=x` sets a parameter"),
        ("app.echo --bucket x", "no such option: --bucket", "`--set bucket=x`"),
        (
            "app.echo -e sqs-receive-message --wrap s3-put",
            "no such option: --wrap",
            "`lambdacli generate-event sqs-receive-message --wrap … | lambdacli invoke -e -`",
        ),
        ("app.echo -e s3-put --tiemout 5", "no such option: --tiemout", "did you mean --timeout?"),
        ("-e s3 put", "-e s3 put: the event is one word", "did you mean -e s3-put?"),
        ("app.echo -e s3 put", "-e s3 put: the event is one word", "did you mean -e s3-put?"),
        ("app.echo -e {} --set a.b=1", "--set a.b: the event has no key 'a'", "it is an empty object"),
        ("app.echo -e {} --set a[=1", "--set a[: cannot read the path", "such as Records.0.body"),
        ("app.echo -e s3-putt", "'s3-putt' is neither a file nor an event template", "did you mean s3-put?"),
        ("app.echo -e s3-put --trigger s3", "--trigger and --event exclude each other", "--trigger"),
        ("app.echo -m nope.yaml", "no manifest at nope.yaml", "lambdacli init"),
        ("app.echo --log-file nope/log", "--log-file nope/log: No such file or directory", "a file"),
        ("nope.handler", "no code for the handler nope.handler", "lambdacli init"),
        ("nope", "no lambdacli.yaml in", "lambdacli init"),
        ("", "no lambdacli.yaml in", "lambdacli init"),
    ],
)
def test_mistakes_on_the_command_line(lambdacli: CommandLine, app: Path, arguments: str, error: str, hint: str) -> None:
    assert app.exists()
    said = mistake(lambdacli, *arguments.split())
    assert said[0].startswith(error)
    assert hint in said[1]


@pytest.mark.parametrize("event", ["{bad", "[1,", "nope.json", "", " ", "x" * 5000, '"\ud800', "."])
def test_events_that_are_none(lambdacli: CommandLine, app: Path, event: str) -> None:
    assert app.exists()
    done = lambdacli("invoke", "app.echo", "-e", event.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_function_that_the_manifest_does_not_have(lambdacli: CommandLine, app: Path) -> None:
    values = {"handler": "app.echo", "runtime": PYTHON}
    (app / "lambdacli.yaml").write_text(json.dumps({"functions": {"orders": values, "photos": values}}))
    assert "did you mean orders?" in mistake(lambdacli, "order")[1]
    error, hint = mistake(lambdacli)
    assert "orders" in error + hint
    assert "photos" in error + hint


def test_every_mistake_of_a_manifest_is_told(lambdacli: CommandLine, app: Path) -> None:
    (app / "lambdacli.yaml").write_text("functions:\n  f:\n    handlr: app.echo\n    memory: lots\n")
    done = lambdacli("invoke")
    assert (done.returncode, done.stdout) == (2, "")
    assert "lambdacli.yaml:3:5:" in done.stderr
    assert "lambdacli.yaml:4:13:" in done.stderr


def test_a_missing_interpreter(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    nothing = {"PATH": str(app), "HOME": str(app), "PYENV_ROOT": str(app), "XDG_DATA_HOME": str(app)}
    missing = next(v for v in ("3.14", "3.10") if not v.endswith(f".{sys.version_info[1]}"))
    arguments = ["app.echo", "--runtime", f"python{missing}"]
    if any(Path(f"{prefix}/bin/python{missing}").exists() for prefix in ("/usr/local", "/opt/homebrew")):
        pytest.skip(f"Python {missing} lies where it is always found")
    error, hint = mistake(lambdacli, *arguments, code=3, env=nothing)
    assert error == f"Python {missing} is not on this machine"
    assert f"uv python install {missing}" in hint
    assert "--allow-version-mismatch" in hint
    done = lambdacli("invoke", *arguments, "--allow-version-mismatch", env=nothing)
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert f"warning: python{missing} is not on this machine: running on 3." in done.stderr


# The environment of the function


def test_nothing_of_the_callers_environment_but_lambdas_own_variables(lambdacli: CommandLine, app: Path) -> None:
    secrets = {
        "SECRET": "1",
        "HOME": str(app),
        "USER": "me",
        "AWS_PROFILE_X": "1",
        "PYTHONSTARTUP": "/x",
        "LC_TIME": "C",
    }
    manifest(app, handler="app.environment", environment={"TABLE": "t"})
    for _ in range(2):  # without and with a head start
        names = result(lambdacli, env=secrets)
        assert set(names) - {"LC_CTYPE"} == {
            "AWS_DEFAULT_REGION",
            "AWS_EXECUTION_ENV",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION",
            "AWS_LAMBDA_INITIALIZATION_TYPE",
            "AWS_LAMBDA_LOG_GROUP_NAME",
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "AWS_LAMBDA_RUNTIME_API",
            "AWS_REGION",
            "AWS_SAM_LOCAL",
            "AWS_XRAY_CONTEXT_MISSING",
            "AWS_XRAY_DAEMON_ADDRESS",
            "LAMBDACLI_LOCAL",
            "LAMBDA_RUNTIME_DIR",
            "LAMBDA_TASK_ROOT",
            "LANG",
            "LD_LIBRARY_PATH",
            "PATH",
            "TABLE",
            "TZ",
            "_HANDLER",
            "_X_AMZN_TRACE_ID",
        }
        assert names["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{PYTHON}"
        assert (names["AWS_REGION"], names["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")
        assert (names["AWS_SAM_LOCAL"], names["LAMBDACLI_LOCAL"]) == ("true", "true")
        assert (names["AWS_LAMBDA_FUNCTION_NAME"], names["AWS_LAMBDA_LOG_GROUP_NAME"]) == ("f", "/aws/lambda/f")
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", names["AWS_LAMBDA_LOG_STREAM_NAME"])
        assert (names["TZ"], names["LANG"], names["TABLE"]) == (":UTC", "en_US.UTF-8", "t")
        assert (names["_HANDLER"], names["LAMBDA_TASK_ROOT"]) == ("app.environment", str(app.resolve()))
        assert re.fullmatch(r"127\.0\.0\.1:\d+", names["AWS_LAMBDA_RUNTIME_API"])
        assert names["_X_AMZN_TRACE_ID"].startswith("Root=1-")


KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}


def test_credentials_region_and_profile(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()

    def given(*arguments: str, **env: str) -> dict[str, str]:
        return dict(result(lambdacli, "app.environment", *arguments, env=env))

    assert KEYS.items() <= given(**KEYS).items()
    assert KEYS.keys() & given("--no-credentials", **KEYS).keys() == set()
    named = given("--profile", "dev", **KEYS)
    assert named["AWS_PROFILE"] == "dev"
    assert KEYS.keys() & named.keys() == set()
    assert given(AWS_PROFILE="work", AWS_CONFIG_FILE="/c")["AWS_CONFIG_FILE"] == "/c"
    assert given(AWS_REGION="eu-north-1")["AWS_REGION"] == "eu-north-1"
    assert given("--region", "sa-east-1", AWS_REGION="eu-north-1")["AWS_DEFAULT_REGION"] == "sa-east-1"


def test_variables_from_options_win_over_files_and_the_manifest(lambdacli: CommandLine, app: Path) -> None:
    (app / "more.env").write_text("ONE=file\nTWO=file\n# comment\nexport THREE='file 3'\n")
    manifest(app, handler="app.environment", environment={"ONE": "manifest", "TWO": "manifest", "FOUR": "manifest"})
    names = result(lambdacli, "--env", "ONE=a=b", "--env", "EMPTY=", "--env-file", "more.env")
    assert [names[n] for n in ("ONE", "TWO", "THREE", "FOUR", "EMPTY")] == ["a=b", "file", "file 3", "manifest", ""]


def test_where_a_function_runs(lambdacli: CommandLine, app: Path) -> None:
    (app / "src").mkdir()
    (app / "app.py").rename(app / "src" / "app.py")
    manifest(app, handler="app.about", code="src", memory=512, timeout=9)
    about = result(lambdacli, stdin="not for the function")
    assert about["cwd"] == str((app / "src").resolve())
    assert about["stdin"] == os.devnull
    assert about["nofile"] <= 1024 if sys.platform != "linux" else about["nofile"] == 1024
    assert about["arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:f"
    assert about["memory"] == "512"
    assert 0 < about["left"] <= 9000


CONTEXT = {"custom": {"größe": "1\n2", "long": "x" * 400}, "env": {"locale": "de"}}


@pytest.mark.parametrize("form", ["inline", "file", "base64"])
def test_a_client_context(lambdacli: CommandLine, app: Path, form: str) -> None:
    (app / "context.json").write_text(json.dumps(CONTEXT, indent=2, ensure_ascii=False), encoding="utf-8")
    given = {
        "inline": json.dumps(CONTEXT, indent=1),
        "file": "context.json",
        "base64": base64.b64encode(json.dumps(CONTEXT).encode()).decode(),
    }[form]
    about = result(lambdacli, "app.about", "--client-context", given)
    assert about["client"] == [CONTEXT["custom"], CONTEXT["env"]]


@pytest.mark.parametrize("where", ["manifest", "file"])
def test_a_variable_that_no_process_can_have(lambdacli: CommandLine, app: Path, where: str) -> None:
    (app / "nul.env").write_bytes(b"NUL=a\0b\n")
    if where == "manifest":
        manifest(app, environment={"NUL": "a\0b"})
    error, _ = mistake(lambdacli, *(["app.echo", "--env-file", "nul.env"] if where == "file" else []))
    assert "NUL" in error


# What is said


def test_json_for_machines(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    done = lambdacli("invoke", "app.prints", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    value = json.loads(done.stdout)
    assert (value["function"], value["status"], value["errorType"], value["payload"]) == (
        "app",
        "success",
        None,
        "result",
    )
    assert value["report"]["memorySizeMB"] == 128
    assert value["report"]["initDurationMs"] > 0
    assert "to stdout\nto stderr\n" in value["log"]
    assert value["requestId"] in value["log"]
    done = lambdacli("invoke", "app.fails", "--json")
    assert done.returncode == 1
    value = json.loads(done.stdout)
    assert (value["status"], value["errorType"], value["payload"]["errorMessage"]) == ("error", "ValueError", "größe")
    done = lambdacli("invoke", "app.sleeps", "--json", "--timeout", "0.2")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (4, "timeout")


def test_a_log_file(lambdacli: CommandLine, app: Path) -> None:
    done = lambdacli("invoke", "app.prints", "--log-file", "f.log")
    assert (done.returncode, done.stdout, done.stderr) == (0, '"result"\n', "")
    assert "to stdout\nto stderr\nEND RequestId" in (app / "f.log").read_text()


def test_quiet(lambdacli: CommandLine, app: Path) -> None:
    assert app.exists()
    done = lambdacli("--quiet", "invoke", "app.prints")
    assert (done.returncode, done.stdout, done.stderr) == (0, '"result"\n', "")
    done = lambdacli("--quiet", "invoke", "app.fails")
    assert done.returncode == 1
    assert "error: function app failed: ValueError: größe" in done.stderr
    assert "START" not in done.stderr


def test_fifty_megabytes_of_log(lambdacli: CommandLine, app: Path) -> None:
    (app / "app.py").write_text("def handler(e, c):\n    for _ in range(50): print('x' * 999_999)\n    return 1\n")
    done = lambdacli("invoke", "app.handler", "--timeout", "60")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr.count("x") >= 50 * 999_999


def test_the_log_comes_live(lambdacli: CommandLine, app: Path) -> None:
    (app / "app.py").write_text("import time\ndef handler(e, c): print('begun'); time.sleep(60)\n")
    with running(lambdacli, "invoke", "app.handler", "--no-timeout") as process:
        assert process.stderr is not None
        assert any(line == "begun\n" for line in process.stderr)
        assert process.poll() is None


# Kinds of code


def test_a_handler_in_a_package_and_in_a_zip(lambdacli: CommandLine, app: Path) -> None:
    with zipfile.ZipFile(app / "code.zip", "w") as archive:
        archive.writestr("pkg/__init__.py", "")
        archive.writestr("pkg/mod.py", "import data.more\ndef handler(e, c): return [data.more.X, __file__]\n")
        archive.writestr("data/more.py", "X = 1\n")
    manifest(app, handler="pkg.mod.handler", code="code.zip")
    value, file = result(lambdacli)
    assert value == 1
    assert str(app) not in file
    assert result(lambdacli) == [value, file]


def zipped(folder: Path, *names: str) -> bytearray:
    with zipfile.ZipFile(folder / "made", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, "def echo(event, context): return event\n" * 20)
    return bytearray((folder / "made").read_bytes())


@pytest.mark.parametrize("what", ["no zip", "encrypted", "corrupt", "cut", "empty"])
def test_a_zip_that_cannot_be_unpacked(lambdacli: CommandLine, app: Path, what: str) -> None:
    data = zipped(app, "app.py")
    if what == "no zip":
        data = bytearray(b"PK nothing")
    elif what == "encrypted":
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
    elif what == "corrupt":
        data[46] ^= 0xFF
    else:
        data = data[: 60 if what == "cut" else 0]
    (app / "code.zip").write_bytes(data)
    manifest(app, code="code.zip")
    error, hint = mistake(lambdacli)
    assert "code.zip is not a zip that can be unpacked" in error
    assert hint == "build it again"


def test_a_zip_that_has_no_place(lambdacli: CommandLine, app: Path) -> None:
    (app / "code.zip").write_bytes(zipped(app, "app.py"))
    manifest(app, code="code.zip")
    error, hint = mistake(lambdacli, code=3, env={"LAMBDACLI_CACHE_DIR": str(app / "app.py" / "cache")})
    assert "cannot unpack" in error
    assert "LAMBDACLI_CACHE_DIR" in hint
    (app / "code.zip").write_bytes(zipped(app, "app.py", "app.py/more.py"))
    assert "cannot unpack" in mistake(lambdacli, code=3)[0]


def test_code_that_is_missing(lambdacli: CommandLine, app: Path) -> None:
    manifest(app, code="nope")
    error, hint = mistake(lambdacli)
    assert "no code at" in error
    assert hint


BOOTSTRAP = """\
#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/invocation/next")
  id=$(tr -d '\\r' < "$headers" | sed -n 's/^Lambda-Runtime-Aws-Request-Id: //pi')
  rm "$headers"
  echo "handling with $_HANDLER"
  curl -sS -o /dev/null -d "got $event" "$api/invocation/$id/response"
done
"""


@pytest.mark.toolchain
def test_a_custom_runtime(lambdacli: CommandLine, app: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not on this machine")
    (app / "bootstrap").write_text(BOOTSTRAP)
    (app / "bootstrap").chmod(0o755)
    manifest(app, handler="my.thing", runtime="provided.al2023")
    done = lambdacli("invoke", "-e", '{"a": 1}')
    assert (done.returncode, done.stdout) == (0, 'got {"a": 1}\n'), done.stderr
    assert "handling with my.thing\n" in done.stderr
    done = lambdacli("invoke", "--json")
    assert json.loads(done.stdout)["payload"] == "got {}"


def test_a_custom_runtime_that_cannot_start(lambdacli: CommandLine, app: Path) -> None:
    manifest(app, handler="x", runtime="provided.al2023")
    for prepare, message in (
        (lambda _: None, "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"),
        (lambda path: path.write_text("#!/bin/sh\n"), "fork/exec /var/task/bootstrap: permission denied"),
    ):
        prepare(app / "bootstrap")
        done = lambdacli("invoke")
        assert done.returncode == 1
        error = json.loads(done.stdout)
        assert error["errorType"] == "Runtime.InvalidEntrypoint"
        assert error["errorMessage"].endswith(message)
        words = error["errorMessage"].partition(" Error: ")[2]
        assert f"error: function f failed: Runtime.InvalidEntrypoint: {words}\nhint: " in done.stderr


# Nothing is left


@contextmanager
def running(lambdacli: CommandLine, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        lambdacli.argv(*arguments),
        cwd=lambdacli.folder,
        env=lambdacli.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


SPREADS = """\
import os, subprocess, sys, time
def handler(event, context):
    sleep = [sys.executable, "-S", "-c", "import time; time.sleep(300)"]
    subprocess.Popen(sleep)
    subprocess.Popen(sleep, start_new_session=True)
    subprocess.Popen(sleep, start_new_session=True, env={})
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        time.sleep(300)
    print("begun", os.getpid())
    if event == "stay": time.sleep(300)
"""


@linux
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_nothing_is_left_after_a_signal(lambdacli: CommandLine, app: Path, how: signal.Signals) -> None:
    if signal.getsignal(how) is signal.SIG_IGN:
        pytest.skip(f"{how.name} is ignored here, as under nohup")
    (app / "app.py").write_text(SPREADS)
    with running(lambdacli, "invoke", "app.handler", "-e", '"stay"', "--no-timeout") as process:
        assert process.stderr is not None
        assert any(line.startswith("begun") for line in process.stderr)
        process.send_signal(how)
        out, messages = process.communicate(timeout=20)
    if how == signal.SIGINT:
        assert (process.returncode, out) == (130, "")
        assert messages.endswith("interrupted\n")
    assert process.returncode != 0
    assert "Traceback" not in messages
    until(lambda: processes(app) == [])


@linux
def test_nothing_is_left_of_a_handler_that_forks(lambdacli: CommandLine, app: Path) -> None:
    (app / "app.py").write_text(SPREADS)
    assert lambdacli("invoke", "app.handler").returncode == 0
    until(lambda: processes(app) == [])


@linux
def test_many_command_lines_leave_nothing_behind(lambdacli: CommandLine, app: Path) -> None:
    (app / "tmp").mkdir()
    manifest(app, handler="app.about")
    env = {"TMPDIR": str(app / "tmp"), "LAMBDACLI_CACHE_DIR": str(app / "cache")}

    def once(number: int) -> str:
        return lambdacli("invoke", "-e", str(number), "--env", f"NUMBER={number}", env=env).stdout

    assert once(0)
    files = {path for path in app.rglob("*") if path.is_file()}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(once, range(30)))
    assert all(json.loads(answer)["cwd"] == str(app.resolve()) for answer in answers)
    until(lambda: processes(app) == [])
    assert list((app / "tmp").iterdir()) == []
    left = {path for path in app.rglob("*") if path.is_file()} - files
    assert {path for path in left if path.parent != app / "cache" / "headstart"} == set()


MANY = """\
import os
from lambdacli.local import once
from lambdacli.local.prepare import prepare
from lambdacli.local.wanted import Wanted
def state():
    with open("/proc/net/tcp") as tcp:
        listening = {f[9] for f in map(str.split, tcp) if f[3] == "0A"}
    paths = [f"/proc/self/fd/{number}" for number in os.listdir("/proc/self/fd")]
    mine = {os.readlink(path) for path in paths if os.path.lexists(path)}
    with open(f"/proc/self/task/{os.getpid()}/children") as children:
        return len(mine), len({f"socket:[{i}]" for i in listening} & mine), children.read()
before = None
for number in range(200):
    ready = prepare(Wanted("app.echo", event=str(number)), stdin=bytes)
    outcome = once.run(ready.plan, ready.invocation(), lambda chunk: None)
    assert outcome.payload == str(number).encode(), outcome
    before = before or state()
assert state() == before, (before, state())
print("done", before)
"""


@linux
def test_two_hundred_invocations_leave_no_process_port_file_or_folder(lambdacli: CommandLine, app: Path) -> None:
    (app / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        cwd=app,
        env={**lambdacli.environment, "TMPDIR": str(app / "tmp")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.startswith("done"), done.stderr
    assert list((app / "tmp").iterdir()) == []
    until(lambda: processes(app) == [])
