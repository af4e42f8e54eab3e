"""Our Python client and AWS's own (awslambdaric), case by case: the same answers, errors and log lines.

On the interpreter that runs the tests, and on those that LAMBDACLI_PYTHON_RIC names, separated as in PATH.
"""

# ruff: noqa: E501 - a case reads best in one line
from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.runtimes import BOOTSTRAPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_spec = spec_from_file_location("recording", Path(__file__).with_name("recording.py"))
assert _spec is not None
recording = sys.modules.setdefault("recording", module_from_spec(_spec))
assert _spec.loader is not None
_spec.loader.exec_module(recording)
Event = recording.Event

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the official client runs on Linux alone")
INTERPRETERS = [
    pytest.param(
        sys.executable,
        id="own",
        marks=pytest.mark.skipif(not find_spec("awslambdaric"), reason="awslambdaric is not installed"),
    ),
    *(pytest.param(path, id=path) for path in os.environ.get("LAMBDACLI_PYTHON_RIC", "").split(os.pathsep) if path),
]


@dataclass(frozen=True)
class Case:
    """A handler, its events, and what of the official client's behaviour is left aside on purpose."""

    name: str
    source: str
    handler: str = "app.handler"
    events: Sequence[Any] = (Event(),)
    environment: Mapping[str, str] = field(default_factory=dict)
    runtime: str = "python3.11"
    files: Mapping[str, str] = field(default_factory=dict)
    skip_log: str = ""  # why the logs differ
    skip_message: str = ""  # why the error messages differ


def returns(expression: str, name: str = "", setup: str = "", **more: Any) -> Case:
    source = f"{setup}\ndef handler(event, context):\n    return {expression}\n"
    return Case(f"returns {name or expression}", source, **more)


def does(name: str, body: str, setup: str = "", **more: Any) -> Case:
    lines = "\n".join("    " + line for line in body.splitlines())
    return Case(name, f"{setup}\ndef handler(event, context):\n{lines}\n", **more)


DECIMALS = "from decimal import Decimal"
TUPLE = "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')"
LOGGING = "import logging\nlog = logging.getLogger('my.logger')"
JSON_LOGS = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
MOBILE = json.dumps(
    {
        "client": {"installation_id": "i", "app_title": "t", "app_version_name": "1", "app_package_name": "p"},
        "custom": {"k": "ä"},
        "env": {"locale": "de"},
        "w3c": {"traceparent": "00-1", "other": "x"},
    }
)
CONTEXT = """c = context
return [repr(c), c.function_name, c.function_version, c.invoked_function_arn, c.memory_limit_in_mb, c.aws_request_id,
    c.log_group_name, c.log_stream_name, repr(c.identity), repr(c.client_context), c.tenant_id, c.w3c(),
    0 < c.get_remaining_time_in_millis() <= 3000, sorted(n for n in vars(c) if not n.startswith('_'))]"""

