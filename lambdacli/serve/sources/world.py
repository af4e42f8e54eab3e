"""What the manifest's functions need, made at a source where it is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdacli.connection import Stopped
from lambdacli.deploy import graph
from lambdacli.deploy.aws import Aws
from lambdacli.deploy.plan import differing, known
from lambdacli.deploy.resources import load
from lambdacli.deploy.values import resolved
from lambdacli.errors import LambdacliError
from lambdacli.refusals import Refused
from lambdacli.resource import Place
from lambdacli.serve.sources import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from lambdacli.connection import Connection
    from lambdacli.deploy.resources import Kind
    from lambdacli.model import Manifest
    from lambdacli.resource import Key, Resource

_WORKERS = 8


class Done(NamedTuple):
    """What has become of the things that a manifest asks for."""

    made: tuple[str, ...] = ()  # as people call them: queue orders
    troubles: tuple[LambdacliError, ...] = ()  # what could not be made
    warnings: tuple[str, ...] = ()  # what stays otherwise than the manifest says


class World:
    """The things at one source. Nothing of it is ever deleted.

    Args:
        connection: to the source.
        account: 12 digits.
        region: of the source.
        ours: whether what is there may be changed.
    """

    def __init__(self, connection: Connection, account: str, region: str, *, ours: bool) -> None:
        self._connection = connection
        self._account = account
        self._region = region
        self._ours = ours
        self._manifest: Manifest | None = None  # the newest that something was made for
        self._known: dict[Key, Mapping[str, Any]] = {}

    def forget(self) -> None:
        """The source is empty again."""
        self._known.clear()

    def lost(self) -> bool:
        """Whether the source was emptied since, or started again: something that was there is not. Blocks."""
        if not self._known or self._manifest is None:
            return False
        key = next(iter(self._known))
        aws = Aws(self._connection, Place(self._manifest, self._account, self._region), {}, cached=False)
        if load(key.kind).read(key.name, {}, aws) is not None:
            return False
        self.forget()
        return True

    def make(self, manifest: Manifest, *, empty: bool = False) -> Done:
        """Make what is missing, and change what is ours and differs. Blocks; one at a time.

        Args:
            manifest: says what is wanted.
            empty: nothing is there, as far as is known: it need not be asked for first.
        """
        self._manifest = manifest
        place = Place(manifest, self._account, self._region)
        wanted = {each.key: each for each in needs.resources(manifest, place)}
        attributes = known(place, [each for each in wanted.values() if each.kind not in _MADE], {})
        work = {key: resolved(each.properties, attributes) for key, each in wanted.items()}
        work = {key: properties for key, properties in work.items() if self._known.get(key) != properties}
        making = _Making(Aws(self._connection, place, {}, cached=False), ours=self._ours, empty=empty)
        nodes = [graph.Node(key, _before(wanted[key])) for key in work]
        outcomes = graph.run(
            nodes, lambda key: making.bring(key, work[key]), workers=_WORKERS, stopping=self._connection.stopping
        )
        troubles = []
        for key, outcome in outcomes.items():
            if outcome.state == "done":
                self._known[key] = work[key]
            elif outcome.error is not None and not isinstance(outcome.error, Stopped):
                troubles.append(_trouble(wanted[key], outcome.error))
        return Done(tuple(making.made), tuple(troubles), tuple(making.warnings))


class _Making:
    """One run: what is told of it is gathered by the threads that do it."""

    def __init__(self, aws: Aws, *, ours: bool, empty: bool) -> None:
        self._aws = aws
        self._ours = ours
        self._empty = empty
        self.made: list[str] = []
        self.warnings: list[str] = []

    def bring(self, key: Key, properties: Mapping[str, Any]) -> None:
        """Have it there."""
        if key.kind in _MADE:
            self._make(key, lambda: _MADE[key.kind](key.name, self._aws))
            return
        kind = load(key.kind)
        if self._empty and self._make(key, lambda: kind.create(key.name, properties, self._aws)):
            return
        there = kind.read(key.name, properties if self._ours else {}, self._aws)  # {}: only whether it is there
        if there is None:
            self._make(key, lambda: kind.create(key.name, properties, self._aws))
        elif self._ours and there.owned and (changed := differing(kind, properties, there)):
            self._update(kind, key, properties, there, changed)

    def _make(self, key: Key, create: Callable[[], object]) -> bool:
        """Whether it had to be made."""
        try:
            create()
        except Refused as refused:
            if not refused.exists:
                raise
            return False
        self.made.append(_called(key))
        return True

    def _update(self, kind: Kind, key: Key, properties: Mapping[str, Any], there: Any, changed: set[str]) -> None:
        if fixed := sorted(changed & kind.immutable):
            self.warnings.append(f"{_called(key)} stays as it is: {' and '.join(fixed)} cannot be changed")
        if free := changed - kind.immutable:
            kind.update(key.name, properties, there, free, self._aws)


def _before(resource: Resource) -> tuple[Key, ...]:
    """What it refers to; as known by name, it need not be there, but the services ask."""
    from lambdacli.deploy.order import needed

    return tuple(each for each in needed(resource) if each != resource.key)


def _called(key: Key) -> str:
    words = {"external_log_group": "log group", "event_bus": "event bus", "table_stream": "stream of the table"}
    return f"{words.get(key.kind, key.kind)} {key.name}"


def _trouble(resource: Resource, error: BaseException) -> LambdacliError:
    """One that can be told; anything else is a mistake of ours."""
    if isinstance(error, LambdacliError):
        told = type(error) is Refused
        return SourceError(f"{resource.where}: {error.message}", hint=error.hint) if told else error
    return LambdacliError(f"{resource.where}: {type(error).__name__}: {error}")


class SourceError(LambdacliError):
    """Something could not be made at a source (exit code 1)."""

    exit_code = 1


def _make_bus(name: str, aws: Aws) -> None:
    aws.call("events", "create_event_bus", Name=name)


def _make_group(name: str, aws: Aws) -> None:
    aws.call("logs", "create_log_group", logGroupName=name)


_MADE: Mapping[str, Callable[[str, Aws], None]] = {"event_bus": _make_bus, "external_log_group": _make_group}
