"""What becomes of a request by its head alone; found out once for those that come again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lambdacli.serve.door import answers
from lambdacli.serve.door.answers import Refused
from lambdacli.serve.door.api import is_ours
from lambdacli.serve.hosts import name_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.model import Manifest
    from lambdacli.serve.door.answers import Answer
    from lambdacli.serve.door.api import Api, Operation
    from lambdacli.serve.door.requests import Head


class Verdict(NamedTuple):
    """For the Invoke API: an invocation, a refusal, or neither: one of the operations that only look."""

    manifest: Manifest  # for which it holds
    operation: Operation | None = None
    refusal: Answer | None = None


def verdict(head: Head, api: Api, manifest: Manifest, forbidden: Callable[[Head], str]) -> Verdict | None:
    """What becomes of it; None: it is not for the Invoke API. `forbidden`: why it must not be answered, or ""."""
    known = head.verdict
    if isinstance(known, Verdict) and known.manifest is manifest:
        return known
    if not (is_ours(head.target) and _is_plain(head)):
        return None
    if reason := forbidden(head):
        return Verdict(manifest, refusal=answers.foreign(reason))
    try:
        found = Verdict(manifest, api.invocation(head))
    except Refused as refused:  # told with an id of its own each time
        return Verdict(manifest, refusal=refused.answer)
    head.verdict = found
    return found


def _is_plain(head: Head) -> bool:
    """Whether the host is this server's own, and none of those by which one of its fronts is chosen."""
    name = name_of(head.headers.get("host", ""))
    return not (".execute-api." in name or ".lambda-url." in name or name.startswith("alb."))
