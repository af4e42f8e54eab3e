"""What the kinds of API Gateway's HTTP and WebSocket APIs share: which APIs there are, and whose.

Source: the API Gateway Version 2 API reference. Names of APIs are not unique and no call takes a token, so that an
answer that got lost may have made a second one: the oldest counts, the others are found as name#2 and deleted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.deploy.resources import UNKNOWN
from lambdacli.deploy.resources._ours import tagged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Deployed, Properties
    from lambdacli.resource import Resource

SERVICE = "apigatewayv2"
_FUNCTION = re.compile(r"arn:[a-z-]+:lambda:[^/]+")
_API = 5  # where an API's id stands in what it invokes from, between colons


class Named(NamedTuple):
    """An API, and what the manifest calls it: its name where it is ours, its id where it is somebody else's."""

    name: str
    api: dict[str, Any]

    @property
    def id(self) -> str:
        """What AWS calls it."""
        return str(self.api["ApiId"])


def every(aws: Aws) -> list[dict[str, Any]]:
    """All APIs of the account, the oldest first."""
    found = aws.listed(SERVICE, "get_apis", "Items")
    return sorted(found, key=lambda api: (str(api.get("CreatedDate", "")), api["ApiId"]))


def ours(aws: Aws, protocol: str = "") -> Iterator[Named]:
    """The APIs of this app and stage; of those with the same name all but the oldest as name#2 and so on."""
    counted: dict[tuple[str, str], int] = {}
    for api in every(aws):
        if not tagged(api.get("Tags", {}), aws.place) or (protocol and api["ProtocolType"] != protocol):
            continue
        key = (api["ProtocolType"], api["Name"])
        counted[key] = counted.get(key, 0) + 1
        yield Named(numbered(api["Name"], counted[key]), api)


def oldest(aws: Aws) -> list[Named]:
    """The APIs of this app and stage that count. What hangs on the others goes with them."""
    return [each for each in ours(aws) if each.name == each.api["Name"]]


def around(function: Deployed, aws: Aws) -> list[Named]:
    """The APIs that may have something of the function: ours, and those that may invoke it."""
    known = oldest(aws)
    mine = {each.id for each in ours(aws)}
    callers = {arn.split(":")[_API].partition("/")[0] for arn in function.sources("apigateway")} - mine
    return [*known, *(Named(api["ApiId"], api) for api in every(aws) if api["ApiId"] in callers)]


def is_ours(api_id: str, aws: Aws) -> bool:
    """Whether an API is of this app and stage."""
    return any(each.id == api_id for each in ours(aws))


def api_id(properties: Properties, name: str, aws: Aws) -> str:
    """Of the API that something belongs to, by its properties or its name, `api/rest`; "" where there is none yet."""
    given = properties.get("ApiId")
    if given is UNKNOWN:
        return ""
    if given:
        return str(given)
    known = [*oldest(aws), *(Named(api["ApiId"], api) for api in every(aws))]
    return next((each.id for each in known if name.startswith(f"{each.name}/")), "")


def numbered(name: str, count: int) -> str:
    """The name of one of several."""
    return name if count == 1 else f"{name}#{count}"


def invoked(uri: str) -> str:
    """The ARN of the function in an integration's URI, which may be just that."""
    match = _FUNCTION.search(uri)
    return match[0] if match else ""


def integrations(api: str, aws: Aws) -> list[dict[str, Any]]:
    """Those that invoke a function, those first that routes lead to."""
    used = {route.get("Target") for route in aws.listed(SERVICE, "get_routes", "Items", ApiId=api)}
    found = aws.listed(SERVICE, "get_integrations", "Items", ApiId=api)
    proxies = [each for each in found if invoked(each.get("IntegrationUri", ""))]
    return sorted(proxies, key=lambda each: (target(each) not in used, each["IntegrationId"]))


def target(integration: dict[str, Any]) -> str:
    """How a route names an integration."""
    return f"integrations/{integration['IntegrationId']}"


def lane(resource: Resource) -> str:
    """One change of an API at a time: API Gateway refuses concurrent ones."""
    parts: Sequence[str] = resource.name.split("/")
    return f"api {parts[1] if resource.kind in ('integration', 'route') else parts[0]}"
