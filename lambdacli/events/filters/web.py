"""Filters of HTTP events: headers and queries in the shapes of API Gateway, function URLs and load balancers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

from lambdacli.events.filters.basic import as_object, as_text


def multi(value: Any) -> dict[str, list[str]] | None:
    """Every value of each name, as REST APIs' multiValue… keys; null when there are none."""
    found = {name: _texts(each) for name, each in _entries(value)}
    return {name: texts for name, texts in found.items() if texts} or None


def single(value: Any) -> dict[str, str] | None:
    """The last value of each name; null when there are none."""
    found = multi(value)
    return {name: texts[-1] for name, texts in found.items()} if found else None


def joined(value: Any) -> dict[str, str] | None:
    """All values of each name joined by commas, as HTTP APIs do; null when there are none."""
    found = multi(value)
    return {name: ",".join(texts) for name, texts in found.items()} if found else None


def merge_headers(value: Any, defaults: Any) -> dict[str, Any]:
    """Default headers, each replaced by one of the same name in any case."""
    given = dict(_entries(value))
    taken = {name.lower() for name in given}
    return {name: each for name, each in _entries(defaults) if name.lower() not in taken} | given


def lower_keys(value: Any) -> dict[str, Any]:
    """Names in lower case; names that meet so gather their values."""
    found: dict[str, Any] = {}
    for name, each in _entries(value):
        key = name.lower()
        found[key] = [*_texts(found[key]), *_texts(each)] if key in found else each
    return found


def without(value: Any, *names: Any) -> dict[str, Any]:
    """All but some names."""
    return {name: each for name, each in _entries(value) if name.lower() not in names}


def cookies(headers: Any, more: Any) -> list[str]:
    """The cookies of a header and those given one by one."""
    found = [each for name, value in _entries(headers) if name.lower() == "cookie" for each in _texts(value)]
    return [part for each in found for part in each.split("; ")] + _texts(more)


def parse_query(value: Any) -> dict[str, list[str]] | None:
    """A query string's decoded values; null when there are none."""
    found: dict[str, list[str]] = {}
    for name, text in parse_qsl(value, keep_blank_values=True):
        found.setdefault(name, []).append(text)
    return found or None


def query_string(value: Any) -> str:
    """An object as an encoded query string."""
    return "&".join(f"{_quoted(name)}={_quoted(text)}" for name, each in _entries(value) for text in _texts(each))


def encode_query(value: Any) -> dict[str, Any]:
    """Names and values as they are on the wire: load balancers do not decode them."""
    return {_quoted(name): [_quoted(text) for text in _texts(each)] for name, each in _entries(value)}


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _entries(value: Any) -> list[tuple[str, Any]]:
    return [] if value in (None, "") else list(as_object(value).items())


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [as_text(each) for each in value] if isinstance(value, list) else [as_text(value)]


FILTERS = {
    "multi": multi,
    "single": single,
    "joined": joined,
    "merge_headers": merge_headers,
    "lower_keys": lower_keys,
    "without": without,
    "cookies": cookies,
    "parse_query": parse_query,
    "query_string": query_string,
    "encode_query": encode_query,
}
