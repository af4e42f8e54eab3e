"""The plan: what differs between what should be and what is, as ordered actions. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from lambdacli.deploy.resources import Actual, load
from lambdacli.deploy.values import Attributes, resolved
from lambdacli.resource import Key, Resource, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lambdacli.deploy.resources import Kind
    from lambdacli.resource import Place

T = TypeVar("T")

Op = Literal["create", "update", "replace", "delete", "keep"]
SIGNS: Mapping[Op, str] = MappingProxyType({"create": "+", "update": "~", "replace": "-/+", "delete": "-", "keep": "="})


class Change(NamedTuple):
    """One field that changes. Values are JSON, UNKNOWN, or None for what is not there."""

    field: str  # as Environment.Variables.TOKEN
    old: Any
    new: Any
    secret: bool = False


class Action(NamedTuple):
    """What is to be done with one resource. `keep` does nothing: it says what is left there, and why."""

    op: Op
    resource: Resource
    changes: tuple[Change, ...] = ()
    reason: str = ""
    needs: tuple[Key, ...] = ()  # the actions that come first
    actual: Actual | None = None
    drift: bool = False  # the manifest is as it was deployed: somebody else has changed or deleted it

    @property
    def key(self) -> Key:
        """Whose action it is."""
        return self.resource.key


class Lack(NamedTuple):
    """Something that the manifest refers to, and that must exist, does not."""

    resource: Resource
    message: str
    hint: str = ""


class State(NamedTuple):
    """What there is on AWS."""

    actual: Mapping[Key, Actual | None]  # of all that should be
    found: Mapping[Key, Actual]  # all that is ours, wanted or not
    marks: frozenset[str] = frozenset()  # of the resources that the last deployments have brought about


class Plan(NamedTuple):
    """Everything that a deployment would do, in an order that works."""

    place: Place
    actions: tuple[Action, ...]
    lacks: tuple[Lack, ...] = ()
    unchanged: int = 0
    attributes: Attributes = MappingProxyType({})  # of all that is there or has a name to be known by

    @property
    def changes(self) -> tuple[Action, ...]:
        """The actions that do something."""
        return tuple(action for action in self.actions if action.op != "keep")


def make(place: Place, desired: Sequence[Resource], state: State, *, delete_data: bool = False) -> Plan:
    """The plan that makes `desired` of `state`.

    Args:
        place: where.
        desired: all that should be; what is found of ours and not among it is deleted.
        state: all that is.
        delete_data: whether resources that hold the user's data may be deleted.
    """
    attributes = dict(known(place, desired, state.actual))
    lacks = (*_lacks(desired, state), *_objections(place, desired, state, attributes))
    made = []
    for each in _by_need(desired):
        if each.owned and (action := _action(place, each, state, attributes)) is not None:
            made.append(action)
            attributes[each.key] = _staying(action, attributes[each.key], place)
    unchanged = sum(each.owned for each in desired) - len(made)
    wanted = {each.key for each in desired}
    unwanted = {key: actual for key, actual in state.found.items() if key not in wanted}
    leaving = [_leaving(key, actual, delete_data=delete_data) for key, actual in unwanted.items()]
    ordered = [*_ordered(made), *_backwards(leaving, made)]
    return Plan(place, tuple(ordered), lacks, unchanged, attributes)


def known(
    place: Place, desired: Iterable[Resource], actual: Mapping[Key, Actual | None]
) -> dict[Key, Mapping[str, str]]:
    """The attributes that can be known now: those that follow from names, and those of what exists."""
    attributes: dict[Key, Mapping[str, str]] = {}
    for each in desired:
        there = actual.get(each.key)
        attributes[each.key] = {**load(each.kind).known(each, place), **(there.attributes if there else {})}
    return attributes


def _by_need(desired: Sequence[Resource]) -> list[Resource]:
    """Each after what it refers to."""
    by_key = {each.key: each for each in desired}
    return sorted_by_need([each.key for each in desired], lambda key: _needed(by_key[key]), by_key.__getitem__)


def _staying(action: Action, attributes: Mapping[str, str], place: Place) -> Mapping[str, str]:
    """The attributes that are known to be the same when the action is done."""
    kind = load(action.key.kind)
    if action.op == "update":
        return {name: value for name, value in attributes.items() if name not in kind.moving}
    return attributes if action.op == "keep" else kind.known(action.resource, place)


def _lacks(desired: Iterable[Resource], state: State) -> Iterator[Lack]:
    for each in desired:
        if not each.owned and state.actual.get(each.key) is None:
            label = load(each.kind).label or each.kind
            yield Lack(each, f"there is no {label} {each.name}", "make it first, or let `resources:` make it")


def _objections(place: Place, desired: Iterable[Resource], state: State, attributes: Attributes) -> Iterator[Lack]:
    for each in desired:
        if each.owned:
            properties = resolved(each.properties, attributes)
            if message := load(each.kind).objection(properties, state.actual.get(each.key), place):
                yield Lack(each, message)


def _action(place: Place, resource: Resource, state: State, attributes: Attributes) -> Action | None:
    kind = load(resource.kind)
    actual = state.actual.get(resource.key)
    marked = mark(resource) in state.marks and not kind.after_switch
    properties = kind.wanted(resolved(resource.properties, attributes), actual, place)
    if actual is None:
        return Action("create", resource, reason="somebody has deleted it" if marked else "", drift=marked)
    if not actual.owned:
        return Action("keep", resource, actual=actual, reason="it exists and is not ours: left as it is")
    fields = differing(kind, properties, actual)
    if not fields:
        return None
    changes = tuple(_changes(kind, fields, properties, actual))
    anew = sorted(fields & kind.immutable)
    reason = f"{' and '.join(anew)} cannot be changed" if anew else "changed outside lambdacli" if marked else ""
    return Action("replace" if anew else "update", resource, changes, reason, actual=actual, drift=marked)


def differing(kind: Kind, properties: Mapping[str, Any], actual: Actual) -> set[str]:
    """The fields that are not as they should be."""
    compared = properties.keys() - kind.once
    return {each for each in compared if not kind.same(each, properties[each], actual.properties.get(each))}


def _changes(kind: Kind, fields: set[str], properties: Mapping[str, Any], actual: Actual) -> Iterator[Change]:
    for field in sorted(fields):
        secret = field in kind.secret
        yield from _leaves(field, actual.properties.get(field), properties[field], secret=secret)


def _leaves(field: str, old: Any, new: Any, *, secret: bool) -> Iterator[Change]:
    """The single values that differ, with their paths."""
    if isinstance(new, dict) and (isinstance(old, dict) or old is None) and new:
        below = old or {}
        for key in [*new, *(key for key in below if key not in new)]:
            if new.get(key) != below.get(key):
                yield from _leaves(f"{field}.{key}", below.get(key), new.get(key), secret=secret)
    else:
        yield Change(field, old, new, secret)


def _leaving(key: Key, actual: Actual, *, delete_data: bool) -> Action:
    kind = load(key.kind)
    function = key.name.partition("/")[0] if kind.hangs else ""
    resource = Resource(key.kind, key.name, actual.properties, function=function)
    if kind.stateful and not delete_data:
        return Action("keep", resource, actual=actual, reason="it holds data: --delete-data deletes it")
    return Action("delete", resource, actual=actual, reason="not in the manifest any more")


def _ordered(actions: list[Action]) -> list[Action]:
    """Each after what it needs. What puts all into effect comes last, if it is there already."""
    by_key = {action.key: action for action in actions}
    switches = {key for key, action in by_key.items() if load(key.kind).last and action.op in ("update", "replace")}
    placed: dict[Key, Action] = {}
    for action in actions:
        needed = [key for key in _needed(action.resource) if key in by_key]
        if load(action.key.kind).after_switch:
            needed += [other.key for other in actions if _belong_together(other, action)]
        else:
            needed = [key for key in needed if key not in switches]
        if action.key in switches:
            needed += [other.key for other in actions if _belong_together(other, action) and other.key not in switches]
        needs = tuple(dict.fromkeys(key for key in needed if key != action.key))
        placed[action.key] = action._replace(needs=needs)
    return sorted_by_need(list(placed), lambda key: placed[key].needs, placed.__getitem__)


def _belong_together(action: Action, other: Action) -> bool:
    if load(action.key.kind).after_switch:
        return False
    return bool(action.resource.function) and action.resource.function == other.resource.function


def _needed(resource: Resource) -> list[Key]:
    return [*(ref.key for ref in references(resource.properties)), *resource.after]


def sorted_by_need(keys: Sequence[Key], needs: Callable[[Key], Iterable[Key]], get: Callable[[Key], T]) -> list[T]:
    """A topological order that keeps the given one where it may; a circle, which would be a mistake of ours, is cut."""
    done: dict[Key, T] = {}
    visiting: set[Key] = set()
    among = set(keys)

    def visit(key: Key) -> None:
        if key in visiting or key not in among:
            return
        visiting.add(key)
        for each in needs(key):
            visit(each)
        done[key] = get(key)

    for key in keys:
        visit(key)
    return list(done.values())


def _backwards(actions: list[Action], before: list[Action]) -> list[Action]:
    """Deletions by rank, the highest first; all of them after what is made and changed.

    Of one function they wait for those of that function; what belongs to the app waits for all.
    """
    ordered = sorted(actions, key=lambda action: (-load(action.key.kind).rank, action.key))
    doing = [action for action in ordered if action.op == "delete"]
    placed = {}
    for action in doing:
        rank, function = load(action.key.kind).rank, action.resource.function
        earlier = [other for other in doing if load(other.key.kind).rank > rank]
        if function:
            needs = [o.key for o in earlier if o.resource.function in (function, "")]
            needs += [o.key for o in before if o.resource.function == function or not o.resource.function]
        else:
            needs = [o.key for o in earlier] + [o.key for o in before]
        placed[action.key] = action._replace(needs=tuple(needs))
    return [placed.get(action.key, action) for action in ordered]


def mark(resource: Resource) -> str:
    """A few characters for a resource with all that it should be: the same for the same manifest."""
    from lambdacli.deploy.values import fingerprint

    return fingerprint([resource.kind, resource.name, resource.properties])[:MARK]


MARK = 5  # characters
