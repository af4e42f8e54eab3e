"""`lambdacli logs`: what has been logged, what is being logged, in words and for machines."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from rules import Denied

from lambdacli.deploy.logs import when
from lambdacli.errors import UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from emulator import Emulator
    from project import Project

GROUP = "/aws/lambda/shop-dev-orders"
STREAM = "2026/11/21/[1]0a1b2c3d4e5f60718293a4b5c6d7e8f9"
OTHER = "2026/11/21/[1]ffeeddccbbaa99887766554433221100"
REPORT = (
    "REPORT RequestId: 3f0c\tDuration: 12.34 ms\tBilled Duration: 140 ms\tMemory Size: 256 MB\tMax Memory Used: 61 MB\t"
)


def logged(project: Project, *messages: str, stream: str = STREAM, ago: float = 5.0) -> None:
    """Put messages into the log as Lambda does, a millisecond apart."""
    logs = project.aws.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    if not groups:
        logs.create_log_group(logGroupName=GROUP)
    streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    if stream not in [each["logStreamName"] for each in streams]:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    begun = int((time.time() - ago) * 1000)
    events = [{"timestamp": begun + index, "message": each} for index, each in enumerate(messages)]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def shown(out: str) -> list[str]:
    """The lines without their times."""
    return [line[24:] for line in out.splitlines()]


def test_lines_of_several_environments_merged_by_time(project: Project) -> None:
    logged(project, "first\n", ago=9)
    logged(project, "second\n", stream=OTHER, ago=8)
    logged(project, "third\n", ago=7)
    ended = project("logs", "orders")
    assert ended.status == 0, ended.err
    assert shown(ended.out) == ["0a1b2c first", "ffeedd second", "0a1b2c third"]
    moments = [datetime.fromisoformat(line[:23]) for line in ended.out.splitlines()]
    assert moments == sorted(moments)


def test_json_in_words_and_lambdas_own_lines_in_short(project: Project) -> None:
    error = {
        "level": "ERROR",
        "message": "no such cart",
        "cart": "c-1",
        "who": {"id": 7},
        "stackTrace": ["  at a", "  at b"],
    }
    platform = {
        "time": "2026-11-21T17:00:00.000Z",
        "type": "platform.report",
        "record": {
            "requestId": "3f0d",
            "status": "timeout",
            "metrics": {
                "durationMs": 3000,
                "billedDurationMs": 3000,
                "memorySizeMB": 256,
                "maxMemoryUsedMB": 80,
                "initDurationMs": 99.6,
            },
        },
    }
    logged(
        project, "START RequestId: 3f0c Version: 3\n", json.dumps(error) + "\n", '{"order": 7}\n', "not {json}\n",
        "END RequestId: 3f0c\n", REPORT + "\n", json.dumps({"type": "platform.start"}), json.dumps(platform),
    )  # fmt: skip
    ended = project("logs", "orders")
    assert shown(ended.out) == [
        '0a1b2c ERROR no such cart cart=c-1 who={"id": 7}',
        "         at a",
        "         at b",
        "0a1b2c order=7",
        "0a1b2c not {json}",
        "0a1b2c ── 12.3 ms, billed 140 ms, 61 of 256 MB",
        "0a1b2c ── timeout after 3000.0 ms, billed 3000 ms, 80 of 256 MB, init 100 ms",
    ]
    assert ended.err == (
        "2 invocations, 1 cold, 1 failed; duration median 3000.0 ms, 95 % within 3000.0 ms,"
        " at most 3000.0 ms; memory at most 80 of 256 MB\n"
    )
    verbose = project("--verbose", "logs", "orders")
    assert "START RequestId: 3f0c Version: 3" in verbose.out


def test_nothing_that_moves_a_terminals_cursor(project: Project) -> None:
    logged(project, "\x1b[2Jgone\x07\n", json.dumps({"message": "\x1b[31mred"}))
    assert shown(project("logs", "orders").out) == ["0a1b2c �[2Jgone�", "0a1b2c �[31mred"]


def test_one_json_object_a_line(project: Project) -> None:
    logged(project, "größe\n", '{"a": 1}')
    ended = project("logs", "orders", "--json")
    first, second = map(json.loads, ended.out.splitlines())
    assert (first["stream"], first["message"]) == (STREAM, "größe\n")
    assert (list(second), second["message"]) == (["time", "stream", "message"], '{"a": 1}')


def test_a_pattern(project: Project) -> None:
    logged(project, "ERROR one\n", "fine\n", "ERROR two\n")
    assert shown(project("logs", "orders", "--filter", "ERROR").out) == ["0a1b2c ERROR one", "0a1b2c ERROR two"]
    nothing = project("logs", "orders", "--filter", "FATAL", "--since", "2h")
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "nothing that matches was logged (--since 2h)\n")


def test_since(project: Project) -> None:
    logged(project, "long ago\n", ago=1200)
    logged(project, "now\n")
    assert shown(project("logs", "orders").out) == ["0a1b2c now"]
    assert shown(project("logs", "orders", "--since", "1h").out) == ["0a1b2c long ago", "0a1b2c now"]
    wrong = project("logs", "orders", "--since", "soon")
    assert (wrong.status, wrong.err.splitlines()[0]) == (2, "error: --since 'soon' is no time")


def test_many_entries_in_pages(project: Project) -> None:
    logged(project, *(f"line {number}\n" for number in range(40)))
    assert shown(project("logs", "orders").out) == [f"0a1b2c line {number}" for number in range(40)]


def test_no_log(project: Project) -> None:
    ended = project("logs", "orders")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith(f"error: there is no log {GROUP} in eu-west-1\n")


def test_a_functions_own_log(project: Project) -> None:
    (project.folder / "app.py").write_text("def handler(event, context):\n    print('hello', event['name'])\n")
    project.deployed()
    project.aws.client("lambda").invoke(FunctionName="shop-dev-orders", Qualifier="live", Payload=b'{"name": "ann"}')
    ended = project("logs", "orders")
    assert ended.status == 0, ended.err
    assert any(line.endswith(" hello ann") for line in ended.out.splitlines())
    assert ended.err.startswith("1 invocation, ")


class Following:
    """`logs --follow` in the background.

    Without AWS's rules in between unless they are asked for: what has no end does not pass through their proxy.
    """

    def __init__(self, project: Project, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            project.argv("logs", "orders", "--follow"),
            cwd=project.folder,
            env=project.environment | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            self.lines.extend(line.rstrip("\n")[24:] for line in out)

    def until(self, line: str, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while line not in self.lines:
            assert time.monotonic() < until, (line, self.lines)
            time.sleep(0.02)

    def interrupted(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            err = stream.read()
        self._reading.join(20)
        return self.process.wait(20), err

    def __enter__(self) -> Following:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.interrupted()


def test_following_shows_the_past_once_and_what_comes(project: Project, emulator: Emulator) -> None:
    logged(project, "before\n", REPORT + "\n")
    with Following(project, emulator.environ) as following:
        following.until("0a1b2c before")
        logged(project, "after\n", stream=OTHER, ago=0)
        following.until("ffeedd after")
        status, err = following.interrupted()
    assert status == 130
    assert following.lines.count("0a1b2c before") == 1
    assert err.startswith("1 invocation, ")


def test_following_before_there_is_a_log(project: Project, emulator: Emulator) -> None:
    with Following(project, emulator.environ) as following:
        time.sleep(1.5)
        logged(project, "born\n", ago=0)
        following.until("0a1b2c born")
        assert following.interrupted()[0] == 130


def test_following_without_live_tail_asks_again_and_again(project: Project) -> None:
    project.aws.fault(lambda call: call.operation == "StartLiveTail", Denied(), times=99)
    logged(project, "before\n")
    with Following(project, {}) as following:
        following.until("0a1b2c before")
        logged(project, "after\n", ago=0)
        following.until("0a1b2c after")
        logged(project, "late\n", stream=OTHER, ago=3)
        following.until("ffeedd late")
        status, err = following.interrupted()
    assert status == 130
    assert following.lines == ["0a1b2c before", "0a1b2c after", "ffeedd late"]
    assert err.startswith("warning: no live tail (AccessDeniedException): the log is asked for every 2 s\n")


NOW = datetime(2026, 11, 21, 17, 30, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "before"),
    [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86_400), ("10m ago", 600), ("2 hours ago", 7200),
     ("1 week", 604_800), ("3 minutes ago", 180), ("45 sec", 45)],
)  # fmt: skip
def test_how_long_ago(text: str, before: int) -> None:
    assert when(text, NOW) == int((NOW - timedelta(seconds=before)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "moment"),
    [("2026-11-21T17:00:00Z", NOW - timedelta(minutes=30)), ("2026-11-21T18:00+01:00", NOW - timedelta(minutes=30)),
     ("2026-11-21", datetime(2026, 11, 21).astimezone()),
     ("2026-11-21 09:05", datetime(2026, 11, 21, 9, 5).astimezone())],
)  # fmt: skip
def test_a_moment(text: str, moment: datetime) -> None:
    assert when(text, NOW) == int(moment.timestamp() * 1000)


def test_a_time_of_today() -> None:
    assert when("9:05", NOW) == int(
        datetime.combine(NOW.astimezone(), datetime.min.time()).replace(hour=9, minute=5).astimezone().timestamp()
        * 1000
    )


@pytest.mark.parametrize("text", ["", "yesterday", "10", "10x", "25:00", "2026-13-01", "-5m"])
def test_no_time(text: str) -> None:
    with pytest.raises(UsageError):
        when(text, NOW)
