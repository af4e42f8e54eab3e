"""An HTTP server that answers as AWS does, a planned answer for each request, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class Request(NamedTuple):
    """What was asked. `given`: the parameters of the query, of a form or of JSON."""

    path: str
    given: dict[str, Any]


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    error: str = ""  # the header in which Lambda and others name an error


HANGUP = Answer(0)  # the connection breaks


def ok(**body: Any) -> Answer:
    return Answer(200, json.dumps(body).encode())


def error(code: str, text: str = "no", status: int = 400) -> Answer:
    return Answer(status, json.dumps({"__type": code, "message": text}).encode(), code)


class Answering:
    """The server, on a port of its own."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answer: Callable[[int, Request], Answer] = lambda _number, _request: Answer()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def plans(self, *answers: Answer) -> None:
        """These, one after the other; the last one from then on."""
        self.answer = lambda number, _: answers[min(number, len(answers)) - 1]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answered(self, path: str, body: bytes) -> Answer:
        address = urlsplit(path)
        given: dict[str, Any] = dict(parse_qsl(address.query))
        if body.startswith(b"{"):
            given |= json.loads(body)
        else:
            given |= dict(parse_qsl(body.decode()))
        request = Request(address.path, given)
        with self._lock:
            self.asked.append(request)
            number = len(self.asked)
        return self.answer(number, request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answered = self._answered

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = answered(self.path, body)
                if answer is HANGUP:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                if answer.error:
                    self.send_header("x-amzn-ErrorType", answer.error)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _do  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
