"""What real runtime clients do on the wire: chunks, trailers, a connection per request, Expect, long header lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Harness

RAW = """
import socket
host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
def raw(*pieces, pause=0.0):
    s = socket.create_connection((host, int(port)))
    for piece in pieces:
        s.sendall(piece if isinstance(piece, bytes) else piece.encode())
        time.sleep(pause)
    return s
_, headers, event = call("GET", "invocation/next")
rid = headers["lambda-runtime-aws-request-id"]
POST = f"POST /2018-06-01/runtime/invocation/{rid}/response HTTP/1.1\\r\\nHost: x\\r\\n"
def done():
    call("GET", "invocation/next")
"""


def test_chunked_with_trailers_as_go_sends(harness: Harness) -> None:
    plan = harness.plan(
        RAW
        + """
raw(POST + "Transfer-Encoding: chunked\\r\\nTrailer: A\\r\\nTrailer: B\\r\\n\\r\\n",
    "5\\r\\n[1,2,\\r\\n", "2\\r\\n3]\\r\\n", "0\\r\\nA: 1\\r\\nB: 2\\r\\n\\r\\n", pause=0.01).recv(100)
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert outcome.payload == b"[1,2,3]"


def test_one_byte_at_a_time(harness: Harness) -> None:
    plan = harness.plan(
        RAW
        + """
raw(*[bytes([b]) for b in (POST + "Content-Length: 4\\r\\n\\r\\ntrue").encode()]).recv(100)
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert outcome.payload == b"true"


def test_expect_100_continue_as_curl_sends(harness: Harness) -> None:
    plan = harness.plan(
        RAW
        + """
s = raw(POST + "Content-Length: 4\\r\\nExpect: 100-continue\\r\\n\\r\\n")
assert s.recv(100).startswith(b"HTTP/1.1 100")
s.sendall(b"null")
s.recv(100)
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert outcome.payload == b"null"


def test_a_header_line_of_half_a_megabyte(harness: Harness) -> None:
    plan = harness.plan(
        RAW
        + """
cause = "ü" * 250_000
raw(POST.replace("/response", "/error") + "Lambda-Runtime-Function-XRay-Error-Cause: " + cause
    + "\\r\\nContent-Length: 17\\r\\n\\r\\n" + '{"errorType":"E"}').recv(100)
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert outcome.error_type == "E"


def test_garbage_is_answered_and_the_runtime_may_go_on(harness: Harness) -> None:
    plan = harness.plan(
        RAW
        + """
bad = raw("NONSENSE\\r\\n\\r\\n")
answer = bad.recv(1000)
raw(POST + f"Content-Length: {len(json.dumps(answer.decode()))}\\r\\n\\r\\n" + json.dumps(answer.decode())).recv(100)
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert json.loads(outcome.payload).startswith("HTTP/1.1 400")


@pytest.mark.parametrize("close", ["Connection: close\\r\\n", ""])
def test_a_connection_for_each_request_as_ruby_does(harness: Harness, close: str) -> None:
    plan = harness.plan(
        RAW
        + f"""
while True:
    raw(POST + "{close}Content-Length: 1\\r\\n\\r\\n7").recv(100)
    s = raw("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n{close}\\r\\n")
    head = s.recv(10000).decode()
    rid = head.split("Aws-Request-Id: ")[1].split("\\r\\n")[0]
    POST = f"POST /2018-06-01/runtime/invocation/{{rid}}/response HTTP/1.1\\r\\nHost: x\\r\\n"
"""
    )
    outcomes = harness.run(plan, b"{}", b"{}", b"{}")
    assert [o.payload for o in outcomes] == [b"7"] * 3


@pytest.mark.parametrize("body", ["", "[1]"])
def test_an_offer_of_http2_is_ignored_as_java_makes_it(harness: Harness, body: str) -> None:
    plan = harness.plan(
        RAW
        + f"""
OFFER = "Connection: Upgrade, HTTP2-Settings\\r\\nHTTP2-Settings: AAM\\r\\nUpgrade: h2c\\r\\n"
s = raw("GET /2018-06-01/ping HTTP/1.1\\r\\nHost: x\\r\\n" + OFFER + "\\r\\n")
assert s.recv(1000).startswith(b"HTTP/1.1 200"), "ping"
body = {body!r} or "7"
s.sendall((POST + OFFER + f"Content-Length: {{len(body)}}\\r\\n\\r\\n" + body).encode())
assert s.recv(1000).startswith(b"HTTP/1.1 202"), "response"
done()
"""
    )
    (outcome,) = harness.run(plan)
    assert outcome.payload == (body or "7").encode()
    assert "Error" not in harness.text
