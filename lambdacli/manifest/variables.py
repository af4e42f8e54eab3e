"""`${env:NAME}`, `${env:NAME, fallback}`, `${stage}` and `${region}` in strings; `$${` is a plain `${`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lambdacli.manifest.document import Step

NAMES = ("env:NAME", "stage", "region")

_PART = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_ENV = re.compile(r"\s*env:\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?:,\s*(.*?)\s*)?", re.DOTALL)


def fill(
    value: Any,
    names: Mapping[str, str],
    environ: Mapping[str, str],
    missing: Callable[[tuple[Step, ...], str], None],
    path: tuple[Step, ...] = (),
) -> Any:
    """The value with its variables filled in; unchanged parts are shared.

    Args:
        value: plain data.
        names: stage and region.
        environ: where `env:` looks.
        missing: is told the path and the name of each environment variable without value and fallback.
        path: of the value.
    """
    if isinstance(value, str):
        return _filled(value, names, environ, lambda name: missing(path, name)) if "${" in value else value
    if isinstance(value, dict):
        return {k: fill(v, names, environ, missing, (*path, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [fill(v, names, environ, missing, (*path, i)) for i, v in enumerate(value)]
    return value


def _filled(text: str, names: Mapping[str, str], environ: Mapping[str, str], missing: Callable[[str], None]) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1] is None:
            return "${"
        if (name := match[1].strip()) in names:
            return names[name]
        if (env := _ENV.fullmatch(match[1])) is None:
            return match[0]  # mistakes() has said so
        if env[1] in environ:
            return environ[env[1]]
        if env[2] is None:
            missing(env[1])
            return match[0]
        return env[2]

    return _PART.sub(one, text)


def mistakes(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], str, str]]:
    """Path, message and hint of every variable that does not exist or is not closed."""
    if isinstance(value, str):
        if "${" in value:
            yield from ((path, *mistake) for mistake in _mistakes(value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from mistakes(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from mistakes(inner, (*path, index))


def _mistakes(text: str) -> Iterator[tuple[str, str]]:
    from lambdacli.manifest.wording import nearest

    for match in _PART.finditer(text):
        if match[1] is None:
            continue
        name = match[1].strip()
        if not match[0].endswith("}"):
            yield "a variable without its closing brace", "write ${env:NAME}; $${ stands for a plain ${"
        elif name not in NAMES[1:] and not _ENV.fullmatch(match[1]):
            head, colon, rest = name.partition(":")
            near = f"did you mean ${{env:{rest[:60]}}}?" if colon and nearest(head, ("env",)) else nearest(name, NAMES)
            hint = near or ", ".join(f"${{{valid}}}" for valid in NAMES)
            yield f"unknown variable ${{{name[:60]}}}", f"{hint}; $${{ stands for a plain ${{"
