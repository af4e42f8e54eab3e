"""Plans and reports as plain data: what `--json` prints, and what the console shows people. Secrets never get here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from lambdacli import partitions
from lambdacli.deploy.actions import Change, Op
from lambdacli.deploy.resources import UNKNOWN, load
from lambdacli.deploy.values import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdacli.deploy.actions import Action
    from lambdacli.deploy.apply import Report, Result
    from lambdacli.deploy.plan import Plan
    from lambdacli.resource import Key, Place, Resource

HIDDEN = "(hidden)"
_NO_ADDRESS = ("queue",)  # kinds whose `url` is nothing to open


def of_plan(plan: Plan, *, destroying: bool = False) -> dict[str, Any]:
    """What a deployment would do.

    Args:
        plan: what it would do.
        destroying: whether all is to go, so that nobody wonders why.

    Returns:
        `app`, `stage`, `account`, `region`; `changes`: whether there are any; `summary`: how many of each `op`, and
        `unchanged`; `actions` in the order of their execution, each with `op`, `kind`, `title` for people, `name`,
        `function` ("" for what belongs to several), `where` in the manifest, `reason`, `drift`, `housekeeping`:
        whether it is only that, `notes` on what it makes public or permits, and `changes`: `field`, `old`, `new`,
        `secret`. What is only known later is a text.
    """
    place = plan.place
    return {
        **about(place),
        "changes": bool(plan.changes),
        "summary": summary(plan),
        "actions": [_action(each, plan, destroying=destroying) for each in plan.actions],
    }


def of_report(plan: Plan, report: Report, *, destroying: bool = False) -> dict[str, Any]:
    """What a deployment was to do, as `of_plan` has it, and what became of it.

    Args:
        plan: what it was to do.
        report: what became of it.
        destroying: whether all was to go.

    Returns:
        All of the plan; `results`, each with `op`, `kind`, `name`, `state` (done, failed, skipped) and `error`;
        `outputs` as `outputs` has them; `interrupted`.
    """
    return {
        **of_plan(plan, destroying=destroying),
        "results": [_result(each) for each in report.results],
        "outputs": [] if destroying else outputs(plan.place, report.attributes),
        "interrupted": report.interrupted,
    }


def summary(plan: Plan) -> dict[str, int]:
    """How many resources are created, updated, replaced, deleted, left as they are, and right already."""
    counts: dict[str, int] = {op: sum(each.op == op for each in plan.actions) for op in get_args(Op)}
    return {**counts, "unchanged": plan.unchanged}


def outputs(place: Place, attributes: Mapping[Key, Mapping[str, str]]) -> list[dict[str, str]]:
    """What there is to use now, each with `function` ("" for what belongs to the app), `what` and `value`.

    `what` is `function` (the alias' ARN), the label of what has a URL, or `console`, a link to AWS's console.
    """
    return [
        output
        for name in ("", *place.manifest.functions)
        for output in (
            *_addressed(name, place, attributes),
            *({"function": name, **each} for each in urls(name, attributes)),
            *_links(name, place, attributes),
        )
    ]


def about(place: Place) -> dict[str, str]:
    """Which app and stage, and where."""
    manifest = place.manifest
    return {"app": manifest.app, "stage": manifest.stage, "account": place.account, "region": place.region}


def _action(action: Action, plan: Plan, *, destroying: bool) -> dict[str, Any]:
    resource = action.resource
    kind = load(resource.kind)
    return {
        "op": action.op,
        "kind": resource.kind,
        "title": _title(resource, plan),
        "name": resource.name,
        "function": resource.function,
        "where": resource.where,
        "reason": "" if destroying and action.op == "delete" else action.reason,
        "drift": action.drift,
        "housekeeping": kind.after_switch,
        "notes": list(resource.notes) if action.op != "delete" else [],
        "changes": [_change(each) for each in (_all(action, plan) if action.op == "create" else action.changes)],
    }


def _title(resource: Resource, plan: Plan) -> str:
    """What people call it, below the name of its function."""
    called, function = resource.name, resource.function
    own = "" if called == function else called.removeprefix(f"{function}/") if function else called
    return load(resource.kind).title(own, resolved(resource.properties, plan.attributes))


def _all(action: Action, plan: Plan) -> Iterator[Change]:
    """Every property of what is new."""
    secret = load(action.resource.kind).secret
    for field, value in resolved(action.resource.properties, plan.attributes).items():
        yield Change(field, None, value, field in secret)


def _change(change: Change) -> dict[str, Any]:
    return {
        "field": change.field,
        "old": _shown(change.old, secret=change.secret),
        "new": _shown(change.new, secret=change.secret),
        "secret": change.secret,
    }


def _shown(value: Any, *, secret: bool) -> Any:
    """A value as JSON."""
    if secret and value is not None:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _shown(each, secret=False) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(each, secret=False) for each in value]
    return repr(UNKNOWN) if value is UNKNOWN else value


def _result(result: Result) -> dict[str, Any]:
    action = result.action
    error = getattr(result.error, "message", None) or (str(result.error) if result.error else None)
    named = {"op": action.op, "kind": action.key.kind, "name": action.key.name}
    return {**named, "state": result.state, "error": error}


def _addressed(name: str, place: Place, attributes: Mapping[Key, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    if name and _there(name, attributes):
        yield {"function": name, "what": "function", "value": place.alias_arn(name)}


def urls(name: str, attributes: Mapping[Key, Mapping[str, str]]) -> list[dict[str, str]]:
    """The URLs of a function ("": of what belongs to the app): `what`, the label of what has it, and `value`."""
    return [
        {"what": load(key.kind).label or key.kind, "value": known["url"]}
        for key, known in attributes.items()
        if "url" in known and key.kind not in _NO_ADDRESS
        if (key.name.partition("/")[0] if load(key.kind).hangs else "") == name
    ]


def _links(name: str, place: Place, attributes: Mapping[Key, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    if name and _there(name, attributes):
        host = f"{place.region}.{partitions.console(place.partition)}"
        function = place.function_name(name)
        link = f"https://{host}/lambda/home?region={place.region}#/functions/{function}"
        yield {"function": name, "what": "console", "value": link}


def _there(name: str, attributes: Mapping[Key, Mapping[str, str]]) -> bool:
    return any(key.kind == "function" and key.name == name for key in attributes)
