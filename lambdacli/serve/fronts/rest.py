"""API Gateway REST APIs. Source: "Lambda proxy integrations in API Gateway" in the API Gateway developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.local.invocation import new_id
from lambdacli.serve.fronts import apis, bodies, contract, payloads
from lambdacli.serve.fronts.answer import Answer, Refusal, message
from lambdacli.serve.fronts.authorizers import Asked, Judge, Verdict, everybody, functions, signed, tokens
from lambdacli.serve.fronts.limits import REST
from lambdacli.serve.fronts.prelude import MOST
from lambdacli.serve.fronts.request import request_id
from lambdacli.serve.fronts.routing import Routes
from lambdacli.serve.fronts.site import Site, Turn
from lambdacli.serve.fronts.streams import Relay
from lambdacli.triggers import _rest
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.serve.fronts.apis import Use
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.request import Request

_SECONDS = 29
_TTL = 300  # seconds that an authorizer's answer is kept unless the trigger says otherwise
_TYPE = "x-amzn-errortype"
_HEADER = "method.request.header.Authorization"
_PLACES = ("querystring", "header", "path")
# Headers that a function's answer cannot set, "Amazon API Gateway important notes" in the developer guide
_REMAPPED = frozenset(("authorization", "content-md5", "date", "host", "server", "user-agent", "www-authenticate"))


def _error(status: int, text: str | None, error_type: str, key: str = "message") -> Answer:
    return message(status, text, (_TYPE, error_type), key=key)


_REFUSALS = functions.Refusals(
    unauthorized=_error(401, "Unauthorized", "UnauthorizedException"),
    denied=_error(403, "User is not authorized to access this resource", "AccessDeniedException", "Message"),
    forbidden=_error(
        403, "User is not authorized to access this resource with an explicit deny", "AccessDeniedException", "Message"
    ),
    failed=_error(500, None, "AuthorizerConfigurationException"),
)
_FORBIDDEN = _error(403, "Forbidden", "ForbiddenException")


class _Method(NamedTuple):
    verb: str
    path: str
    function: str
    seconds: float
    streams: bool
    needs_key: bool
    required: tuple[tuple[str, str], ...]  # place and name of parameters
    judge: Judge


class RestApi(Site):
    """One stage of a REST API."""

    manners = REST
    what = "a REST API"

    def __init__(self, desk: Desk, uses: tuple[Use, ...], name: str, stage: str) -> None:
        super().__init__(desk)
        manifest = desk.manifest
        self.api = apis.described(manifest, "rest", name, stage)
        self.labels = apis.labels(self.api.id, name, uses)
        apis.warn_of_doubles(uses, self.telling)
        self.title = f"REST API {name}".rstrip()
        self.root = f"/{stage}"
        self._warned: set[str] = set()  # functions
        self._binary = tuple({media for each in uses for media in each.settings.get("binary_media_types", ())})
        by_path: dict[str, list[Mapping[str, Any]]] = {}
        for each in uses:
            by_path.setdefault(_path(each), []).append(each.settings)
        self._preflights = {path: found for path, here in by_path.items() if (found := _rest.preflight(here))}
        methods: list[tuple[str, str, _Method | _rest.Preflight]] = [
            ("OPTIONS", path, found) for path, found in self._preflights.items()
        ]
        methods += [(routes.split(each.settings["route"])[0], _path(each), self._method(each)) for each in uses]
        self.routes = Routes(methods, path_first=True)

    def wants(self, request: Request) -> bool:
        """Whether there is a method for it."""
        return self._found(request) is not None

    def allows(self, origin: str, path: str) -> bool:
        """Whether CORS of the path lets pages of that origin in."""
        found = self.routes.find("OPTIONS", self._inside(path))
        if found is None or not isinstance(found[0], _rest.Preflight):
            return False
        allowed = found[0].origins or (found[0].headers["Access-Control-Allow-Origin"],)
        return "*" in allowed or origin in allowed

    def finish(self, turn: Turn, answer: Answer) -> Answer:
        """With the ids of the request; what is the service's own to say is put under another name."""
        headers = [(f"x-amzn-remapped-{name}" if name in _REMAPPED else name, value) for name, value in answer.headers]
        root = turn.request.trace.partition(";")[0]
        ids = [("x-amzn-requestid", turn.api_id), ("x-amz-apigw-id", request_id()), ("x-amzn-trace-id", root)]
        return answer._replace(headers=headers + ids)

    async def respond(self, turn: Turn) -> Answer | None:
        """The answer of the method's function, or of its CORS."""
        turn.api_id = new_id()
        request = turn.request
        found = self._found(request)
        if found is None:
            raise Refusal(REST.no_route, f"no method of {self.api.id} takes it")
        method, parameters = found
        if isinstance(method, _rest.Preflight):
            return _preflight(method, request)
        turn.function = method.function
        turn.source = f"{request.method} {method.path if method.verb != 'ANY' else request.raw_path}"
        await self.take(turn)
        path = self._inside(request.raw_path)
        event = payloads.version_1(request, self.api, method.path, path, turn.api_id, parameters)
        verdict = await self._judged(turn, method, event)
        self._check(method, event, request)
        _tell(event["requestContext"], verdict)
        event["body"], event["isBase64Encoded"] = (
            bodies.told_by_types(request.body, request.media, self._binary) if request.body else (None, False)
        )
        if method.streams:
            return await self._stream(turn, method, event)
        outcome = await self.invoke(turn, event, method.seconds)
        return contract.proxied(outcome.payload, decode=self._sends_bytes(request), strict=True)

    async def _stream(self, turn: Turn, method: _Method, event: dict[str, Any]) -> Answer | None:
        payload = await self.stream(turn, event, method.seconds, Relay(turn, self.finish, MOST))
        if payload is None:
            return None
        if method.function not in self._warned:
            self._warned.add(method.function)
            text = f"{turn.source}: {method.function} answers as a whole, where response_transfer_mode is STREAM"
            self.telling.warning(text, hint="API Gateway may refuse that: it takes metadata, eight NUL bytes, the body")
        return contract.proxied(payload, decode=True, strict=True)

    async def _judged(self, turn: Turn, method: _Method, event: dict[str, Any]) -> Verdict:
        request = turn.request
        arn = apis.execute_arn(self.api, request.method, event["path"])
        route = f"{request.method} {method.path}"
        return await method.judge(Asked(turn, arn, route, self.api.stage, lambda _form: {**event}))

    def _check(self, method: _Method, event: dict[str, Any], request: Request) -> None:
        """API key and required parameters.

        Raises:
            Refusal: something is missing.
        """
        key = request.header("x-api-key")
        if method.needs_key:
            if not key:
                raise Refusal(_FORBIDDEN, "there is no x-api-key")
            event["requestContext"]["identity"] |= {"apiKey": key, "apiKeyId": key[:10]}
        there = {
            "querystring": {name for name, _ in request.parameters()},
            "header": {name for name, _ in request.headers},
            "path": {*(event["pathParameters"] or ())},
        }
        lacking = [name for place, name in method.required if _spelled(place, name) not in there[place]]
        if lacking:
            text = f"Missing required request parameters: [{', '.join(lacking)}]"
            raise Refusal(_error(400, text, "BadRequestException"), text)

    def _sends_bytes(self, request: Request) -> bool:
        """Whether the client asks for one of the binary media types: the first of those that it accepts counts."""
        accepted = request.header("accept").partition(",")[0].partition(";")[0].strip().lower()
        return "*/*" in self._binary or bodies.matches(accepted, self._binary)

    def _found(self, request: Request) -> tuple[_Method | _rest.Preflight, dict[str, str]] | None:
        inside = self._inside(request.raw_path)
        found = self.routes.find(request.method, inside.rstrip("/") or "/")
        if found is None and inside is not request.raw_path:
            return self.routes.find(request.method, request.raw_path.rstrip("/") or "/")
        return found

    def _inside(self, path: str) -> str:
        """The path without the stage, if it stands there."""
        stage = self.root
        return (path[len(stage) :] or "/") if path == stage or path.startswith(f"{stage}/") else path

    def _method(self, use: Use) -> _Method:
        settings = use.settings
        asked: Mapping[str, bool] = settings.get("request_parameters", {})
        parts = (each.removeprefix("method.request.").partition(".") for each, needed in asked.items() if needed)
        return _Method(
            routes.split(settings["route"])[0],
            _path(use),
            use.function.name,
            settings.get("timeout", _SECONDS * 1000) / 1000,
            settings.get("response_transfer_mode") == "STREAM",
            bool(settings.get("api_key_required")),
            tuple((place, name) for place, _, name in parts if place in _PLACES),
            self._judge(settings),
        )

    def _judge(self, settings: Mapping[str, Any]) -> Judge:
        kind = routes.authorizer_kind(settings)
        if kind == "iam":
            return signed.Signed(REST.no_route, self.api.account)
        if kind == "cognito":
            return tokens.Cognito(settings["authorizer"]["cognito"], _REFUSALS.unauthorized)
        if kind != "lambda":
            return everybody
        given = settings["authorizer"]["lambda"]
        asking = functions.Asking(
            apis.function_of(self.desk.manifest, given["function"]),
            given["function"],
            given.get("type", "TOKEN").lower(),
            simple=False,
            sources=tuple(given.get("identity_source") or (_HEADER,)),
            keep=given.get("result_ttl", _TTL),
            seconds=_SECONDS,
        )
        return functions.ByFunction(self, asking, _REFUSALS)


