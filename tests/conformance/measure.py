"""Measures runtime clients side by side: start to first answer, and the whole cycle of a warm invocation.

Run by hand: `python tests/conformance/measure.py [ROUNDS]`; the official clients are taken from LAMBDACLI_NODE_RIC and
from the interpreter that runs this, where they are there. Times are medians of interleaved rounds.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli import runtimes
from lambdacli.errors import MachineError
from lambdacli.model import Function

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WARM = 3000
EVENT = b'{"a": 1}'
ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
NEXT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c0000\r\n"
    b"Lambda-Runtime-Deadline-Ms: 9999999999999\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1\r\nContent-Length: %d\r\n\r\n%s" % (len(EVENT), EVENT)
)


def measure(argv: Sequence[str], environment: Mapping[str, str], count: int) -> tuple[float, float]:
    """Seconds from the start to the first answer, and for each later one, on a server that does next to nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    started = time.perf_counter()
    process = subprocess.Popen(
        list(argv),
        env={**environment, "AWS_LAMBDA_RUNTIME_API": address},
        cwd=environment["LAMBDA_TASK_ROOT"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    connection, _ = listener.accept()
    connection.settimeout(20)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        answers = _answers(connection)
        next(answers)
        first = time.perf_counter()
        for _ in range(count - 1):
            next(answers)
        return first - started, (time.perf_counter() - first) / max(count - 1, 1)
    finally:
        process.kill()
        process.wait()
        connection.close()
        listener.close()


def _answers(connection: socket.socket) -> Iterator[None]:
    data = b""
    while True:
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += connection.recv(65536)
        head, data = data[:end].lower(), data[end + 4 :]
        if head.startswith(b"get"):
            connection.sendall(NEXT)
            continue
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        while len(data) < length:
            data += connection.recv(65536)
        data = data[length:]
        connection.sendall(ACCEPTED)
        yield


def clients(folder: Path) -> Iterator[tuple[str, Sequence[str], Mapping[str, str]]]:
    """Every client on this machine: a name, how it is started, its environment."""
    (folder / "app.py").write_text("def handler(event, context):\n    return event\n")
    (folder / "index.js").write_text("exports.handler = async (event) => event;\n")
    rics = {}
    for package in filter(None, os.environ.get("LAMBDACLI_NODE_RIC", "").split(os.pathsep)):
        major = int(json.loads((Path(package) / "package.json").read_text())["version"].split(".")[0])
        rics["nodejs20.x" if major < 4 else "nodejs24.x"] = Path(package) / (
            "bin/index.mjs" if major < 4 else "index.mjs"
        )
    own = f"python3.{sys.version_info[1]}"
    for identifier in (*runtimes.load("python").identifiers, *runtimes.load("nodejs").identifiers):
        handler = "app.handler" if identifier.startswith("python") else "index.handler"
        function = Function(
            name="f",
            handler=handler,
            runtime=identifier,
            code=folder,
            interpreter=sys.executable if identifier == own else "",
        )
        runtime = runtimes.of(identifier)
        try:
            found = runtime.find(identifier, function, folder, False)  # noqa: FBT003 - its contract
        except MachineError:
            continue
        given = _environment(identifier, handler, folder)
        yield f"{identifier} ours", runtime.launch(found, function, folder).argv, given
        if identifier == own and find_spec("awslambdaric"):
            yield f"{identifier} official", (sys.executable, "-m", "awslambdaric", handler), given
        if identifier in rics:
            yield f"{identifier} official", (found.path, str(rics[identifier]), handler), given


def _environment(identifier: str, handler: str, folder: Path) -> dict[str, str]:
    names = ("FUNCTION_NAME", "FUNCTION_VERSION", "FUNCTION_MEMORY_SIZE", "LOG_GROUP_NAME", "LOG_STREAM_NAME")
    return {
        **{f"AWS_LAMBDA_{name}": "1" for name in names},
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{identifier}",
        "LAMBDA_TASK_ROOT": str(folder),
        "_HANDLER": handler,
        "PATH": "/usr/bin:/bin",
    }


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        every = list(clients(Path(folder)))
        times: dict[str, list[tuple[float, float]]] = {name: [] for name, *_ in every}
        for _ in range(rounds):
            for name, argv, environment in every:
                cold = measure(argv, environment, 1)[0]
                times[name].append((cold, measure(argv, environment, WARM)[1]))
    for name, pairs in times.items():
        cold, warm = (statistics.median(values) for values in zip(*pairs, strict=True))
        sys.stdout.write(f"{name:22} start to first answer {cold * 1e3:6.1f} ms   warm cycle {warm * 1e6:6.1f} us\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
