"""Function URLs. Source: "Lambda function URLs" in the Lambda developer guide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.local.invocation import new_id
from lambdacli.resource import digest
from lambdacli.serve.fronts import apis, bodies, contract, payloads
from lambdacli.serve.fronts.answer import Answer, message
from lambdacli.serve.fronts.authorizers import NOBODY, Asked, Judge, everybody, signed
from lambdacli.serve.fronts.cors import Cors, is_preflight
from lambdacli.serve.fronts.limits import URL
from lambdacli.serve.fronts.payloads import Api
from lambdacli.serve.fronts.site import Site, Turn
from lambdacli.serve.fronts.streams import Relay
from lambdacli.triggers import _cors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.serve.fronts.apis import Use
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.request import Request

_ROUTE = "$default"
_SECONDS = 900.0  # the longest that any function may run
_FORBIDDEN = message(403, "Forbidden", ("x-amzn-errortype", "AccessDeniedException"), key="Message")


class FunctionUrl(Site):
    """The URL of one function."""

    manners = URL
    what = "a function URL"
    shares_root = False

    def __init__(self, desk: Desk, use: Use) -> None:
        super().__init__(desk)
        manifest = desk.manifest
        self.function = use.function.name
        self.labels = (f"{self.function.lower()}.lambda-url",)
        self.title = f"function URL of {self.function}"
        identity = digest(f"{manifest.app} {manifest.stage} {self.function}")[:32]
        signs = use.settings["auth_type"] == "AWS_IAM"
        self._account = apis.account(manifest)
        self._api = Api(identity, self._account if signs else "anonymous", manifest.region, _ROUTE)
        self._judge: Judge = signed.Signed(_FORBIDDEN, self._account) if signs else everybody
        self._streams = use.settings.get("invoke_mode") == "RESPONSE_STREAM"
        wanted = _cors.wanted(use.settings.get("cors"))
        self.cors = Cors(wanted) if wanted else None

    def wants(self, request: Request) -> bool:  # noqa: ARG002 - everything is for the function
        """Always."""
        return True

    def allows(self, origin: str, path: str) -> bool:  # noqa: ARG002 - one CORS for all paths
        """Whether the URL's CORS lets pages of that origin in."""
        return self.cors is not None and self.cors.allows(origin)

    def finish(self, turn: Turn, answer: Answer) -> Answer:
        """With the ids of the request, and CORS as the URL has it instead of what the function says of it."""
        headers = self.cors.put(answer.headers, turn.request) if self.cors else answer.headers
        root = turn.request.trace.partition(";")[0]
        return answer._replace(headers=[*headers, ("x-amzn-requestid", turn.api_id), ("x-amzn-trace-id", root)])

    async def respond(self, turn: Turn) -> Answer | None:
        """The function's answer."""
        request = turn.request
        turn.function = self.function
        turn.api_id = turn.invocation = new_id()
        if self.cors and is_preflight(request):
            return Answer(200, [])
        await self.take(turn)
        event = payloads.version_2(request, self._api, _ROUTE, request.raw_path, turn.api_id)
        if self._judge is not everybody:
            verdict = await self._judge(Asked(turn, "", _ROUTE, _ROUTE, lambda _form: event))
            if verdict is not NOBODY:
                event["requestContext"]["authorizer"] = {verdict.kind: dict(verdict.details)}
        if request.body:
            payloads.with_body(event, bodies.told(request.body, request.media))
        else:
            event["isBase64Encoded"] = False
        if self._streams:
            return await self._stream(turn, event)
        outcome = await self.invoke(turn, event, _SECONDS)
        return contract.inferred(outcome.payload, "application/json")

    async def _stream(self, turn: Turn, event: dict[str, Any]) -> Answer | None:
        payload = await self.stream(turn, event, _SECONDS, Relay(turn, self.finish))
        return None if payload is None else contract.inferred(payload, "application/json")


def sites(desk: Desk, uses: Iterable[Use]) -> list[Site]:
    """A site for each URL."""
    return [FunctionUrl(desk, each) for each in uses]
