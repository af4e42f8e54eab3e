"""Every kind of trigger says how its events come here, and has the room for it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from lambdacli import triggers

ROOMS = {"http": "fronts", "websocket": "fronts", "poll": "polled", "push": "pushed"}
ELSEWHERE = {"call": {"invoke"}, "clock": {"schedule"}, "aws": {"cognito", "documentdb", "mq", "ses"}}


@pytest.mark.parametrize("kind", triggers.kinds())
def test_a_trigger_has_a_room_where_its_events_come_from(kind: str) -> None:
    delivery = triggers.load(kind).delivery
    if delivery in ELSEWHERE:
        assert kind in ELSEWHERE[delivery]
    else:
        assert find_spec(f"lambdacli.serve.{ROOMS[delivery]}.{kind}")