def _tell(context: dict[str, Any], verdict: Verdict) -> None:
    """Put the caller into the request context: what a function said of it arrives as text."""
    apis.tell_caller(context, verdict)
    if verdict.kind == "lambda":
        told = {name: tokens.as_text(value) for name, value in verdict.details.items()}
        context["authorizer"] = {**told, "principalId": verdict.principal, "integrationLatency": verdict.milliseconds}


def _spelled(place: str, name: str) -> str:
    return name.lower() if place == "header" else name


def _preflight(found: _rest.Preflight, request: Request) -> Answer:
    headers = {name.lower(): value for name, value in found.headers.items()}
    if request.origin in found.origins:
        headers["access-control-allow-origin"] = request.origin
    return Answer(204, [*headers.items()])


def _path(use: Use) -> str:
    return routes.split(use.settings["route"])[1].rstrip("/") or "/"


def sites(desk: Desk, uses: Iterable[Use]) -> list[Site]:
    """A stage of an API for each name and stage that the triggers give."""
    usual = desk.manifest.stage
    found: list[Site] = []
    for name, its in apis.by_name(uses).items():
        for stage in dict.fromkeys(each.settings.get("stage", usual) for each in its):
            there = tuple(each for each in its if each.settings.get("stage", usual) == stage)
            found.append(RestApi(desk, there, name, stage))
    return found
