"""What there is on AWS: everything that should be there, and everything that is ours. Reading calls only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lambdacli.deploy import graph, resources
from lambdacli.deploy.plan import State
from lambdacli.deploy.resources import Actual, Deployed, record
from lambdacli.deploy.resources._functions import PARTS_TAG
from lambdacli.deploy.values import resolved
from lambdacli.resource import ALIAS, SID, Key, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lambdacli.deploy.aws import Aws
    from lambdacli.resource import Resource

WORKERS = 24


def read(aws: Aws, desired: Sequence[Resource], only: str = "") -> State:
    """The state of all that should be and of all that is ours; `only` one function's where that is given.

    Raises:
        Refused: AWS lets these credentials not look.
    """
    actual = _wanted(aws, desired)
    functions = _functions(aws, actual, only)
    found = dict(_together(aws, _searches(aws, functions, only)))
    ours = (each.key for each in desired if each.owned)
    found |= {key: there for key in ours if (there := actual[key]) is not None and there.owned}
    marks = frozenset(mark for each in functions for mark in _marks(actual, each.name))
    return State(actual, found, marks)


def _wanted(aws: Aws, desired: Sequence[Resource]) -> dict[Key, Actual | None]:
    """Each as it is; those with an attribute in their name that only AWS knows wait for that."""
    by_key = {each.key: each for each in desired}
    attributes = {each.key: dict(resources.load(each.kind).known(each, aws.place)) for each in desired}
    present: set[Key] = set()

    def waits(resource: Resource) -> tuple[Key, ...]:
        refs = references(resource.properties)
        whole = (Key("function", resource.function),) if resources.load(resource.kind).within else ()
        return (*whole, *(ref.key for ref in refs if ref.attribute not in attributes.get(ref.key, ())))

    def look(key: Key) -> Actual | None:
        each = by_key[key]
        kind = resources.load(each.kind)
        whole = Key("function", each.function)
        if kind.within and whole in by_key and whole not in present:
            return None
        there = kind.read(each.name, resolved(each.properties, attributes), aws)
        if there is not None:
            present.add(key)
            attributes[key] = {**attributes[key], **there.attributes}
        return there

    nodes = [graph.Node(each.key, waits(each)) for each in desired]
    return _run(aws, nodes, look)


def _functions(aws: Aws, actual: Mapping[Key, Actual | None], only: str) -> list[Deployed]:
    """Our functions that are there, whether or not the manifest still has them."""
    there = {name: found for (kind, name), found in actual.items() if kind == "function" and found is not None}
    there |= dict(resources.load("function").found(aws))
    chosen = sorted(name for name, found in there.items() if found.owned and (not only or name == only))
    nodes = [graph.Node(name) for name in chosen]
    return list(_run(aws, nodes, lambda name: _deployed(aws, name, there[name])).values())


def _deployed(aws: Aws, name: str, actual: Actual) -> Deployed:
    import json

    function_name, alias_arn = aws.place.function_name(name), aws.place.alias_arn(name)
    tags = actual.properties["Tags"]
    parts = frozenset((*tags.get(PARTS_TAG, "").split(), *record.parts_of(actual.more["Marks"])))
    statements: list[dict[str, Any]] = []
    if "permission" in parts:
        policy = aws.get("lambda", "get_policy", FunctionName=function_name, Qualifier=ALIAS)
        statements = json.loads(policy["Policy"])["Statement"] if policy else []
    ours = tuple(each for each in statements if str(each.get("Sid", "")).startswith(SID))
    return Deployed(name, function_name, aws.place.function_arn(name), alias_arn, ours, parts)


def _searches(aws: Aws, functions: list[Deployed], only: str) -> list[Callable[[], Iterable[tuple[Key, Actual]]]]:
    """Every kind asked for what it has of the app, and of each function."""
    kinds = [resources.load(kind) for kind in resources.kinds()]
    searches: list[Callable[[], Iterable[tuple[Key, Actual]]]] = []
    for kind in kinds:
        if not only or kind.hangs:
            searches.append(partial(_found, kind, partial(kind.found, aws), only))
        with_it = [each for each in functions if not kind.optional or kind.kind in each.parts]
        searches += [partial(_found, kind, partial(kind.found_on, each, aws), only) for each in with_it]
    return searches


def _found(
    kind: resources.Kind, search: Callable[[], Iterable[tuple[str, Actual]]], only: str
) -> list[tuple[Key, Actual]]:
    return [
        (Key(kind.kind, name), actual)
        for name, actual in search()
        if not only or kind.shared or (kind.hangs and name.partition("/")[0] == only)
    ]


def _together(aws: Aws, searches: Sequence[Callable[[], Iterable[tuple[Key, Actual]]]]) -> list[tuple[Key, Actual]]:
    answers = _run(aws, [graph.Node(index) for index in range(len(searches))], lambda index: list(searches[index]()))
    return [each for answer in answers.values() for each in answer]


def _marks(actual: Mapping[Key, Actual | None], function: str) -> list[str]:
    there = actual.get(Key("record", function))
    return record.marks_of(there.properties["Marks"]) if there else []


def _run(aws: Aws, nodes: Sequence[graph.Node[Any]], work: Callable[[Any], Any]) -> dict[Any, Any]:
    """All of it, or the first thing that went wrong: then nothing more is asked."""
    stopping = aws.connection.stopping
    failures: list[BaseException] = []

    def unless_failed(key: Any) -> Any:
        if failures:
            return None
        try:
            return work(key)
        except BaseException as error:
            failures.append(error)
            raise

    outcomes = graph.run(nodes, unless_failed, workers=WORKERS, stopping=stopping)
    if stopping.is_set():
        raise KeyboardInterrupt
    if failures:
        raise failures[0]
    return {key: outcome.result for key, outcome in outcomes.items()}
