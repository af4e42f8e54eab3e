"""The pure pieces: frames as botocore reads them, requests however they are cut."""

from __future__ import annotations

import contextlib

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from lambdacli.serve.door import eventstream
from lambdacli.serve.door.requests import Malformed, Reader


@given(st.lists(st.binary(max_size=5000), max_size=5))
def test_frames_are_what_botocore_reads(payloads: list[bytes]) -> None:
    buffer = EventStreamBuffer()
    for each in payloads:
        buffer.add_data(eventstream.event("PayloadChunk", each, "application/octet-stream"))
    found = list(buffer)
    assert [each.payload for each in found] == payloads
    for each in found:
        assert each.headers == {
            ":event-type": "PayloadChunk", ":content-type": "application/octet-stream", ":message-type": "event",
        }  # fmt: skip


def _chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.integers(0, 50)), max_size=4),
    st.lists(st.integers(1, 300), min_size=1, max_size=20),
)
def test_requests_come_out_as_they_went_in_however_they_are_cut(
    bodies: list[tuple[bytes, int]], cuts: list[int]
) -> None:
    sent = b""
    for body, size in bodies:
        how = b"Transfer-Encoding: chunked" if size else b"Content-Length: %d" % len(body)
        sent += b"POST /x HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % how + (_chunked(body, size) if size else body)
    reader, found = Reader(), []
    at = turn = 0
    while at < len(sent) or not found:
        step = cuts[turn % len(cuts)]
        reader.add(sent[at : at + step])
        at, turn = at + step, turn + 1
        while (head := reader.head()) is not None and (body := reader.body(1000)) is not None:  # type: ignore[assignment]
            found.append((head.target, body))
        if at >= len(sent):
            break
    assert found == [("/x", body) for body, _ in bodies]
    assert not reader.begun


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_comes_is_a_request_or_refused(data: bytes, step: int) -> None:
    reader = Reader()
    with contextlib.suppress(Malformed):
        for at in range(0, len(data), step):
            reader.add(data[at : at + step])
            while reader.head() is not None and reader.body(100) is not None:
                pass


def test_a_body_over_the_limit_is_counted_and_dropped() -> None:
    reader = Reader()
    reader.add(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + b"a" * 100)
    assert reader.head() is not None
    assert reader.body(10) == b""
    assert reader.size == 100


@pytest.mark.parametrize(
    ("head", "keeps"),
    [(b"GET / HTTP/1.1\r\nHost: a", True), (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Close", False),
     (b"GET / HTTP/1.0", False), (b"GET / HTTP/1.0\r\nConnection: keep-alive", True)],
)  # fmt: skip
def test_what_keeps_a_connection(head: bytes, keeps: bool) -> None:  # noqa: FBT001 - the expected value
    reader = Reader()
    reader.add(head + b"\r\n\r\n")
    found = reader.head()
    assert found is not None
    assert found.keep_alive is keeps
