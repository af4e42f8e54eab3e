"""Work on nodes that need each other: several at once, each after what it needs."""

from __future__ import annotations

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Hashable, Iterable, Sequence

N = TypeVar("N", bound="Hashable")
R = TypeVar("R")

_LOOK = 0.2  # seconds between looks whether to stop: a wait without end hears no Ctrl-C on Windows


@dataclass(frozen=True)  # Python 3.10 has no generic named tuples
class Node(Generic[N]):
    """One piece of work."""

    key: N
    needs: tuple[N, ...] = ()  # those that are not in the run are taken as done
    lane: str = ""  # of one lane only one runs at a time; "" none


@dataclass(frozen=True)
class Outcome(Generic[R]):
    """How one piece of work ended: `skipped` because something that it needs failed, or nobody wants it any more."""

    state: Literal["done", "failed", "skipped"]
    result: R | None = None
    error: BaseException | None = None


def run(
    nodes: Sequence[Node[N]], work: Callable[[N], R], *, workers: int, stopping: threading.Event
) -> dict[N, Outcome[R]]:
    """Do the work, `workers` nodes at once. What fails stops what needs it and nothing else.

    Ctrl-C, or `stopping`, starts nothing more and waits for what is being done.
    """
    running = _Run(nodes, work)
    with ThreadPoolExecutor(workers) as pool:
        while running.left():
            try:
                if not stopping.is_set():
                    running.start(pool, workers)
                elif not running.doing:
                    break
                running.collect()
            except KeyboardInterrupt:
                stopping.set()
    running.give_up()
    return running.outcomes


class _Run(Generic[N, R]):
    def __init__(self, nodes: Iterable[Node[N]], work: Callable[[N], R]) -> None:
        self.work = work
        self.nodes = {node.key: node for node in nodes}
        self.outcomes: dict[N, Outcome[R]] = {}
        self.doing: dict[Future[R], N] = {}
        self._lanes: set[str] = set()
        self._open: dict[N, int] = {}
        self._dependents: dict[N, list[N]] = {}
        for key, node in self.nodes.items():
            needed = {each for each in node.needs if each in self.nodes and each != key}
            self._open[key] = len(needed)
            for each in needed:
                self._dependents.setdefault(each, []).append(key)
        self._ready = deque(key for key, count in self._open.items() if not count)

    def left(self) -> bool:
        return bool(self._ready or self.doing)

    def start(self, pool: ThreadPoolExecutor, workers: int) -> None:
        """Start what may start, in order; what waits for its lane stays where it is in the queue."""
        waiting: deque[N] = deque()
        while self._ready and len(self.doing) < workers:
            key = self._ready.popleft()
            lane = self.nodes[key].lane
            if lane in self._lanes:
                waiting.append(key)
                continue
            if lane:
                self._lanes.add(lane)
            self.doing[pool.submit(self.work, key)] = key
        self._ready.extendleft(reversed(waiting))

    def collect(self) -> None:
        """Note what has ended."""
        done, _ = wait(self.doing, timeout=_LOOK, return_when=FIRST_COMPLETED)
        for future in done:
            key = self.doing.pop(future)
            self._lanes.discard(self.nodes[key].lane)
            error = future.exception()
            if error is None:
                self._end(key, Outcome("done", future.result()))
            else:
                self._end(key, Outcome("failed", error=error))

    def give_up(self) -> None:
        """Whatever has not ended never will."""
        for key in self.nodes:
            self.outcomes.setdefault(key, Outcome("skipped"))

    def _end(self, key: N, outcome: Outcome[R]) -> None:
        ended = [(key, outcome)]
        while ended:
            each, how = ended.pop()
            if each in self.outcomes:
                continue
            self.outcomes[each] = how
            for dependent in self._dependents.get(each, ()):
                self._open[dependent] -= 1
                if how.state != "done":
                    ended.append((dependent, Outcome("skipped")))
                elif not self._open[dependent] and dependent not in self.outcomes:
                    self._ready.append(dependent)
