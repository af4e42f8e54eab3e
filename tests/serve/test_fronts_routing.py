"""Which route takes a request."""

from __future__ import annotations

import pytest

from lambdacli.serve.fronts.routing import Routes

ROUTES = (
    "GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "ANY /pets/dog/{id}",
    "POST /pets/{kind}/new", "GET /", "GET /a.b", "GET /{one}/{two}/three",
)  # fmt: skip


def routes(*, path_first: bool = False, default: str | None = None) -> Routes[str]:
    made = ((*each.split(" ", 1), each) for each in ROUTES)
    return Routes(((method, path, each) for method, path, each in made), default, path_first=path_first)


CASES = [
    ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
    ("POST", "/pets/dog/1", "ANY /pets/dog/{id}", {"id": "1"}),
    ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
    ("DELETE", "/pets/dog/2", "ANY /pets/dog/{id}", {"id": "2"}),
    ("GET", "/pets/cat/1/2", "GET /pets/{proxy+}", {"proxy": "cat/1/2"}),
    ("POST", "/pets/cat/new", "POST /pets/{kind}/new", {"kind": "cat"}),
    ("GET", "/pets/cat/new", "GET /pets/{proxy+}", {"proxy": "cat/new"}),
    ("PUT", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
    ("GET", "/", "GET /", {}),
    ("GET", "/a.b", "GET /a.b", {}),
    ("GET", "/aXb", "ANY /{proxy+}", {"proxy": "aXb"}),
    ("GET", "/x/y/three", "GET /{one}/{two}/three", {"one": "x", "two": "y"}),
]


@pytest.mark.parametrize(("method", "path", "route", "parameters"), CASES)
def test_http_apis_take_the_most_specific_that_has_the_method(
    method: str, path: str, route: str, parameters: dict[str, str]
) -> None:
    assert routes().find(method, path) == (route, parameters)


def test_nothing_or_the_default() -> None:
    assert routes().find("PUT", "/") is None
    assert routes(default="$default").find("PUT", "/") == ("$default", {})


def test_rest_apis_take_the_most_specific_path_alone() -> None:
    rest = routes(path_first=True)
    assert rest.find("POST", "/pets/dog/1") is None
    assert rest.find("GET", "/pets/cat/new") is None
    assert rest.find("DELETE", "/pets/dog/2") == ("ANY /pets/dog/{id}", {"id": "2"})
    assert rest.find("PUT", "/other/thing") == ("ANY /{proxy+}", {"proxy": "other/thing"})
