"""An event inside another: a template, made in memory, of the event around and the one that it carries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lambdacli.errors import EventError
from lambdacli.events.parameters import GLOBALS
from lambdacli.events.template import Inner, Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lambdacli.events.parameters import Parameter

CARRIERS = ("sqs-receive-message", "sns-notification", "kinesis-get-records", "eventbridge-event")  # the usual ones


def wrapped(templates: Sequence[Template]) -> Template:
    """The first event around the second, which may be around the third, and so on.

    The parameters of all of them are the result's. Where a name is taken, the one further inside is called
    `<its event>-<name>`. Each record of the event around holds an event of its own.

    Raises:
        EventError: one that has another inside carries nothing.
    """
    result = templates[-1]
    for outer in reversed(templates[:-1]):
        result = _around(outer, result)
    return result


def constant(event: Any, name: str) -> Template:
    """A template that makes this very event, so that it can go inside another.

    Args:
        event: as JSON values.
        name: what it is called.

    Raises:
        EventError: it is nested too deeply.
    """
    try:
        tree = _literal(event)
    except RecursionError:
        raise EventError(f"{name}: the event is nested too deeply") from None
    return Template(
        name=name,
        trigger="",
        summary="an event that is there already",
        source="",
        params=GLOBALS,
        let={},
        batch="",
        event=tree,
        path="",
        travels_with={},
    )


def _literal(tree: Any) -> Any:
    """The tree of a template that stands for these values: nothing in it is an expression, an operator or a mark."""
    if isinstance(tree, dict):
        return {_literal_key(key): _literal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_literal(each) for each in tree]
    return tree.replace("${", "$${") if isinstance(tree, str) else tree


def _literal_key(key: str) -> str:
    found = key.replace("${", "$${")
    found = f"${found}" if found.startswith("$") and not found.startswith("$${") else found
    return f"{found}??" if key.endswith("?") else found


def _around(outer: Template, inner: Template) -> Template:
    if not outer.carries:
        raise EventError(f"event {outer.name} carries no other event", hint=f"{', '.join(CARRIERS)} and others do")
    names = _names(outer, inner)
    carrying = outer.params[outer.carries]
    if carrying.type == "object" and isinstance(inner.event, list):
        raise EventError(f"event {outer.name} carries an object, and {inner.name} is a list")
    operator = "$use" if carrying.type in {"object", "json"} else "$carry"
    content = replace(carrying, default={operator: Inner(inner, names, text=carrying.type != "bytes")})
    own = {**outer.params, outer.carries: content}
    for name in (own.keys() - {outer.carries, *GLOBALS}) & inner.travels_with.keys():
        own[name] = replace(own[name], default=inner.travels_with[name])
    handed_on = {names[name]: _handed_on(outer, inner, name, names[name]) for name in names}
    return replace(
        outer,
        params={**handed_on, **own},
        wraps=(inner.name, *inner.wraps),
        summary=f"{outer.summary} with {inner.name} inside",
    )


def _names(outer: Template, inner: Template) -> dict[str, str]:
    """The inner event's parameters and what they are called outside."""
    taken = {"i", "count", *outer.let, *outer.params}
    taken.update(alias for parameter in outer.params.values() for alias in parameter.aliases)
    found: dict[str, str] = {}
    for name, parameter in inner.params.items():
        if name in GLOBALS or (inner.wraps and name == inner.carries):
            continue
        outside = name
        while outside in taken:
            outside = f"{parameter.inside or inner.name}-{outside}"
        taken.add(outside)
        found[name] = outside
    return found


def _handed_on(outer: Template, inner: Template, name: str, outside: str) -> Parameter:
    parameter = inner.params[name]
    taken = {alias for each in outer.params.values() for alias in (each.name, *each.aliases)}
    return replace(
        parameter,
        name=outside,
        many=parameter.many or bool(outer.batch),
        aliases=tuple(alias for alias in parameter.aliases if alias not in taken),
        inside=parameter.inside or inner.name,
        origins=(),
    )
