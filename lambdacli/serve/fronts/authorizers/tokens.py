"""JSON web tokens: what they claim is read and judged, but not by whom they were signed: no keys are fetched.

Sources: "Control access to HTTP APIs with JWT authorizers" and "Control access to REST APIs using Amazon Cognito user
pools" in the API Gateway developer guide.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import TYPE_CHECKING, Any

from lambdacli.serve.fronts.answer import Refusal, message
from lambdacli.serve.fronts.authorizers import Asked, Verdict, identity
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lambdacli.serve.fronts.answer import Answer

_BEARER = "bearer "
_HEADER = "$request.header.Authorization"
_PARTS = 3


class Invalid(Exception):  # noqa: N818 - what the token is
    """The token cannot be used; its text says why."""


class Jwt:
    """The JWT authorizer of an HTTP API: `settings` as the trigger has them."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._issuer = str(settings["issuer"])
        self._audience = frozenset(settings["audience"])
        self._sources = settings.get("identity_source") or [_HEADER]
        self._scopes = list(settings.get("scopes", ()))

    async def __call__(self, asked: Asked) -> Verdict:
        """Let it pass, if its token is good."""
        token = next((each for each in identity.values(self._sources, asked) if each), "")
        if not token:
            raise Refusal(_unauthorized("", ""), "there is no token")
        try:
            found = claims(token)
            self._check(found)
        except Invalid as problem:
            raise Refusal(_unauthorized("invalid_token", str(problem)), str(problem)) from None
        if self._scopes and not has_scope(found, self._scopes):
            text = f'Bearer scope="{" ".join(self._scopes)}" error="insufficient_scope"'
            raise Refusal(message(403, "Forbidden", ("www-authenticate", text)), "the token has none of the scopes")
        told = {"claims": {name: as_text(each) for name, each in found.items()}, "scopes": self._scopes or None}
        return Verdict("jwt", told, str(found.get("sub", "")))

    def _check(self, found: Mapping[str, Any]) -> None:
        if found.get("iss") != self._issuer:
            raise Invalid(f"the token was issued by {found.get('iss')}, not by {self._issuer}")
        given = found.get("aud", found.get("client_id"))
        whom = {given} if isinstance(given, str) else {*(given or ())}
        if self._audience and not whom & self._audience:
            raise Invalid("the token is for somebody else: its audience is another one")
        in_time(found)


class Cognito:
    """The user pool authorizer of a REST API: `settings` as the trigger has them."""

    def __init__(self, settings: Mapping[str, Any], refused: Answer) -> None:
        known = [routes.pool_id(each) for each in settings["user_pools"]]
        self._pools = tuple(each for each in known if each) if all(known) else ()  # a name alone says no issuer
        self._source = settings.get("identity_source") or _HEADER
        self._scopes = list(settings.get("scopes", ()))
        self._refused = refused

    async def __call__(self, asked: Asked) -> Verdict:
        """Let it pass, if its token is good."""
        (token,) = identity.values([self._source], asked)
        if not token:
            raise Refusal(self._refused, "there is no token")
        try:
            found = claims(token)
            self._check(found)
        except Invalid as problem:
            raise Refusal(self._refused, str(problem)) from None
        told = {name: _of_pool(name, each) for name, each in found.items()}
        return Verdict("cognito", {"claims": told}, str(found.get("sub", "")))

    def _check(self, found: Mapping[str, Any]) -> None:
        issuer = str(found.get("iss", ""))
        if self._pools and not issuer.endswith(tuple(f"/{each}" for each in self._pools)):
            raise Invalid(f"the token was issued by {issuer or 'nobody'}, not by {', '.join(self._pools)}")
        in_time(found)
        if self._scopes and not has_scope(found, self._scopes):
            raise Invalid("the token has none of the scopes")


def claims(token: str) -> dict[str, Any]:
    """What a token claims.

    Raises:
        Invalid: it is none.
    """
    plain = token[len(_BEARER) :] if token.lower().startswith(_BEARER) else token
    parts = plain.strip().split(".")
    if len(parts) != _PARTS:
        raise Invalid("it is no JSON web token")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise Invalid("its claims are no JSON") from None
    if not isinstance(found, dict):
        raise Invalid("its claims are no object")
    return found


def in_time(found: Mapping[str, Any]) -> None:
    """Whether the token counts now.

    Raises:
        Invalid: no longer, or not yet.
    """
    now = time.time()
    ends, begins = found.get("exp"), found.get("nbf")
    if not isinstance(ends, (int, float)) or ends <= now:
        raise Invalid("the token has expired")
    if isinstance(begins, (int, float)) and begins > now:
        raise Invalid("the token does not count yet")


def has_scope(found: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    """Whether one of the scopes is among those of the token: `scope`, or `scp`."""
    given = found.get("scope", found.get("scp", ""))
    return bool({*(given.split() if isinstance(given, str) else given)} & {*wanted})


def as_text(value: Any) -> str:
    """A claim as HTTP APIs pass it on."""
    if isinstance(value, list):
        return f"[{' '.join(as_text(each) for each in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _of_pool(name: str, value: Any) -> str:
    """A claim as REST APIs pass it on: moments in the words of Java."""
    if name in ("exp", "iat") and isinstance(value, (int, float)):
        return _java(value)
    if isinstance(value, list):
        return ",".join(as_text(each) for each in value)
    return as_text(value)


def _java(seconds: float) -> str:
    from lambdacli.serve.fronts.request import MONTHS

    at = time.gmtime(seconds)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[at.tm_wday]
    clock = f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02}"
    return f"{day} {MONTHS[at.tm_mon - 1]} {at.tm_mday:02} {clock} UTC {at.tm_year}"


def _unauthorized(error: str, why: str) -> Answer:
    told = f' error="{error}" error_description="{why}"' if error else ""
    return message(401, "Unauthorized", ("www-authenticate", f"Bearer{told}"))
