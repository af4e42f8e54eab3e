"""What every rule is made of, and what it may ask."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from rules.http import Answer
from rules.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import ClassVar

    from emulator import Emulator

    from rules.calls import Call


class World:
    """The emulator as it is behind the rules, and a clock for what takes effect later."""

    def __init__(self, emulator: Emulator, delay: float) -> None:
        self._emulator = emulator
        self._since: dict[Hashable, float] = {}
        self.delay = delay  # seconds until something new is settled

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator itself."""
        return self._emulator.client(service)

    def happened(self, what: Hashable) -> None:
        """From now on it is new."""
        self._since[what] = time.monotonic()

    def new(self, what: Hashable) -> bool:
        """Whether it happened less than `delay` ago."""
        return time.monotonic() - self._since.get(what, float("-inf")) < self.delay

    def forget(self) -> None:
        """Nothing happened yet."""
        self._since.clear()


class Rule:
    """One thing that AWS does and the emulator does not."""

    watches: ClassVar[tuple[str, ...]]  # service:Operation; a service alone for all of its operations

    def before(self, call: Call, world: World) -> Refusal | Answer | None:
        """What AWS says at once; None to let the emulator answer."""

    def after(self, call: Call, answer: Answer, world: World) -> Answer:  # noqa: ARG002
        """What the emulator said, put right. Only asked about what it did not refuse."""
        return answer

    def forget(self) -> None:
        """The emulator has been emptied."""


def told(answer: Answer) -> Any:
    """An answer's JSON."""
    return json.loads(answer.body or b"{}")


def tell(value: Any, answer: Answer | None = None, status: int = 200) -> Answer:
    """An answer with other JSON."""
    headers = dict(answer.headers) if answer else {"content-type": "application/json"}
    return Answer(answer.status if answer else status, headers, json.dumps(value).encode())


def function_of(reference: str) -> tuple[str, str]:
    """A function's name and qualifier ("" for none) of its name, partial ARN or ARN."""
    parts = reference.rsplit(":function:", maxsplit=1)[-1].split(":")
    if len(parts) > 1 and parts[0].isdigit():  # 123456789012:name
        parts = parts[1:]
    return parts[0], parts[1] if len(parts) > 1 else ""


def qualified(call: Call) -> tuple[str, str]:
    """The name and qualifier that a call of Lambda speaks of."""
    name, qualifier = function_of(call.parameters["FunctionName"])
    return name, call.parameters.get("Qualifier") or qualifier


__all__ = ["Answer", "Refusal", "Rule", "World", "function_of", "qualified", "tell", "told"]
