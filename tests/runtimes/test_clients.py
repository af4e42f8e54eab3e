"""Our clients of the Runtime API take an answer in whatever pieces it comes."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from lambdacli.runtimes import BOOTSTRAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PYTHON = """
import sys
sys.path.insert(0, sys.argv[1])
from lambdacli_bootstrap.client import RuntimeApi
api = RuntimeApi(sys.argv[2])
for _ in range(int(sys.argv[3])):
    headers, body = api.next()
    print(headers["lambda-runtime-aws-request-id"], len(body), body == b"0123456789" * (len(body) // 10))
"""
NODE = """
const [folder, address, count] = process.argv.slice(1);
const { RuntimeApi } = require(`${folder}/node/client.cjs`);
const api = new RuntimeApi(address);
const next = (left) => api.next((headers, body) => {
  const same = body === "0123456789".repeat(body.length / 10) ? "True" : "False";
  console.log(headers["lambda-runtime-aws-request-id"], body.length, same);
  left > 1 ? next(left - 1) : process.exit(0);
});
next(Number(count));
"""
COMMANDS = {"python": [sys.executable, "-I", "-c", PYTHON], "node": ["node", "-e", NODE]}


def sized(number: int, size: int) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {number}\r\nContent-Length: {size}\r\n\r\n"
    return head.encode() + b"0123456789" * (size // 10)


def chunked(number: int, size: int, chunk: int) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nLambda-Runtime-Aws-Request-Id: {number}\r\n\r\n"
    body = b"0123456789" * (size // 10)
    parts = [body[at : at + chunk] for at in range(0, size, chunk)]
    return head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def cut(data: bytes, length: int) -> Iterator[bytes]:
    return (data[at : at + length] for at in range(0, len(data), length))


def serve(listener: socket.socket, answers: Iterable[Iterable[bytes]]) -> None:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        for answer in answers:
            if not connection.recv(4096):
                return
            for piece in answer:
                connection.sendall(piece)
        connection.recv(1)  # until the client ends


@pytest.mark.parametrize("language", COMMANDS)
def test_an_answer_in_pieces(language: str) -> None:
    if shutil.which(COMMANDS[language][0]) is None:
        pytest.skip("node is not on this machine")
    answers = [
        cut(sized(1, 20), 1),
        cut(sized(2, 0), 1000),
        cut(chunked(3, 100, 7), 1),
        cut(chunked(4, 500_000, 100_000), 999),
        cut(sized(5, 6_000_000), 1 << 20),
        cut(chunked(6, 6_000_000, 1 << 20), 1 << 16),
        cut(sized(7, 10), 1000),
    ]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, answers), daemon=True).start()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        argv = [*COMMANDS[language], str(BOOTSTRAPS), address, str(len(answers))]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    sizes = (20, 0, 100, 500_000, 6_000_000, 6_000_000, 10)
    assert done.stdout.splitlines() == [f"{number} {size} True" for number, size in enumerate(sizes, 1)]
