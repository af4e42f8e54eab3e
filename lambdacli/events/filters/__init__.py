"""The named filters of templates, in one table: `${name|filter(argument)}` calls filter(value, argument).

A filter raises ValueError when the value is not what it takes. null passes every filter but those in TAKE_NULL.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from lambdacli.events.filters import basic

# Filters that only some services need: imported with the first template that names them.
_ELSEWHERE = {
    **dict.fromkeys(("sqs_attributes", "sqs_attributes_md5", "sns_attributes"), "messages"),
    **dict.fromkeys(("dynamodb", "dynamodb_size", "gzip", "kpl", "kafka_headers", "rabbit_headers"), "data"),
    **dict.fromkeys(("sync_records", "typed_parameters"), "data"),
    "region_name": "regions",
    **dict.fromkeys(("path_parameters", "path_of", "route_method", "route_path", "staged"), "routes"),
    **dict.fromkeys(("single", "multi", "joined", "merge_headers", "lower_keys", "without", "cookies"), "web"),
    **dict.fromkeys(("parse_query", "query_string", "encode_query"), "web"),
    **dict.fromkeys(("cloudformation_properties", "cloudfront_headers", "alexa_slots", "filled"), "services"),
    **dict.fromkeys(("lex_slots", "lex_slot_details", "lex_v2_slots"), "services"),
}

TAKE_NULL = frozenset({"else", "json", "not", "merge_headers", "when", "unless", "sqs_attributes", "sns_attributes",
                       "multi", "single"})  # fmt: skip


def find(name: str) -> Any:
    """The filter of this name, or None."""
    if name in basic.FILTERS:
        return basic.FILTERS[name]
    if name in _ELSEWHERE:
        module = import_module(f"lambdacli.events.filters.{_ELSEWHERE[name]}")
        return module.FILTERS[name]
    return None


def names() -> list[str]:
    """Every filter."""
    return sorted({*basic.FILTERS, *_ELSEWHERE})


def arity(function: Any) -> tuple[int, int]:
    """The least and the most arguments that a filter takes beside the value."""
    code = function.__code__
    optional = len(function.__defaults__ or ())
    most = code.co_argcount - 1
    return most - optional, 99 if code.co_flags & inspect.CO_VARARGS else most
