"""What a parameter may be, by botocore's models: the emulator accepts anything, botocore itself checks little."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from rules.rule import Answer, Refusal, Rule, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

    from rules.calls import Call

_NUMBERS = ("integer", "long", "float", "double")
_CODES = {"iam": "ValidationError", "apigatewayv2": "BadRequestException", "iot": "InvalidRequestException"}


class Limits(Rule):
    """A value outside of its limits, its pattern or its list of values is refused.

    Source: the constraints of each member in the API references, as botocore's models carry them.
    """

    watches = (
        "lambda:*", "iam:*", "events:*", "scheduler:*", "logs:*", "kinesis:*", "iot:*", "ssm:*", "cognito-idp:*",
        "apigatewayv2:*",
    )  # fmt: skip

    def before(self, call: Call, world: World) -> Refusal | Answer | None:  # noqa: ARG002
        shape = call.model.input_shape
        found = next(_problems(shape, call.parameters, ""), None) if shape else None
        if found is None:
            return None
        code = _CODES.get(call.service, "ValidationException")
        if call.name == "lambda:CreateFunction" and "'runtime'" in found:
            code = "InvalidParameterValueException"
        return Refusal(code, f"1 validation error detected: {found}")


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, inner in value.items():
            if name in shape.members:
                yield from _problems(shape.members[name], inner, f"{path}.{_small(name)}".lstrip("."))
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _sized(shape, value, path)
        for number, inner in enumerate(value, 1):
            yield from _problems(shape.member, inner, f"{path}.{number}.member")
    elif shape.type_name == "map" and isinstance(value, dict):
        yield from _sized(shape, value, path)
        for name, inner in value.items():
            yield from _problems(shape.key, name, f"{path}.key")
            yield from _problems(shape.value, inner, f"{path}.value")
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _string(shape, value, path)
    elif shape.type_name in _NUMBERS and not isinstance(value, bool):
        yield from _number(shape, value, path)


def _string(shape: Shape, value: str, path: str) -> Iterator[str]:
    begun = f"Value '{value[:200]}' at '{path}' failed to satisfy constraint: Member must satisfy"
    if shape.enum and value not in shape.enum:
        yield f"{begun} enum value set: [{', '.join(sorted(shape.enum))}]"
    pattern = shape.metadata.get("pattern")
    if pattern and (compiled := _compiled(pattern)) is not None and not compiled.fullmatch(value):
        yield f"{begun} regular expression pattern: {pattern}"
    yield from _sized(shape, value, path)


def _sized(shape: Shape, value: Any, path: str) -> Iterator[str]:
    begun = f"Value at '{path}' failed to satisfy constraint: Member must have length"
    if len(value) < shape.metadata.get("min", 0):
        yield f"{begun} greater than or equal to {shape.metadata['min']}"
    if len(value) > shape.metadata.get("max", len(value)):
        yield f"{begun} less than or equal to {shape.metadata['max']}"


def _number(shape: Shape, value: Any, path: str) -> Iterator[str]:
    number = float(value)
    begun = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value"
    if number < shape.metadata.get("min", number):
        yield f"{begun} greater than or equal to {shape.metadata['min']}"
    if number > shape.metadata.get("max", number):
        yield f"{begun} less than or equal to {shape.metadata['max']}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:  # Java's own notation
        return None


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
