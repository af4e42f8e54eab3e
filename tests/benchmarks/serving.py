"""`lambdacli serve` beside its peers: warm invocations through the Invoke API and through HTTP, start, idle memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from cold import PYTHON, awslambdaric
from harness import FLOORS, Budget, WrongOutputError, in_turns, lambdacli, say, show_budgets, table
from servers import Server, can_load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Setting

_CLIENTS = (1, 8, 32)
_INVOKE = "/2015-03-31/functions/{}/invocations"
OURS, OURS_HTTP = "lambdacli serve, Invoke API", "lambdacli serve, HTTP API"
RIE, CARGO, MINISTACK = "RIE + awslambdaric", "cargo-lambda watch, 2 workers", "ministack's own Lambda"
OFFLINE, OFFLINE_HTTP = "serverless-offline, Lambda endpoint", "serverless-offline, HTTP"
AWS_LAMBDA, CHALICE = "serverless-aws-lambda", "chalice local, HTTP"
_MANIFEST = """\
app: bench
functions:
  hello: {{runtime: {runtime}, interpreter: {path}, handler: app.handler, triggers: [http: GET /hello]}}
"""


def serve(setting: Setting) -> dict[str, Any]:
    """All servers, started in turns, then loaded in turns."""
    if not can_load():
        return {}
    servers = _starting(setting, list(_servers(setting)))
    seconds, rounds = (1, 2) if setting.quick else (2, max(4, setting.rounds // 2))
    with ExitStack() as stack:
        for each in servers:
            stack.enter_context(each)
        for clients in _CLIENTS:
            able = [each for each in servers if each.clients >= clients]
            in_turns(rounds, able, lambda each, clients=clients: each.load(clients, seconds, setting.work))
    _show(servers)
    return {each.name: {"first ms": each.first, "MB": each.idle, **_plain(each)} for each in servers}


def _plain(server: Server) -> dict[str, Any]:
    return {str(clients): [vars(each) for each in slices] for clients, slices in server.slices.items()}


def _starting(setting: Setting, servers: list[Server]) -> list[Server]:
    """Those that work; each started and ended a few times."""
    working = [each for each in servers if _works(each)]

    def once(server: Server) -> None:
        with server:
            pass

    in_turns(2 if setting.quick else 4, working, once)
    return working


def _works(server: Server) -> bool:
    try:
        with server:
            return True
    except (OSError, WrongOutputError) as error:
        if not server.peer:
            raise
        say(f"skipped: {error}")
        return False


def _servers(setting: Setting) -> Iterator[Server]:
    folder = setting.project("serve", _MANIFEST.format(runtime=PYTHON, path=sys.executable))
    ours = [*lambdacli(), "serve", "--sources", "none", "--no-reload", "--port", "{port}"]
    cache = {"LAMBDACLI_CACHE_DIR": os.environ["LAMBDACLI_CACHE_DIR"]}
    yield Server(OURS, ours, folder, _INVOKE.format("hello"), env=cache, peer=False)
    yield Server(OURS_HTTP, ours, folder, "/hello", "GET", env=cache, peer=False)
    yield from _emulators(setting, folder)
    yield from _frameworks(setting)


def _emulators(setting: Setting, folder: Path) -> Iterator[Server]:
    ric, rie = awslambdaric(setting), setting.peer("bin/aws-lambda-rie")
    if ric and rie:
        flags = ["--log-level", "error", "--runtime-interface-emulator-address", "127.0.0.1:{port}"]
        argv = [rie, *flags, "--runtime-api-address", "127.0.0.1:{port2}", ric, "-m", "awslambdaric", "app.handler"]
        yield Server(RIE, argv, folder, _INVOKE.format("function"), clients=1)
    cargo, shim = setting.peer("venv/cargolambda/bin/cargo-lambda"), setting.peer("run/cargo/target")
    if cargo and shim:
        env = {
            "SHIM_PYTHON": sys.executable,
            "SHIM_CLIENT": str(FLOORS / "prefixed_client.py"),
            "SHIM_HANDLER": "app.handler",
        }
        env |= {"SHIM_CWD": str(folder), "LAMBDA_TASK_ROOT": str(folder)}
        flags = ["--ignore-changes", "--invoke-address", "127.0.0.1", "-P", "{port}", "--concurrency", "2"]
        yield Server(CARGO, [cargo, "lambda", "watch", *flags], shim.parent, _INVOKE.format("bench"), env=env)
    ministack = setting.peer("venv/ministack/bin/ministack")
    if ministack:
        env = {"GATEWAY_PORT": "{port}", "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
        env["HOME"] = str(setting.work)
        yield Server(
            MINISTACK,
            [ministack],
            setting.work,
            _INVOKE.format("hello"),
            env=env,
            prepare=lambda port: _create(port, folder),
        )


def _create(port: int, folder: Path) -> None:
    """The function on an endpoint that speaks Lambda's API."""
    program = (
        "import boto3, io, sys, zipfile\n"
        "url, folder = sys.argv[1:]\n"
        "file = io.BytesIO()\n"
        "with zipfile.ZipFile(file, 'w') as archive: archive.write(folder + '/app.py', 'app.py')\n"
        "client = boto3.client('lambda', endpoint_url=url, region_name='us-east-1', aws_access_key_id='test',"
        " aws_secret_access_key='test')\n"
        f"client.create_function(FunctionName='hello', Runtime='{PYTHON}', Handler='app.handler',"
        " Role='arn:aws:iam::000000000000:role/r', Code={'ZipFile': file.getvalue()})\n"
    )
    subprocess.run([sys.executable, "-c", program, f"http://127.0.0.1:{port}", str(folder)], check=True)


