"""How people see a plan and what became of it: from the data that `--json` prints, so that both say the same."""

from __future__ import annotations

import sys
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import console

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TextIO

    View = Mapping[str, Any]

_SIGNS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-", "keep": "="}
_COLOURS = {"create": "green", "update": "yellow", "replace": "red", "delete": "red", "keep": "dim"}
_WORDS = (
    ("create", "to create"), ("update", "to change"), ("replace", "to replace"), ("delete", "to delete"),
    ("keep", "left as they are"), ("unchanged", "unchanged"),
)  # fmt: skip
_ALWAYS = ("create", "update", "delete", "unchanged")
_MOST = 60  # resources in a list of what was done
_LONGEST = 160  # characters of a value


class Line(NamedTuple):
    """A line and its style; "" none."""

    text: str
    style: str = ""


def show(view: View, stream: TextIO | None = None) -> None:
    """A plan; on stdout it is data, on stderr (unless told) what somebody is asked to confirm."""
    into = stream or sys.stderr
    for line in lines(view, whole=console.verbose()):
        text = console.style(line.text, line.style, into) if line.style else line.text
        if into is sys.stdout:
            console.data(text)
        else:
            console.told(text)


def lines(view: View, *, whole: bool = False) -> Iterator[Line]:
    """A plan in lines.

    Args:
        view: as `--json` prints it.
        whole: with every property of what is new.
    """
    yield Line(f"{view['app']}, stage {view['stage']}, in account {view['account']}, {view['region']}")
    for group, actions in _grouped(view["actions"]).items():
        yield Line("")
        yield Line(group or "for several functions", "bold")
        for action in actions:
            yield from _action(action, whole=whole)
    if view["actions"]:
        yield Line("")
    yield Line(counted(view["summary"]), "bold")


def counted(summary: Mapping[str, int]) -> str:
    """Such as `3 to create, 1 to change, 0 to delete, 20 unchanged`."""
    return ", ".join(f"{summary[op]} {words}" for op, words in _WORDS if summary[op] or op in _ALWAYS)


def name(action: View) -> str:
    """A resource as it is called under the heading of its function."""
    return str(action["title"])


def sign(action: View) -> str:
    """One of `+ ~ -/+ - =`."""
    return _SIGNS[action["op"]]


def results(outputs: Sequence[Mapping[str, str]]) -> None:
    """A table of what there is to use now, on stdout."""
    if outputs:
        console.table(("FUNCTION", "WHAT", "WHERE"), ((o["function"] or "-", o["what"], o["value"]) for o in outputs))


def failures(view: View, hints: Mapping[tuple[str, str], str]) -> None:
    """What was done, what was not, and why.

    Args:
        view: as `--json` prints it, of a deployment.
        hints: what to do about the failure of a resource, by kind and name.
    """
    actions = {(each["kind"], each["name"]): each for each in view["actions"]}
    states: dict[str, list[View]] = {"done": [], "failed": [], "skipped": []}
    for result in view["results"]:
        states[result["state"]].append(result)
    for title, state, style in (("done", "done", "green"), ("not done", "skipped", "yellow")):
        _named(title, style, [actions[each["kind"], each["name"]] for each in states[state]])
    if states["failed"]:
        console.told(console.style("failed:", "red"))
    for result in states["failed"]:
        action = actions[result["kind"], result["name"]]
        console.told(f"{sign(action):>5} {_with_function(action)}: {result['error']}")
        if hint := hints.get((result["kind"], result["name"])):
            console.told(f"      {console.style('hint:', 'cyan')} {hint}")


def _named(title: str, style: str, actions: Sequence[View]) -> None:
    if actions:
        console.told(console.style(f"{title}:", style))
    for action in actions[:_MOST]:
        console.told(f"{sign(action):>5} {_with_function(action)}")
    if len(actions) > _MOST:
        console.told(f"{'':6}and {len(actions) - _MOST} more")


def _with_function(action: View) -> str:
    return f"{action['function']}: {name(action)}" if action["function"] else name(action)


def _grouped(actions: Iterable[View]) -> dict[str, list[View]]:
    """By function in the order of their appearance; what belongs to the app comes last."""
    groups: dict[str, list[View]] = {}
    for action in actions:
        groups.setdefault(action["function"], []).append(action)
    if (own := groups.pop("", None)) is not None:
        groups[""] = own
    return groups


def _action(action: View, *, whole: bool) -> Iterator[Line]:
    small = action["housekeeping"] and not whole
    colour = "dim" if small else _COLOURS[action["op"]]
    reason = f": {action['reason']}" if action["reason"] else ""
    yield Line(f"{sign(action):>5} {name(action)}{reason}", colour)
    if whole or (action["op"] != "create" and not small):
        yield from chain.from_iterable(map(_change, action["changes"]))
    for note in action["notes"]:
        yield Line(f"{'!':>7} {note}", "yellow")


def _change(change: View) -> Iterator[Line]:
    field, old, new = change["field"], change["old"], change["new"]
    if isinstance(old, list) and isinstance(new, list) and not change["secret"]:
        yield Line(f"{'':8}{field}:")
        yield from (Line(f"{'':10}- {value(each)}", "red") for each in old if each not in new)
        yield from (Line(f"{'':10}+ {value(each)}", "green") for each in new if each not in old)
        if all(each in new for each in old) and all(each in old for each in new):
            yield Line(f"{'':10}in another order")
    elif old is None:
        yield Line(f"{'':8}{field}: {value(new)}")
    else:
        yield Line(f"{'':8}{field}: {value(old)} → {value(new)}")


def value(of: Any) -> str:
    """A value in one line without control characters."""
    if of is None:
        return "(none)"
    if isinstance(of, str) and of.startswith("(") and of in {"(hidden)", "(known after apply)"}:
        return of
    import json

    text = json.dumps(of, ensure_ascii=False)
    printable = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    return printable if len(printable) <= _LONGEST else f"{printable[: _LONGEST - 1]}…"
