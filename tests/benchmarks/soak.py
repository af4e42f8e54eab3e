"""Ten minutes of everything at once: does lambdacli's own memory stay flat, and does every message arrive?

A queue, a stream, HTTP and direct invocations, handlers that fail now and then, and code that is saved meanwhile.
Every function writes down what it got; what was sent is compared with that. Quick runs take half a minute.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cold import PYTHON
from harness import Budget, WrongOutputError, lambdacli, plain_environment, say, show_budgets, table
from servers import request

if TYPE_CHECKING:
    from harness import Setting

sys.path.append(str(Path(__file__).resolve().parent.parent / "helpers"))  # the emulator of the tests
_SECONDS, _QUICK_SECONDS = 600, 30
_RATE = 20  # of each kind, per second
_SETTLE = 45  # seconds until what failed has come again
_MEGABYTE = 1 << 20
_PAGE = 4096
_MANIFEST = {
    "app": "soak",
    "region": "eu-west-1",
    "defaults": {"runtime": PYTHON, "interpreter": sys.executable, "code": "src", "timeout": 3},
    "functions": {
        "queue": {
            "handler": "app.queue",
            "triggers": [{"sqs": {"queue": "soak", "report_batch_item_failures": True}}],
        },
        "stream": {
            "handler": "app.stream",
            "triggers": [{"kinesis": {"stream": "soak", "starting_position": "TRIM_HORIZON"}}],
        },
        "web": {"handler": "app.web", "triggers": [{"http": "GET /{id}"}]},
    },
    "resources": {
        "queues": {"soak": {"visibility_timeout": 5, "dead_letter_queue": "soak-dead", "max_receive_count": 20}}
    },
}
_APP = """\
import base64, os, random

def note(kind, what):
    with open(os.environ["NOTES"] + "/" + kind, "ab", buffering=0) as stream:
        stream.write(what.encode() + b"\\n")

def queue(event, context):
    failures = []
    for record in event["Records"]:
        if random.random() < 0.02:
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            note("queue", record["body"])
    if random.random() < 0.002:
        os._exit(1)
    return {"batchItemFailures": failures}

def stream(event, context):
    for record in event["Records"]:
        note("stream", base64.b64decode(record["kinesis"]["data"]).decode())

def web(event, context):
    note("web", event["pathParameters"]["id"])
    return "done"
"""


def soak(setting: Setting) -> dict[str, Any]:
    """One server, everything at once.

    Raises:
        WrongOutputError: a message was lost.
    """
    from emulator import Unavailable, executable

    folder = setting.work / "soak"
    (folder / "src").mkdir(parents=True)
    (folder / "notes").mkdir()
    (folder / "src" / "app.py").write_text(_APP)
    (folder / "lambdacli.yaml").write_text(json.dumps(_MANIFEST))
    try:
        server = _Server(folder, executable().parent)
    except Unavailable as reason:
        say(f"skipped: {reason}")
        return {}
    try:
        if not server.wait():
            say("skipped: serve does not start here with a local source: " + server.said()[-300:])
            return {}
        seconds = _QUICK_SECONDS if setting.quick else _SECONDS
        sent = _Sent(server, folder, seconds)
        sent.run()
        server.settle(folder, sent.count, 2 * _SETTLE)
    finally:
        server.end()
    return _judged(folder, sent, server, seconds)


class _Server:
    """The real command, and its memory second by second."""

    def __init__(self, folder: Path, path: Path) -> None:
        self._log = folder / "log"
        environment = plain_environment()
        environment["PATH"] = os.pathsep.join((environment["PATH"], str(path)))
        with self._log.open("wb") as stream:
            self.process = subprocess.Popen(
                [*lambdacli(), "serve", "--port", "0", "--env", f"NOTES={folder / 'notes'}"],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
            )  # fmt: skip
        self.memory: list[float] = []
        self.port = 0
        self.endpoint = ""

    def wait(self) -> bool:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            said = self.said()
            if re.search(r"^ready$", said, re.MULTILINE):
                urls = re.findall(r"(http://127\.0\.0\.1:(\d+))", said)
                self.port = int(urls[0][1])
                self.endpoint = next(url for url, port in urls if int(port) != self.port)
                return True
            time.sleep(0.05)
        return False

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def look(self) -> None:
        with open(f"/proc/{self.process.pid}/statm") as stream:  # noqa: PTH123 - a line each second
            self.memory.append(int(stream.read().split()[1]) * _PAGE / _MEGABYTE)

    def settle(self, folder: Path, count: Counter[str], seconds: float) -> None:
        """Until all has arrived, or so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(len(set(_arrived(folder, kind))) < count[kind] for kind in count):
            time.sleep(0.5)

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.status = self.process.wait(60)


