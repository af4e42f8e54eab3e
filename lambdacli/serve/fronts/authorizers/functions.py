"""Lambda authorizers: another function decides.

Sources: "Use API Gateway Lambda authorizers" and "Control access to HTTP APIs with AWS Lambda authorizers" in the API
Gateway developer guide.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.fleet import Call
from lambdacli.serve.fronts.answer import Refusal
from lambdacli.serve.fronts.authorizers import Asked, Verdict, identity, policy
from lambdacli.serve.fronts.payloads import dumps
from lambdacli.serve.fronts.site import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.serve.fronts.answer import Answer
    from lambdacli.serve.fronts.site import Site

_MOST_KEPT = 1024
_UNAUTHORIZED = "Unauthorized"


class Asking(NamedTuple):
    """How an authorizer is asked."""

    function: str  # of the manifest; "" if it is not there
    named: str  # what the trigger calls it
    form: str  # token, request (of REST APIs), 1.0 or 2.0 (of HTTP APIs)
    simple: bool  # it answers with isAuthorized
    sources: tuple[str, ...]
    keep: float  # seconds
    seconds: float  # that it may take


class Refusals(NamedTuple):
    """What an API answers for its authorizers."""

    unauthorized: Answer
    denied: Answer  # no statement allows it
    forbidden: Answer  # a statement denies it
    failed: Answer


class _Kept(NamedTuple):
    until: float
    said: dict[str, Any]


class ByFunction:
    """The judge of routes with a Lambda authorizer. What it said is kept by the values of its identity sources."""

    def __init__(self, site: Site, asking: Asking, refusals: Refusals) -> None:
        self._site = site
        self._asking = asking
        self._refusals = refusals
        self._kept: dict[tuple[str, ...], _Kept] = {}

    async def __call__(self, asked: Asked) -> Verdict:
        """Let it pass, if the function says so."""
        sources = identity.values(self._asking.sources, asked)
        if not all(sources):
            missing = [name for name, value in zip(self._asking.sources, sources, strict=True) if not value]
            raise Refusal(self._refusals.unauthorized, f"there is no {', '.join(missing)}")
        begun = time.perf_counter()
        said = await self._say(asked, sources)
        took = int((time.perf_counter() - begun) * 1000)
        return self._judged(said, asked)._replace(milliseconds=took)

    async def _say(self, asked: Asked, sources: list[str]) -> dict[str, Any]:
        key = tuple(sources)
        kept = self._kept.get(key) if self._asking.keep and key else None
        if kept is not None and kept.until > time.monotonic():
            return kept.said
        said = await self._ask(asked, sources)
        if self._asking.keep and key:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _Kept(time.monotonic() + self._asking.keep, said)
        return said

    async def _ask(self, asked: Asked, sources: list[str]) -> dict[str, Any]:
        asking = self._asking
        if not asking.function:
            raise self._failed(f"the authorizer {asking.named} is no function of this manifest")
        call = Call(dumps(self._event(asked, sources)).encode(), trace_id=asked.turn.request.trace)
        try:
            outcome = await self._site.ask(asked.turn, asking.function, call, asking.seconds, self._refusals.failed)
        except Refusal as refusal:
            raise self._failed(f"the authorizer {refusal.reason}") from None
        if outcome.status != "success":
            reason = failure(outcome)
            if reason.endswith(f": {_UNAUTHORIZED}"):  # how a function says so
                raise Refusal(self._refusals.unauthorized, f"the authorizer {asking.function} says {_UNAUTHORIZED}")
            raise self._failed(f"the authorizer {asking.function} failed: {reason}")
        return self._understood(outcome.payload)

    def _event(self, asked: Asked, sources: list[str]) -> dict[str, Any]:
        form = self._asking.form
        if form == "token":
            return {"type": "TOKEN", "authorizationToken": sources[0], "methodArn": asked.arn}
        if form == "2.0":
            told = {"version": "2.0", "type": "REQUEST", "routeArn": asked.arn, "identitySource": sources or None}
            return {**told, **asked.event(form)}
        told = {"type": "REQUEST", "methodArn": asked.arn}
        if form == "1.0":
            joined = ",".join(sources)
            told = {"version": "1.0", **told, "identitySource": joined, "authorizationToken": joined}
        event = asked.event(form)
        for each in ("queryStringParameters", "pathParameters", "stageVariables", "multiValueQueryStringParameters"):
            event[each] = event[each] or {}
        return {**told, **event}

    def _understood(self, payload: bytes) -> dict[str, Any]:
        try:
            said = json.loads(payload)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise self._failed(f"the authorizer {self._asking.function} did not answer with an object")
        context = said.get("context") or {}
        if not isinstance(context, dict):
            raise self._failed(f"the context that the authorizer {self._asking.function} gives is no object")
        if not self._asking.simple and self._asking.form != "2.0":
            self._check_context(context)
        return said

    def _check_context(self, context: Mapping[str, Any]) -> None:
        for name, value in context.items():
            if not isinstance(value, (str, int, float, bool)):
                reason = f"{name} in the context that {self._asking.function} gives is no text, number or truth"
                raise self._failed(reason)

    def _judged(self, said: Mapping[str, Any], asked: Asked) -> Verdict:
        context = said.get("context") or {}
        if self._asking.simple:
            if not isinstance(said.get("isAuthorized"), bool):
                raise self._failed(f"the authorizer {self._asking.function} gives no isAuthorized")
            if not said["isAuthorized"]:
                raise Refusal(self._refusals.denied, f"the authorizer {self._asking.function} does not authorize it")
            return Verdict("lambda", context, str(said.get("principalId", "")))
        principal = said.get("principalId")
        if not isinstance(principal, str) or not principal:
            raise self._failed(f"the authorizer {self._asking.function} gives no principalId")
        try:
            effect = policy.effect(said.get("policyDocument"), asked.arn)
        except policy.Unusable as problem:
            raise self._failed(f"the authorizer {self._asking.function}: {problem}") from None
        if effect != "allow":
            answer = self._refusals.forbidden if effect == "deny" else self._refusals.denied
            verb = "denies" if effect == "deny" else "does not allow"
            raise Refusal(answer, f"the authorizer {self._asking.function} {verb} {asked.arn}")
        return Verdict("lambda", context, principal)

    def _failed(self, reason: str) -> Refusal:
        self._site.telling.warning(reason)
        return Refusal(self._refusals.failed, reason)