CASES = [
    *(returns(v) for v in ("None", "0", "''", "False", "[]", "event", "'ä \\u2028 \\U0001f600'", "1.5e300", "10**30")),
    *(returns(v) for v in ("b'raw'", "{'a': b'raw'}", "b''", "{b'k': 1}", "{1: 2, None: 3, True: 4, 1.5: 5}", "(1, 2)")),
    *(returns(v) for v in ("float('nan')", "[float('inf'), -float('inf')]", "{float('nan'): 1}", "1e22", "-0.0")),
    *(returns(v) for v in ("{1, 2}", "object", "1j", "b'\\xff' if False else {'a': b'\\xff'}", "{(1, 2): 3}", "iter([])")),
    returns("'ä'", name="text on 3.12", runtime="python3.12"),
    returns("Point(1, Point(2, [3]))", setup=TUPLE),
    returns("{'p': [Point(1, 2)]}", setup=TUPLE),
    *(returns(f"[Decimal('{v}')]", setup=DECIMALS) for v in ("1.10", "NaN", "Infinity", "1E+3", "-0", "sNaN")),
    returns("{Decimal('1'): 1}", setup=DECIMALS),
    returns("K.A, V.B, S('s'), F(1.5), D(a=1), L([1])", name="subclasses", setup=(
        "import enum\nclass K(enum.IntEnum):\n    A = 3\nclass V(str, enum.Enum):\n    B = 'b'\n"
        "class S(str): pass\nclass F(float): pass\nclass D(dict): pass\nclass L(list): pass")),
    returns("E.A", name="a plain enum", setup="import enum\nclass E(enum.Enum):\n    A = 1"),
    returns("X()", name="anything with _asdict", setup="class X:\n    def _asdict(self): return {'a': 1}"),
    returns("X()", name="a wrong _asdict", setup="class X:\n    def _asdict(self): return [1]"),
    does("returns itself", "a = []\na.append(a)\nreturn a"),
    does("nests too deep", "a = []\nfor _ in range(100000): a = [a]\nreturn a", skip_message="each says where its own stack ended"),
    Case("async handler", "async def handler(event, context):\n    return 1\n", skip_log="the warning names the caller"),
    Case("generator", "def handler(event, context):\n    yield 1\n"),
    does("raises", "raise ValueError('bad ä\\n  two')"),
    does("raises without text", "raise KeyError"),
    does("raises in depth", "def g():\n    return 1 / 0\nreturn g()"),
    does("raises from", "try:\n    1 / 0\nexcept Exception as e:\n    raise OSError(2, 'x') from e"),
    does("raises its own class", "raise Mine('x')", setup="class Mine(Exception): pass"),
    does("raises a group", "raise ExceptionGroup('g', [ValueError(1)])"),
    does("keeps its process after errors", "global n\nn += 1\nif n == 1: raise OSError('x')\nreturn n", setup="n = 0",
         events=(Event(), Event(), Event())),
    Case("wrong number of parameters", "def handler(event): pass\n"),
    Case("handler that is no function", "handler = 3\n"),
    Case("callable object", "class H:\n    def __call__(self, e, c): return 'called'\nhandler = H()\n"),
    does("exits", "import sys\nsys.exit(3)"),
    does("exits with a text", "import sys\nsys.exit('bye')"),
    does("exits 0", "raise SystemExit"),
    does("ends at once", "import os\nos._exit(5)"),
    Case("no dot", "", handler="app"),
    Case("missing module", "", handler="nowhere.handler"),
    Case("missing package", "", handler="app.sub.handler"),
    Case("missing attribute", "x = 1\n", handler="app.handle"),
    Case("module that imports what is not there", "import does_not_exist\n"),
    Case("import of a missing name", "from os import nothing_like_it\n"),
    Case("syntax error", "def handler(:\n    pass\n"),
    Case("indentation error", "def handler(event, context):\nreturn 1\n"),
    Case("module raises", "def f():\n    raise RuntimeError('at import')\nf()\n"),
    Case("module exits", "import sys\nsys.exit(7)\n"),
    Case("built-in module", "", handler="sys.handler"),
    Case("module of the standard library", "", handler="json.handler"),
    Case("folder with slashes", "", handler="a/b.handler", files={"a/b.py": "def handler(e, c): return __name__\n"}),
    Case("package", "", handler="pack.handler", files={"pack/__init__.py": "def handler(e, c): return __name__\n"}),
    Case("module named as a module of ours", "", handler="client.handler",
         files={"client.py": "def handler(e, c): return 'mine'\n"}),
    does("context", CONTEXT),
    does("context of a mobile app", CONTEXT, events=(Event(headers={
        "Lambda-Runtime-Client-Context": MOBILE,
        "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"id","cognitoIdentityPoolId":"pool"}',
        "Lambda-Runtime-Aws-Tenant-Id": "tenant"}),)),
    does("client context that is no JSON", "return 1", events=(Event(headers={"Lambda-Runtime-Client-Context": "{"}),)),
    does("client context that is no object", "return 1", events=(Event(headers={"Lambda-Runtime-Client-Context": "[1]"}),)),
    does("trace id", "import os\nreturn os.environ.get('_X_AMZN_TRACE_ID')",
         events=(Event(), Event(headers={"Lambda-Runtime-Trace-Id": ""}))),
    does("event that is no JSON", "return event", events=(Event(b"{"), Event(b""), Event(b"NaN"), Event(b"[1] x")),
         skip_message="another JSON parser words it"),
    does("unusual events", "return event", events=tuple(map(Event, (
        b' {"a" : [1, 2.50, null]} ', b'"\xc3\xa4"', b"0", b'{"a":1,"a":2}', b'"\\ud83d\\ude00"', b"1e400", b"-0")))),
    does("event that is no text", "return str(event)", events=(Event(b"x", {"Content-Type": "text/plain"}),)),
    does("prints", "import sys\nprint('a', 'b')\nprint('c', end='')\nsys.stderr.write('err\\n')\nsys.stdout.writelines(['d\\n'])"),
    does("context.log", "context.log('one')\ncontext.log({'a': 1})"),
    does("logging", "log.debug('d')\nlog.info('i')\nlog.warning('w %s', 1)\nlog.error('e\\nsecond')", setup=LOGGING),
    does("logging found before it is imported", "import logging\nlogging.warning('w')", setup="import importlib.util\nimportlib.util.find_spec('logging')"),
    does("logging of a part", "logging.config.dictConfig({'version': 1})\nlogging.warning('w')", setup="import logging.config"),
    does("basicConfig changes nothing", "logging.basicConfig(level='DEBUG', format='x %(message)s')\nlogging.info('i')\nlogging.warning('w')", setup="import logging"),
    Case("handler in bootstrap.py", "", handler="bootstrap.handler", files={"bootstrap.py": "def handler(e, c): return 1\n"}),
    does("logging at import", "return 1", setup=LOGGING + "\nlog.warning('early')"),
    does("logging an exception", "try:\n    1 / 0\nexcept Exception:\n    log.exception('oh')", setup=LOGGING),
    does("logging at INFO", "logging.getLogger().setLevel('INFO')\nlog.info('i')", setup=LOGGING),
    does("logging with a level", "log.debug('d')\nlog.info('i')", setup=LOGGING,
         environment={"AWS_LAMBDA_LOG_LEVEL": "INFO"}),
    does("logging with a level that is none", "log.warning('w')", setup=LOGGING,
         environment={"AWS_LAMBDA_LOG_LEVEL": "LOUD"}),
    does("logging TRACE", "log.debug('d')", setup=LOGGING, environment={"AWS_LAMBDA_LOG_LEVEL": "TRACE"}),
    does("JSON logs", "log.debug('d')\nlog.info('i ä', extra={'k': object, 'n': 1})\nlog.warning({'a': 1})\n"
         "try:\n    1 / 0\nexcept Exception:\n    log.exception('oh')\nlog.log(25, 'between')",
         setup=LOGGING, environment=JSON_LOGS),
    does("JSON logs with a tenant", "log.info('i')", setup=LOGGING, environment=JSON_LOGS,
         events=(Event(headers={"Lambda-Runtime-Aws-Tenant-Id": "t"}),)),
    does("JSON log of an error", "raise ValueError('bad')", environment=JSON_LOGS),
    does("first of sys.path", "import sys\nreturn sys.path[0] == __file__.rsplit('/', 1)[0]"),
    does("root handlers", "import logging\nh = logging.getLogger().handlers\nreturn len(h), logging.getLogger().level"),
]  # fmt: skip