class _Sent:
    """What was sent, by threads of real clients."""

    def __init__(self, server: _Server, folder: Path, seconds: float) -> None:
        self.count: Counter[str] = Counter()
        self.refused: list[str] = []
        self._server = server
        self._folder = folder
        self._until = time.monotonic() + seconds

    def run(self) -> None:
        work = [threading.Thread(target=each) for each in (self._queue, self._stream, self._web, self._save)]
        for each in work:
            each.start()
        while time.monotonic() < self._until:
            self._server.look()
            time.sleep(1)
        for each in work:
            each.join()

    def _client(self, service: str) -> Any:
        import boto3

        return boto3.client(
            service, endpoint_url=self._server.endpoint, region_name="eu-west-1",
            aws_access_key_id="test", aws_secret_access_key="test",  # noqa: S106 - of an emulator
        )  # fmt: skip

    def _paced(self, kind: str) -> Any:
        while time.monotonic() < self._until:
            yield str(self.count[kind])
            self.count[kind] += 1
            time.sleep(random.expovariate(_RATE))

    def _queue(self) -> None:
        queues = self._client("sqs")
        url = queues.get_queue_url(QueueName="soak")["QueueUrl"]
        for each in self._paced("queue"):
            queues.send_message(QueueUrl=url, MessageBody=each)

    def _stream(self) -> None:
        streams = self._client("kinesis")
        for each in self._paced("stream"):
            streams.put_record(StreamName="soak", Data=each.encode(), PartitionKey=each)

    def _web(self) -> None:
        for each in self._paced("web"):
            answer = request(self._server.port, "GET", f"/{each}")
            if "200 OK" not in answer:
                self.refused.append(answer[:200])

    def _save(self) -> None:
        app = self._folder / "src" / "app.py"
        while time.monotonic() < self._until:
            time.sleep(5)
            app.write_text(f"{_APP}\n# {time.time()}\n")


def _arrived(folder: Path, kind: str) -> list[str]:
    file = folder / "notes" / kind
    return file.read_text().split() if file.exists() else []


def _judged(folder: Path, sent: _Sent, server: _Server, seconds: float) -> dict[str, Any]:
    rows = []
    lost = 0
    for kind, count in sorted(sent.count.items()):
        arrived = Counter(_arrived(folder, kind))
        missing = {str(number) for number in range(count)} - {*arrived}
        lost += len(missing)
        rows.append((kind, f"{count}", f"{len(arrived)}", f"{len(missing)}", f"{sum(arrived.values()) - len(arrived)}"))
    say(f"\n## Soak: {seconds} s of everything at once, saves every 5 s\n")
    table(("source", "sent", "arrived", "lost", "more than once"), rows)
    part = max(1, len(server.memory) // 5)
    early, late = (statistics.median(each) for each in (server.memory[part : 2 * part], server.memory[-part:]))
    say(
        f"\nlambdacli itself: {early:.1f} MB early, {late:.1f} MB late;"
        f" HTTP refused: {len(sent.refused)}; exit {server.status}"
    )
    show_budgets([Budget("memory late / early", late / early, 1.1)])
    if lost or sent.refused or server.status:
        raise WrongOutputError(f"{lost} lost, {len(sent.refused)} refused {sent.refused[:1]}, exit {server.status}")
    return {"sent": dict(sent.count), "memory": server.memory}
