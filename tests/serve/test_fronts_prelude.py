"""The head of a streamed HTTP response, in whatever pieces it comes."""

from __future__ import annotations

import json

import pytest

from lambdacli.serve.fronts.contract import Malformed
from lambdacli.serve.fronts.prelude import Prelude

HEAD = {"statusCode": 201, "headers": {"X-Own": "1"}, "multiValueHeaders": {"X-Two": ["a", "b"]}, "cookies": ["c=1"]}
WHOLE = json.dumps(HEAD).encode() + b"\0" * 8 + b"body\0\0\0\0\0\0\0\0more"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 50, 1000])
def test_the_head_is_found_however_it_is_cut(size: int) -> None:
    prelude, body, head = Prelude(), b"", None
    for at in range(0, len(WHOLE), size):
        piece = WHOLE[at : at + size]
        if head is not None:
            body += piece
        elif (found := prelude.feed(piece)) is not None:
            head, body = found
    assert head is not None
    assert head.status == 201
    assert head.headers == [("x-own", "1"), ("x-two", "a"), ("x-two", "b"), ("set-cookie", "c=1")]
    assert body == b"body\0\0\0\0\0\0\0\0more"


def test_no_status_is_200() -> None:
    found = Prelude().feed(b"{}" + b"\0" * 8)
    assert found is not None
    assert (found[0].status, found[0].headers, found[1]) == (200, [], b"")


def test_a_head_has_its_limit() -> None:
    assert Prelude(10).feed(b"{" + b" " * 8 + b"}" + b"\0" * 8) is not None
    with pytest.raises(Malformed):
        Prelude(10).feed(b"{" + b" " * 9 + b"}" + b"\0" * 8)


@pytest.mark.parametrize(
    "data",
    [b"no json" + b"\0" * 8, b"[]" + b"\0" * 8, b'{"statusCode": 7}' + b"\0" * 8, b"x" * ((1 << 20) + 1)],
)
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        Prelude().feed(data)
