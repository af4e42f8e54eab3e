"""SQS messages through `lambdacli serve`, end to end, beside bare loops on the very same emulator.

Waiting messages: N of them are put into a queue while its trigger is disabled, then the trigger is enabled. The rate
counts from the first batch's arrival at the function to the last one's, as the function wrote it down; that of a bare
loop counts from its first ReceiveMessage that brought something to its last DeleteMessageBatch.
Single messages: from before SendMessage to the first line of the handler, a few per second.
"""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from cold import PYTHON
from harness import Budget, WrongOutputError, in_turns, say, show_budgets, table
from sourced import REGION, Sourced, emulators

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness import Setting

_MESSAGES, _QUICK_MESSAGES = 3000, 600
_SINGLE, _QUICK_SINGLE = 100, 30  # messages one at a time
_PACE = 0.05  # seconds between two of them
_POLLERS = 5  # of one event source mapping, as on AWS
_LIMIT = 120.0  # seconds until all has arrived
_TEN = 10
_OURS, _WINDOW = "lambdacli serve, batches of 10", "lambdacli serve, batches of 100, window of 1 s"
_ONE, _SEVERAL = "bare boto3 loop, 1 thread", f"bare boto3 loops, {_POLLERS} threads"
_APP = """\
import os, time

def handler(event, context):
    now = time.time()
    text = "".join(f"{now} {record['body']}\\n" for record in event["Records"])
    with open(os.environ["NOTES"], "ab", buffering=0) as stream:
        stream.write(text.encode())
"""
_SETTINGS = {"plain": {"batch_size": 10}, "window": {"batch_size": 100, "maximum_batching_window": 1}}


class Seen(NamedTuple):
    """A message as it came."""

    at: float  # the time of day
    body: str


