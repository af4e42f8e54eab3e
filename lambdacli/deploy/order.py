"""The order of a plan's actions: what each of them waits for. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

from lambdacli.deploy.resources import load
from lambdacli.resource import references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lambdacli.deploy.actions import Action
    from lambdacli.resource import Key, Resource

T = TypeVar("T")


def needed(resource: Resource) -> list[Key]:
    """What must be there before a resource."""
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


def ordered(made: list[Action], leaving: list[Action]) -> list[Action]:
    """All of a plan's actions: what is made and changed, what is deleted, and the conclusion of each function."""
    conclusions = [action for action in made if load(action.key.kind).concludes]
    others = [action for action in made if not load(action.key.kind).concludes]
    drafts = [_after(each, ()) for each in leaving if any(_publishes(other, each) for other in others)]
    early = {each.key for each in drafts}
    forwards = (
        _after(each, [*each.needs, *(draft.key for draft in drafts if _publishes(each, draft))])
        for each in _forwards(others)
    )
    before = [*drafts, *forwards, *_backwards([each for each in leaving if each.key not in early], others)]
    of_function = _by_function(action for action in before if action.op != "keep")
    last = (_after(each, [other.key for other in of_function[each.resource.function]]) for each in conclusions)
    return [*before, *last]


def _publishes(action: Action, draft: Action) -> bool:
    """Whether a deletion counts only with this action: then it may, and has to, come before it."""
    kind = load(action.key.kind)
    if draft.op != "delete" or draft.key.kind not in kind.publishes:
        return False
    return load(draft.key.kind).lane(draft.resource) == kind.lane(action.resource)


def _forwards(actions: list[Action]) -> list[Action]:
    """What is made and changed, each after what it needs.

    What puts all of a function into effect comes after the rest of it, if it is there already; after that what
    cleans up behind it.
    """
    by_key = {action.key: action for action in actions}
    switches = {key for key, action in by_key.items() if load(key.kind).last and action.op in ("update", "replace")}
    together: dict[str, list[Key]] = defaultdict(list)
    for key, action in by_key.items():
        if action.resource.function and not load(key.kind).after_switch:
            together[action.resource.function].append(key)

    def waits(action: Action) -> list[Key]:
        others = together[action.resource.function]
        wanted = [key for key in needed(action.resource) if key in by_key]
        if load(action.key.kind).after_switch:
            return [*wanted, *others]
        wanted = [key for key in wanted if key not in switches]
        return [*wanted, *(key for key in others if key not in switches)] if action.key in switches else wanted

    placed = {key: _after(action, waits(action)) for key, action in by_key.items()}
    return sorted_by_need(list(placed), lambda key: placed[key].needs, placed.__getitem__)


def _backwards(actions: list[Action], before: list[Action]) -> list[Action]:
    """Deletions by rank, the highest first; all of them after what is made and changed.

    Of one function they wait for those of that function and of the app, and for what may move from it to another one;
    what belongs to the app waits for all.
    """
    ordered = sorted(actions, key=lambda action: (-load(action.key.kind).rank, action.key))
    doing = [action for action in ordered if action.op == "delete"]
    doing_of, before_of = _by_function(doing), _by_function(before)
    moving = [action for action in before if load(action.key.kind).moves and action.op == "update"]
    placed = {}
    for action in doing:
        function, rank = action.resource.function, load(action.key.kind).rank
        earlier = [*doing_of[function], *doing_of[""]] if function else doing
        made = [*before_of[function], *before_of[""], *moving] if function else before
        higher = (other.key for other in earlier if load(other.key.kind).rank > rank)
        placed[action.key] = _after(action, [*higher, *(other.key for other in made)])
    return [placed.get(action.key, action) for action in ordered]


def _by_function(actions: Iterable[Action]) -> dict[str, list[Action]]:
    found: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        found[action.resource.function].append(action)
    return found


def _after(action: Action, needs: Iterable[Key]) -> Action:
    return action._replace(needs=tuple(dict.fromkeys(key for key in needs if key != action.key)))
