"""Which service and operation a request asks for, and with which parameters, by botocore's models of the services."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, ServiceModel, Shape

    from rules.http import Request

_READS = ("Get", "List", "Describe", "Head", "Lookup", "Filter", "Test", "Simulate", "StartLiveTail", "Invoke")
_TOKENS = ("ClientToken", "ClientRequestToken", "clientToken")  # botocore makes up another one each time
_SIGNED_AS = {  # where boto3's name is another one
    "elasticloadbalancing": "elbv2", "iotdata": "iot-data", "tagging": "resourcegroupstaggingapi", "rds": "docdb",
    "email": "ses",
}  # fmt: skip
_TARGETS = {"DynamoDBStreams_20120810": "dynamodbstreams"}
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_LABEL = re.compile(r"\{([^}]+?)(\+?)\}")


@dataclass
class Call:
    """A call of an API. `parameters` are named as boto3 names them."""

    service: str
    operation: str
    parameters: dict[str, Any]
    request: Request = field(repr=False)
    number: int = 0  # of all calls since the log was emptied, from 1
    write: int = 0  # of the writing ones; 0 for one that reads

    @property
    def name(self) -> str:
        """Such as lambda:CreateFunction."""
        return f"{self.service}:{self.operation}"

    @property
    def signature(self) -> str:
        """What it asks for, the same whenever it is asked again."""
        given = {name: value for name, value in self.parameters.items() if name not in _TOKENS}
        return f"{self.name} {sorted(given.items())}"

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.operation.startswith(_READS)

    @property
    def protocol(self) -> str:
        """Such as json, query or rest-xml."""
        return _protocol(self.service, self.request)

    @property
    def model(self) -> OperationModel:
        """botocore's."""
        return service_model(self.service).operation_model(self.operation)


def recognised(request: Request) -> Call | None:
    """The call that a request is; None for one that is not AWS's, or not signed."""
    service = _service(request)
    if not service:
        return None
    found = _OF_PROTOCOL[_protocol(service, request)](service_model(service), request)
    if found is None:
        return None
    operation, parameters = found
    return Call(service, operation, parameters, request)


@functools.cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service."""
    return session().get_service_model(service)


@functools.cache
def session() -> Any:
    import botocore.session

    return botocore.session.get_session()


def _protocol(service: str, request: Request) -> str:
    """Of those that a service speaks the one that the client chose."""
    return "json" if "x-amz-target" in request.headers else str(service_model(service).metadata["protocol"])


def _service(request: Request) -> str:
    signed = _CREDENTIAL.search(request.headers.get("authorization", ""))
    if signed is None:
        return ""
    target = request.headers.get("x-amz-target", "").rpartition(".")[0]
    name = _TARGETS.get(target) or _SIGNED_AS.get(signed[1], signed[1])
    if name == "apigateway" and request.target.startswith("/v2/"):
        return "apigatewayv2"
    return name


def _by_target(_: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
    return request.headers["x-amz-target"].rpartition(".")[2], json.loads(request.body or b"{}")


def _by_path(_: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
    return request.target.rpartition("/")[2], {}


def _by_action(model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
    given = {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
    operation = given["Action"]
    shape = model.operation_model(operation).input_shape
    return operation, (_from_form(shape, "", given) if shape else {})


def _from_form(shape: Shape, prefix: str, given: dict[str, str]) -> Any:
    if shape.type_name == "structure":
        inner = {}
        for name, member in shape.members.items():
            path = ".".join(filter(None, (prefix, member.serialization.get("name", name))))
            if any(key == path or key.startswith(f"{path}.") for key in given):
                inner[name] = _from_form(member, path, given)
        return inner
    if shape.type_name == "list":
        flat = shape.serialization.get("flattened")
        root = prefix if flat else f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        return [_from_form(shape.member, path, given) for path in _numbered(root, given)]
    if shape.type_name == "map":
        root = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        return {given[f"{path}.key"]: given[f"{path}.value"] for path in _numbered(root, given)}
    return given.get(prefix)


def _numbered(root: str, given: dict[str, str]) -> Iterator[str]:
    number = 1
    while any(key == f"{root}.{number}" or key.startswith(f"{root}.{number}.") for key in given):
        yield f"{root}.{number}"
        number += 1


class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]  # what has to stand in it
    operation: str


@functools.cache
def _routes(service: str) -> list[_Route]:
    model = service_model(service)
    found = []
    for operation in model.operation_names:
        if model.operation_model(operation).deprecated:  # they share their paths with those that replaced them
            continue
        told = model.operation_model(operation).http
        path, _, query = told["requestUri"].partition("?")
        needed = tuple((name, value) for name, _, value in (each.partition("=") for each in query.split("&") if each))
        found.append((_weight(path, needed), _Route(told["method"], _pattern(path), needed, operation)))
    return [route for _, route in sorted(found, key=lambda each: each[0], reverse=True)]


def _weight(path: str, needed: tuple[Any, ...]) -> tuple[int, int, int]:
    parts = path.strip("/").split("/")
    return len(needed), sum(not part.startswith("{") for part in parts), len(parts)


def _pattern(path: str) -> re.Pattern[str]:
    parts, at = [], 0
    for label in _LABEL.finditer(path):
        name = "l_" + label[1].replace("-", "__")
        parts += [re.escape(path[at : label.start()]), f"(?P<{name}>{'.+' if label[2] else '[^/]+'})"]
        at = label.end()
    return re.compile("".join([*parts, re.escape(path[at:]), "/?"]))


def _by_route(model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]] | None:
    path, _, raw = request.target.partition("?")
    query = parse_qs(raw, keep_blank_values=True)
    for route in _routes(model.service_name):
        if route.method != request.method or any(
            name not in query or (value and query[name][0] != value) for name, value in route.query
        ):
            continue
        if (found := route.path.fullmatch(path)) is not None:
            labels = {name[2:].replace("__", "-"): unquote(value) for name, value in found.groupdict().items()}
            return route.operation, _rest_parameters(model, route.operation, request, labels, query)
    return None


def _rest_parameters(
    model: ServiceModel, operation: str, request: Request, labels: dict[str, str], query: dict[str, list[str]]
) -> dict[str, Any]:
    shape = model.operation_model(operation).input_shape
    body = _json(request.body) if model.metadata["protocol"] == "rest-json" else {}
    found: dict[str, Any] = {}
    for name, member in shape.members.items() if shape else ():
        where, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri" and wire in labels:
            found[name] = labels[wire]
        elif where == "querystring" and wire in query:
            found[name] = query[wire] if member.type_name == "list" else query[wire][0]
        elif where == "header" and wire.lower() in request.headers:
            found[name] = request.headers[wire.lower()]
        elif where is None and wire in body:
            found[name] = from_wire(member, body[wire])
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def from_wire(shape: Shape, value: Any) -> Any:
    """JSON of the wire with the names that boto3 has for its members."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        return {names[key][0]: from_wire(names[key][1], each) for key, each in value.items() if key in names}
    if shape.type_name == "list" and isinstance(value, list):
        return [from_wire(shape.member, each) for each in value]
    return value


_OF_PROTOCOL: dict[str, Any] = {
    "json": _by_target,
    "smithy-rpc-v2-cbor": _by_path,
    "query": _by_action,
    "ec2": _by_action,
    "rest-json": _by_route,
    "rest-xml": _by_route,
}
