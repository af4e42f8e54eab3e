"""What the HTTP-like triggers share: routes, their parameters, CORS and authorizers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdacli.suggest import nearest
from lambdacli.triggers import Finding
from lambdacli.triggers._parts import flag, name_of, number, settings, text, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lambdacli.model import Function, Manifest

METHODS = ("ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-zA-Z0-9._:-]+\+?")


def route(*, default: bool) -> dict[str, Any]:
    """Schema of `METHOD /path`, and of $default where the API has one."""
    catch_all = r"\$default|" if default else ""
    return text(
        "Method and path, as GET /orders/{id}; ANY is every method, {proxy+} the rest of a path"
        + (", $default whatever no route matches." if default else "."),
        rf"^({catch_all}({'|'.join(METHODS)}) /\S*)$",
        "expected METHOD /path such as GET /orders/{id}" + (", or $default" if default else ""),
        maxLength=512,
    )


def split(value: str) -> tuple[str, str]:
    """Method and path of a route; $default is ANY /{proxy+}."""
    method, _, path = value.partition(" ")
    return (method, path) if path else ("ANY", "/{proxy+}")


def filled(path: str) -> str:
    """The path with an example in the place of each parameter: /orders/{id} gives /orders/1."""
    return _PARAMETER.sub(lambda match: _example(match[1]), path)


def _example(name: str) -> str:
    if name.endswith("+"):
        return "path/to/resource"
    return "1" if name.lower().endswith(("id", "number", "no")) else f"example-{name}"


def parameters(path: str) -> dict[str, str]:
    """The path's parameters with the examples that `filled` puts in."""
    return {match[1].rstrip("+"): _example(match[1]) for match in _PARAMETER.finditer(path)}


def sample_method(method: str) -> str:
    """A method that a client would use."""
    return "GET" if method == "ANY" else method


def sample_body(method: str) -> str | None:
    """No body for methods that have none; None leaves it to the template."""
    return "" if method in ("ANY", "GET", "HEAD", "DELETE", "OPTIONS") else None


def check_path(value: str, key: str = "route") -> Iterator[Finding]:
    """Parameters are closed, named, different from each other; a greedy one is the last."""
    _, path = split(value)
    seen: set[str] = set()
    for segment in path.split("/"):
        match = _PARAMETER.fullmatch(segment)
        if match is None:
            if "{" in segment or "}" in segment:
                yield Finding(f"{segment[:60]} is no path parameter", key, "a parameter is a whole segment: /{name}/")
        elif not _NAME.fullmatch(match[1]):
            yield Finding(f"{match[1][:60]!r} is no name of a path parameter", key)
        else:
            if match[1] in seen:
                yield Finding(f"the parameter {match[1]} stands twice", key)
            seen.add(match[1])
            if match[1].endswith("+") and not path.endswith(segment):
                yield Finding(f"{segment} takes the rest of the path: nothing may follow", key)


def check_timeout(function: Function, limit: float, what: str) -> Iterator[Finding]:
    """A function that may run longer than its caller waits."""
    if function.timeout > limit:
        message = f"{what} answers 504 after {limit:g} s, but the function may run {function.timeout} s"
        yield Finding(message, "", f"set the function's timeout to {int(limit)} or less", "warning")


def check_authorizer(values: Mapping[str, Any], manifest: Manifest) -> Iterator[Finding]:
    """A Lambda authorizer is a function of this file or an ARN."""
    authorizer = values.get("authorizer")
    if isinstance(authorizer, dict) and isinstance(named := authorizer.get("lambda"), dict):
        name = named["function"]
        if not name.startswith("arn:") and name not in manifest.functions:
            hint = nearest(name, manifest.functions, "name a function of this file, or an ARN")
            yield Finding(f"there is no function {name}", "authorizer.lambda.function", hint)


def cors() -> dict[str, Any]:
    """Schema of CORS: true allows every origin, or the details."""
    details = settings(
        {
            "allow_origins": texts("Origins, such as https://example.com, or *."),
            "allow_methods": texts("Methods, or *."),
            "allow_headers": texts("Request headers, or *."),
            "expose_headers": texts("Response headers that scripts may read."),
            "allow_credentials": flag("Whether cookies and credentials are allowed.", default=False),
            "max_age": number("Seconds that a browser keeps the answer to a preflight.", 0, 86400),
        }
    )
    return {**details, "type": ["object", "boolean"], "description": "CORS: true for every origin, or the details."}


def check_cors(values: Mapping[str, Any]) -> Iterator[Finding]:
    """Browsers refuse credentials together with every origin."""
    cors = values.get("cors")
    if isinstance(cors, dict) and cors.get("allow_credentials") and "*" in cors.get("allow_origins", ()):
        yield Finding("allow_credentials needs named origins, not *", "cors.allow_credentials")


def authorizer(**kinds: dict[str, Any]) -> dict[str, Any]:
    """Schema of an authorizer: `none`, `iam`, or one mapping with its details."""
    return {
        **settings(kinds, description="Who may call: none, iam, or an authorizer with its details."),
        "type": ["object", "string"],
        "minProperties": 1,
        "maxProperties": 1,
        "pattern": "^(none|iam)$",
        "patternErrorMessage": f"expected none, iam, or a mapping with {' or '.join(kinds)}",
        "default": "none",
    }


def authorizer_kind(values: Mapping[str, Any]) -> str:
    """none, iam, jwt, cognito or lambda."""
    given = values.get("authorizer", "none")
    return given if isinstance(given, str) else str(next(iter(given)))


def api_id(values: Mapping[str, Any]) -> str | None:
    """The id in the setting `api`, which may be a name as well."""
    api = values.get("api", "")
    return api if re.fullmatch("[a-z0-9]{10}", api) else None


def pool_id(pool: str) -> str | None:
    """A user pool's id, as eu-west-1_AbCdEfGhI; of a pool's own name no event tells."""
    name = name_of(pool)
    return name if "_" in name else None


def lambda_authorizer(**more: dict[str, Any]) -> dict[str, Any]:
    """Schema of the details of a Lambda authorizer."""
    return settings(
        {
            "function": text("A function's name in this file, or an ARN."),
            "identity_source": texts("Where the credentials stand, such as $request.header.Authorization."),
            "result_ttl": number("Seconds that an answer is kept.", 0, 3600),
            **more,
        },
        "function",
    )


def endpoint(kind: str) -> dict[str, Any]:
    """Settings of every API: its name, its stage, its own domain."""
    return {
        "api": text(f"Name or id of the {kind}; the functions of the app share one unless given."),
        "stage": text("The API's stage.", r"^(\$default|[a-zA-Z0-9_-]{1,128})$", "expected letters, digits, _ and -"),
        "domain": text("A custom domain name that is mapped to the API."),
        "throttling": settings(
            {
                "rate_limit": {"type": "number", "minimum": 0, "description": "Requests per second."},
                "burst_limit": number("Requests at once.", 0, 1_000_000),
            },
            description="Limits of the route.",
        ),
    }
