"""Work that needs other work: order, lanes, workers, failures, and stopping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdacli.deploy.graph import Node, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.deploy.graph import Outcome


class Log:
    """What began and ended, in the order in which it did."""

    def __init__(self, failing: frozenset[int] = frozenset()) -> None:
        self.events: list[tuple[str, int]] = []
        self._failing = failing
        self._lock = threading.Lock()

    def work(self, key: int) -> int:
        self.tell("begin", key)
        time.sleep(0)
        self.tell("end", key)
        if key in self._failing:
            raise ValueError(key)
        return key * 2

    def tell(self, what: str, key: int) -> None:
        with self._lock:
            self.events.append((what, key))

    def most_at_once(self, keys: frozenset[int]) -> int:
        now = most = 0
        for what, key in self.events:
            now += {"begin": 1, "end": -1}[what] if key in keys else 0
            most = max(most, now)
        return most


def _run(nodes: Sequence[Node[int]], log: Log, workers: int = 4) -> dict[int, Outcome[int]]:
    return run(nodes, log.work, workers=workers, stopping=threading.Event())


def _states(outcomes: dict[int, Outcome[int]]) -> dict[int, str]:
    return {key: outcome.state for key, outcome in outcomes.items()}


@st.composite
def _graphs(draw: st.DrawFn) -> list[Node[int]]:
    """Nodes that need earlier ones, some that nobody knows, in any order."""
    count = draw(st.integers(0, 12))
    nodes = [
        Node(
            key,
            tuple(draw(st.lists(st.integers(0, key - 1), max_size=3))) + draw(st.sampled_from(((), (99,))))
            if key
            else (),
            draw(st.sampled_from(("", "", "one", "two"))),
        )
        for key in range(count)
    ]
    return draw(st.permutations(nodes))


@settings(max_examples=200)
@given(_graphs(), st.integers(1, 4), st.frozensets(st.integers(0, 12)))
def test_any_graph_is_done_in_order(nodes: list[Node[int]], workers: int, failing: frozenset[int]) -> None:
    log = Log(failing)
    outcomes = _run(nodes, log, workers)
    by_key = {node.key: node for node in nodes}
    assert outcomes.keys() == by_key.keys()
    assert max(Counter(log.events).values(), default=1) == 1
    for key, node in by_key.items():
        needs = [each for each in node.needs if each in by_key]
        skipped = any(outcomes[each].state != "done" for each in needs)
        assert outcomes[key].state == ("skipped" if skipped else "failed" if key in failing else "done")
        if not skipped:
            begun = log.events.index(("begin", key))
            assert all(log.events.index(("end", each)) < begun for each in needs)
        if outcomes[key].state == "done":
            assert outcomes[key].result == key * 2
        if outcomes[key].state == "failed":
            assert isinstance(outcomes[key].error, ValueError)
    assert log.most_at_once(frozenset(by_key)) <= workers
    for lane in ("one", "two"):
        assert log.most_at_once(frozenset(key for key, node in by_key.items() if node.lane == lane)) <= 1


def test_a_lane_that_is_taken_keeps_nobody_else_from_working() -> None:
    log, free = Log(), threading.Event()

    def work(key: int) -> int:
        if key == 0:
            assert free.wait(10)
        if key == 3:
            free.set()
        return log.work(key)

    nodes = [Node(0, (), "lane"), Node(1, (), "lane"), Node(2, (), "lane"), Node(3, (), "other")]
    outcomes = run(nodes, work, workers=2, stopping=threading.Event())
    assert set(_states(outcomes).values()) == {"done"}
    assert [key for what, key in log.events if what == "begin" and key != 3] == [0, 1, 2]


def test_as_many_work_at_once_as_there_are_workers() -> None:
    together = threading.Barrier(4, timeout=10)
    outcomes = run([Node(key) for key in range(4)], lambda _: together.wait(), workers=4, stopping=threading.Event())
    assert {outcome.state for outcome in outcomes.values()} == {"done"}


def test_a_failure_stops_what_needs_it_and_nothing_else() -> None:
    nodes = [Node(0), Node(1, (0,)), Node(2, (1,)), Node(3), Node(4, (3,)), Node(5, (2, 4))]
    outcomes = _run(nodes, Log(frozenset({1})))
    assert _states(outcomes) == {0: "done", 1: "failed", 2: "skipped", 3: "done", 4: "done", 5: "skipped"}


def test_a_circle_is_never_begun_and_ends() -> None:
    outcomes = _run([Node(0, (1,)), Node(1, (0,)), Node(2)], Log())
    assert _states(outcomes) == {0: "skipped", 1: "skipped", 2: "done"}


def test_whoever_needs_itself_does_not_wait() -> None:
    assert _states(_run([Node(0, (0, 0))], Log())) == {0: "done"}


def test_stopping_starts_nothing_more_and_waits_for_what_is_being_done() -> None:
    stopping, log = threading.Event(), Log()

    def work(key: int) -> int:
        stopping.set()
        time.sleep(0.05)
        return log.work(key)

    outcomes = run([Node(0), Node(1), Node(2, (0,)), Node(3)], work, workers=2, stopping=stopping)
    assert _states(outcomes) == {0: "done", 1: "done", 2: "skipped", 3: "skipped"}


def test_nothing_is_begun_after_stopping() -> None:
    stopping, log = threading.Event(), Log()
    stopping.set()
    assert _states(run([Node(0)], log.work, workers=2, stopping=stopping)) == {0: "skipped"}
    assert log.events == []


def test_what_is_thrown_by_whatever_name_is_a_failure() -> None:
    def work(_: int) -> None:
        raise SystemExit(3)

    outcomes = run([Node(0)], work, workers=1, stopping=threading.Event())
    assert (outcomes[0].state, type(outcomes[0].error)) == ("failed", SystemExit)


def test_the_work_of_a_long_queue_is_linear() -> None:
    """A thousand in one lane, behind which nobody waits."""
    nodes = [Node(key, (), "api" if key % 2 else "") for key in range(1000)]
    log = Log()
    assert set(_states(_run(nodes, log, 8)).values()) == {"done"}


_INTERRUPTED = """
import sys, threading, time
from lambdacli import interrupts
from lambdacli.deploy.graph import Node, run

def work(key):
    print("begin", key, flush=True)
    time.sleep(1)
    return key

stopping = threading.Event()
interrupts.leave_at_once()
with interrupts.Heard():
    outcomes = run([Node(0), Node(1, (0,))], work, workers=2, stopping=stopping)
print({key: outcome.state for key, outcome in outcomes.items()}, stopping.is_set(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends a process there")
def test_ctrl_c_is_heard() -> None:
    with subprocess.Popen([sys.executable, "-c", _INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begin 0\n"
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGINT)  # whoever is impatient gets no other answer
        assert process.stdout.readline() == "{0: 'done', 1: 'skipped'} True\n"
    assert process.returncode == 0
