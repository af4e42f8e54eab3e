"""One WebSocket API: its routes, who may connect, and how its functions are invoked.

Sources: "Overview of WebSocket APIs", "Create routes for WebSocket APIs" and "Control access to WebSocket APIs with AWS
Lambda REQUEST authorizers" in the API Gateway developer guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.serve.fleet import NoSuchFunction, Throttled
from lambdacli.serve.fronts import apis
from lambdacli.serve.fronts.answer import Answer, Refusal, message
from lambdacli.serve.fronts.authorizers import Asked, Judge, everybody, functions, signed
from lambdacli.serve.fronts.desk import Late
from lambdacli.serve.fronts.limits import Manners
from lambdacli.serve.fronts.site import Site
from lambdacli.serve.fronts.sockets import selection
from lambdacli.serve.telling import Step
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.local.invocation import Outcome
    from lambdacli.serve.fleet import Call
    from lambdacli.serve.fronts.apis import Use
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.site import Turn

MAX_MESSAGE = 128 * 1024  # bytes, "Amazon API Gateway quotas" in the developer guide
_SECONDS = 29
_LIFECYCLE = ("$connect", "$disconnect")
_SELECTION = "$request.body.action"

FORBIDDEN = message(403, "Forbidden", ("x-amzn-errortype", "ForbiddenException"))
_INTERNAL = message(502, "Internal server error", ("x-amzn-errortype", "InternalServerErrorException"))
_DENIED = message(403, "User is not authorized to access this resource", key="Message")
_MANNERS = Manners(
    body=MAX_MESSAGE,
    headers=10_240,
    no_route=FORBIDDEN,
    too_large=message(413, "Request Too Long"),
    too_many_headers=message(431, "Request Header Fields Too Large"),
    failed=_INTERNAL,
    malformed=_INTERNAL,
    late=message(504, "Endpoint request timed out", ("x-amzn-errortype", "InternalServerErrorException")),
    throttled=_INTERNAL,
)
_REFUSALS = functions.Refusals(
    unauthorized=message(401, "Unauthorized", ("x-amzn-errortype", "UnauthorizedException")),
    denied=_DENIED,
    forbidden=_DENIED,
    failed=message(500, "Internal server error", ("x-amzn-errortype", "AuthorizerConfigurationException")),
)


class Route(NamedTuple):
    """Where messages of a kind go."""

    key: str
    function: str
    seconds: float  # that API Gateway waits
    responds: bool  # what the function returns goes to the client
    judge: Judge


class SocketApi(Site):
    """One stage of a WebSocket API."""

    manners = _MANNERS
    what = "a WebSocket API"

    def __init__(self, desk: Desk, uses: tuple[Use, ...], name: str, stage: str) -> None:
        super().__init__(desk)
        self.api = apis.described(desk.manifest, "websocket", name, stage)
        self.name = name
        self.labels = apis.labels(self.api.id, name)
        self.title = f"WebSocket API {name}".rstrip()
        self.root = f"/{stage}"
        self._routes: dict[str, Route] = {}
        for each in uses:
            route = self._route(each)
            self._routes.setdefault(route.key, route)
        given = (each.settings.get("route_selection_expression") for each in uses)
        self._select = selection.compiled(next((each for each in given if each), _SELECTION))

    def lifecycle(self, key: str) -> Route | None:
        """The route $connect or $disconnect, if the API has one."""
        return self._routes.get(key)

    def route(self, text: str) -> Route | None:
        """Where a message goes: what it says itself, or $default, if there is such a route."""
        try:
            key = self._select(text)
        except selection.NotJson:
            key = ""
        found = self._routes.get(key) if key not in _LIFECYCLE else None
        return found or self._routes.get("$default")

    async def ask(self, turn: Turn, function: str, call: Call, seconds: float, late: Answer) -> Outcome:
        """Invoke, and wait for so many seconds: what comes later is nobody's, for there is no request to answer.

        Raises:
            Refusal: there is no outcome.
        """
        try:
            return await self.desk.ask_apart(function, call, seconds)
        except Late:
            raise Refusal(late, f"{function} has not answered within {seconds:g} s") from None
        except Throttled as error:
            self.telling.step(Step("throttled", turn.source, function, (), error.message))
            raise Refusal(self.manners.throttled, error.message) from None
        except NoSuchFunction as error:
            raise Refusal(self.manners.failed, error.message) from None

    def _route(self, use: Use) -> Route:
        settings = use.settings
        return Route(
            settings["route"],
            use.function.name,
            settings.get("timeout", _SECONDS * 1000) / 1000,
            bool(settings.get("route_response")),
            self._judge(settings),
        )

    def _judge(self, settings: Mapping[str, Any]) -> Judge:
        kind = routes.authorizer_kind(settings)
        if kind == "iam":
            return signed.Signed(FORBIDDEN, self.api.account)
        if kind != "lambda":
            return everybody
        given = settings["authorizer"]["lambda"]
        asking = functions.Asking(
            apis.function_of(self.desk.manifest, given["function"]),
            given["function"],
            "request",
            simple=False,
            sources=tuple(_source(each) for each in given.get("identity_source", ())),
            keep=0,
            seconds=_SECONDS,
        )
        return _Authorizer(self, asking, _REFUSALS)


def _source(given: str) -> str:
    """An identity source as other APIs write it."""
    return f"${given.removeprefix('route.')}" if given.startswith("route.") else given


class _Authorizer(functions.ByFunction):
    """Its event is a little other than that of REST APIs: there is no path."""

    def _event(self, asked: Asked, sources: list[str]) -> dict[str, Any]:  # noqa: ARG002 - they stand in the event
        return {"type": "REQUEST", "methodArn": asked.arn, **asked.event(self._asking.form)}
