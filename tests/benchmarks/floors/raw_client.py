"""Floor: the least runtime client, on one raw socket. Its handler is that of the sample function in the folder."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
from app import handler

address = os.environ["AWS_LAMBDA_RUNTIME_API"]
host, _, port = address.partition(":")
connection = socket.create_connection((host, int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    connection.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: floor\r\n\r\n")
    answer = connection.recv(65536)
    if not answer:
        break
    event = json.loads(answer.partition(b"\r\n\r\n")[2])
    result = json.dumps(handler(event, None)).encode()
    head = b"POST /2018-06-01/runtime/invocation/floor/response HTTP/1.1\r\nHost: floor\r\nContent-Length: %d\r\n\r\n"
    connection.sendall(head % len(result) + result)
    connection.recv(65536)
