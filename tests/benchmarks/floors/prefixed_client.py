"""The least runtime client for a Runtime API that lies below a path, as cargo-lambda's: one raw socket."""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
from app import handler

address, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].removeprefix("http://").partition("/")
host, _, port = address.partition(":")
base = f"{'/' + prefix if prefix else ''}/2018-06-01/runtime/invocation/"
connection = socket.create_connection((host, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def answered() -> tuple[bytes, bytes]:
    """Head and body of one answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            sys.exit(0)
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return head, body


while True:
    connection.sendall(f"GET {base}next HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    head, event = answered()
    request_id = re.search(rb"(?i)lambda-runtime-aws-request-id: *([^\r]+)", head)[1].decode()  # type: ignore[index]
    result = json.dumps(handler(json.loads(event), None))
    start = f"POST {base}{request_id}/response HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(result)}\r\n\r\n"
    connection.sendall((start + result).encode())
    answered()
