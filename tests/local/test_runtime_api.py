"""The Runtime API as a state machine: every transition and refusal, without a socket."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from lambdacli.local.invocation import Invocation
from lambdacli.local.runtime_api import MAX_RESPONSE, MAX_STREAM, Reply, Request, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.runtime_api import Flow

BASE = "/2018-06-01/runtime/"


class Recorder:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def ready(self) -> None:
        self.told.append(("ready",))

    def responded(self, body: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002 - the protocol
        self.told.append(("responded", body.decode()))

    def response_begins(self, content_type: str, flow: Flow) -> None:  # noqa: ARG002 - the protocol
        self.told.append(("begins", content_type))

    def response_piece(self, data: bytes) -> None:
        self.told.append(("piece", data.decode()))

    def response_cut(self) -> None:
        self.told.append(("cut",))

    def response_too_large(self, limit: int) -> None:
        self.told.append(("too large", str(limit)))

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
    assert dict(line.split(": ", 1) for line in reply.head.splitlines()) == {
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
    assert runtime.listener.told[-1] == ("too large", "6291556")


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
    assert runtime.listener.told[-1] == ("too large", "6291556")


STREAMING = {"lambda-runtime-function-response-mode": "streaming", "content-type": "text/plain"}


class Pipe:
    """Where a streamed response comes from; a state machine leaves it alone."""

    def pause(self) -> None:
        raise AssertionError

    def resume(self) -> None:
        raise AssertionError


def streamed(runtime: Runtime, path: str = "invocation/r1/response") -> Request:
    request = Request("POST", BASE + path, dict(STREAMING))
    runtime.api.begin(request, Pipe())
    return request


def test_a_streamed_response_comes_in_pieces_to_a_caller_who_takes_them(runtime: Runtime) -> None:
    runtime.next()
    runtime.api.deliver(Invocation(b"{}", "r1", "arn:f"), 1234, streams=True)
    request = streamed(runtime)
    runtime.api.piece(b"a")
    runtime.api.piece(b"b")
    request.size = MAX_STREAM
    runtime.api.handle(request, runtime.answers.append)
    assert runtime.answers[-1].status == 202
    told = [("ready",), ("begins", "text/plain"), ("piece", "a"), ("piece", "b"), ("responded", "")]
    assert runtime.listener.told == told


def test_while_a_response_is_streamed_nothing_else_is_allowed(runtime: Runtime) -> None:
    runtime.next()
    runtime.api.deliver(Invocation(b"{}", "r1", "arn:f"), 1234, streams=True)
    streamed(runtime)
    assert not streamed(runtime).streamed
    assert refused(runtime.ask("POST", "invocation/r1/response", b"2"), 403, "InvalidStateTransition")
    assert refused(runtime.ask("POST", "invocation/r1/error", b"2"), 403, "InvalidStateTransition")
    assert refused(runtime.next(), 403, "InvalidStateTransition")


def test_a_streamed_response_over_its_limit(runtime: Runtime) -> None:
    runtime.next()
    runtime.api.deliver(Invocation(b"{}", "r1", "arn:f"), 1234, streams=True)
    request = streamed(runtime)
    request.size = MAX_STREAM + 1
    runtime.api.handle(request, runtime.answers.append)
    assert refused(runtime.answers[-1], 413, "RequestEntityTooLarge")
    assert runtime.listener.told[-1] == ("too large", "209715200")


def test_a_streamed_response_that_is_cut_off(runtime: Runtime) -> None:
    runtime.next()
    runtime.api.deliver(Invocation(b"{}", "r1", "arn:f"), 1234, streams=True)
    streamed(runtime)
    runtime.api.cut()
    runtime.api.cut()
    assert runtime.listener.told == [("ready",), ("begins", "text/plain"), ("cut",)]


@pytest.mark.parametrize("path", ["invocation/other/response", "invocation/r1/error", "init/error"])
def test_what_is_no_response_is_not_taken_in_pieces(runtime: Runtime, path: str) -> None:
    runtime.next()
    runtime.api.deliver(Invocation(b"{}", "r1", "arn:f"), 1234, streams=True)
    assert not streamed(runtime, path).streamed
    assert runtime.api.state == "busy"


def test_a_caller_who_takes_no_pieces_gets_a_streamed_response_as_a_whole_of_the_usual_size(runtime: Runtime) -> None:
    runtime.next()
    runtime.deliver()
    assert not streamed(runtime).streamed
    reply = runtime.ask("POST", "invocation/r1/response", size=MAX_RESPONSE + 1, headers=STREAMING)
    assert refused(reply, 413, "RequestEntityTooLarge")
    assert runtime.listener.told[-1] == ("too large", "6291556")


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
