"""One way to each kind of destination: the call that carries a message there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lambdacli import partitions
from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.serve.asking import Asking
from lambdacli.serve.fleet import Call, NoSuchFunction
from lambdacli.serve.queues import Queue

if TYPE_CHECKING:
    from lambdacli.model import Destination, Manifest
    from lambdacli.serve.destinations.records import Message
    from lambdacli.serve.fleet import Fleet
    from lambdacli.serve.later import Later
    from lambdacli.serve.parts import Source

_THREADS = 8  # messages on their way at once


class NotThere(LambdacliError):  # noqa: N818 - the name is what happened
    """The destination does not exist here, and will not (exit code 1)."""

    exit_code = 1


class Services:
    """The calls, made in threads of their own."""

    def __init__(self, source: Source | None, fleet: Fleet, later: Later) -> None:
        self._source = source
        self._fleet = fleet
        self._later = later
        self._executor = ThreadPoolExecutor(_THREADS, "destinations")
        self._queues: dict[str, Queue] = {}
        self._ways = {"sqs": self._sqs, "sns": self._sns, "s3": self._s3, "eventbridge": self._eventbridge}

    async def put(self, end: Destination, message: Message) -> None:
        """Carry a message to a destination.

        Raises:
            NotThere: there is no such thing here.
            Refused: the service says no, or nothing.
            MachineError: there are no credentials.
        """
        if end.kind == "function":
            self._function(end.target, message)
        elif self._source is None:
            raise NotThere(f"there are no sources here: it would have gone to {end.kind} {end.target}")
        else:
            await self._ways[end.kind](self._source, end.target, message)

    def close(self) -> None:
        """Begin nothing any more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _function(self, target: str, message: Message) -> None:
        """A name in the manifest, or an ARN whose name is one."""
        name = _function_name(target, self._fleet.manifest)
        try:
            self._fleet.function(name)
        except NoSuchFunction:
            raise NotThere(f"it would have gone to function {name}, which is not served here") from None
        call = Call(message.body.encode())
        self._later.submit(name, call, f"destination of {message.function}", message.request_id)

    async def _sqs(self, source: Source, target: str, message: Message) -> None:
        if target not in self._queues:
            self._queues[target] = Queue(source, target, self._executor)
        await self._queues[target].send(message.body, MessageAttributes=_attributes(message))

    async def _sns(self, source: Source, target: str, message: Message) -> None:
        arn = _arn(source, "sns", target)
        await self._ask(source)(
            "sns", "publish", TopicArn=arn, Message=message.body, MessageAttributes=_attributes(message)
        )

    async def _s3(self, source: Source, target: str, message: Message) -> None:
        bucket = target.partition(":::")[2] or target
        body = (message.whole or message.body).encode()
        ask = self._ask(source)
        await ask("s3", "put_object", Bucket=bucket, Key=message.key, Body=body, ContentType="application/json")

    async def _eventbridge(self, source: Source, target: str, message: Message) -> None:
        bus = _arn(source, "events", target, "event-bus/")
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {message.result}",
            "Detail": message.body,
            "Resources": [bus, message.function_arn],
            "EventBusName": bus,
        }
        answer = await self._ask(source)("events", "put_events", Entries=[entry])
        failed = next((each for each in answer.get("Entries") or () if each.get("ErrorCode")), None)
        if failed is not None:
            raise Refused("events", "put_events", failed["ErrorCode"], failed.get("ErrorMessage", ""))

    def _ask(self, source: Source) -> Asking:
        return Asking(source.connection, self._executor)


def _function_name(target: str, manifest: Manifest) -> str:
    """A name in the manifest as it is, or that of a function of this very app which an ARN names."""
    if not target.startswith("arn:"):
        return target
    return target.split(":")[6].removeprefix(f"{manifest.app}-{manifest.stage}-")


def _arn(source: Source, service: str, target: str, before: str = "") -> str:
    """An ARN as it is given, of a name, or of what stands in for it in an emulator."""
    if target.startswith("arn:"):
        if not source.ours:
            return target
        target = target.split(":", 5)[5].removeprefix(before)
    return f"arn:{partitions.of(source.region)}:{service}:{source.region}:{source.account}:{before}{target}"


def _attributes(message: Message) -> dict[str, Any]:
    """Of SQS and SNS alike."""
    return {name: {"DataType": kind, "StringValue": value} for name, (kind, value) in message.attributes.items()}
