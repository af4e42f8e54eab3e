"""Application Load Balancers: a listener with its rules.

Sources: "Use Lambda functions as targets of an Application Load Balancer" and "Listener rules" in the Elastic Load
Balancing user guide.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import partitions
from lambdacli.resource import digest, shortened
from lambdacli.serve.fronts import apis, bodies, contract, payloads
from lambdacli.serve.fronts.answer import Answer, Refusal
from lambdacli.serve.fronts.contract import Malformed
from lambdacli.serve.fronts.limits import ALB, MEGABYTE
from lambdacli.serve.fronts.site import Site, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lambdacli.model import Manifest
    from lambdacli.serve.fronts.apis import Use
    from lambdacli.serve.fronts.desk import Desk
    from lambdacli.serve.fronts.request import Request

_LAST = 50_001  # after every rule: the default action
_LONGEST = 32  # characters of a target group's name
_PORT = re.compile(r":\d+$")
_LOCAL = re.compile(r"localhost|[\d.]+|\[[0-9a-f:.]*\]")
_SECONDS = 900.0  # the longest that any function may run: the load balancer waits for it


class _Rule(NamedTuple):
    priority: int
    conditions: Mapping[str, Any]
    function: str
    group: str  # the target group's ARN
    lists: bool  # headers and parameters are lists


class Listener(Site):
    """One listener of a load balancer."""

    manners = ALB
    what = "a load balancer"

    def __init__(self, desk: Desk, uses: Iterable[Use], arn: str) -> None:
        super().__init__(desk)
        name = arn.partition(":listener/app/")[2].partition("/")[0].lower()
        self.labels = ("alb", f"{name}.alb")
        self.title = f"load balancer {name}"
        made = [_rule(each, desk.manifest) for each in uses]
        self._rules = sorted(made, key=lambda each: each.priority)

    def wants(self, request: Request) -> bool:
        """Whether a rule takes it."""
        return self._found(request) is not None

    def allows(self, origin: str, path: str) -> bool:  # noqa: ARG002 - CORS is the functions'
        """Never: a load balancer knows nothing of CORS."""
        return False

    async def respond(self, turn: Turn) -> Answer:
        """The answer of the rule's function."""
        request = turn.request
        rule = self._found(request)
        if rule is None:
            raise Refusal(ALB.no_route, "no rule of the listener takes it")
        turn.function = rule.function
        await self.take(turn)
        event: dict[str, Any] = {
            "requestContext": {"elb": {"targetGroupArn": rule.group}},
            "httpMethod": request.method,
            "path": request.raw_path,
        }
        headers = payloads.gathered([*request.headers, *request.added])
        query = payloads.gathered(_pairs(request.query))
        if rule.lists:
            event |= {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
        else:
            event |= {"queryStringParameters": payloads.last(query), "headers": payloads.last(headers)}
        told = bodies.told(request.body, request.media, request.encoding) if request.body else ("", False)
        payloads.with_body(event, told)
        outcome = await self.invoke(turn, event, _SECONDS)
        if len(outcome.payload) > MEGABYTE:
            raise Malformed(f"more than {MEGABYTE} bytes")
        return contract.balanced(outcome.payload, lists=rule.lists)

    def _found(self, request: Request) -> _Rule | None:
        return next((each for each in self._rules if _fits(each.conditions, request)), None)


def _rule(use: Use, manifest: Manifest) -> _Rule:
    settings = use.settings
    conditions = settings.get("conditions", {})
    priority = settings.get("priority", _LAST) if conditions else _LAST
    group = _group(use, manifest)
    return _Rule(priority, conditions, use.function.name, group, bool(settings.get("multi_value_headers")))


def _group(use: Use, manifest: Manifest) -> str:
    """The ARN of the function's target group."""
    region = manifest.region
    usual = f"{manifest.app}-{manifest.stage}-{use.function.name}".replace("_", "-").replace(".", "-")
    name = use.settings.get("target_group") or shortened(usual, _LONGEST)
    start = f"arn:{partitions.of(region)}:elasticloadbalancing:{region}:{apis.account(manifest)}"
    return f"{start}:targetgroup/{name}/{digest(name)[:16]}"


def _pairs(query: str) -> list[tuple[str, str]]:
    """The query as it was sent: a load balancer decodes nothing."""
    parts = (each.partition("=") for each in query.split("&") if each)
    return [(name, value) for name, _, value in parts]


def _fits(conditions: Mapping[str, Any], request: Request) -> bool:
    return all(_CONDITIONS[name](wanted, request) for name, wanted in conditions.items())


def _path(wanted: list[str], request: Request) -> bool:
    return any(_expression(each).fullmatch(request.raw_path) for each in wanted)


def _host(wanted: list[str], request: Request) -> bool:
    """A name before `.localhost` stands for the host; with no such name, here are all hosts."""
    host = _PORT.sub("", request.host.lower())
    name, _, end = host.rpartition(".")
    if end == "localhost" and name and not f".{name}".endswith(".alb"):
        host = name
    elif end == "localhost" or _LOCAL.fullmatch(host):
        return True
    return any(_expression(each.lower()).fullmatch(host) for each in wanted)


def _method(wanted: list[str], request: Request) -> bool:
    return request.method in wanted


def _header(wanted: Mapping[str, list[str]], request: Request) -> bool:
    return all(
        any(_expression(each.lower()).fullmatch(request.header(name.lower()).lower()) for each in values)
        for name, values in wanted.items()
    )


def _query(wanted: Mapping[str, str], request: Request) -> bool:
    """One of the pairs is enough."""
    given = [(name.lower(), value.lower()) for name, value in _pairs(request.query)]
    return any(
        _expression(key.lower()).fullmatch(name) and _expression(text.lower()).fullmatch(value)
        for key, text in wanted.items()
        for name, value in given
    )


def _source(wanted: list[str], request: Request) -> bool:
    address = ipaddress.ip_address(request.source_ip)
    return any(address in ipaddress.ip_network(each, strict=False) for each in wanted)


_CONDITIONS: Mapping[str, Callable[[Any, Request], bool]] = {
    "path": _path,
    "host": _host,
    "method": _method,
    "header": _header,
    "query": _query,
    "source_ip": _source,
}


@lru_cache(maxsize=512)
def _expression(pattern: str) -> re.Pattern[str]:
    """`*` is any text, `?` any character."""
    pieces = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile("".join(pieces), re.DOTALL)


def sites(desk: Desk, uses: Iterable[Use]) -> list[Site]:
    """A site for each listener."""
    found: dict[str, list[Use]] = {}
    for each in uses:
        found.setdefault(each.settings["listener"], []).append(each)
    return [Listener(desk, its, arn) for arn, its in found.items()]