def sqs(setting: Setting) -> dict[str, Any]:
    """One server and one emulator, queues of their own.

    Raises:
        WrongOutputError: a message was lost.
    """
    there = emulators()
    if there is None:
        return {}
    bench = _Bench(setting.work / "draining", _QUICK_MESSAGES if setting.quick else _MESSAGES)
    bench.begin(there)
    try:
        rates: dict[str, list[float]] = {name: [] for name in _DRAINS}
        rounds = 2 if setting.quick else max(3, setting.rounds // 3)
        in_turns(rounds, list(_DRAINS), lambda name: rates[name].append(_DRAINS[name](bench)))
        waits = bench.single(_QUICK_SINGLE if setting.quick else _SINGLE)
    finally:
        bench.server.end()
    _show(rates, waits, bench.number)
    return {"per second": rates, "ms": waits}


class _Bench:
    """A manifest whose triggers are enabled and disabled by saving it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.number = number
        self._folder = folder
        self._notes = folder.with_name("drained")  # beside what is watched
        self._sent = 0
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "app.py").write_text(_APP)
        self._enable()

    def begin(self, there: Path) -> None:
        """Start it, with the queues.

        Raises:
            WrongOutputError: it does not start.
        """
        self.server = Sourced(self._folder, there, ["--env", f"NOTES={self._notes}", "--warm", "1"])
        if not self.server.wait():
            raise WrongOutputError(f"serve with a local source does not start: {self.server.said()[-300:]}")
        self._queues = self.server.client("sqs")
        self._urls = {name: self._queues.get_queue_url(QueueName=name)["QueueUrl"] for name in _SETTINGS}
        self._urls["bare"] = self._queues.create_queue(QueueName="bare")["QueueUrl"]

    def ours(self, queue: str) -> float:
        """Messages per second through the trigger of a queue."""
        bodies = self._filled(queue)
        self._notes.write_bytes(b"")
        self._enable(queue)
        until = time.monotonic() + _LIMIT
        while len(seen := self._seen()) < len(bodies) and time.monotonic() < until:
            time.sleep(0.02)
        self._enable()
        self._complete(bodies, seen)
        return _rate([each.at for each in seen])

    def bare(self, threads: int) -> float:
        """Messages per second through so many loops."""
        bodies = self._filled("bare")
        seen: list[Seen] = []
        loops = [threading.Thread(target=self._loop, args=(seen, len(bodies))) for _ in range(threads)]
        for each in loops:
            each.start()
        for each in loops:
            each.join()
        self._complete(bodies, seen)
        return _rate([each.at for each in seen])

    def single(self, number: int) -> dict[str, list[float]]:
        """Milliseconds of single messages, in turns: through the trigger, and to a bare long poll."""
        bare: list[Seen] = []
        self._notes.write_bytes(b"")
        self._enable("plain")
        time.sleep(1)
        loop = threading.Thread(target=self._loop, args=(bare, number))
        loop.start()
        bodies = []
        for _ in range(number):
            for queue in ("plain", "bare"):
                bodies.append(str(time.time()))
                self._queues.send_message(QueueUrl=self._urls[queue], MessageBody=bodies[-1])
                time.sleep(_PACE)
        loop.join()
        until = time.monotonic() + _TEN
        while len(seen := self._seen()) < number and time.monotonic() < until:
            time.sleep(0.02)
        self._complete(bodies[::2], seen)
        return {
            name: sorted((each.at - float(each.body)) * 1000 for each in some)
            for name, some in ((_OURS, seen), (_ONE, bare))
        }

    # Parts

    def _enable(self, *names: str) -> None:
        """Save a manifest that has the triggers of these queues at work, and let it be followed."""
        triggers = [{"sqs": {"queue": queue, "enabled": queue in names, **more}} for queue, more in _SETTINGS.items()]
        function = {"handler": "app.handler", "code": "src", "runtime": PYTHON, "interpreter": sys.executable}
        manifest = {
            "app": "draining",
            "region": REGION,
            "functions": {"handle": {**function, "timeout": 10, "triggers": triggers}},
            "resources": {"queues": {name: {"visibility_timeout": 120} for name in _SETTINGS}},
        }
        (self._folder / "lambdacli.yaml").write_text(json.dumps(manifest))
        if not names:
            time.sleep(1.5)  # the long polls that were under way end

    def _filled(self, queue: str) -> list[str]:
        bodies = [str(self._sent + each) for each in range(self.number)]
        self._sent += self.number
        for begin in range(0, len(bodies), _TEN):
            entries = [{"Id": f"m{body}", "MessageBody": body} for body in bodies[begin : begin + _TEN]]
            self._queues.send_message_batch(QueueUrl=self._urls[queue], Entries=entries)
        return bodies

    def _loop(self, seen: list[Seen], number: int) -> None:
        """Receive and delete until so many messages have come."""
        queues, url = self.server.client("sqs"), self._urls["bare"]
        while len(seen) < number:
            found = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=_TEN, WaitTimeSeconds=1).get("Messages")
            if found:
                now = time.time()
                entries = [{"Id": str(i), "ReceiptHandle": each["ReceiptHandle"]} for i, each in enumerate(found)]
                queues.delete_message_batch(QueueUrl=url, Entries=entries)
                seen.extend(Seen(now, each["Body"]) for each in found)

    def _seen(self) -> list[Seen]:
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [Seen(float(at), body) for at, body in (line.split() for line in lines if " " in line)]

    def _complete(self, bodies: list[str], seen: list[Seen]) -> None:
        if missing := Counter(bodies) - Counter(each.body for each in seen):
            raise WrongOutputError(
                f"{len(missing)} of {len(bodies)} messages did not arrive: {self.server.said()[-300:]}"
            )


_DRAINS: dict[str, Callable[[_Bench], float]] = {
    _OURS: lambda bench: bench.ours("plain"),
    _WINDOW: lambda bench: bench.ours("window"),
    _ONE: lambda bench: bench.bare(1),
    _SEVERAL: lambda bench: bench.bare(_POLLERS),
}


def _rate(times: list[float]) -> float:
    """Messages per second after the first batch."""
    first, last = min(times), max(times)
    return sum(each > first for each in times) / (last - first)


def _show(rates: dict[str, list[float]], waits: dict[str, list[float]], number: int) -> None:
    say(f"\n## {number} SQS messages that wait in a queue of the local source\n")
    rows = [
        (name, f"{statistics.median(each):,.0f}", f"{min(each):,.0f}-{max(each):,.0f}") for name, each in rates.items()
    ]
    table(("who", "messages/s (median)", "min-max"), rows)
    say(f"\n## From SendMessage to the handler, one message each {2000 * _PACE:g} ms\n")
    table(
        ("who", "p50 ms", "p99 ms", "worst ms"),
        [(name, *(f"{_share(each, share):.1f}" for share in (0.5, 0.99, 1))) for name, each in waits.items()],
    )
    best = [max(pair) for pair in zip(rates[_ONE], rates[_SEVERAL], strict=True)]
    show_budgets(
        Budget(
            f"{name} / the better bare loop",
            statistics.median(a / b for a, b in zip(rates[name], best, strict=True)),
            0.9,
            at_most=False,
        )
        for name in (_OURS, _WINDOW)
    )


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
