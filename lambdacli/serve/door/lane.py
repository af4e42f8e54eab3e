"""One connection's way to the Invoke API: HTTP/1.1 read and answered with as little as possible in between.

Every connection begins here. What is not for the Invoke API is handed over with the connection, between two requests.
"""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
from typing import TYPE_CHECKING, Any, Protocol

from lambdacli.errors import LambdacliError
from lambdacli.serve.door import answers
from lambdacli.serve.door.answers import Answer, Refused
from lambdacli.serve.door.requests import Malformed, Reader
from lambdacli.serve.door.streams import Taker

if TYPE_CHECKING:
    from lambdacli.serve.door.api import Api, Operation
    from lambdacli.serve.door.requests import Head
    from lambdacli.serve.door.verdicts import Verdict
    from lambdacli.serve.fleet import Call

HEAD_TIME = 30  # seconds that a client has for a request line and headers, and between two pieces of a body
LINGER = 2  # seconds that a refused client's further bytes are read, so that it gets the answer before the end
IDLE_TIME = 75  # seconds that a connection without a request is kept
_READ_AHEAD = 256 * 1024  # bytes of later requests that are read while one is answered
_MOST_DROPPED = 64 * 1024 * 1024  # bytes of a body that is too large and yet read to its end, so that it gets an answer
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class House(Protocol):
    """What all connections share."""

    api: Api
    date: str  # for the Date header
    seconds: int  # that the server has run
    paused: bool  # nothing new is taken

    def enter(self, lane: Lane) -> None:
        """A connection is there."""

    def leave(self, lane: Lane) -> None:
        """It is gone, or somebody else's."""

    def verdict(self, head: Head) -> Verdict | None:
        """What becomes of a request; None: it is not for this API."""

    def hand_over(self, transport: asyncio.Transport, data: bytes) -> None:
        """The connection is for others than the Invoke API; `data` is what has been read of the next request."""

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a task until it is done."""

    def failed(self, error: LambdacliError) -> None:
        """Something of ours went wrong."""


class Lane(asyncio.Protocol):
    """Requests are answered one after another, in order; an invocation goes on when its client has gone."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._transport: Any = None
        self._reader = Reader()
        self._busy = False
        self._ended = False  # nothing more is answered
        self._head: Head | None = None  # whose body is being read
        self._operation: Operation | None = None
        self._refusal: Answer | None = None  # of the request whose body is being read
        self._since = house.seconds  # the last byte
        self._begun = house.seconds  # the first byte of this request
        self._writable: asyncio.Future[None] | None = None

    # What asyncio tells

    def connection_made(self, transport: Any) -> None:
        """Asyncio: a client has connected."""
        self._transport = transport
        self._house.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Asyncio: it has gone."""
        self._house.leave(self)
        self._transport = None
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Asyncio: bytes have come."""
        if self._ended:
            return
        reader = self._reader
        self._since = self._house.seconds
        if not reader.begun:
            self._begun = self._since
        reader.add(data)
        if not self._busy:
            self._go_on()
        elif reader.waiting > _READ_AHEAD:
            self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Asyncio: the client reads more slowly than we write."""
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """Asyncio: it has caught up."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # What the house asks for

    def look(self) -> None:
        """Drop a client that is silent or slow."""
        if self._busy or self._transport is None:
            return
        now = self._house.seconds
        if self._ended:
            if now - self._since > LINGER:
                self._transport.abort()
            return
        body = self._head is not None
        if self._reader.begun and now - (self._since if body else self._begun) > HEAD_TIME:
            self._end(answers.unreadable(408, "the request did not come in time"))
        elif now - self._since > IDLE_TIME:
            self._transport.abort()

    def retire(self) -> None:
        """Take no further request."""
        if not self._busy and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # Reading

    def _go_on(self) -> None:
        """Answer or begin what is there; with several requests at once the next follows an answer."""
        try:
            while not (self._busy or self._ended or self._transport is None or self._transport.is_closing()):
                head = self._head
                if head is None:
                    head = self._reader.head()
                    if head is None or not self._begins(head):
                        return
                if not self._whole(head):
                    return
        except Malformed as error:
            self._end(answers.unreadable(error.status, error.reason))

    def _begins(self, head: Head) -> bool:
        """Decide about a request whose head is there; False: it is not to be read on."""
        verdict = self._house.verdict(head)
        if verdict is None:
            self._house.leave(self)
            transport, self._transport = self._transport, None
            self._house.hand_over(transport, self._reader.rest())
            return False
        self._head = head
        self._operation, self._refusal = verdict.operation, verdict.refusal
        if head.expects_continue:
            if self._refusal is not None:
                self._end(self._refusal)
                return False
            self._transport.write(_CONTINUE)
        return True

    def _whole(self, head: Head) -> bool:
        """Read the body; once it is whole, answer. False: it is not there yet."""
        operation = self._operation
        body = self._reader.body(0 if operation is None else operation.wanted.limit)
        if body is None:
            if self._reader.size > _MOST_DROPPED:
                self._end(self._refusal or _too_large(operation, self._reader.size))
            return False
        self._head = None
        if self._refusal is not None:
            self._answer(self._refusal, head)
        elif operation is None:
            try:
                self._answer(self._house.api.other(head), head)
            except Refused as refused:
                self._answer(refused.answer, head)
        else:
            self._invoke(operation, body, head)
        return True

    # Answering

    def _invoke(self, operation: Operation, body: bytes, head: Head) -> None:
        api = self._house.api
        try:
            call = api.call(operation, body, self._reader.size)
            answer = api.at_once(operation.wanted, call)
        except Refused as refused:
            self._answer(api.refused(operation.wanted, refused).answer, head)
            return
        if answer is not None:
            self._answer(answer, head)
            return
        self._busy = True
        if operation.streams:
            self._house.keep(asyncio.get_running_loop().create_task(self._stream(operation, call, head)))
            return
        try:
            api.run(operation.wanted, call, lambda answer: self._answer(answer, head))
        except Refused as refused:
            self._answer(refused.answer, head)

    async def _stream(self, operation: Operation, call: Call, head: Head) -> None:
        taker = Taker(self, head, call, self._house)
        try:
            outcome, tail = await self._house.api.stream(operation.wanted, call, taker)
            self._done(keep_alive=taker.end(outcome, tail))
        except Refused as refused:
            self._answer(refused.answer, head)
        except Exception as error:  # noqa: BLE001 - a bug of ours ends this one request, told as such
            self._house.failed(LambdacliError(f"{head.target}: {type(error).__name__}: {error}"))
            if taker.begun:
                self.abort()
            else:
                self._answer(answers.broken(), head)

    def write(self, data: bytes) -> asyncio.Future[None] | None:
        """Send; returns what to wait for if the client is slower. To a client that has gone: nothing."""
        if self._transport is None:
            return None
        self._transport.write(data)
        return self._writable

    def _answer(self, answer: Answer, head: Head) -> None:
        keep_alive = head.keep_alive and not self._house.paused
        if self._transport is not None:
            self._transport.write(answer.written(keep_alive=keep_alive, date=self._house.date))
        self._done(keep_alive=keep_alive)

    def _done(self, *, keep_alive: bool) -> None:
        was_busy, self._busy = self._busy, False
        self._since = self._begun = self._house.seconds
        if self._transport is None:
            return
        if not keep_alive:
            self._transport.close()
            return
        self._transport.resume_reading()
        if was_busy and self._reader.begun:
            self._go_on()

    def _end(self, answer: Answer) -> None:
        """Answer what cannot be read on; then no more is sent, and what still comes is dropped for a while."""
        self._ended = True
        self._since = self._house.seconds
        if self._transport is not None and not self._transport.is_closing():
            last_words(self._transport, answer.written(keep_alive=False, date=self._house.date))


def last_words(transport: asyncio.Transport, said: bytes) -> None:
    """Send something, and that nothing follows; to a client that goes in this very moment, nothing."""
    transport.write(said)
    try:
        transport.write_eof()
    except OSError:  # "Transport endpoint is not connected"
        transport.abort()


def _too_large(operation: Operation | None, size: int) -> Answer:
    limit = 0 if operation is None else operation.wanted.limit
    return answers.too_large(size, "RequestResponse" if operation is None else operation.wanted.kind, limit).answer
