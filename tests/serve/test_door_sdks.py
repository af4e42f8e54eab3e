"""The AWS CLI and the JavaScript SDK, as their users have them: nothing but an endpoint is told."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from doors import manifest, serving

if TYPE_CHECKING:
    from doors import Served

pytestmark = pytest.mark.toolchain

SOURCE = """
def tell(event, context):
    print("told")
    return {"event": event, "arn": context.invoked_function_arn}

def fail(event, context):
    raise ValueError("no such order")
"""
FUNCTIONS = {"tell": {"handler": "app.tell"}, "fail": {"handler": "app.fail"}}
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1",
    "PATH": os.environ["PATH"], "HOME": "/nonexistent",
}  # fmt: skip
SCRIPT = """
const {LambdaClient, InvokeCommand, InvokeWithResponseStreamCommand, ListFunctionsCommand} = require(process.argv[2]);
(async () => {
  const client = new LambdaClient({});
  const text = (bytes) => new TextDecoder().decode(bytes);
  const told = await client.send(new InvokeCommand({
    FunctionName: "arn:aws:lambda:eu-west-1:123456789012:function:tell:live", Payload: '{"n": 1}', LogType: "Tail"}));
  const failed = await client.send(new InvokeCommand({FunctionName: "fail"}));
  const event = await client.send(new InvokeCommand({FunctionName: "tell", InvocationType: "Event", Payload: "{}"}));
  const missing = await client.send(new InvokeCommand({FunctionName: "nobody"})).catch((error) => error.name);
  const stream = await client.send(new InvokeWithResponseStreamCommand({FunctionName: "tell", Payload: '{"n": 2}'}));
  const chunks = [];
  for await (const each of stream.EventStream) {
    if (each.PayloadChunk) chunks.push(text(each.PayloadChunk.Payload));
    else chunks.push("complete");
  }
  const {Functions} = await client.send(new ListFunctionsCommand({}));
  console.log(JSON.stringify({told: [told.StatusCode, told.ExecutedVersion, text(told.Payload), told.LogResult],
    failed: failed.FunctionError, event: event.StatusCode, missing, chunks,
    names: Functions.map(f => f.FunctionName)}));
})();
"""


def _sdk() -> str:
    """Where the JavaScript SDK is: LAMBDACLI_JS_SDK, or a folder of this machine's that npm can fill."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not on this machine")
    named = os.environ.get("LAMBDACLI_JS_SDK", "")
    if not named:
        pytest.skip("LAMBDACLI_JS_SDK names no folder in which `npm install @aws-sdk/client-lambda` was run")
    return str(Path(named) / "node_modules" / "@aws-sdk" / "client-lambda")


def _cli() -> str:
    named = os.environ.get("LAMBDACLI_AWS_CLI") or shutil.which("aws") or ""
    if not named or subprocess.run([named, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the AWS CLI is not on this machine; LAMBDACLI_AWS_CLI may name it")
    return named


async def _run(served: Served, command: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**SETTINGS, "AWS_ENDPOINT_URL": served.url},
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return out.decode()


def test_the_javascript_sdk(tmp_path: Path) -> None:
    sdk = _sdk()
    (tmp_path / "client.cjs").write_text(SCRIPT)

    async def main() -> None:
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS)) as served:
            found: dict[str, Any] = json.loads(await _run(served, ["node", str(tmp_path / "client.cjs"), sdk]))
            status, version, payload, log = found["told"]
            assert (status, version) == (200, "$LATEST")
            assert json.loads(payload) == {
                "event": {"n": 1}, "arn": "arn:aws:lambda:eu-west-1:123456789012:function:tell:live",
            }  # fmt: skip
            assert b"told\nEND RequestId: " in base64.b64decode(log)
            assert (found["failed"], found["event"]) == ("Unhandled", 202)
            assert found["missing"] == "ResourceNotFoundException"
            assert json.loads(found["chunks"][0])["event"] == {"n": 2}
            assert found["chunks"][-1] == "complete"
            assert found["names"] == ["fail", "tell"]

    asyncio.run(main())


def test_the_aws_cli(tmp_path: Path) -> None:
    cli = _cli()

    async def main() -> None:
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS)) as served:
            invoke = [cli, "lambda", "invoke", "--function-name", "tell", "--payload", '{"n": 1}', "--log-type", "Tail"]
            if (await _run(served, [cli, "--version"])).startswith("aws-cli/2"):
                invoke += ["--cli-binary-format", "raw-in-base64-out"]
            told = json.loads(await _run(served, [*invoke, str(tmp_path / "out")]))
            assert (told["StatusCode"], told["ExecutedVersion"]) == (200, "$LATEST")
            assert b"told\nEND RequestId: " in base64.b64decode(told["LogResult"])
            assert json.loads((tmp_path / "out").read_text())["event"] == {"n": 1}
            listed = json.loads(await _run(served, [cli, "lambda", "list-functions"]))
            assert [each["FunctionName"] for each in listed["Functions"]] == ["fail", "tell"]

    asyncio.run(main())
