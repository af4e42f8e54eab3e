"""The head start: a spare runtime changes when a function is ready, never what it sees or answers."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import CommandLine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
PYTHON = f"python3.{sys.version_info[1]}"

APP = """\
import sys
SPARE = "logging" in sys.modules  # loaded while the spare waits; nothing else here needs it
import os, resource, signal, time
BEFORE = list(sys.path)
def handler(event, context):
    import logging
    return {
        "spare": SPARE,
        "environment": dict(os.environ),
        "path": BEFORE,
        "argv": sys.argv,
        "flags": str(sys.flags),
        "cwd": os.getcwd(),
        "zone": time.tzname,
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "descriptors": sorted(os.listdir("/proc/self/fd"))[:-1],
        "pipe": signal.getsignal(signal.SIGPIPE).name,
        "level": logging.getLogger().level,
        "handlers": len(logging.getLogger().handlers),
        "umask": os.umask(0o22),
        "debug": __debug__,
        "meta": [str(type(each)) for each in sys.meta_path],
    }
"""
CHANGING = {"AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID"}


@pytest.fixture
def project(lambdacli: CommandLine, tmp_path: Path) -> Path:
    lambdacli.environment["LAMBDACLI_CACHE_DIR"] = str(tmp_path / "cache")  # with no record of an earlier run
    (tmp_path / "app.py").write_text(APP)
    manifest(tmp_path)
    return tmp_path


def manifest(folder: Path, **environment: str) -> None:
    function = {"handler": "app.handler", "runtime": PYTHON, "environment": environment}
    (folder / "lambdacli.yaml").write_text(json.dumps({"functions": {"f": function}}))


def seen(lambdacli: CommandLine, *arguments: str, **options: Any) -> Any:
    done = lambdacli("invoke", "f", *arguments, **options)
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    for name in CHANGING:
        assert value["environment"].pop(name)
    value["environment"].pop("LC_CTYPE", None)  # Python sets it itself where the machine lacks the locale of LANG
    return value


def nothing_runs_for(folder: Path) -> None:
    """Within moments; the guard of a killed command works for a while after it."""
    deadline = time.monotonic() + 20
    while left := [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and _works_in(pid, folder)]:
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def _works_in(process: Path, folder: Path) -> bool:
    try:
        about = os.fsencode((process / "cwd").readlink()) + (process / "environ").read_bytes()
    except OSError:
        return False
    return os.fsencode(folder) in about and int(process.name) != os.getpid()


def test_a_function_sees_the_same_with_a_head_start_and_without(lambdacli: CommandLine, project: Path) -> None:
    manifest(project, TABLE="orders")
    first, second = seen(lambdacli), seen(lambdacli)
    assert (first.pop("spare"), second.pop("spare")) == (False, True)
    assert first == second
    assert first["environment"]["TABLE"] == "orders"
    assert first["files"] == 1024


def test_global_options_do_not_cost_the_head_start(lambdacli: CommandLine, project: Path) -> None:
    seen(lambdacli)
    done = lambdacli("--quiet", "invoke", "f", cwd=project)
    assert json.loads(done.stdout)["spare"] is True


def test_every_run_gets_the_environment_of_now(lambdacli: CommandLine, project: Path) -> None:
    for value in ("1", "2"):
        manifest(project, VALUE=value)
        assert (
            seen(lambdacli, "--env", f"OPTION={value}")["environment"].items()
            >= {"VALUE": value, "OPTION": value}.items()
        )
    assert "OPTION" not in seen(lambdacli)["environment"]
    (project / "app.py").write_text(APP.replace('"cwd": os.getcwd()', '"cwd": "new code"'))
    assert seen(lambdacli)["cwd"] == "new code"


@pytest.mark.parametrize("given", ["manifest", "option"])
def test_a_variable_that_the_interpreter_reads_when_it_starts(
    lambdacli: CommandLine, project: Path, given: str
) -> None:
    assert [seen(lambdacli)["debug"] for _ in range(2)] == [True, True]
    option = ("--env", "PYTHONOPTIMIZE=1") if given == "option" else ()
    if given == "manifest":
        manifest(project, PYTHONOPTIMIZE="1")
    for _ in range(2):
        value = seen(lambdacli, *option)
        assert (value["debug"], value["spare"]) == (False, False)
    manifest(project)
    assert [seen(lambdacli)["debug"] for _ in range(2)] == [True, True]


@pytest.mark.parametrize("name", ["TZ", "LANG", "LC_ALL", "PATH", "PYTHONPATH"])
def test_variables_that_a_function_may_set_though_lambda_has_them(
    lambdacli: CommandLine, project: Path, name: str
) -> None:
    value = {"TZ": "Asia/Tokyo", "PATH": "/usr/bin:/bin"}.get(name, str(project))
    seen(lambdacli)
    manifest(project, **{name: value})
    for _ in range(2):
        assert seen(lambdacli)["environment"][name] == value


@pytest.mark.parametrize(
    "arguments",
    [
        ["--timeout", "0"],
        ["--nope"],
        ["-e", "{"],
        ["--env", "X"],
        ["--log-file", "nope/log"],
        ["--help"],
    ],
)
def test_no_spare_is_left_where_the_command_line_is_wrong(
    lambdacli: CommandLine, project: Path, arguments: list[str]
) -> None:
    seen(lambdacli)
    done = lambdacli("invoke", "f", *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (0 if "--help" in arguments else 2, False)
    nothing_runs_for(project)


def test_a_broken_manifest_costs_the_head_start_only(lambdacli: CommandLine, project: Path) -> None:
    seen(lambdacli)
    kept = (project / "lambdacli.yaml").read_text()
    (project / "lambdacli.yaml").write_text("functions: {f: {}}")
    assert lambdacli("invoke", "f").returncode == 2
    nothing_runs_for(project)
    (project / "lambdacli.yaml").write_text(kept)
    assert seen(lambdacli)["spare"] is True


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0",
        b"\0\0",
        b"/nope/python\0-B\0\0A=1",
        b"/bin/false\0\0",
        b"/bin/cat\0\0X",
        b"\xff\xfe\0\0",
        b"/\0\0",
        b"\n",
    ],
)
def test_a_record_that_is_broken_or_of_another_machine(lambdacli: CommandLine, project: Path, text: bytes) -> None:
    seen(lambdacli)
    (record,) = (project / "cache" / "headstart").iterdir()
    good = record.read_bytes()
    record.write_bytes(text)
    assert seen(lambdacli)["spare"] is False
    assert record.read_bytes() == good
    assert seen(lambdacli)["spare"] is True
    nothing_runs_for(project)


def test_no_value_of_a_function_is_kept(lambdacli: CommandLine, project: Path) -> None:
    manifest(project, TOKEN="sec" + "ret")
    seen(
        lambdacli, "--env", "OTHER=sec" + "ret", env={"AWS_SECRET_ACCESS_KEY": "sec" + "ret", "AWS_ACCESS_KEY_ID": "x"}
    )
    for record in (project / "cache" / "headstart").iterdir():
        assert b"secret" not in record.read_bytes()
        assert not re.search(rb"TOKEN|OTHER|AWS_", record.read_bytes())
        assert record.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("what", ["the folder", "the record"])
def test_a_record_that_others_could_have_written_is_not_run(lambdacli: CommandLine, project: Path, what: str) -> None:
    seen(lambdacli)
    (record,) = (project / "cache" / "headstart").iterdir()
    record.write_text(f"/bin/sh\0-c\0touch {project}/run\0\0")
    (record if what == "the record" else project / "cache").chmod(0o777)
    assert seen(lambdacli)["spare"] is False
    assert not (project / "run").exists()


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(lambdacli: CommandLine, project: Path) -> None:
    (project / "file").write_text("")
    lambdacli.environment["LAMBDACLI_CACHE_DIR"] = str(project / "file" / "cache")
    assert [seen(lambdacli)["spare"] for _ in range(2)] == [False, False]
