"""What operators of IoT's SQL do with the values of expressions; each gives an expression again.

Source: "Operators" in the AWS IoT SQL reference.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from lambdacli.serve.pushed.iot_functions import UNDEFINED, Message, decimal

if TYPE_CHECKING:
    from collections.abc import Callable

    Expression = Callable[[Message], Any]

ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SUMS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "%": operator.mod}


def everything(message: Message) -> Any:
    """All that a message holds."""
    return message.content


def found(value: Any, steps: list[str | int]) -> Any:
    """What a path leads to."""
    for step in steps:
        known = isinstance(value, dict if isinstance(step, str) else list)
        try:
            value = value[step] if known else UNDEFINED
        except LookupError:
            return UNDEFINED
    return value


def either(left: Expression, right: Expression) -> Expression:
    """OR."""

    def result(message: Message) -> Any:
        return True if left(message) is True else right(message)

    return result


def both(left: Expression, right: Expression) -> Expression:
    """AND."""

    def result(message: Message) -> Any:
        return right(message) if (first := left(message)) is True else first

    return result


def opposite(value: Any) -> Any:
    """NOT: of what is neither true nor false there is none."""
    return (not value) if isinstance(value, bool) else UNDEFINED


def compared(sign: str, left: Expression, right: Expression) -> Expression:
    """A comparison."""

    def result(message: Message) -> Any:
        one, other = left(message), right(message)
        if sign == "=":
            return equal(one, other)
        return opposite(equal(one, other)) if sign == "<>" else _ordered(sign, one, other)

    return result


def equal(one: Any, other: Any) -> Any:
    """Numbers by their size, also where one stands in a text; nothing equals what is not there."""
    if UNDEFINED in (one, other):
        return UNDEFINED
    numbers = decimal(one), decimal(other)
    if UNDEFINED not in numbers and not (isinstance(one, str) and isinstance(other, str)):
        return numbers[0] == numbers[1]
    return type(one) is type(other) and one == other


def _ordered(sign: str, one: Any, other: Any) -> Any:
    numbers = decimal(one), decimal(other)
    if UNDEFINED not in numbers:
        return ORDER[sign](*numbers)
    return ORDER[sign](one, other) if isinstance(one, str) and isinstance(other, str) else UNDEFINED


def computed(sign: str, left: Expression, right: Expression) -> Expression:
    """A sum, a product … of numbers; + joins texts."""

    def result(message: Message) -> Any:
        one, other = left(message), right(message)
        if sign == "+" and isinstance(one, str) | isinstance(other, str):
            return f"{one}{other}" if UNDEFINED not in (one, other) else UNDEFINED
        numbers = decimal(one), decimal(other)
        if UNDEFINED in numbers or (sign in ("/", "%") and not numbers[1]):
            return UNDEFINED
        made = _SUMS[sign](*numbers)
        whole = isinstance(numbers[0], int) and isinstance(numbers[1], int)
        return int(made) if whole else made

    return result
