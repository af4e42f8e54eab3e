"""The Lambda Runtime API of one execution environment, as a state machine without I/O.

Requests go in, replies come out through the `answer` given with each, and what they mean is told to a `Listener`.
Follows "Using the Lambda runtime API for custom runtimes" in the AWS Lambda developer guide.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.local.invocation import Invocation

PREFIX = "/2018-06-01/"
MAX_RESPONSE = 6_291_556  # bytes of a buffered response
MAX_STREAM = 200 * 1024 * 1024  # bytes of a streamed one
_CAUSE = "application/vnd.aws.lambda.error.cause+json"
_CAUSE_KEYS = ("errorMessage", "errorType", "stackTrace")
_JSON_HEADERS = MappingProxyType({"content-type": "application/json"})
_JSON = "Content-Type: application/json\r\n"


class Request:
    """One HTTP request of a runtime, filled while it is read. Header names are lower case.

    `size` is that of the body as sent: more than `len(body)` when it was over the limit and dropped, or passed on.
    `streamed`: the body is passed on as it comes.
    """

    __slots__ = ("body", "headers", "method", "path", "size", "streamed", "trailers")

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes = b"", size: int = 0) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.size = size
        self.streamed = False
        self.trailers: dict[str, str] = {}

    @property
    def mode(self) -> str:
        """How the response is meant: buffered ("") or streaming."""
        return self.headers.get("lambda-runtime-function-response-mode", "")

    @property
    def limit(self) -> int:
        """Bytes that the body may have."""
        return MAX_STREAM if self.streamed else MAX_RESPONSE


class Reply(NamedTuple):
    """What the runtime gets back."""

    status: int
    body: bytes
    head: str = _JSON  # lines of headers, each with its end


class Flow(Protocol):
    """Where a streamed response comes from."""

    def pause(self) -> None:
        """Take nothing more from it for now."""

    def resume(self) -> None:
        """Take the rest, and let it end."""


class Listener(Protocol):
    """What an execution environment wants to know."""

    def ready(self) -> None:
        """The runtime asks for its next invocation: it has initialised, or ended the one before."""

    def responded(self, body: bytes, headers: Mapping[str, str]) -> None:
        """The invocation succeeded."""

    def response_begins(self, content_type: str, flow: Flow) -> None:
        """The runtime begins to stream its response, for a caller who takes it so."""

    def response_piece(self, data: bytes) -> None:
        """The next piece of such a response; its end is one of the others."""

    def response_cut(self) -> None:
        """Such a response will never be complete."""

    def response_too_large(self, limit: int) -> None:
        """The response was over so many bytes."""

    def failed(self, body: bytes, error_type: str) -> None:
        """The invocation failed: the runtime's own error object."""

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The runtime could not initialise."""


State = Literal["init", "idle", "busy", "streaming", "responded"]

ACCEPTED = Reply(202, b'{"status":"OK"}\n')


def _refusal(status: int, error_type: str, message: str) -> Reply:
    return Reply(status, json.dumps({"errorMessage": message, "errorType": error_type}).encode())


_BAD_ID = _refusal(400, "InvalidRequestID", "Invalid request ID")
_BAD_STATE = _refusal(403, "InvalidStateTransition", "State transition is not allowed")
_BAD_MODE = _refusal(400, "InvalidFunctionResponseMode", "Invalid function response mode")
_NOT_FOUND = _refusal(404, "NotFound", "404 page not found")


def _too_large(limit: int) -> Reply:
    return _refusal(413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({limit} bytes).")


class RuntimeApi:
    """States: init → idle → busy (→ streaming) → responded → idle …; `next` is held while idle."""

    def __init__(self, listener: Listener) -> None:
        self.state: State = "init"
        self._listener = listener
        self._held: list[Callable[[Reply], None]] = []
        self._delivery: Reply | None = None
        self._request_id = ""
        self._streams = False

    def deliver(self, invocation: Invocation, deadline_ms: int, *, streams: bool = False) -> None:
        """Give the runtime an invocation: now if it waits in `next`, else with its next `next`.

        `streams`: its caller takes a streamed response as it comes; else it is collected like any other.
        """
        self._request_id = invocation.request_id
        self._streams = streams
        self._delivery = Reply(200, invocation.event, _delivery_head(invocation, deadline_ms))
        if self.state == "idle" and self._held:
            self._hand_over(self._held.pop())

    def handle(self, request: Request, answer: Callable[[Reply], None]) -> None:
        """Take one request; `answer` is called at once, or for `next` when there is an invocation."""
        what = request.path.removeprefix(PREFIX)
        if request.method == "GET":
            if what == "runtime/invocation/next":
                self.next(answer)
            else:
                answer(Reply(200, b"pong", "Content-Type: text/plain\r\n") if what == "ping" else _NOT_FOUND)
            return
        kind, _, rest = what.partition("/invocation/")
        request_id, _, verb = rest.partition("/")
        if request.method == "POST" and kind == "runtime" and verb in ("response", "error"):
            answer(self._result(request_id, verb, request))
        elif request.method == "POST" and what == "runtime/init/error":
            answer(self._init_error(request))
        else:
            answer(_NOT_FOUND)

    def begin(self, request: Request, flow: Flow) -> bool:
        """The head of a request has come: whether its body is wanted in pieces, and `handle` only at its end."""
        wanted = f"{PREFIX}runtime/invocation/{self._request_id}/response"
        if not self._streams or self.state != "busy" or (request.method, request.path) != ("POST", wanted):
            return False
        if request.mode != "streaming":
            return False
        self.state = "streaming"
        request.streamed = True
        self._listener.response_begins(request.headers.get("content-type", ""), flow)
        return True

    def piece(self, data: bytes) -> None:
        """A piece of such a body."""
        self._listener.response_piece(data)

    def cut(self) -> None:
        """The connection was lost in the middle of such a body, or made no sense there."""
        if self.state == "streaming":
            self.state = "responded"
            self._listener.response_cut()

    def forget(self, answer: Callable[[Reply], None]) -> None:
        """The connection that waited in `next` is gone."""
        if answer in self._held:
            self._held.remove(answer)

    def result(self, request_id: str, body: bytes) -> Reply:
        """Take a whole JSON result, as `handle` does."""
        if self.state == "busy" and request_id == self._request_id and len(body) <= MAX_RESPONSE:
            self.state = "responded"
            self._listener.responded(body, _JSON_HEADERS)
            return ACCEPTED
        request = Request("POST", "", {**_JSON_HEADERS}, body, len(body))
        return self._result(request_id, "response", request)

    def next(self, answer: Callable[[Reply], None]) -> None:
        """The runtime asks for an event, as `handle` does."""
        if self.state == "busy":  # the same event again, as AWS does
            self._hand_over(answer)
            return
        if self.state == "streaming":
            answer(_BAD_STATE)
            return
        if self.state == "responded":
            self._delivery = None
        waits_already, self.state = self.state == "idle", "idle"
        self._held.append(answer)
        if not waits_already:  # else a client that gave up waiting asks anew
            self._listener.ready()
        if self._delivery is not None and answer in self._held:
            self._held.remove(answer)
            self._hand_over(answer)

    def _hand_over(self, answer: Callable[[Reply], None]) -> None:
        if self._delivery is not None:
            self.state = "busy"
            answer(self._delivery)

    def _result(self, request_id: str, verb: str, request: Request) -> Reply:
        if request_id != self._request_id and self.state not in ("init", "idle"):
            return _BAD_ID
        if self.state != ("streaming" if request.streamed else "busy"):
            return _BAD_STATE
        if request.mode not in ("", "streaming"):
            return _BAD_MODE
        self.state = "responded"
        if request.size > request.limit:
            self._listener.response_too_large(request.limit)
            return _too_large(request.limit)
        if verb == "error":
            self._listener.failed(_error_body(request), request.headers.get("lambda-runtime-function-error-type", ""))
        elif error_type := request.trailers.get("lambda-runtime-function-error-type"):
            self._listener.failed(_trailing_error(request, error_type), error_type)
        else:
            self._listener.responded(request.body, request.headers)
        return ACCEPTED

    def _init_error(self, request: Request) -> Reply:
        if self.state != "init":
            return _BAD_STATE
        self._listener.init_failed(request.body, request.headers.get("lambda-runtime-function-error-type", ""))
        return ACCEPTED


def _error_body(request: Request) -> bytes:
    """The runtime's error object unchanged, but of a cause for X-Ray what a caller may see."""
    if request.headers.get("content-type", "") != _CAUSE:
        return request.body
    try:
        cause = json.loads(request.body)
        return json.dumps({key: cause[key] for key in _CAUSE_KEYS if key in cause}).encode()
    except (ValueError, TypeError, RecursionError):
        return request.body


def _trailing_error(request: Request, error_type: str) -> bytes:
    import base64

    try:
        body = base64.b64decode(request.trailers.get("lambda-runtime-function-error-body", ""))
    except ValueError:
        body = b""
    return body or json.dumps({"errorType": error_type}).encode()


def _delivery_head(invocation: Invocation, deadline_ms: int) -> str:
    """The header lines of an event; what is empty is left out."""
    request_id, trace_id = invocation.request_id, invocation.trace_id
    head = (
        f"Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: {request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn}\r\n"
    )
    if trace_id:
        head += f"Lambda-Runtime-Trace-Id: {trace_id}\r\n"
    if invocation.client_context:
        head += f"Lambda-Runtime-Client-Context: {invocation.client_context}\r\n"
    if invocation.identity:
        head += f"Lambda-Runtime-Cognito-Identity: {invocation.identity}\r\n"
    if invocation.tenant_id:
        head += f"Lambda-Runtime-Aws-Tenant-Id: {invocation.tenant_id}\r\n"
    return f"{head}Lambda-Runtime-Invocation-Id: {request_id}\r\n"
