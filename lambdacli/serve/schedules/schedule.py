"""One schedule that runs: when it fires next, and with which event."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from lambdacli.errors import MachineError, ManifestError
from lambdacli.resource import digest
from lambdacli.timetable.expressions import Wrong
from lambdacli.timetable.firings import firings
from lambdacli.triggers.schedule import timetable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.events.recipe import Recipe
    from lambdacli.model import Function, Manifest, Trigger
    from lambdacli.timetable.firings import Timetable

_MINUTE = 60  # seconds


class Identity(NamedTuple):
    """What makes a schedule another one: as long as it is the same, its rhythm goes on."""

    function: str
    name: str
    timetable: Timetable
    window: int  # minutes


class Content(NamedTuple):
    """What its events are made from."""

    manifest: Manifest
    function: Function
    trigger: Trigger


class Schedule:
    """A schedule from a moment on.

    Attributes:
        identity: which one it is.
        function: that it invokes.
        source: what people call it.
        due: when it invokes next; None once it is over.
    """

    def __init__(self, identity: Identity, moments: Iterator[datetime], content: Content) -> None:
        self.identity = identity
        self.function = identity.function
        self.source = f"schedule {identity.timetable.expression}"
        self.due: datetime | None = None
        self._content = content
        self._moments = moments
        self._ahead: deque[datetime] = deque()
        self._recipe: Recipe | None = None
        self._look()

    def follow(self, content: Content) -> None:
        """Events are what the manifest says from now on."""
        self._content = content
        self._recipe = None

    @property
    def deletes(self) -> bool:
        """Whether AWS deletes it once it is over."""
        return bool(self._content.trigger.settings.get("action_after_completion") == "DELETE")

    def next_due(self) -> datetime:
        """When it invokes next; it is not over."""
        assert self.due is not None  # noqa: S101 - who asks has looked
        return self.due

    def coming(self, number: int) -> list[datetime]:
        """The next moments that it is meant for, fewer where it ends."""
        self._ahead.extend(islice(self._moments, max(0, number - len(self._ahead))))
        return [*islice(self._ahead, number)]

    def passed(self) -> datetime:
        """Go on to the next firing; the moment that the one that was due is meant for."""
        moment = self._ahead.popleft()
        self._look()
        return moment

    def event(self, time: str) -> bytes:
        """What AWS would send at a time (ISO 8601), with ids of its own.

        Raises:
            EventError: a template of the user's own is wrong.
        """
        from lambdacli import events
        from lambdacli.events import recipe as recipes
        from lambdacli.triggers import schedule

        if self._recipe is None:
            manifest, function, trigger = self._content
            wanted = schedule.TRIGGER.sample(trigger, function, manifest)
            self._recipe = recipes.of_request(wanted, manifest)
        parameters = {"time": time} if self._recipe.template else {}
        return events.dumps(recipes.make(self._recipe, parameters, fresh=True), compact=True).encode()

    def _look(self) -> None:
        """When the next firing is due: somewhere in its window, the same in every run, never before the last one."""
        for moment in self.coming(1):
            seed = f"{self.function} {self.identity.name} {moment.isoformat()}"
            seconds = int(digest(seed)[:8], 16) % (self.identity.window * _MINUTE or 1)
            due = moment + timedelta(seconds=seconds)
            self.due = max(due, self.due or due)
            return
        self.due = None


def identify(content: Content) -> Identity:
    """Which schedule a trigger stands for.

    Raises:
        ManifestError: a date is none.
    """
    values, function = content.trigger.settings, content.function.name
    try:
        table = timetable(content.trigger)
    except ValueError as error:
        raise ManifestError(f"schedule {values['expression']} of {function}: {error}") from None
    return Identity(function, values.get("name", ""), table, values.get("flexible_time_window", 0))


def opened(identity: Identity, content: Content, since: datetime) -> Schedule:
    """A schedule that is there from a moment on.

    Raises:
        ManifestError: the expression is none.
        MachineError: this machine does not know the time zone.
    """
    table = identity.timetable
    where = f"schedule {table.expression} of {identity.function}"
    try:
        return Schedule(identity, firings(table, since), content)
    except Wrong as wrong:
        raise ManifestError(f"{where}: {wrong}", hint=wrong.hint) from None
    except (KeyError, OSError, ValueError):
        missing = f"{where}: this machine has no data of time zone {table.zone}"
        raise MachineError(missing, hint="pip install tzdata") from None
