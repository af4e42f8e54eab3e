"""Functions that stream, on Node.js's own way of saying so and on a runtime of one's own, through the command line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.local import guard
from lambdacli.local.execution import ExecutionEnvironment
from lambdacli.local.invocation import Invocation, Outcome, new_id
from lambdacli.local.plan import Plan
from lambdacli.local.variables import environment
from lambdacli.model import Function
from lambdacli.runtimes import BOOTSTRAPS

if TYPE_CHECKING:
    from tests.conftest import CommandLine

pytestmark = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js on this machine")

HTTP = "application/vnd.awslambda.http-integration-response"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
SECONDS = 0.3  # between two pieces

NODE = """
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
exports.plain = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType("text/plain");
  for (const part of ["one ", "two ", "three"]) { stream.write(part); await pause(300); }
  stream.end();
});
exports.http = awslambda.streamifyResponse(async (event, stream, context) => {
  const metadata = { statusCode: 201, headers: { "Content-Type": "text/html" }, cookies: ["a=b"] };
  stream = awslambda.HttpResponseStream.from(stream, metadata);
  stream.write("<p>"); stream.write(context.functionName); stream.end("</p>");
});
exports.fails = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("begun "); await pause(50); throw new TypeError("no more");
});
exports.crashes = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("begun "); await pause(50); process.exit(4);
});
exports.much = awslambda.streamifyResponse(async (event, stream) => {
  const { pipeline } = require("node:stream/promises");
  await pipeline(require("node:stream").Readable.from((function* () {
    for (let i = 0; i < 200; i++) yield Buffer.alloc(100000, i);
  })()), stream);
});
exports.whole = async () => "whole";
"""

BOOTSTRAP = """#!{python}
import http.client, os, time
api = os.environ["AWS_LAMBDA_RUNTIME_API"]
while True:
    connection = http.client.HTTPConnection(api)
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = connection.getresponse()
    event, request_id = answer.read(), answer.getheader("Lambda-Runtime-Aws-Request-Id")
    def pieces():
        for word in (b"one ", b"two ", b"three"):
            yield word
            time.sleep(0.3)
    headers = {{"Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": "text/plain"}}
    path = f"/2018-06-01/runtime/invocation/{{request_id}}/response"
    connection.request("POST", path, pieces(), headers, encode_chunked=True)
    connection.getresponse().read()
"""


class Taker:
    """Takes a response, and knows when each piece came."""

    def __init__(self) -> None:
        self.types: list[str] = []
        self.pieces: list[bytes] = []
        self.times: list[float] = []

    def begins(self, content_type: str) -> None:
        self.types.append(content_type)

    def chunk(self, data: bytes) -> None:
        self.pieces.append(data)
        self.times.append(time.monotonic())

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)


def built() -> list[str]:
    """Our client, and AWS's own where it was built (see tests/conformance)."""
    clients = [str(BOOTSTRAPS / "bootstrap.cjs")]
    for folder in filter(None, os.environ.get("LAMBDACLI_NODE_RIC", "").split(os.pathsep)):
        manifest = json.loads((Path(folder) / "package.json").read_text())
        if manifest["version"].startswith("3."):
            clients.append(f"{folder}/bin/index.mjs")
    return clients


@pytest.fixture(params=built(), ids=lambda client: Path(client).name)
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(client: str, handler: str, folder: Path, taker: Taker | None) -> Outcome:
    executable = shutil.which("node")
    assert executable is not None
    (folder / "app.js").write_text(NODE)
    function = Function("greet", f"app.{handler}", "nodejs20.x", folder, memory=512)
    where: dict[str, Any] = {"language": {}, "credentials": {}, "overrides": {}}
    variables = environment(
        function, region="us-east-1", task_root=str(folder), interpreter_folder=str(Path(executable).parent), **where
    )
    plan = Plan((executable, client, f"app.{handler}"), variables, str(folder), 512, 60.0, "nodejs:20")

    async def main() -> Outcome:
        running = ExecutionEnvironment(plan, bytearray().extend)
        try:
            await running.start()
            return await running.invoke(Invocation(b"{}", new_id(), ARN), taker)
        finally:
            await running.stop()

    try:
        return asyncio.run(main())
    finally:
        guard.close()


