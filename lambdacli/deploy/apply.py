"""A plan carried out: bounded parallelism in the order of what needs what; what fails stops what depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lambdacli.connection import Stopped
from lambdacli.deploy import graph, resources
from lambdacli.deploy.plan import differing
from lambdacli.deploy.resources import Actual
from lambdacli.deploy.values import resolved
from lambdacli.refusals import Refused, patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lambdacli.deploy.actions import Action
    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.plan import Plan
    from lambdacli.deploy.resources import Kind
    from lambdacli.resource import Key

WORKERS = 8
_TRIES = 5  # to make something whose answers get lost

Phase = Literal["started", "done", "failed"]


class Result(NamedTuple):
    """How one action ended."""

    action: Action
    state: Literal["done", "failed", "skipped"]
    error: BaseException | None = None


class Report(NamedTuple):
    """How a plan was carried out."""

    results: tuple[Result, ...]
    attributes: Mapping[Key, Mapping[str, str]]  # of everything: ARNs, URLs
    interrupted: bool = False

    @property
    def failed(self) -> tuple[Result, ...]:
        """What was tried in vain."""
        return tuple(each for each in self.results if each.state == "failed")

    @property
    def skipped(self) -> tuple[Result, ...]:
        """What was not tried."""
        return tuple(each for each in self.results if each.state == "skipped")


def apply(plan: Plan, aws: Aws, watch: Callable[[Action, Phase], None], workers: int = WORKERS) -> Report:
    """Carry out a plan.

    Args:
        plan: what to do.
        aws: whom to tell.
        watch: told of every action as it starts and ends, by the thread that does it.
        workers: how many actions at once.
    """
    applying = _Applying(plan, aws.fresh(), watch)
    actions = {action.key: action for action in plan.changes}
    nodes = [
        graph.Node(key, action.needs, resources.load(key.kind).lane(action.resource)) for key, action in actions.items()
    ]
    outcomes = graph.run(
        nodes, lambda key: applying.do(actions[key]), workers=workers, stopping=aws.connection.stopping
    )
    results = tuple(_result(actions[key], outcome) for key, outcome in outcomes.items())
    return Report(results, applying.attributes, aws.connection.stopping.is_set())


def _result(action: Action, outcome: graph.Outcome[None]) -> Result:
    if isinstance(outcome.error, Stopped):
        return Result(action, "skipped")
    return Result(action, outcome.state, outcome.error)


class _Applying:
    """What the actions of one plan learn from each other."""

    def __init__(self, plan: Plan, aws: Aws, watch: Callable[[Action, Phase], None]) -> None:
        self.aws = aws
        self.attributes = dict(plan.attributes)
        self._watch = watch

    def do(self, action: Action) -> None:
        self._watch(action, "started")
        try:
            self._do(action)
        except BaseException:
            self._watch(action, "failed")
            raise
        self._watch(action, "done")

    def _do(self, action: Action) -> None:
        kind = resources.load(action.key.kind)
        if action.op == "delete":
            kind.delete(action.key.name, action.actual or Actual({}), self.aws)
            return
        properties = kind.wanted(resolved(action.resource.properties, self.attributes), action.actual, self.aws.place)
        if action.op == "update" and action.actual is not None:
            learnt = self._update(kind, action.key.name, properties, action.actual)
        else:
            if action.op == "replace" and action.actual is not None:
                kind.delete(action.key.name, action.actual, self.aws)
            learnt = self._create(kind, action.key.name, properties)
        self.attributes[action.key] = {**self.attributes.get(action.key, {}), **learnt}

    def _update(self, kind: Kind, name: str, properties: resources.Properties, actual: Actual) -> resources.Attributes:
        changed = differing(kind, properties, actual)
        return kind.update(name, properties, actual, changed, self.aws) if changed else actual.attributes

    def _create(self, kind: Kind, name: str, properties: resources.Properties) -> resources.Attributes:
        """Make it. If it is there after all (an answer got lost, or somebody was faster), make it right."""
        for _ in range(_TRIES):
            try:
                return kind.create(name, properties, self.aws)
            except Refused as refused:  # noqa: PERF203 - a call over the network costs more
                if not (refused.lost or refused.exists):
                    raise
                there = kind.read(name, properties, self.aws)
                if not refused.lost and (there is None or not there.owned):
                    raise
                if there is None:
                    self.aws.connection.pause(min(1.0, patience(refused)))
                elif differing(kind, properties, there) & kind.immutable and not kind.stateful:
                    kind.delete(name, there, self.aws)
                else:
                    return {**there.attributes, **self._update(kind, name, properties, there)}
        return kind.create(name, properties, self.aws)
