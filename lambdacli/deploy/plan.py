"""The plan: what differs between what should be and what is, as ordered actions. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy import order
from lambdacli.deploy.actions import Action, Change
from lambdacli.deploy.resources import Actual, load
from lambdacli.deploy.resources.record import MARK
from lambdacli.deploy.values import Attributes, fingerprint, resolved
from lambdacli.resource import Key, Resource, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lambdacli.deploy.resources import Kind
    from lambdacli.resource import Place


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
    by_key = {each.key: each for each in desired}
    made = []
    for each in _by_need(by_key):
        as_deployed = all(mark(part, by_key) in state.marks for part in _parts(each))
        if each.owned and (action := _action(place, each, state, attributes, as_deployed=as_deployed)) is not None:
            made.append(action if delete_data else _sparing_data(action))
            attributes[each.key] = _staying(made[-1], attributes[each.key], place)
    unchanged = sum(each.owned for each in desired) - len(made)
    unwanted = dict(_unwanted(by_key, state))
    leaving = [_leaving(key, actual, delete_data=delete_data) for key, actual in unwanted.items()]
    ordered = order.ordered(made, list(_apart(leaving)))
    return Plan(place, tuple(ordered), lacks, unchanged, attributes)


def _unwanted(by_key: Mapping[Key, Resource], state: State) -> Iterator[tuple[Key, Actual]]:
    """What is ours and not wanted, under no other name either: a route that leads to another function now."""
    moving = [key for key in by_key if load(key.kind).moves]
    kept = {(key.kind, *there.attributes.values()) for key in moving if (there := state.actual.get(key)) is not None}
    for key, actual in state.found.items():
        if key not in by_key and (key.kind, *actual.attributes.values()) not in kept:
            yield key, actual


def _apart(leaving: list[Action]) -> Iterator[Action]:
    """Without what goes with its function anyway."""
    gone = {action.resource.function for action in leaving if action.key.kind == "function"}
    for action in leaving:
        if not (load(action.key.kind).within and action.resource.function in gone):
            yield action


def known(
    place: Place, desired: Iterable[Resource], actual: Mapping[Key, Actual | None]
) -> dict[Key, Mapping[str, str]]:
    """The attributes that can be known now: those that follow from names, and those of what exists."""
    attributes: dict[Key, Mapping[str, str]] = {}
    for each in desired:
        there = actual.get(each.key)
        attributes[each.key] = {**load(each.kind).known(each, place), **(there.attributes if there else {})}
    return attributes


def _by_need(by_key: Mapping[Key, Resource]) -> list[Resource]:
    """Each after what it refers to."""
    return order.sorted_by_need(list(by_key), lambda key: order.needed(by_key[key]), by_key.__getitem__)


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


def _action(
    place: Place, resource: Resource, state: State, attributes: Attributes, *, as_deployed: bool
) -> Action | None:
    kind = load(resource.kind)
    actual = state.actual.get(resource.key)
    chosen = actual.more.get("Chosen", "") if actual is not None else ""  # by `rollback`, as an alias
    marked = as_deployed and not chosen and not kind.after_switch
    properties = kind.wanted(resolved(resource.properties, attributes), actual, place)
    if actual is None:
        return Action("create", resource, reason="somebody has deleted it" if marked else "", drift=marked)
    if not actual.owned:
        return Action("keep", resource, actual=actual, reason="it exists and is not ours: left as it is")
    fields = differing(kind, properties, actual)
    if not fields:
        return None
    changes = tuple(_changes(kind, fields, properties, actual))
    if kind.shared and not any(each.new for each in changes):
        marked = False  # another function's part goes
    anew = sorted(fields & kind.immutable)
    since = "changed outside lambdacli" if marked else chosen if as_deployed else ""
    reason = f"{' and '.join(anew)} cannot be changed" if anew else since
    return Action("replace" if anew else "update", resource, changes, reason, actual=actual, drift=marked)


def _parts(resource: Resource) -> list[Resource]:
    """What the record of each function has of it: of what they share its own part."""
    if not load(resource.kind).shared:
        return [resource]
    return [resource._replace(properties={function: part}) for function, part in resource.properties.items()]


def _sparing_data(action: Action) -> Action:
    """What would lose its data by being made anew stays as it is."""
    if action.op != "replace" or not load(action.key.kind).stateful:
        return action
    return action._replace(op="keep", reason=f"{action.reason}: --delete-data makes it anew, without its data")


def differing(kind: Kind, properties: Mapping[str, Any], actual: Actual) -> set[str]:
    """The fields that are not as they should be."""
    compared = properties.keys() - kind.once
    return {each for each in compared if not kind.same(each, properties[each], actual.properties.get(each))}


def _changes(kind: Kind, fields: set[str], properties: Mapping[str, Any], actual: Actual) -> Iterator[Change]:
    for field in sorted(fields):
        named, old, new = kind.told(field, actual.properties.get(field), properties[field], actual)
        yield from _leaves(named, old, new, secret=field in kind.secret)


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


def mark(resource: Resource, among: Mapping[Key, Resource]) -> str:
    """A few characters for a resource with all that it should be: the same for the same manifest.

    What it refers to and is another one after each change, as a layer's version is, counts with what it is.
    """
    moving = (ref.key for ref in references(resource.properties) if ref.attribute in load(ref.kind).moving)
    contents = [among[key].properties for key in dict.fromkeys(moving) if key in among]
    return fingerprint([resource.kind, resource.name, resource.properties, *contents])[:MARK]
