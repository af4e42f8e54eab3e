"""Whatever a runtime answers: the engine and the console take it without a traceback of ours or a hang."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdacli import console

if TYPE_CHECKING:
    import pytest

    from .conftest import Harness

# Posts what the event says, byte for byte: [verb, headers, base64 of the body].
PARROT = """
import base64
while True:
    _, headers, event = call("GET", "invocation/next")
    rid = headers["lambda-runtime-aws-request-id"]
    verb, more, body = json.loads(event)
    call("POST", f"invocation/{rid}/{verb}", base64.b64decode(body), more)
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.lists(st.text(max_size=30), max_size=4)
        for name in ("errorType", "errorMessage", "stackTrace", "trace", "cause")
    },
)
BODIES = st.binary(max_size=200) | (JSON | ERRORS).map(lambda value: json.dumps(value).encode())
ANSWERS = st.tuples(
    st.sampled_from(["response", "error"]),
    st.dictionaries(
        st.sampled_from(["Lambda-Runtime-Function-Error-Type", "Content-Type", "X-Other"]),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30),
    ),
    BODIES,
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ANSWERS, min_size=1, max_size=25))
def test_any_answer_of_a_runtime(harness: Harness, answers: list[tuple[str, dict[str, str], bytes]]) -> None:
    events = [json.dumps([verb, more, base64.b64encode(body).decode()]).encode() for verb, more, body in answers]
    outcomes = harness.run(harness.plan(PARROT), *events)
    assert [outcome.payload for outcome in outcomes] == [body for _, _, body in answers]
    assert [outcome.status == "success" for outcome in outcomes] == [verb == "response" for verb, _, _ in answers]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=BODIES)
def test_any_error_object_is_one_line(payload: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    line = console.function_error("f", payload, Path("/task"))
    assert line.startswith("function f failed")
    assert len(line.splitlines()) == 1
    capsys.readouterr()
