"""The command line as a whole: help, versions, exit codes, streams that are closed or full, what is imported."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from lambdacli import __version__
from lambdacli.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
HEAVY = {
    "asyncio",
    "boto3",
    "botocore",
    "httptools",
    "jsonschema",
    "pathspec",
    "pydantic",
    "rich",
    "watchfiles",
    "yaml",
}
HANDLER = "import os\ndef handler(event, context): return event\ndef fails(event, context): raise ValueError('no')\n"
MANIFEST = f"functions: {{f: {{handler: app.handler, runtime: python3.{sys.version_info[1]}}}}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(HANDLER)
    (tmp_path / "lambdacli.yaml").write_text(MANIFEST)
    return tmp_path


def shell(lambdacli: CommandLine, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `script`, where "$@" is the command line."""
    command = ["sh", "-c", script, "sh", *lambdacli.argv(*arguments)]
    return subprocess.run(
        command,
        cwd=lambdacli.folder,
        env=lambdacli.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version(lambdacli: CommandLine) -> None:
    done = lambdacli("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"lambdacli {__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_command_in_order(lambdacli: CommandLine, flag: str) -> None:
    done = lambdacli(flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.findall(r"^  ([a-z-]+)  ", done.stdout.partition("Commands:")[2], re.MULTILINE) == list(COMMANDS)
    assert "Exit codes: 0 done" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(lambdacli: CommandLine, command: str) -> None:
    done = lambdacli(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: lambdacli {command}")


def test_without_a_command_the_help_page_is_a_message_not_an_error(lambdacli: CommandLine) -> None:
    done = lambdacli()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: lambdacli")
    assert "error:" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["invok"], "unknown command 'invok'", "did you mean invoke?"),
        (["zzz"], "unknown command 'zzz'", "one of init, validate"),
        (["--nope"], "no such option: --nope", "see `lambdacli --help`"),
        (["invoke", "--evnt", "x"], "no such option: --evnt", "did you mean --event?"),
        (["invoke", "-e"], "option '-e' requires an argument", "see `lambdacli invoke --help`"),
        (["list", "a", "b"], "got unexpected extra argument", "see `lambdacli list --help`"),
        (["--quiet"], "missing command", "see `lambdacli --help`"),
    ],
)
def test_a_wrong_command_line(lambdacli: CommandLine, arguments: list[str], error: str, hint: str) -> None:
    done = lambdacli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {error}")
    assert lines[1].startswith(f"hint: {hint}")


def test_verbose_shows_where_an_error_comes_from(lambdacli: CommandLine) -> None:
    done = lambdacli("--verbose", "list")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "Traceback" not in lambdacli("list").stderr


def modules_after(lambdacli: CommandLine, *arguments: str, env: dict[str, str] | None = None) -> set[str]:
    """The top-level modules that one command line has imported."""
    driver = (
        "import sys\nfrom lambdacli.cli import run\n"
        "try: code = run(sys.argv[1:])\nexcept SystemExit: code = 0  # completion ends so\n"
        "print(code, *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", driver, *arguments],
        cwd=lambdacli.folder,
        env={**lambdacli.environment, **(env or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, *modules = done.stderr.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(modules)


@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["generate-event", "s3-put"], ["generate-event", "--list"], ["list"]]
)
def test_what_answers_at_once_imports_nothing_heavy(
    lambdacli: CommandLine, project: Path, arguments: list[str]
) -> None:
    assert (project / "lambdacli.yaml").exists()
    lambdacli(*arguments)  # an unchanged manifest is read without YAML and JSON Schema
    assert modules_after(lambdacli, *arguments) & HEAVY == set()


@pytest.mark.parametrize("words", ["lambdacli ", "lambdacli invoke ", "lambdacli generate-event s3-put --"])
def test_completion_imports_nothing_heavy(lambdacli: CommandLine, project: Path, words: str) -> None:
    assert (project / "lambdacli.yaml").exists()
    lambdacli("list")
    asked = {"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    assert modules_after(lambdacli, env=asked) & HEAVY == set()


def completed(lambdacli: CommandLine, words: str) -> list[str]:
    asked = {"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    return lambdacli(env=asked).stdout.split()


def test_completion_knows_commands_functions_and_options(lambdacli: CommandLine, project: Path) -> None:
    assert (project / "lambdacli.yaml").exists()
    assert set(COMMANDS) <= set(completed(lambdacli, "lambdacli "))
    assert completed(lambdacli, "lambdacli invoke ") == ["f"]
    assert "--event" in completed(lambdacli, "lambdacli watch --ev")
    assert "s3-put" in completed(lambdacli, "lambdacli invoke -e s3-p")


def test_completion_of_a_run_knows_events_and_what_they_take(lambdacli: CommandLine, project: Path) -> None:
    triggers = 'triggers: [{sqs: orders}, {schedule: "rate(1 day)"}]'
    (project / "lambdacli.yaml").write_text(MANIFEST.replace("}}", f", {triggers}}}}}"), encoding="utf-8")
    (project / "events").mkdir()
    for file in ("s3.json", "events/s3-mine.json", "events/other.txt"):
        (project / file).write_text("{}", encoding="utf-8")
    assert {"s3.json", "s3-put"} <= set(completed(lambdacli, "lambdacli invoke -e s3"))
    assert completed(lambdacli, "lambdacli invoke f -e events/") == ["events/s3-mine.json"]
    assert completed(lambdacli, "lambdacli invoke -e s3-put --set bucket-") == ["bucket-tags="]
    assert completed(lambdacli, "lambdacli watch -e iot-button --set click-type=D") == ["click-type=DOUBLE"]
    assert completed(lambdacli, "lambdacli invoke f --set receipt") == ["receipt-handle="]
    assert completed(lambdacli, "lambdacli invoke f --trigger iot --set receipt") == []
    assert completed(lambdacli, "lambdacli invoke -e {} --set receipt") == []
    assert completed(lambdacli, "lambdacli invoke f --trigger ") == ["schedule", "sqs"]
    assert "kinesis" in completed(lambdacli, "lambdacli invoke nobody --trigger ")


@pytest.mark.parametrize("words", ["list", "invoke --log", "invoke --ti", "generate-event connect-"])
def test_apostrophes_survive_zsh(lambdacli: CommandLine, project: Path, words: str) -> None:
    assert (project / "lambdacli.yaml").exists()
    done = lambdacli(env={"_LAMBDACLI_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"lambdacli {words}"})
    assert done.stdout.startswith("_arguments '*: :((")
    assert "'" not in done.stdout.removeprefix("_arguments '*: :((").removesuffix("\n").removesuffix("))'")


@posix
def test_a_folder_that_is_gone(lambdacli: CommandLine, project: Path) -> None:
    (project / "gone").mkdir()
    for command in ("invoke", "list"):
        done = shell(lambdacli, 'mkdir -p gone; cd gone; rmdir ../gone; exec "$@"', command)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr == "error: the current folder does not exist any more\nhint: go to one that does\n"


@posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(lambdacli: CommandLine, project: Path, closed: str) -> None:
    (project / "app.py").write_text("import os\ndef handler(event, context): open(event, 'w').close(); return 7\n")
    done = shell(lambdacli, f'exec "$@" {closed}', "invoke", "-e", json.dumps(str(project / "ran")))
    assert done.returncode == 0, done.stderr
    assert (project / "ran").exists()
    assert done.stdout == ("" if ">&-" in closed.replace("2>&-", "") else "7\n")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110 - a constant
@pytest.mark.parametrize(
    "arguments", [["invoke", "-e", "{}"], ["invoke", "-e", "{}", "--json"], ["list"], ["generate-event", "s3-put"]]
)
def test_a_full_disk_behind_stdout(lambdacli: CommandLine, project: Path, arguments: list[str]) -> None:
    assert (project / "lambdacli.yaml").exists()
    done = shell(lambdacli, 'exec "$@" >/dev/full', "--quiet", *arguments)
    assert done.returncode == 3
    assert (
        done.stderr == "error: cannot write to stdout: No space left on device\nhint: make room, or write elsewhere\n"
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110 - a constant
@pytest.mark.parametrize("arguments", [["invoke", "-e", "{}"], ["invoke", "-e", "{}", "--log-file", "/dev/full"]])
def test_a_full_disk_behind_the_log_does_not_cost_the_result(
    lambdacli: CommandLine, project: Path, arguments: list[str]
) -> None:
    assert (project / "lambdacli.yaml").exists()
    to = "" if "--log-file" in arguments else "2>/dev/full"
    done = shell(lambdacli, f'exec "$@" {to}', *arguments)
    assert (done.returncode, done.stdout) == (0, "{}\n")
    assert "Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("arguments", [["list"], ["generate-event", "--list"], ["schema"], ["invoke", "-e", "{}"]])
def test_a_reader_that_went_away(lambdacli: CommandLine, project: Path, arguments: list[str]) -> None:
    assert (project / "lambdacli.yaml").exists()
    done = shell(lambdacli, '{ sleep 0.3; "$@"; echo "code $?" >&2; } | true', "--quiet", *arguments)
    assert done.stderr == "code 0\n"


@posix
def test_a_reader_that_went_away_does_not_hide_a_failure(lambdacli: CommandLine, project: Path) -> None:
    (project / "lambdacli.yaml").write_text(MANIFEST.replace("app.handler", "app.fails"))
    done = shell(lambdacli, '{ sleep 0.3; "$@"; echo "code $?" >&2; } | true', "--quiet", "invoke")
    assert done.stderr.endswith("error: function f failed: ValueError: no\ncode 1\n")


@posix
def test_messages_whose_reader_went_away_do_not_cost_the_result(lambdacli: CommandLine, project: Path) -> None:
    assert (project / "lambdacli.yaml").exists()
    done = shell(lambdacli, '{ sleep 0.3; "$@" 2>&1 >&3; echo "code $?" >&3; } 3>&1 | true', "invoke", "-e", "7")
    assert done.stdout == ""
    done = shell(lambdacli, '{ { sleep 0.3; "$@" 2>&1 >&3; echo "code $?" >&3; } | true; } 3>&1', "invoke", "-e", "7")
    assert (done.stdout, done.stderr) == ("7\ncode 0\n", "")


@pytest.mark.parametrize("json_flag", [[], ["--json"]])
def test_unicode_on_a_machine_without_a_locale(lambdacli: CommandLine, project: Path, json_flag: list[str]) -> None:
    half = "\ud800" if sys.version_info < (3, 12) else "½"  # half a character: from 3.12 Lambda's client refuses it
    (project / "app.py").write_text(f"def handler(event, context): return {{'a': event['a'], 'half': {half!a}}}\n")
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = lambdacli("invoke", "-e", '{"a": "größe 😀"}', *json_flag, env=plain)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["payload"] if json_flag else result) == {"a": "größe 😀", "half": half}


@posix
def test_an_interrupt_at_any_time_is_no_traceback(lambdacli: CommandLine, project: Path) -> None:
    """From the first moment that is ours to the last."""
    (project / "app.py").write_text("def handler(event, context): return 1\n")
    driver = "import lambdacli.interrupts, lambdacli.__main__ as it; print('go', flush=True); it.main()"
    for milliseconds in range(2, 160, 8):
        with subprocess.Popen(
            [sys.executable, "-c", driver, "invoke", "-e", "{}"],
            cwd=project,
            env=lambdacli.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "go\n"
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGINT)
            _, messages = process.communicate(timeout=60)
        assert process.returncode in {0, 130}, (milliseconds, messages)
        assert "Traceback" not in messages, (milliseconds, messages)


@pytest.mark.parametrize("where", [0, 1, 2, 4])
def test_quiet_may_stand_anywhere(lambdacli: CommandLine, where: int) -> None:
    (lambdacli.folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    arguments = ["invoke", "app.handler", "-e", "{}"]
    done = lambdacli(*arguments[:where], "--quiet", *arguments[where:])
    assert (done.returncode, done.stdout, done.stderr) == (0, "{}\n", "")


def test_a_parameter_given_twice_makes_two_records(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "app.py").write_text(
        "def handler(event, context):\n    return [r['s3']['object']['key'] for r in event['Records']]\n"
    )
    done = lambdacli("invoke", "app.handler", "-e", "s3-put", "--set", "key=a", "--set", "key=b", "--quiet")
    assert done.stdout == '["a", "b"]\n'