def environment(case: Case, folder: Path) -> dict[str, str]:
    return {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{case.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0",
        "LAMBDA_TASK_ROOT": str(folder),
        "_HANDLER": case.handler,
        "PATH": "/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **case.environment,
    }


def seen(case: Case, argv: Sequence[str], folder: Path) -> dict[str, Any]:
    """What a client did, without times, places and the version of the client itself."""
    run = recording.run(argv, environment(case, folder), folder, case.events)
    # the official client gives an error of the initialisation no type
    posts = [(p.path, "init" in p.path or p.headers.get("content-type"), _body(p.body, case)) for p in run.posts]
    return {"posts": posts, "log": "" if case.skip_log or case.skip_message else _log(run.log), "status": run.status}


def _body(body: bytes, case: Case) -> Any:
    try:
        error = json.loads(body)
    except ValueError:
        return body
    if not isinstance(error, dict) or "errorType" not in error:
        return body
    if case.skip_message:
        error["errorMessage"] = error["errorMessage"][:26]
    error["stackTrace"] = [_place(line) for line in error["stackTrace"]]
    return error


def _place(line: str) -> str:
    """A frame of either client is <client>."""
    pattern = r'File "[^"]*(?:awslambdaric|lambdacli_bootstrap)[^"]*", line \d+, in \w+\n.*'
    return re.sub(pattern, "<client>", line, flags=re.DOTALL)


def _log(text: str) -> str:
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", text)
    # advice on updates of AWS's managed runtimes, which ours does not give
    text = re.sub(r"\[WARNING\]\t<time>\t\tLAMBDA_WARNING: .*?\r\n", "", text)
    text = re.sub(r'\{[^\n]*"LAMBDA_WARNING: [^\n]*\n', "", text)
    client = '[\xa0 ]*File "[^"]*(?:awslambdaric|lambdacli_bootstrap)[^"\r\n]*"[^\r\n]*\r[^\r\n]*'
    return re.sub(client, "<client>", text)


def ours(interpreter: str, folder: Path) -> list[str]:
    return [interpreter, "-B", "-s", str(BOOTSTRAPS / "bootstrap.py"), str(folder.parent / "bytecode")]


def written(case: Case, folder: Path) -> Path:
    folder.mkdir()
    for name, source in {"app.py": case.source, **case.files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    return folder


@pytest.mark.parametrize("interpreter", INTERPRETERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_answers_as_the_official_client_does(case: Case, interpreter: str, tmp_path: Path) -> None:
    folder = written(case, tmp_path / "task")
    theirs = seen(case, [interpreter, "-B", "-m", "awslambdaric", case.handler], folder)
    assert seen(case, ours(interpreter, folder), folder) == theirs
