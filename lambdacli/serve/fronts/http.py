"""API Gateway HTTP APIs. Source: "Working with HTTP APIs" in the API Gateway developer guide."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from lambdacli.errors import ManifestError
from lambdacli.serve.fronts import apis, bodies, contract, payloads
from lambdacli.serve.fronts.answer import Answer, Refusal, message
from lambdacli.serve.fronts.authorizers import Asked, Judge, Verdict, everybody, functions, signed, tokens
from lambdacli.serve.fronts.cors import Cors
from lambdacli.serve.fronts.limits import HTTP
from lambdacli.serve.fronts.request import request_id
from lambdacli.serve.fronts.routing import Routes
from lambdacli.serve.fronts.site import Site, Turn
from lambdacli.triggers import _cors
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.serve.fronts.apis import Use
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.payloads import Api
    from lambdacli.serve.fronts.request import Request

_DEFAULT = "$default"
_SECONDS = 30
_PLAIN = "text/plain;charset=UTF-8"
_FORBIDDEN = message(403, "Forbidden")
_REFUSALS = functions.Refusals(message(401, "Unauthorized"), _FORBIDDEN, _FORBIDDEN, HTTP.failed)


class _Route(NamedTuple):
    key: str
    path: str  # with its parameters; $default
    function: str
    seconds: float
    version: str
    judge: Judge


class HttpApi(Site):
    """One HTTP API with all its routes and stages."""

    manners = HTTP
    what = "an HTTP API"

    def __init__(self, desk: Desk, uses: tuple[Use, ...], name: str) -> None:
        super().__init__(desk)
        manifest = desk.manifest
        self.api = apis.described(manifest, "http", name, _DEFAULT)
        self.labels = apis.labels(self.api.id, name, uses)
        apis.warn_of_doubles(uses, self.telling)
        self.title = f"HTTP API {name}".rstrip()
        named = [each.settings.get("stage", _DEFAULT) for each in uses]
        self._in_urls = tuple(dict.fromkeys(each for each in named if each != _DEFAULT))
        self._home = _DEFAULT if _DEFAULT in named else self._in_urls[0]
        self.root = "" if self._home == _DEFAULT else f"/{self._home}"
        self.cors = self._cors(uses)
        made = [self._route(each) for each in uses]
        self.routes = Routes(
            [(*routes.split(each.key), each) for each in made if each.key != _DEFAULT],
            next((each for each in made if each.key == _DEFAULT), None),
        )

    def wants(self, request: Request) -> bool:
        """Whether a route takes it, or CORS answers it."""
        if self._found(request) is not None:
            return True
        asks = request.header("access-control-request-method")
        return bool(self.cors and asks and self._found(request, asks) is not None)

    def allows(self, origin: str, _path: str) -> bool:
        """Whether the API's CORS lets pages of that origin in."""
        return self.cors is not None and self.cors.allows(origin)

    def finish(self, turn: Turn, answer: Answer) -> Answer:
        """With the request's id, and CORS as the API has it instead of what the function says of it."""
        headers = self.cors.put(answer.headers, turn.request) if self.cors else answer.headers
        return answer._replace(headers=[*headers, ("apigw-requestid", turn.api_id)])

    async def respond(self, turn: Turn) -> Answer:
        """The answer of the route's function."""
        turn.api_id = request_id()
        request = turn.request
        found = self._found(request)
        if found is None:
            if self.cors and request.method == "OPTIONS" and request.origin:
                return Answer(204, [])
            raise Refusal(HTTP.no_route, "no route takes it")
        route, given, stage = found
        turn.function, turn.source = route.function, _source(route, request)
        await self.take(turn)
        api = self.api if stage == self.api.stage else self.api._replace(stage=stage)
        parameters = {name: unquote(value) if "%" in value else value for name, value in given.items()}
        make = partial(self._event, turn, route, api, parameters)
        event = make(route.version)
        if route.judge is not everybody:
            arn = apis.execute_arn(api, request.method, self._inside(request.path, api.stage))
            verdict = await route.judge(Asked(turn, arn, route.key, api.stage, make))
            _tell(event["requestContext"], verdict, route.version)
        if request.body:
            payloads.with_body(event, bodies.told(request.body, request.media))
        elif route.version == "1.0":
            payloads.with_body(event, (None, False))
        else:
            event["isBase64Encoded"] = False
        outcome = await self.invoke(turn, event, route.seconds)
        if route.version == "1.0":
            return contract.proxied(outcome.payload, decode=True, strict=False, media=_PLAIN)
        return contract.inferred(outcome.payload, _PLAIN)

    def _event(
        self, turn: Turn, route: _Route, api: Api, parameters: Mapping[str, str], version: str
    ) -> dict[str, Any]:
        """What the function gets, or an authorizer, without the body."""
        path = self._asked(turn.request, api.stage)
        if version != "1.0":
            return payloads.version_2(turn.request, api, route.key, path, turn.api_id, parameters)
        inside = self._inside(turn.request.path, api.stage)
        event = payloads.version_1(turn.request, api, route.path, inside, turn.api_id, parameters)
        event["requestContext"]["resourceId"] = route.key
        return {"version": version, **event, "path": path}

    def _found(self, request: Request, method: str = "") -> tuple[_Route, dict[str, str], str] | None:
        """The route, its parameters, and the stage that the URL names."""
        for stage in self._in_urls:
            inside = self._inside(request.raw_path, stage)
            if inside is not request.raw_path and (found := self.routes.find(method or request.method, inside)):
                return *found, stage
        plain = self.routes.find(method or request.method, request.raw_path)
        return None if plain is None else (*plain, self._home)

    @staticmethod
    def _inside(path: str, stage: str) -> str:
        """The path without the stage, if it stands there."""
        if stage == _DEFAULT or not (path == f"/{stage}" or path.startswith(f"/{stage}/")):
            return path
        return path[len(stage) + 1 :] or "/"

    def _asked(self, request: Request, stage: str) -> str:
        """The path as AWS's URLs have it, with the stage."""
        return request.path if stage == _DEFAULT else f"/{stage}{self._inside(request.path, stage)}"

    def _cors(self, uses: Iterable[Use]) -> Cors | None:
        given = [(each.where("cors"), each.settings["cors"]) for each in uses if "cors" in each.settings]
        try:
            merged = _cors.merged(given)
        except ManifestError as error:
            self.telling.trouble(error)
            return None
        return Cors(merged) if merged else None

    def _route(self, use: Use) -> _Route:
        settings = use.settings
        key = settings["route"]
        path = routes.split(key)[1] if key != _DEFAULT else _DEFAULT
        seconds = settings.get("timeout", _SECONDS * 1000) / 1000
        version = settings.get("payload_format_version", "2.0")
        return _Route(key, path, use.function.name, seconds, version, self._judge(use))

    def _judge(self, use: Use) -> Judge:
        kind = routes.authorizer_kind(use.settings)
        if kind == "iam":
            return signed.Signed(_FORBIDDEN, self.api.account)
        if kind == "jwt":
            return tokens.Jwt(use.settings["authorizer"]["jwt"])
        if kind != "lambda":
            return everybody
        given = use.settings["authorizer"]["lambda"]
        asking = functions.Asking(
            apis.function_of(self.desk.manifest, given["function"]),
            given["function"],
            given.get("payload_format_version", "2.0"),
            bool(given.get("simple_responses", False)),
            tuple(given.get("identity_source", ())),
            given.get("result_ttl", 0),
            _SECONDS,
        )
        return functions.ByFunction(self, asking, _REFUSALS)


def _tell(context: dict[str, Any], verdict: Verdict, version: str) -> None:
    """Put the caller into the request context."""
    if version == "1.0":
        apis.tell_caller(context, verdict)
    else:
        context["authorizer"] = {verdict.kind: dict(verdict.details)}


def _source(route: _Route, request: Request) -> str:
    """The route as people say it."""
    return route.key if route.key[:4] != "ANY " and route.key != _DEFAULT else f"{request.method} {request.raw_path}"


def sites(desk: Desk, uses: Iterable[Use]) -> list[Site]:
    """An API for each name that the triggers give."""
    return [HttpApi(desk, its, name) for name, its in apis.by_name(uses).items()]
