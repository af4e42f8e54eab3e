"""`lambdacli serve` as people run it: the real command, real clients, saves, signals and faults."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError
from serving import Serving

if TYPE_CHECKING:
    from tests.conftest import CommandLine

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
APP = """
import os, subprocess, sys, time
def handler(event, context):
    time.sleep(event.get("seconds", 0))
    if event.get("print"): sys.stdout.write(("x" * 1023 + "\\n") * event["print"])
    if event.get("leak"): return {"child": subprocess.Popen(["sleep", "300"], start_new_session=True).pid}
    if event.get("exit"): os._exit(7)
    if event.get("touch"): open(event["touch"], "w").close()
    return {"version": VERSION, "pid": os.getpid(), "path": event.get("rawPath")}
"""


class Project:
    """One function, reached through the SDK and by HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.functions: dict[str, Any] = {"main": {"triggers": [{"http": "GET /hello"}]}}
        self.code(1)
        self.save()

    def code(self, version: int) -> None:
        (self.folder / "app.py").write_text(f"VERSION = {version}\n{APP}")

    def save(self) -> None:
        defaults = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20}
        whole = {"app": "shop", "region": "eu-west-1", "defaults": defaults, "functions": self.functions}
        (self.folder / "lambdacli.yaml").write_text(json.dumps(whole))

    def serve(self, *arguments: str, **more: Any) -> Serving:
        return Serving(self.folder, "--sources", "none", *arguments, **more)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def get(served: Serving, path: str = "/hello") -> Any:
    return httpx.get(served.url + path, timeout=30)


