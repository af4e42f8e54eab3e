"""Event source mappings at work: a real source and fleet, a function of the test's own that writes down its events."""

from __future__ import annotations

import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.clock import Real
from lambdacli.serve.fleet import Fleet
from lambdacli.serve.parts import Common, Source
from lambdacli.serve.polled import Polled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from lambdacli.model import Manifest
    from lambdacli.serve.clock import Clock
    from lambdacli.serve.fleet import Call

_RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
_APP = """
import json, os, time
HERE = os.path.dirname(os.path.abspath(__file__))
def note(event):
    with open(os.path.join(HERE, "got"), "a") as file:
        file.write(json.dumps(event) + "\\n")
def handler(event, context):
    note(event)
    return work(event)
"""


class Nobody:
    """Takes events that no test here sends."""

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        raise AssertionError((function, call, source, record))


@dataclass
class Polling:
    """What a test sees of it."""

    folder: Path
    fleet: Fleet
    heard: Heard
    polled: Polled

    @property
    def got(self) -> list[Any]:
        """The events that the function got, in order."""
        path = self.folder / "got"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def bodies(self) -> list[list[str]]:
        """The bodies in each event of an SQS queue."""
        return [[record["body"] for record in event["Records"]] for event in self.got]

    async def until(self, *whats: str, records: int = 1, seconds: float = 20) -> None:
        """Return once so many records have come that far."""
        await self.heard.until(lambda heard: sum(len(each.records) for each in heard.of(*whats)) >= records, seconds)


def saved(folder: Path, work: str, *triggers: dict[str, Any], **settings: Any) -> Manifest:
    """A manifest of one function, `orders`; `work` is what its `work(event)` does."""
    body = "\n".join(f"    {line}" for line in work.splitlines())
    (folder / "app.py").write_text(f"{_APP}\ndef work(event):\n{body}\n")
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": _RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20},
        "functions": {"orders": {"triggers": list(triggers), **settings}},
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


@asynccontextmanager
async def polling(
    source: Source, manifest: Manifest, *, clock: Clock | None = None, most: int = 10
) -> AsyncIterator[Polling]:
    """Everything started; ended in order."""
    heard = Heard()
    guard.current()
    fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), heard, most)
    await fleet.start()
    polled = Polled(Common(fleet, Nobody(), clock or Real(), heard), source)
    await polled.start()
    try:
        yield Polling(manifest.folder, fleet, heard, polled)
    finally:
        await polled.pause()
        await fleet.drain(5)
        await polled.stop()
        await fleet.close()
    assert not heard.troubles


class Sqs:
    """What a user's own client does with a queue."""

    def __init__(self, source: Source, name: str, **attributes: str) -> None:
        self.client = source.connection.client("sqs")
        self.url = self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def send(self, *bodies: str, **more: Any) -> list[str]:
        return [self.client.send_message(QueueUrl=self.url, MessageBody=body, **more)["MessageId"] for body in bodies]

    def fill(self, number: int) -> None:
        for begin in range(0, number, 10):
            entries = [{"Id": str(n), "MessageBody": str(begin + n)} for n in range(min(10, number - begin))]
            self.client.send_message_batch(QueueUrl=self.url, Entries=entries)

    @property
    def left(self) -> tuple[int, int]:
        """Visible, and in flight."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    @property
    def bodies(self) -> list[str]:
        """Of all that are visible, and are not any more."""
        found: list[str] = []
        while more := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            found += [each["Body"] for each in more]
        return found


def flat(batches: Sequence[Sequence[str]]) -> list[str]:
    return [each for batch in batches for each in batch]
