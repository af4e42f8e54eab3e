"""What functions answer must not break the connection that it is answered on."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from fronted import project, run

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/0123456789abcdef/fedcba9876543210"
FRONTS = {
    "http": {"http": "ANY /{proxy+}"},
    "rest": {"rest": {"route": "ANY /{proxy+}"}},
    "url": {"url": {"auth_type": "NONE"}},
    "alb": {"alb": {"listener": LISTENER, "priority": 1, "conditions": {"path": ["/*"]}}},
}
STREAMER = """
export const handler = awslambda.streamifyResponse(async (event, stream) => {
    const statusCode = Number(event.rawPath.slice(1));
    const out = awslambda.HttpResponseStream.from(stream, { statusCode });
    out.write("a body");
    out.end();
});
"""


def twice(path: str, value: object) -> bytes:
    """Two requests on one connection, the second of which ends it."""
    body = json.dumps(value).encode()
    parts = [b"POST ", path.encode(), b" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"]
    one = b"".join([*parts, b"Content-Length: %d\r\n" % len(body)])
    return one + b"\r\n" + body + one + b"Connection: close\r\n\r\n" + body


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("front", FRONTS)
def test_a_status_without_a_body_has_none(tmp_path: Path, front: str, status: int) -> None:
    async def test(here: Fronted) -> None:
        answer = {"statusCode": status, "body": "HTTP/1.1 200 OK", "headers": {}, "isBase64Encoded": False}
        said = await here.raw(twice("/x", answer))
        first, second, rest = said.split(b"\r\n\r\n")
        assert first.startswith(f"HTTP/1.1 {status} ".encode())
        assert second.startswith(f"HTTP/1.1 {status} ".encode())
        assert rest == b""
        assert here.heard.troubles == []

    run(project(tmp_path, {"say": [FRONTS[front]]}), test)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@pytest.mark.parametrize("status", [204, 304])
def test_nor_has_one_that_is_streamed(tmp_path: Path, status: int) -> None:
    (tmp_path / "stream").mkdir()
    (tmp_path / "stream" / "index.mjs").write_text(STREAMER)
    trigger = {"url": {"auth_type": "NONE", "invoke_mode": "RESPONSE_STREAM"}}
    function = {"runtime": "nodejs20.x", "handler": "index.handler", "code": "stream", "triggers": [trigger]}

    async def test(here: Fronted) -> None:
        first, second, rest = (await here.raw(twice(f"/{status}", {}))).split(b"\r\n\r\n")
        assert first.startswith(f"HTTP/1.1 {status} ".encode())
        assert second.startswith(f"HTTP/1.1 {status} ".encode())
        assert rest == b""
        assert here.heard.troubles == []

    run(project(tmp_path, {"stream": function}), test)
