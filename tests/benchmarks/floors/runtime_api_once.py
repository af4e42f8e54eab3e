"""Floor: the least Runtime API that serves one invocation, on blocking sockets. argv: the runtime's command.

Starts the runtime, gives it one event, prints its result, ends it.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import IO

NEXT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: floor\r\n"
    b"Lambda-Runtime-Deadline-Ms: 4000000000000\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:floor\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


def result(stream: IO[bytes]) -> bytes | None:
    """Serve one connection until it has brought the function's result."""
    while request := stream.readline():
        length = 0
        while (line := stream.readline()) not in {b"\r\n", b""}:
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        if request.startswith(b"POST"):
            return stream.read(length)
        stream.write(NEXT)
        stream.flush()
    return None


def main() -> None:
    """Serve until there is a result."""
    server = socket.create_server(("127.0.0.1", 0))
    described = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.getsockname()[1]}",
        "_HANDLER": sys.argv[-1],
        "LAMBDA_TASK_ROOT": os.getcwd(),  # noqa: PTH109 - pathlib would count in the floor
        "AWS_LAMBDA_FUNCTION_NAME": "floor",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "floor",
        "AWS_LAMBDA_LOG_STREAM_NAME": "floor",
    }
    runtime = os.posix_spawn(sys.argv[1], sys.argv[1:], {**os.environ, **described})
    answer = None
    while answer is None:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as stream:
            answer = result(stream)
    sys.stdout.write(answer.decode() + "\n")
    os.kill(runtime, 9)
    os.waitpid(runtime, 0)


main()
