"""How functions run here while they are served: with local endpoints in their environment, and keys to sign with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lambdacli.local.plan import Machine
from lambdacli.local.variables import credentials
from lambdacli.serve.wanted import AWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.model import Function
    from lambdacli.serve.wanted import Wanted

_KEYS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
# An SDK without keys refuses to speak even to endpoints that ask for none.
_STAND_INS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
_FILES = ("credentials", "config")  # in ~/.aws


def machine(function: Function, wanted: Wanted, port: int, endpoints: Mapping[str, str]) -> Machine:
    """How a function is to run.

    Args:
        function: whose own variables win over the endpoints.
        wanted: what the user asked for.
        port: of our own, where Lambda and the connections of WebSocket APIs are found.
        endpoints: what the source gives: where it is, and keys for it.
    """
    here = f"http://127.0.0.1:{port}"
    own = {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": here}
    if wanted.sources != AWS:
        own["AWS_ENDPOINT_URL_LAMBDA"] = here
    given = {name: value for name, value in {**own, **endpoints}.items() if name not in function.environment}
    return Machine(
        variables={**given, **wanted.variables},
        credentials={} if {*given} >= _KEYS else _signing(wanted, os.environ),
        timeout=function.timeout,
        allow_version_mismatch=wanted.allow_version_mismatch,
    )


def _signing(wanted: Wanted, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The caller's credentials, if they are wanted; where there are none, keys that mean nothing to anybody."""
    found = credentials(environ, wanted.profile) if wanted.credentials else {}
    if found or wanted.sources == AWS:
        return found
    known = wanted.credentials and any((Path.home() / ".aws" / name).exists() for name in _FILES)
    return {} if known else _STAND_INS
