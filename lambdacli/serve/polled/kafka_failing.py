"""Where Kafka's records go that are given up: a queue, a topic of SNS, a bucket, or a topic of the same brokers."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from lambdacli.serve.destinations import records
from lambdacli.serve.polled import kafka_records as kafka
from lambdacli.serve.polled.kafka_consuming import QUIET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Executor

    from lambdacli.model import Destination
    from lambdacli.serve.destinations import Sender
    from lambdacli.serve.destinations.records import Tried
    from lambdacli.serve.polled.kafka_records import Item, Origin
    from lambdacli.serve.telling import Step, Telling

_PATIENCE = 30.0  # seconds until the brokers must have it


class ToDestination:
    """One record for all of them, to what the sender knows."""

    def __init__(self, end: Destination, sender: Sender, origin: Origin, name: str) -> None:
        self._end = end
        self._sender = sender
        self._origin = origin
        self._mapping = str(uuid.uuid5(uuid.NAMESPACE_URL, name))

    async def __call__(self, tried: Tried, items: Sequence[Item], event: bytes, condition: str, step: Step) -> None:
        """Send it; what has become of it is told."""
        about = kafka.information(items, self._origin, len(event))
        message = records.discarded(tried, event, condition, about, self._mapping, items[0].place)
        await self._sender.send(self._end, message, step)


class ToTopic:
    """Each record by itself, under its own key, whole."""

    def __init__(
        self, topic: str, settings: Mapping[str, Any], executor: Executor, origin: Origin, telling: Telling
    ) -> None:
        self._topic = topic
        self._settings = settings
        self._executor = executor
        self._origin = origin
        self._telling = telling
        self._producer: Any = None

    async def __call__(self, tried: Tried, items: Sequence[Item], _event: bytes, condition: str, step: Step) -> None:
        """Send them; what has become of them is told."""
        import asyncio

        messages = [(each.key, self._message(tried, each, condition)) for each in items]
        sending = asyncio.get_running_loop().run_in_executor(self._executor, self._sent, messages)
        try:
            reason = await asyncio.shield(sending)
        except asyncio.CancelledError:
            self._tell(step, f"everything ended before it was at kafka {self._topic}")
            raise
        self._tell(step, reason)

    def _message(self, tried: Tried, one: Item, condition: str) -> bytes:
        event = kafka.event([one], self._origin)
        about = kafka.information_of_one(one, self._origin, len(event))
        document = json.loads(records.discarded(tried, event, condition, about, "", "").body)
        return records.text({**document, "payload": json.loads(event)}).encode()

    def _sent(self, messages: Sequence[tuple[bytes | None, bytes]]) -> str:
        """Nothing, or why not all of them are there."""
        from confluent_kafka import KafkaException, Producer

        errors: list[str] = []
        try:
            self._producer = self._producer or Producer(
                {**self._settings, "message.timeout.ms": int(_PATIENCE * 1000)}, logger=QUIET
            )
            for key, value in messages:
                self._producer.produce(
                    self._topic,
                    value,
                    key=key,
                    on_delivery=lambda error, _: errors.append(error.str()) if error else None,
                )
            left = self._producer.flush(_PATIENCE)
        except (KafkaException, BufferError) as error:
            return str(error)
        return errors[0] if errors else "the brokers do not answer" if left else ""

    def _tell(self, step: Step, reason: str) -> None:
        name = f"kafka {self._topic}"
        if reason:
            told = step._replace(what="discarded", detail=f"{step.detail}; it could not go to {name}: {reason}")
        else:
            told = step._replace(detail=f"{name} ({step.detail})")
        self._telling.step(told)
