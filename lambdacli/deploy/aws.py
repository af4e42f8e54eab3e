"""What a kind of resource asks AWS, and tells it. Reads are made once; writes say whether they may be made twice."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lambdacli.connection import Connection
    from lambdacli.deploy.package import Package
    from lambdacli.resource import Place

    Answer = dict[str, Any]

T = TypeVar("T")

_READS = ("get_", "list_", "describe_", "head_", "lookup_", "filter_", "simulate_")


class Aws:
    """What a kind of resource asks AWS, and tells it. Of a cached one every reading call is made once."""

    def __init__(
        self, connection: Connection, place: Place, packages: Mapping[str, Package], *, cached: bool = True
    ) -> None:
        self.connection = connection
        self.place = place
        self.packages = packages  # by their CodeSha256
        self._cached = cached
        self._lock = threading.Lock()
        self._known: dict[str, _Once] = {}

    def fresh(self) -> Aws:
        """The same without memory: for what is asked while it changes."""
        return Aws(self.connection, self.place, self.packages, cached=False)

    def get(self, service: str, operation: str, /, **parameters: Any) -> Answer | None:
        """The answer to a reading call; None where what it speaks of is not there.

        Raises:
            Refused: AWS says no.
        """
        _only_reads(operation)

        def ask() -> Answer | None:
            try:
                return self.connection.patient(service, operation, parameters)
            except Refused as refused:
                if refused.absent:
                    return None
                raise

        return self._once(service, operation, parameters, ask)

    def listed(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """What all pages of a reading call have under `key`; nothing where what it speaks of is not there.

        Raises:
            Refused: AWS says no.
        """
        _only_reads(operation)

        def ask() -> list[Any]:
            try:
                return self.connection.pages(service, operation, key, parameters)
            except Refused as refused:
                if refused.absent:
                    return []
                raise

        return self._once(service, operation, {"": key, **parameters}, ask)

    def tagged(self) -> list[str]:
        """The ARNs of what has this app's and stage's tags. Old news, and not of every service: verify each.

        Source: GetResources in the Resource Groups Tagging API reference.
        """
        filters = [{"Key": key, "Values": [value]} for key, value in self.place.tags.items()]
        found = self.listed("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", TagFilters=filters)
        return [each["ResourceARN"] for each in found]

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """A writing call that may be made twice, tried again while it is refused for a reason that passes.

        Raises:
            Refused: for good.
        """
        return self.connection.patient(service, operation, parameters)

    def create(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """A writing call that would make a second one if it were made twice.

        Raises:
            Refused: for good, or with `lost`: look whether it is there.
        """
        return self.connection.patient(service, operation, parameters, lost=False)

    def remove(self, service: str, operation: str, /, **parameters: Any) -> None:
        """A deleting call; what is gone already is fine.

        Raises:
            Refused: for good.
        """
        try:
            self.connection.patient(service, operation, parameters)
        except Refused as refused:
            if not refused.absent:
                raise

    def until(self, probe: Callable[[], T | None], what: str, seconds: float = 300) -> T:
        """What the probe answers as soon as that is not None.

        Raises:
            Refused: it takes longer than `seconds`; or what the probe raises.
        """
        begun = self.connection.now()
        pause = 0.05
        while (found := probe()) is None:
            if self.connection.now() - begun > seconds:
                raise Refused("lambdacli", "wait", "TimedOut", f"{what} is not there after {seconds:g} s")
            self.connection.pause(pause)
            pause = min(2 * pause, 2.0)
        return found

    def _once(self, service: str, operation: str, parameters: Mapping[str, Any], ask: Callable[[], T]) -> T:
        if not self._cached:
            return ask()
        key = repr((service, operation, sorted(parameters.items(), key=lambda item: item[0])))
        with self._lock:
            known = self._known.setdefault(key, _Once())
        answer: T = known.value(ask)
        return answer


class _Once:
    """An answer that the first thread asks for and the others wait for. Whoever waits for a failure has failed too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: Future[Any] | None = None

    def value(self, ask: Callable[[], Any]) -> Any:
        with self._lock:
            asked, first = self._asked, self._asked is None
            if asked is None:
                asked = self._asked = Future()
        if first:
            self._ask(ask, asked)
        return asked.result()

    def _ask(self, ask: Callable[[], Any], asked: Future[Any]) -> None:
        try:
            asked.set_result(ask())
        except BaseException as error:  # noqa: BLE001 - every one is raised where it is waited for
            with self._lock:
                self._asked = None  # who comes later may have more luck
            asked.set_exception(error)


def _only_reads(operation: str) -> None:
    if not operation.startswith(_READS):
        raise ValueError(f"{operation} may change something")


def names(arns: Iterable[str], prefix: str) -> list[str]:
    """What stands behind a prefix in those ARNs that begin with it."""
    return [arn[len(prefix) :] for arn in arns if arn.startswith(prefix)]