@node
@pytest.mark.toolchain
def test_pieces_come_as_the_handler_writes_them(client: str, tmp_path: Path) -> None:
    taker = Taker()
    outcome = run(client, "plain", tmp_path, taker)
    assert (outcome.status, outcome.payload, taker.types) == ("success", b"", ["text/plain"])
    assert taker.body == b"one two three"
    assert taker.times[-1] - taker.times[0] > SECONDS


@node
@pytest.mark.toolchain
def test_http_metadata_come_before_the_body(client: str, tmp_path: Path) -> None:
    taker = Taker()
    run(client, "http", tmp_path, taker)
    prelude, _, body = taker.body.partition(b"\0" * 8)
    assert taker.types == [HTTP]
    metadata = {"statusCode": 201, "headers": {"Content-Type": "text/html"}, "cookies": ["a=b"]}
    assert json.loads(prelude) == metadata
    assert body == b"<p>greet</p>"


@node
@pytest.mark.toolchain
@pytest.mark.parametrize(("handler", "error"), [("fails", "TypeError"), ("crashes", "Runtime.ExitError")])
def test_failures_in_the_middle(client: str, tmp_path: Path, handler: str, error: str) -> None:
    taker = Taker()
    outcome = run(client, handler, tmp_path, taker)
    assert (outcome.status, outcome.error_type, taker.body) == ("error", error, b"begun ")
    assert json.loads(outcome.payload)["errorType"] == error


@node
@pytest.mark.toolchain
def test_twenty_megabytes_byte_for_byte(client: str, tmp_path: Path) -> None:
    taker = Taker()
    outcome = run(client, "much", tmp_path, taker)
    assert outcome.status == "success"
    assert taker.body == b"".join(bytes([number]) * 100_000 for number in range(200))


@node
@pytest.mark.toolchain
def test_a_handler_that_does_not_stream_and_a_caller_who_does_not(client: str, tmp_path: Path) -> None:
    taker = Taker()
    assert run(client, "whole", tmp_path, taker).payload == b'"whole"'
    assert (taker.types, taker.body) == ([], b"")
    assert run(client, "plain", tmp_path, None).payload == b"one two three"


def project(folder: Path) -> Path:
    (folder / "own").mkdir()
    bootstrap = folder / "own/bootstrap"
    bootstrap.write_text(BOOTSTRAP.format(python=sys.executable))
    bootstrap.chmod(0o755)
    own = {"runtime": "provided.al2023", "handler": "x", "code": "own"}
    (folder / "lambdacli.yaml").write_text(json.dumps({"app": "a", "functions": {"own": own}}))
    return folder


def test_invoke_prints_what_a_custom_runtime_streams_as_it_comes(lambdacli: CommandLine, tmp_path: Path) -> None:
    command = lambdacli.argv("invoke", "own", "-e", "{}", "--timeout", "20")
    with subprocess.Popen(
        command, cwd=project(tmp_path), env=lambdacli.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        assert os.read(running.stdout.fileno(), 100) == b"one "
        begun = time.monotonic()
        assert running.stdout.read() == b"two three\n"
        assert time.monotonic() - begun > SECONDS
    assert running.returncode == 0


def test_invoke_as_json_collects_it(lambdacli: CommandLine, tmp_path: Path) -> None:
    done = lambdacli("invoke", "own", "-e", "{}", "--timeout", "20", "--json", cwd=project(tmp_path))
    assert json.loads(done.stdout)["payload"] == "one two three"


def test_invoke_ends_well_when_nobody_reads_on(lambdacli: CommandLine, tmp_path: Path) -> None:
    command = lambdacli.argv("invoke", "own", "-e", "{}", "--timeout", "20")
    with subprocess.Popen(
        command, cwd=project(tmp_path), env=lambdacli.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        os.read(running.stdout.fileno(), 100)
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == 0


@node
@pytest.mark.toolchain
def test_invoke_of_a_stream_that_fails_prints_what_came_and_says_why(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(NODE)
    fails = {"runtime": "nodejs20.x", "handler": "app.fails", "code": "app.js", "timeout": 10}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps({"app": "a", "functions": {"fails": fails}}))
    done = lambdacli("invoke", "-e", "{}", "--allow-version-mismatch")
    assert (done.returncode, done.stdout) == (1, "begun \n")
    assert "no more" in done.stderr
