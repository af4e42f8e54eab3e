"""Ten minutes of everything at once: does lambdacli's own memory stay flat, and does every message arrive?

A queue, a stream, HTTP and direct invocations, handlers that fail now and then, and code that is saved meanwhile.
Every function writes down what it got; what was sent is compared with that. Quick runs take half a minute.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from cold import PYTHON
from harness import Budget, WrongOutputError, say, show_budgets, table
from servers import request
from sourced import REGION, Sourced, emulators

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Setting

_SECONDS, _QUICK_SECONDS = 600, 30
_RATE = 20  # of each kind, per second
_SETTLE = 45  # seconds until what failed has come again
_MANIFEST = {
    "app": "soak",
    "region": REGION,
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
    there = emulators()
    if there is None:
        return {}
    folder = setting.work / "soak"
    (folder / "src").mkdir(parents=True)
    (folder / "notes").mkdir()
    (folder / "src" / "app.py").write_text(_APP)
    (folder / "lambdacli.yaml").write_text(json.dumps(_MANIFEST))
    server = Sourced(folder, there, ["--env", f"NOTES={folder / 'notes'}"])
    try:
        if not server.wait():
            say("skipped: serve does not start here with a local source: " + server.said()[-300:])
            return {}
        seconds = _QUICK_SECONDS if setting.quick else _SECONDS
        sent = _Sent(server, folder, seconds)
        sent.run()
        sent.settle(2 * _SETTLE)
    finally:
        server.end()
    return _judged(folder, sent, server, seconds)


class _Sent:
    """What was sent, by threads of real clients."""

    def __init__(self, server: Sourced, folder: Path, seconds: float) -> None:
        self.count: Counter[str] = Counter()
        self.refused: list[str] = []
        self.memory: list[float] = []  # MB of lambdacli itself, second by second
        self._server = server
        self._folder = folder
        self._until = time.monotonic() + seconds

    def run(self) -> None:
        work = [threading.Thread(target=each) for each in (self._queue, self._stream, self._web, self._save)]
        for each in work:
            each.start()
        while time.monotonic() < self._until:
            self.memory.append(self._server.megabytes())
            time.sleep(1)
        for each in work:
            each.join()

    def settle(self, seconds: float) -> None:
        """Until all has arrived, or so many seconds."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and any(
            len(set(_arrived(self._folder, kind))) < count for kind, count in self.count.items()
        ):
            time.sleep(0.5)

    def _paced(self, kind: str) -> Any:
        while time.monotonic() < self._until:
            yield str(self.count[kind])
            self.count[kind] += 1
            time.sleep(random.expovariate(_RATE))

    def _queue(self) -> None:
        queues = self._server.client("sqs")
        url = queues.get_queue_url(QueueName="soak")["QueueUrl"]
        for each in self._paced("queue"):
            queues.send_message(QueueUrl=url, MessageBody=each)

    def _stream(self) -> None:
        streams = self._server.client("kinesis")
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


def _judged(folder: Path, sent: _Sent, server: Sourced, seconds: float) -> dict[str, Any]:
    rows = []
    lost = 0
    for kind, count in sorted(sent.count.items()):
        arrived = Counter(_arrived(folder, kind))
        missing = {str(number) for number in range(count)} - {*arrived}
        lost += len(missing)
        rows.append((kind, f"{count}", f"{len(arrived)}", f"{len(missing)}", f"{sum(arrived.values()) - len(arrived)}"))
    say(f"\n## Soak: {seconds} s of everything at once, saves every 5 s\n")
    table(("source", "sent", "arrived", "lost", "more than once"), rows)
    part = max(1, len(sent.memory) // 5)
    early, late = (statistics.median(each) for each in (sent.memory[part : 2 * part], sent.memory[-part:]))
    say(
        f"\nlambdacli itself: {early:.1f} MB early, {late:.1f} MB late;"
        f" HTTP refused: {len(sent.refused)}; exit {server.status}"
    )
    show_budgets([Budget("memory late / early", late / early, 1.1)])
    if lost or sent.refused or server.status:
        raise WrongOutputError(f"{lost} lost, {len(sent.refused)} refused {sent.refused[:1]}, exit {server.status}")
    return {"sent": dict(sent.count), "memory": sent.memory}
