"""Filter patterns of CloudWatch Logs read backwards: a log message that passes.

Source: "Filter pattern syntax for metric filters, subscription filters" in the CloudWatch Logs user guide.
"""

from __future__ import annotations

import json
import re
from typing import Any

from lambdacli.triggers._parts import placed

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_CONDITION = re.compile(
    r'\$\.([\w.\[\]]+)\s*(=|!=|<=|>=|<|>)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s()&|}]+))'
    r"|\$\.([\w.\[\]]+)\s+(IS NULL|IS TRUE|IS FALSE)",
    re.IGNORECASE,
)
_WORDS = {"IS NULL": None, "IS TRUE": True, "IS FALSE": False}


def message(pattern: str) -> str | None:
    """A message that the pattern lets pass; None where every one does."""
    pattern = pattern.strip()
    if pattern.startswith("{"):
        return _json(pattern)
    if pattern.startswith("["):
        return _columns(pattern)
    terms = [(sign, quoted or word) for sign, quoted, word in _TERM.findall(pattern)]
    wanted = [term for sign, term in terms if not sign] + [term for sign, term in terms if sign == "?"][:1]
    found = " ".join("example" if term.startswith("%") else term for term in wanted)
    return found or None


def _json(pattern: str) -> str:
    """An object with the fields that are compared, as many as the first alternative asks for."""
    found: dict[str, Any] = {}
    for match in _CONDITION.finditer(pattern.partition("||")[0]):
        path, sign, quoted, word, other, state = match.groups()
        value = _WORDS[state.upper()] if state else _value(sign, quoted, word)
        found = placed(found, (path or other).replace("[", ".").replace("]", "").split("."), value)
    return json.dumps(found or {"message": "example"})


def _columns(pattern: str) -> str:
    """Words in their order; one that is compared with a text is that text."""
    found: list[str] = []
    for column in pattern.strip("[]").split(","):
        match = re.fullmatch(r'\s*[\w.]*\s*(!?=|[<>]=?)?\s*"?([^"]*?)"?\s*', column)
        sign, text = match.groups() if match else ("", "")
        value = str(_value(sign, None, text)) if sign else "example"
        found.append(value.replace("*", "example"))
    return " ".join(found)


def _value(sign: str, quoted: str | None, word: str | None) -> Any:
    """What passes a comparison."""
    if quoted is not None:
        return quoted.replace("*", "example") if sign == "=" else f"not {quoted}"
    try:
        number = float(word or "") if "." in (word or "") else int(word or "")
    except ValueError:
        return (word or "").replace("*", "example") if sign == "=" else f"not {word}"
    return number + {">": 1, "<": -1, "!=": 1}.get(sign, 0)
