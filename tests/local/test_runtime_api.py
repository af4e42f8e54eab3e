"""The Runtime API as a state machine: every transition and refusal, without a socket."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from lambdacli.local.invocation import Invocation
from lambdacli.local.runtime_api import MAX_RESPONSE, Reply, Request, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE = "/2018-06-01/runtime/"


class Recorder:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def ready(self) -> None:
        self.told.append(("ready",))

    def responded(self, body: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - the protocol
        self.told.append(("responded", body.decode()))

    def response_too_large(self) -> None:
        self.told.append(("too large",))

    def failed(self, body: bytes, error_type: str) -> None:
        self.told.append(("failed", body.decode(), error_type))

    def init_failed(self, body: bytes, error_type: str) -> None:
        self.told.append(("init failed", body.decode(), error_type))


class Runtime:
    """The other side: asks and collects answers."""

    def __init__(self) -> None:
        self.listener = Recorder()
        self.api = RuntimeApi(self.listener)
        self.answers: list[Reply] = []

    def ask(self, method: str, path: str, body: bytes = b"", **more: object) -> Reply | None:
        before = len(self.answers)
        request = Request(method, BASE + path, {}, body, len(body))
        for name, value in more.items():
            setattr(request, name, value)
        self.api.handle(request, self.answers.append)
        return self.answers[-1] if len(self.answers) > before else None

    def next(self) -> Reply | None:
        return self.ask("GET", "invocation/next")

    def deliver(self, request_id: str = "r1", event: bytes = b"{}") -> None:
        self.api.deliver(Invocation(event, request_id, "arn:f"), 1234)


@pytest.fixture
def runtime() -> Runtime:
    return Runtime()


def refused(reply: Reply | None, status: int, error_type: str) -> bool:
    return reply is not None and reply.status == status and json.loads(reply.body)["errorType"] == error_type


def test_ping(runtime: Runtime) -> None:
    runtime.api.handle(Request("GET", "/2018-06-01/ping", {}), runtime.answers.append)
    assert (runtime.answers[0].status, runtime.answers[0].body) == (200, b"pong")


def test_next_waits_for_an_invocation(runtime: Runtime) -> None:
    assert runtime.next() is None
    assert runtime.api.state == "idle"
    runtime.deliver(event=b'{"a":1}')
    (reply,) = runtime.answers
    assert (reply.status, reply.body) == (200, b'{"a":1}')
    assert dict(reply.headers) == {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": "r1",
        "Lambda-Runtime-Deadline-Ms": "1234",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:f",
        "Lambda-Runtime-Invocation-Id": "r1",
    }


def test_an_invocation_given_before_the_first_next_is_delivered_with_it(runtime: Runtime) -> None:
    runtime.deliver()
    assert runtime.next() is not None


def test_next_while_busy_delivers_the_same_event_again(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    assert runtime.next() == runtime.answers[0]
    assert runtime.listener.told == [("ready",)]


def test_an_invocation_ends_with_the_following_next(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    reply = runtime.ask("POST", "invocation/r1/response", b"1")
    assert reply == Reply(202, b'{"status":"OK"}\n')
    assert runtime.listener.told == [("ready",), ("responded", "1")]
    assert runtime.next() is None
    assert runtime.listener.told[-1] == ("ready",)


def test_a_second_response_is_refused(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    runtime.ask("POST", "invocation/r1/response", b"1")
    assert refused(runtime.ask("POST", "invocation/r1/response", b"2"), 403, "InvalidStateTransition")
    assert refused(runtime.ask("POST", "invocation/r1/error", b"2"), 403, "InvalidStateTransition")


@pytest.mark.parametrize("verb", ["response", "error"])
def test_a_foreign_request_id_is_refused(runtime: Runtime, verb: str) -> None:
    runtime.next()
    runtime.deliver()
    reply = runtime.ask("POST", f"invocation/other/{verb}", b"1")
    assert refused(reply, 400, "InvalidRequestID")
    assert runtime.api.state == "busy"


@pytest.mark.parametrize("verb", ["response", "error"])
def test_a_result_before_any_invocation_is_refused(runtime: Runtime, verb: str) -> None:
    assert refused(runtime.ask("POST", f"invocation/r1/{verb}", b"1"), 403, "InvalidStateTransition")


def test_an_error_with_its_type(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    runtime.ask("POST", "invocation/r1/error", b"{}", headers={"lambda-runtime-function-error-type": "T"})
    assert runtime.listener.told[-1] == ("failed", "{}", "T")


def test_a_response_over_the_limit(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    reply = runtime.ask("POST", "invocation/r1/response", size=MAX_RESPONSE + 1)
    assert refused(reply, 413, "RequestEntityTooLarge")
    assert runtime.listener.told[-1] == ("too large",)


def test_an_error_in_the_trailers_of_a_response(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    body = b'{"errorType":"Mid","errorMessage":"stream"}'
    trailers = {
        "lambda-runtime-function-error-type": "Mid",
        "lambda-runtime-function-error-body": base64.b64encode(body).decode(),
    }
    runtime.ask("POST", "invocation/r1/response", b"part", trailers=trailers)
    assert runtime.listener.told[-1] == ("failed", body.decode(), "Mid")


def test_an_init_error_is_accepted_only_in_init(runtime: Runtime) -> None:
    reply = runtime.ask("POST", "init/error", b"{}", headers={"lambda-runtime-function-error-type": "I"})
    assert reply is not None
    assert reply.status == 202
    assert runtime.listener.told == [("init failed", "{}", "I")]
    runtime.next()
    assert refused(runtime.ask("POST", "init/error", b"{}"), 403, "InvalidStateTransition")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "restore/next"), ("POST", "restore/error"), ("GET", "nope"), ("POST", "invocation/next"), ("PUT", "x")],
)
def test_what_does_not_exist(runtime: Runtime, method: str, path: str) -> None:
    reply = runtime.ask(method, path)
    assert reply is not None
    assert reply.status == 404


def test_a_connection_that_is_gone_gets_no_invocation(runtime: Runtime) -> None:
    gone: list[Reply] = []
    runtime.api.handle(Request("GET", BASE + "invocation/next", {}), gone.append)
    runtime.api.forget(gone.append)
    runtime.next()
    runtime.deliver()
    assert gone == []
    assert len(runtime.answers) == 1


def test_a_client_that_gave_up_waiting_and_asks_anew(runtime: Runtime) -> None:
    runtime.next()
    runtime.next()
    assert runtime.listener.told == [("ready",)]
    runtime.deliver()
    assert len(runtime.answers) == 1
    runtime.ask("POST", "invocation/r1/response", b"1")
    assert runtime.listener.told == [("ready",), ("responded", "1")]


def test_an_error_over_the_limit_is_not_cut(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    assert refused(runtime.ask("POST", "invocation/r1/error", size=MAX_RESPONSE + 1), 413, "RequestEntityTooLarge")
    assert runtime.listener.told[-1] == ("too large",)


def test_a_streamed_response_may_be_larger(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    streaming = {"lambda-runtime-function-response-mode": "streaming"}
    reply = runtime.ask("POST", "invocation/r1/response", size=MAX_RESPONSE + 1, headers=streaming)
    assert reply is not None
    assert reply.status == 202


def test_an_unknown_response_mode_is_refused(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    odd = {"lambda-runtime-function-response-mode": "odd"}
    assert refused(runtime.ask("POST", "invocation/r1/response", headers=odd), 400, "InvalidFunctionResponseMode")
    assert runtime.api.state == "busy"


def test_of_a_cause_for_xray_the_caller_sees_three_keys(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    body = b'{"errorType":"T","errorMessage":"m","stackTrace":[],"working_directory":"/var/task"}'
    cause = {"content-type": "application/vnd.aws.lambda.error.cause+json"}
    runtime.ask("POST", "invocation/r1/error", body, headers=cause)
    assert json.loads(runtime.listener.told[-1][1]) == {"errorType": "T", "errorMessage": "m", "stackTrace": []}


def test_a_trailer_that_is_no_base64_still_ends_the_invocation(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    trailers = {"lambda-runtime-function-error-type": "T", "lambda-runtime-function-error-body": "x"}
    runtime.ask("POST", "invocation/r1/response", b"part", trailers=trailers)
    assert runtime.listener.told[-1] == ("failed", '{"errorType": "T"}', "T")