def gone(pid: int, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        time.sleep(0.05)
    return False


def test_an_sdk_and_a_browser_reach_the_same_warm_function(project: Project) -> None:
    with project.serve() as served:
        first = served.invoke("main")
        second = get(served).json()
        assert first["pid"] == second["pid"]
        assert second["path"] == "/hello"
        assert "GET /hello" in served.wait_for("GET /hello → main: 200")
        assert served.end() == 0


def test_saved_code_answers_without_a_refused_connection(project: Project) -> None:
    with project.serve() as served:
        assert get(served).json()["version"] == 1
        refused: list[Exception] = []
        enough = threading.Event()

        def ask() -> None:
            try:
                while not enough.is_set():
                    assert get(served).status_code == 200
            except (httpx.HTTPError, AssertionError) as error:
                refused.append(error)

        asking = [threading.Thread(target=ask) for _ in range(3)]
        for each in asking:
            each.start()
        for version in range(2, 6):
            project.code(version)
            until = time.monotonic() + 10
            while get(served).json()["version"] != version:
                assert time.monotonic() < until
        enough.set()
        for each in asking:
            each.join()
        assert refused == []


def test_running_invocations_finish_on_the_old_code(project: Project) -> None:
    with project.serve() as served, concurrent.futures.ThreadPoolExecutor() as pool:
        served.invoke("main")
        old = pool.submit(served.invoke, "main", {"seconds": 2})
        time.sleep(0.5)
        project.code(2)
        served.wait_for("app.py saved: main reloaded")
        assert served.invoke("main")["version"] == 2
        assert not old.done()
        assert old.result()["version"] == 1


def test_a_route_and_a_limit_of_the_manifest_apply_without_restart(project: Project) -> None:
    with project.serve() as served:
        pid = get(served).json()["pid"]
        assert get(served, "/other").status_code == 404
        project.functions["main"]["triggers"].append({"http": "GET /other"})
        project.save()
        served.wait_for("lambdacli.yaml saved")
        assert get(served, "/other").json()["pid"] == pid
        project.functions["main"]["reserved_concurrency"] = 0
        before = len(served.said)
        project.save()
        served.wait_for("lambdacli.yaml saved", since=before)
        with pytest.raises(ClientError, match="TooManyRequestsException"):
            served.invoke("main")


def test_a_broken_manifest_keeps_the_last_good_one_and_says_so(project: Project) -> None:
    with project.serve() as served:
        (project.folder / "lambdacli.yaml").write_text("functions: {main: {memry: 1}}")
        assert "unknown key memry" in served.wait_for("memry")
        served.wait_for("the last good manifest is served")
        assert get(served).status_code == 200
        project.functions["new"] = {}
        project.save()
        served.wait_for("lambdacli.yaml saved")
        assert served.invoke("new")["version"] == 1


def test_sigterm_lets_fifty_invocations_finish(project: Project) -> None:
    with project.serve("--concurrency", "60") as served, concurrent.futures.ThreadPoolExecutor(50) as pool:
        client = served.client("lambda")
        event = json.dumps({"seconds": 3})
        calls = [pool.submit(client.invoke, FunctionName="main", Payload=event) for _ in range(50)]
        time.sleep(2)
        served.process.send_signal(signal.SIGTERM)
        assert [json.loads(each.result()["Payload"].read())["version"] for each in calls] == [1] * 50
        assert served.end() == 0


def test_what_does_not_end_in_time_is_killed(project: Project) -> None:
    with project.serve("--grace", "0.5") as served, concurrent.futures.ThreadPoolExecutor() as pool:
        pid = served.invoke("main")["pid"]
        call = pool.submit(served.client("lambda").invoke, FunctionName="main", Payload='{"seconds": 19}')
        time.sleep(0.5)
        begun = time.monotonic()
        assert served.end() == 0
        assert time.monotonic() - begun < 8
        assert gone(pid)
        with contextlib.suppress(Exception):
            call.result()


def test_ctrl_c_ends_it_and_a_second_one_at_once(project: Project) -> None:
    with project.serve() as served, concurrent.futures.ThreadPoolExecutor() as pool:
        pid = served.invoke("main")["pid"]
        call = pool.submit(served.client("lambda").invoke, FunctionName="main", Payload='{"seconds": 19}')
        time.sleep(0.5)
        served.process.send_signal(signal.SIGINT)
        served.wait_for("once more ends them at once")
        assert served.end(signal.SIGINT) == 130
        assert gone(pid)
        with contextlib.suppress(Exception):
            call.result()


def test_a_killed_server_leaves_nothing_running(project: Project) -> None:
    with project.serve("--warm", "1") as served:
        pid = served.invoke("main")["pid"]
        served.end(signal.SIGKILL)
        assert gone(pid)


def test_two_servers_on_one_port(project: Project, lambdacli: CommandLine) -> None:
    with project.serve() as served:
        done = lambdacli("serve", "--sources", "none", "--port", str(served.port), cwd=project.folder)
        assert done.returncode == 3
        assert f"port {served.port}" in done.stderr
        assert "hint:" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody",), "no function 'nobody' in lambdacli.yaml"),
        (("--sources", "loca"), "did you mean local?"),
        (("--at", "tomorrow"), "--at 'tomorrow' is no time"),
        (("--time-scale", "0"), "--time-scale 0 is not above 0"),
        (("--env", "broken"), "--env 'broken' is not NAME=VALUE"),
        (("--sources", "aws"), "Unable to locate credentials"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    project: Project, lambdacli: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    done = lambdacli("serve", "--port", "0", *arguments, cwd=project.folder, env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert done.returncode in (2, 3)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_only_the_named_functions_are_served(project: Project) -> None:
    project.functions["other"] = {}
    project.save()
    with project.serve("main") as served:
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            served.invoke("other")
        served.wait_for("invoke: 404 Function not found: arn:aws:lambda:eu-west-1:123456789012:function:other")
        assert served.invoke("main")["version"] == 1


def test_the_authorizer_of_a_named_function_is_there_too(project: Project) -> None:
    judge = {"lambda": {"function": "judge", "simple_responses": True, "identity_source": ["$request.header.Token"]}}
    (project.folder / "judge").mkdir()
    code = "def handler(event, context): return {'isAuthorized': event['headers']['token'] == 'good'}\n"
    (project.folder / "judge" / "app.py").write_text(code)
    project.functions["main"]["triggers"] = [{"http": {"route": "GET /hello", "authorizer": judge}}]
    project.functions["judge"] = {"code": "judge", "triggers": [{"http": "GET /judge"}]}
    project.save()
    with project.serve("main") as served:
        answers = [httpx.get(f"{served.url}/hello", headers={"Token": each}).status_code for each in ("good", "bad")]
        assert answers == [200, 403]
        assert get(served, "/judge").status_code == 404


def test_machines_get_json_lines(project: Project) -> None:
    with project.serve("--json-logs") as served:
        get(served)
        line = json.loads(served.wait_for('"answered"'))
        assert (line["type"], line["source"], line["function"]) == ("event", "GET /hello", "main")
        assert line["durationMs"] > 0
        assert [json.loads(each)["type"] for each in served.said]


def test_handlers_that_crash_print_and_leak(project: Project) -> None:
    with project.serve() as served:
        assert served.invoke("main", {"exit": 1})["errorType"] == "Runtime.ExitError"
        assert served.invoke("main", {"print": 20_000})["version"] == 1  # 20 MB
        child = served.invoke("main", {"leak": 1})["child"]
        assert served.invoke("main")["version"] == 1
        served.end()
        assert gone(child)


def test_a_client_that_vanishes_costs_nothing(project: Project, tmp_path: Path) -> None:
    with project.serve() as served:
        served.invoke("main")
        done = tmp_path / "done"
        body = json.dumps({"seconds": 0.5, "touch": str(done)})
        with socket.create_connection(("127.0.0.1", served.port)) as stream:
            head = "POST /2015-03-31/functions/main/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length:"
            stream.sendall(f"{head} {len(body)}\r\n\r\n{body}".encode())
            time.sleep(0.2)
        until = time.monotonic() + 10
        while not done.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert served.invoke("main")["version"] == 1


def test_a_thousand_connections(project: Project) -> None:
    request = b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with project.serve() as served, contextlib.ExitStack() as stack:
        served.invoke("main")
        streams = [
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=60)) for _ in range(1000)
        ]
        for each in streams:
            each.sendall(request)
        assert {each.recv(12) for each in streams} == {b"HTTP/1.1 200"}


def test_foreign_hosts_and_origins_are_refused(project: Project) -> None:
    with project.serve() as served:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            assert httpx.get(f"{served.url}/hello", headers=headers).status_code == 403
            path = f"{served.url}/2015-03-31/functions/main/invocations"
            assert httpx.post(path, headers=headers, content="{}").status_code == 403
        assert httpx.get(f"{served.url}/hello", headers={"Host": "shop.localhost"}).status_code in (200, 404)


def test_a_function_invokes_another_one_through_its_own_sdk(project: Project) -> None:
    invoking = "boto3.client('lambda').invoke(FunctionName='main')['StatusCode']"
    code = f"import boto3\ndef handler(event, context):\n    return {invoking}\n"
    (project.folder / "caller").mkdir()
    (project.folder / "caller" / "app.py").write_text(code)
    project.functions["caller"] = {"code": "caller", "environment": {"PYTHONPATH": os.pathsep.join(sys.path)}}
    project.save()
    with project.serve(env={"HOME": str(project.folder)}) as served:  # nobody has any credentials
        assert served.invoke("caller") == 200


@pytest.mark.toolchain
@pytest.mark.skipif(not shutil.which("node"), reason="node is not on this machine")
def test_a_response_is_streamed_to_an_sdk_and_to_a_browser(project: Project) -> None:
    pause = "await new Promise(done => setTimeout(done, 300))"
    (project.folder / "stream").mkdir()
    (project.folder / "stream" / "index.mjs").write_text(
        "export const handler = awslambda.streamifyResponse(async (event, stream) => {\n"
        f"  stream.write('first '); {pause}; stream.write('second'); stream.end()\n}})\n"
    )
    url = {"auth_type": "NONE", "invoke_mode": "RESPONSE_STREAM"}
    project.functions["stream"] = {
        "runtime": "nodejs20.x", "handler": "index.handler", "code": "stream", "triggers": [{"url": url}],
    }  # fmt: skip
    project.save()
    with project.serve("--allow-version-mismatch") as served:
        answer = served.client("lambda").invoke_with_response_stream(FunctionName="stream")
        pieces = [each["PayloadChunk"]["Payload"] for each in answer["EventStream"] if "PayloadChunk" in each]
        assert pieces == [b"first ", b"second"]
        headers = {"Host": f"stream.lambda-url.localhost:{served.port}"}
        with httpx.stream("GET", served.url, headers=headers, timeout=30) as response:
            assert list(response.iter_raw()) == [b"first ", b"second"]


def test_a_schedule_fires_as_fast_as_time_goes(project: Project) -> None:
    project.functions["main"]["triggers"] = [{"schedule": "rate(1 hour)"}]
    project.save()
    with project.serve("--time-scale", "7200") as served:
        served.wait_for("schedule rate(1 hour)")
        served.wait_for(lambda line: "schedule rate(1 hour)" in line and "succeeded" in line)


def test_without_sources_it_says_what_does_not_come(project: Project) -> None:
    project.functions["main"]["triggers"].append({"sqs": "jobs"})
    project.save()
    with project.serve() as served:
        served.wait_for("no sources: nothing comes from queues, streams, topics and buckets")
        assert get(served).status_code == 200


def test_help_names_every_option(lambdacli: CommandLine) -> None:
    done = lambdacli("serve", "--help")
    assert done.returncode == 0
    for option in ("--port", "--sources", "--json-logs", "--explain", "--time-scale", "--warm", "--no-reload"):
        assert option in done.stdout
