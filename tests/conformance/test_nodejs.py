# ruff: noqa: E501 - a case reads best in one line
"""Our Node.js client and AWS's own (npm: aws-lambda-ric 3 for Node.js up to 22, 4 from 24), case by case.

The official client compiles for a minute, so it is built elsewhere: LAMBDACLI_NODE_RIC names folders of built packages,
separated as in PATH.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli import runtimes
from lambdacli.errors import MachineError
from lambdacli.model import Function

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

if "recording" not in sys.modules:
    _spec = spec_from_file_location("recording", Path(__file__).with_name("recording.py"))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules["recording"] = module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules["recording"])
recording = sys.modules["recording"]
Event = recording.Event

pytestmark = [
    pytest.mark.toolchain,
    pytest.mark.skipif(os.name != "posix", reason="the official client runs on Linux alone"),
]


@dataclass(frozen=True)
class Case:
    """Handlers by file, the one to call, its events, and what is left aside on purpose."""

    name: str
    source: str = ""
    handler: str = "index.handler"
    events: Sequence[Any] = (Event(),)
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    skip_log: str = ""  # why the logs differ
    skip_trace: str = ""  # why the stack traces differ
    skip_status: str = ""  # why the exit status differs
    only: str = ""  # classic or modern: why is said by the name


def cjs(name: str, body: str, **more: Any) -> Case:
    return Case(name, f"exports.handler = {body};\n", **more)


def streams(name: str, body: str, **more: Any) -> Case:
    return cjs(
        f"streams {name}", f"awslambda.streamifyResponse(async (event, stream, context) => {{ {body} }})", **more
    )


THROWS = "the runtime prints the error once more"
JSON_LOGS = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
MOBILE = {
    "Lambda-Runtime-Client-Context": '{"client":{"app_title":"t"},"custom":{"k":"v"}}',
    "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"id"}',
    "Lambda-Runtime-Aws-Tenant-Id": "tenant",
}
CONTEXT = "(e, c) => ({ c, keys: Object.keys(c), left: c.getRemainingTimeInMillis() > 0, trace: process.env._X_AMZN_TRACE_ID })"

CASES = [
    *(cjs(f"returns {v}", f"async () => ({v})") for v in ("undefined", "null", "0", "''", "false", "[]", "'ä\\u2028😀'", "NaN", "new Date(0)", "{ a: undefined, b() {} }", "Buffer.from('x')", "new Map([[1, 2]])")),
    cjs("event", "async (e) => e", events=(Event(b'{"a":[1,2.50,null]}'), Event('"ä"'.encode()), Event(b"0"))),
    cjs("returns a circle", "async () => { const a = {}; a.a = a; return a; }"),
    cjs("returns a BigInt", "async () => 1n"),
    cjs("returns at once", "() => 3"),
    cjs("returns a thenable", "() => ({ then(done) { done(5); } })"),
    cjs("throws", "async () => { throw new TypeError('bad ä\\n  two'); }"),
    cjs("throws at once", "() => { throw new RangeError('x'); }"),
    cjs("throws its own class", "async () => { class Mine extends Error { constructor(m) { super(m); this.name = 'Mine'; this.code = 7; this.extra = { a: 1 }; } } throw new Mine('m'); }"),
    *(cjs(f"throws {v}", f"async () => {{ throw {v}; }}", skip_trace="its stack is the client's own") for v in ("'text'", "5", "{ a: 1 }", "{ name: 'N', message: 'm', stack: 's' }")),
    cjs("throws null", "async () => { throw null; }", skip_log="the client's own words differ"),
    cjs("throws with a cause", "async () => { throw new Error('outer', { cause: new Error('inner') }); }"),
    cjs("throws an error without stack", "async () => { const e = new Error('x'); e.stack = undefined; throw e; }", only="modern"),
    cjs("keeps its process", "async () => { globalThis.n = (globalThis.n || 0) + 1; if (n === 1) throw new Error('x'); return n; }", events=(Event(), Event(), Event())),
    cjs("context", CONTEXT.replace("(e", "async (e")),
    cjs("context of a mobile app", CONTEXT.replace("(e", "async (e"), events=(Event(headers=MOBILE),)),
    cjs("no trace id", "async () => process.env._X_AMZN_TRACE_ID", events=(Event(), Event(headers={"Lambda-Runtime-Trace-Id": ""}))),
    cjs("logs", "async () => { console.log('a %s', 'b', { c: 1 }); console.info('i'); console.warn('w'); console.error('e\\nsecond'); console.debug('d'); console.trace('t'); console.fatal?.('f'); console.log(); console.log(undefined, null); process.stdout.write('plain\\n'); }"),
    Case("logs at load", "console.log('early');\nexports.handler = async () => 1;\n"),
    cjs("logs with a level", "async () => { console.info('i'); console.warn('w'); console.fatal('f'); }", environment={"AWS_LAMBDA_LOG_LEVEL": "WARN"}),
    cjs("JSON logs", "async () => { console.log('a %s', 'b'); console.info({ a: 1 }); console.warn('w', new TypeError('x')); console.error(new Error('y')); console.trace('t'); const c = {}; c.c = c; console.log(c); console.log(1n); }", environment=JSON_LOGS, skip_trace="frames"),
    cjs("JSON logs of a tenant", "async () => { console.log('a'); }", environment=JSON_LOGS, events=(Event(headers=MOBILE),), only="classic"),
    cjs("JSON log of an error", "async () => { throw new TypeError('x'); }", environment=JSON_LOGS),
    cjs("ends its process", "async () => process.exit(3)"),
    cjs("timer left behind", "async () => { setTimeout(() => console.log('later'), 5000); return 1; }", events=(Event(), Event())),
    # files and names
    Case("missing file", handler="nowhere.handler"),
    Case("missing export", "exports.handle = 1;"),
    Case("export that is no function", "exports.handler = 3;"),
    Case("no dot", handler="index"),
    Case("goes up", handler="../index.handler"),
    Case("module that requires what is not there", "require('does-not-exist');"),
    Case("syntax error", "exports.handler = (;", skip_trace="ours says where"),
    Case("module throws", "function f() { throw new RangeError('at load'); }\nf();"),
    Case("module throws a text", "throw 'text';", skip_trace="its stack is the client's own", skip_log=THROWS),
    Case("nested export", "exports.a = { b: { c: async () => 'nested' } };", handler="index.a.b.c"),
    Case("folders", files={"a/b.js": "exports.handler = async () => 'folder';"}, handler="a/b.handler"),
    Case("ES module", files={"m.mjs": "export const handler = async () => import.meta.url.slice(0, 8);"}, handler="m.handler"),
    Case("ES module by package.json", "export const handler = async () => typeof require;", files={"package.json": '{"type":"module"}'}),
    Case("ES module with await", files={"m.mjs": "const v = await Promise.resolve(4);\nexport const handler = async () => v;"}, handler="m.handler"),
    Case("ES module that throws", files={"m.mjs": "throw new TypeError('esm');"}, handler="m.handler"),
    Case("ES module with a syntax error", files={"m.mjs": "export const = 1;"}, handler="m.handler", skip_trace="ours says where"),
    Case("CommonJS by its ending", files={"c.cjs": "exports.handler = async () => 'cjs';"}, handler="c.handler"),
    Case("js before mjs", "exports.handler = async () => 'js';", files={"index.mjs": "export const handler = async () => 'mjs';"}),
    Case("without ending", files={"index": "exports.handler = async () => 'bare';", "index.js": ""}),
    Case("package in node_modules", files={"node_modules/dep/index.js": "exports.handler = async () => 'dep';"}, handler="dep.handler"),
    # streams
    streams("text", "stream.setContentType('text/plain'); stream.write('a'); stream.write(Buffer.from('bcd')); stream.end();"),
    streams("objects", "stream.write({ a: 1 }); stream.end('x');"),
    streams("HTTP", "stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } }); stream.write('body'); stream.end();"),
    streams("HTTP with an end alone", "stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); stream.end('body');"),
    streams("HTTP without a body", "stream = awslambda.HttpResponseStream.from(stream, { statusCode: 204 }); stream.write(''); stream.end();"),
    streams("after a while", "for (const part of ['a', 'b']) { await new Promise((r) => setTimeout(r, 20)); stream.write(part); } stream.end();"),
    streams("and fails after its end", "stream.end('a'); throw new TypeError('late');"),
    streams("a pipeline", "const { pipeline } = require('stream/promises'); const { Readable } = require('stream'); await pipeline(Readable.from(['a', 'b', 'c']), stream);"),
    streams("much", "for (let i = 0; i < 100; i++) if (!stream.write('x'.repeat(10000))) await new Promise((r) => stream.once('drain', r)); stream.end();"),
    streams("nothing", "stream.end();"),
    streams("and fails at once", "throw new TypeError('first');"),
    streams("and fails midway", "stream.write('a'); throw new TypeError('mid');"),
    streams("and returns a value", "stream.end('a'); return 5;"),
    streams("twice", "stream.end(event.toString());", events=(Event(b"1"), Event(b"2"))),
    streams("and changes its type too late", "stream.write('a'); stream.setContentType('x'); ", skip_trace="its frames are the client's own"),
    cjs("streams without promise", "awslambda.streamifyResponse((e, stream) => { stream.end('a'); })", skip_log="the client's own words differ", skip_trace="the client's own"),
    # up to 22
    *(Case(c.name, c.source, c.handler, c.events, c.files, c.environment, c.skip_log, c.skip_trace, c.skip_status, "classic") for c in (
        cjs("callback", "(e, c, done) => done(null, { a: 1 })"),
        cjs("callback with an error", "(e, c, done) => done(new TypeError('x'))"),
        cjs("callback with a text", "(e, c, done) => done('text')", skip_trace="its stack is the client's own"),
        cjs("late callback", "(e, c, done) => { setTimeout(() => done(null, 'late'), 20); }"),
        cjs("callback waits for the event loop", "(e, c, done) => { setTimeout(() => console.log('before'), 30); done(null, 1); }"),
        cjs("callback that does not wait", "(e, c, done) => { c.callbackWaitsForEmptyEventLoop = false; setTimeout(() => console.log('after'), 3000); done(null, 1); }", events=(Event(), Event())),
        cjs("callback twice", "(e, c, done) => { done(null, 1); done(null, 2); }"),
        cjs("callback never called", "(e, c, done) => { setTimeout(() => {}, 10); }"),
        cjs("succeed", "(e, c) => c.succeed('s')"),
        cjs("fail", "(e, c) => c.fail(new Error('f'))"),
        cjs("fail with nothing", "(e, c) => c.fail()", skip_trace="its stack is the client's own"),
        cjs("done", "(e, c) => { c.done(null, 'd'); c.succeed('again'); }"),
        cjs("never settles", "() => new Promise(() => {})"),
        cjs("rejection unhandled", "async () => { Promise.reject(new TypeError('lost')); await new Promise((r) => setTimeout(r, 100)); }", skip_trace="its stack is the client's own"),
        cjs("exception uncaught", "async () => { setTimeout(() => { throw new TypeError('lost'); }, 1); await new Promise((r) => setTimeout(r, 100)); }"),
        Case("exception uncaught at load", "setImmediate(() => { throw new TypeError('lost'); }); exports.handler = async () => new Promise((r) => setTimeout(r, 100));"),
    )),
    # from 24
    *(Case(c.name, c.source, c.handler, c.events, c.files, c.environment, c.skip_log, c.skip_trace, c.skip_status, "modern") for c in (
        cjs("callback refused", "(e, c, done) => done(null, 1)", skip_log=THROWS),
        cjs("rejection unhandled", "async () => { Promise.reject(new TypeError('lost')); await new Promise((r) => setTimeout(r, 100)); }", skip_log="frames"),
        cjs("invoke store", "async () => [awslambda.InvokeStore.getRequestId(), awslambda.InvokeStore.getXRayTraceId(), awslambda.InvokeStore.hasContext()]"),
    )),
]  # fmt: skip

_AT_LOAD = {"missing file", "missing export", "export that is no function", "no dot", "goes up", "syntax error", "module throws",
            "module that requires what is not there", "ES module that throws", "ES module with a syntax error"}  # fmt: skip


def official_clients() -> dict[str, Path]:
    """The built packages by kind."""
    found = {}
    for folder in filter(None, os.environ.get("LAMBDACLI_NODE_RIC", "").split(os.pathsep)):
        major = json.loads((Path(folder) / "package.json").read_text())["version"].split(".")[0]
        found["classic" if int(major) < 4 else "modern"] = Path(folder)
    return found


def node(major: int, folder: Path) -> str:
    function = Function(name="f", handler="a.b", runtime=f"nodejs{major}.x", code=folder)
    try:
        return runtimes.of(function.runtime).find(function.runtime, function, folder, False).path  # noqa: FBT003 - its contract
    except MachineError as error:
        pytest.skip(error.message)


def environment(case: Case, folder: Path, major: int) -> dict[str, str]:
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_nodejs{major}.x",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        "LAMBDA_TASK_ROOT": str(folder),
        "_HANDLER": case.handler,
        "PATH": "/usr/bin:/bin",
        "TZ": ":UTC",
        **case.environment,
    }


def seen(case: Case, argv: Sequence[str], folder: Path, major: int) -> dict[str, Any]:
    """What a client did, without times, places and frames of the client itself."""
    run = recording.run(argv, environment(case, folder, major), folder, case.events)
    posts = [
        (p.path, p.headers.get("lambda-runtime-function-response-mode"), "streaming" in p.headers.values() and p.headers["content-type"],
         _error(p.body, case), {k: _trailer(k, v, case) for k, v in p.trailers.items()})
        for p in run.posts
    ]  # fmt: skip
    return {"posts": posts, "log": "" if case.skip_log else _log(run.log, case), "status": run.status}


def _error(body: bytes, case: Case) -> Any:
    try:
        error = json.loads(body)
    except ValueError:
        return body
    if not isinstance(error, dict) or "errorType" not in error:
        return body
    trace = error.pop("trace", None)
    error["errorMessage"] = _plain(error["errorMessage"])
    error["trace"] = None if case.skip_trace else _frames(trace)
    return error


def _trailer(name: str, value: str, case: Case) -> Any:
    return _error(base64.b64decode(value), case) if name.endswith("body") else value


def _frames(trace: Sequence[str] | None) -> list[str] | None:
    """The user's frames: those of the client, and of Node.js below it, are each client's own."""
    return trace and [
        line for line in _plain("\n".join(trace)).split("\n") if not line.startswith("    at ") or "/task/" in line
    ]


def _plain(text: str) -> str:
    text = re.sub(r"\n- [^\n]*(?:ric|bootstraps)[^\n]*", "\n- <client>", text)
    return re.sub(r" at (?:async )?\w+\.(\w+ [(\[])", r" at \1", text)


def _log(text: str, case: Case) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "<time>", text)
    text = re.sub(r"^Executing '.*\n", "", text)
    text = re.sub(r'(?:\\n- [^\\"]*(?:ric|bootstraps)[^\\"]*)+', r"\\n- <client>", text)
    text = re.sub(r'(?:\\n    at [^\\"]*(?:ric|bootstraps|node:)[^\\"]*)+', "", text)
    if case.skip_trace:
        return re.sub(r'"stack(?:Trace)?":\[.*?\](?=[},])', "<stack>", text)
    return re.sub(r'"(stack(?:Trace)?)":(\[.*?\])(?=[},])', lambda m: f"{m[1]}:{_frames(json.loads(m[2]))}", text)


def written(case: Case, folder: Path) -> Path:
    folder.mkdir()
    files = {**({"index.js": case.source} if case.source else {}), **case.files}
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    return folder


def ours(path: str) -> list[str]:
    return [path, str(runtimes.BOOTSTRAPS / "bootstrap.cjs")]


CLIENTS = official_clients()
RUNS = [
    pytest.param(case, kind, major, id=f"{case.name} on {major}")
    for kind, major in (("classic", 20), ("classic", 22), ("modern", 24))
    for case in CASES
    if kind in CLIENTS and case.only in ("", kind)
]
NOT_BUILT = pytest.param(
    CASES[0], "", 0, marks=pytest.mark.skip("LAMBDACLI_NODE_RIC names no built aws-lambda-ric"), id="not built"
)


@pytest.mark.parametrize(("case", "kind", "major"), RUNS or [NOT_BUILT])
def test_answers_as_the_official_client_does(case: Case, kind: str, major: int, tmp_path: Path) -> None:
    client = CLIENTS[kind]
    folder = written(case, tmp_path / "task")
    path = node(major, tmp_path)
    start = [str(client / "bin/index.mjs"), case.handler] if kind == "classic" else [str(client / "index.mjs")]
    theirs = seen(case, [path, *start], folder, major)
    mine = seen(case, ours(path), folder, major)
    if kind == "modern" and case.name in _AT_LOAD:
        theirs["log"] = theirs["log"].split("\n")[0] + "\n"  # then Node.js prints the error once more
        mine["log"] = mine["log"].split("\n")[0] + "\n"
    assert mine == theirs