def _frameworks(setting: Setting) -> Iterator[Server]:
    sls, slsaws = (setting.peer("node", each, "node_modules/.bin/serverless") for each in ("sls3", "slsaws"))
    path = {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}  # noqa: PTH120 - a string in, a string out
    if sls and setting.peers:
        run = setting.peers / "run/sls3"
        hello = _INVOKE.format("bench-dev-pyhello")
        lambdas = [sls, "offline", "--httpPort", "{port2}", "--lambdaPort", "{port}", "--websocketPort", "0"]
        https = [sls, "offline", "--noPrependStageInUrl", "--httpPort", "{port}", "--lambdaPort", "{port2}"]
        yield Server(OFFLINE, lambdas, run, hello, expect="Hello", env=path)
        yield Server(OFFLINE_HTTP, [*https, "--websocketPort", "0"], run, "/pyhello", "GET", "Hello", env=path)
    if slsaws and setting.peers:
        env = {**path, "SLSAWS_PORT": "{port}"}
        yield Server(AWS_LAMBDA, [slsaws, "aws-lambda"], setting.peers / "run/slsaws", _INVOKE.format("pyhello"),
                     expect="Hello", env=env)  # fmt: skip
    chalice = setting.peer("venv/chalice/bin/chalice")
    if chalice and setting.peers:
        argv = [chalice, "local", "--no-autoreload", "--port", "{port}"]
        yield Server(CHALICE, argv, setting.peers / "functions/chalice", "/", "GET", "Hello", clients=8)


def _show(servers: list[Server]) -> None:
    say("\n## Warm invocations through a server, trivial Python handler\n")
    head = ["server", "first answer ms", "idle MB"]
    head += [f"{what} at {clients}" for clients in _CLIENTS for what in ("/s", "p50 ms", "p99 ms")]
    rows = []
    for each in servers:
        row = [each.name, f"{sorted(each.first)[len(each.first) // 2]:.0f}", f"{each.idle[-1]:.0f}"]
        for clients in _CLIENTS:
            if clients not in each.slices:
                row += ["-"] * 3
                continue
            row.append(f"{each.median(clients, 'per_second'):,.0f}")
            row += [f"{each.median(clients, figure):.2f}" for figure in ("p50", "p99")]
        rows.append(tuple(row))
    table(tuple(head), rows)
    if errors := {each.name: sum(one.errors for all_of in each.slices.values() for one in all_of) for each in servers}:
        say(f"\nanswers that were none: {json.dumps({name: count for name, count in errors.items() if count})}")
    show_budgets(_budgets({each.name: each for each in servers}))


def _budgets(found: dict[str, Server]) -> Iterator[Budget]:
    def ratio(one: str, others: tuple[str, ...], clients: int) -> float | None:
        there = [found[each] for each in others if each in found and clients in found[each].slices]
        if not there:
            return None
        best = max(each.median(clients, "per_second") for each in there)
        return found[one].median(clients, "per_second") / best

    yield Budget("1 client: lambdacli / RIE", ratio(OURS, (RIE,), 1), 2.5, at_most=False)
    yield Budget("1 client: lambdacli / cargo-lambda", ratio(OURS, (CARGO,), 1), 1.2, at_most=False)
    for clients in (8, 32):
        peers = (CARGO, AWS_LAMBDA, OFFLINE, MINISTACK)
        yield Budget(f"{clients} clients: lambdacli / best peer", ratio(OURS, peers, clients), 1.4, at_most=False)
    for clients in _CLIENTS:
        yield Budget(
            f"HTTP, {clients} clients: lambdacli / serverless-offline",
            ratio(OURS_HTTP, (OFFLINE_HTTP,), clients),
            1.5,
            at_most=False,
        )
    ours = found[OURS]
    yield Budget("start to first answer", sorted(ours.first)[len(ours.first) // 2], 250, "ms")
    yield Budget("memory with one environment", ours.idle[-1], 60 + 20, "MB")
