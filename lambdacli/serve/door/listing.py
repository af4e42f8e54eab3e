"""The operations that only look: functions and their configuration, as the manifest has them.

Source: ListFunctions, GetFunction, GetFunctionConfiguration and GetAccountSettings in the Lambda API reference.
Environment variables are left out: whoever may connect here could read the secrets among them.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from lambdacli.local.variables import ACCOUNT
from lambdacli.serve.door import answers
from lambdacli.serve.door.names import LATEST

if TYPE_CHECKING:
    from lambdacli.model import Function
    from lambdacli.serve.door.answers import Answer
    from lambdacli.serve.door.requests import Head
    from lambdacli.serve.door.wanted import Names
    from lambdacli.serve.fleet import Fleet

_PAGE = 50  # functions, the most that AWS answers with at once
_MOST_ITEMS = 10_000
_CONCURRENCY = 1000  # executions at once, an account's default
_MEGABYTE = 1024 * 1024


def answer(head: Head, fleet: Fleet, names: Names) -> Answer:
    """The answer to a request that is no invocation.

    Raises:
        Refused: it is none of these operations, or of no function of the manifest.
    """
    path, _, query = head.target.partition("?")
    if path == "/_lambdacli/health":
        return answers.of_json({"status": "ok", "functions": sorted(fleet.manifest.functions)})
    if head.method == "GET":
        if path in ("/2015-03-31/functions", "/2015-03-31/functions/"):
            return answers.of_json(_functions(parse_qs(query), fleet))
        if path in ("/2016-08-19/account-settings", "/2016-08-19/account-settings/"):
            return answers.of_json(_account(fleet))
        segment, _, what = path.removeprefix("/2015-03-31/functions/").partition("/")
        if path.startswith("/2015-03-31/functions/") and what in ("", "configuration"):
            function = fleet.function(names.look_up(segment, query, fleet.manifest).function)
            return answers.of_json(_function(function, fleet) if not what else configuration(function, fleet))
    raise answers.not_here(f"{head.method} {path}")


def configuration(function: Function, fleet: Fleet) -> dict[str, Any]:
    """A FunctionConfiguration."""
    manifest = fleet.manifest
    changed = time.gmtime(manifest.path.stat().st_mtime if manifest.path.exists() else 0)
    digest = hashlib.sha256(repr(function).encode()).digest()
    role = f"arn:aws:iam::{manifest.account or ACCOUNT}:role/{manifest.app}-{manifest.stage}-{function.name}"
    return {
        "FunctionName": function.name,
        "FunctionArn": fleet.arn(function.name),
        "Runtime": function.runtime,
        "Role": function.role or role,
        "Handler": function.handler,
        "CodeSize": function.code.stat().st_size if function.code.is_file() else 0,
        "CodeSha256": b64encode(digest).decode(),
        "Description": function.description,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "LastModified": time.strftime("%Y-%m-%dT%H:%M:%S.000+0000", changed),
        "Version": LATEST,
        "TracingConfig": {"Mode": function.tracing},
        "RevisionId": _uuid(digest),
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.ephemeral_storage},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.name}"},
    }


def _function(function: Function, fleet: Fleet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "Configuration": configuration(function, fleet),
        "Code": {"RepositoryType": "S3", "Location": function.code.as_uri()},
    }
    if function.tags:
        found["Tags"] = dict(function.tags)
    if function.reserved_concurrency is not None:
        found["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return found


def _functions(query: dict[str, list[str]], fleet: Fleet) -> dict[str, Any]:
    wanted = query.get("MaxItems", [str(_PAGE)])[-1]
    if not wanted.isdecimal() or not 1 <= int(wanted) <= _MOST_ITEMS:
        raise answers.violated(
            f"Value '{wanted}' at 'maxItems' failed to satisfy constraint: "
            f"Member must have a value between 1 and {_MOST_ITEMS}"
        )
    after = query.get("Marker", [""])[-1]
    names = [name for name in sorted(fleet.manifest.functions) if name > after]
    page = names[: min(int(wanted), _PAGE)]
    found: dict[str, Any] = {"Functions": [configuration(fleet.function(name), fleet) for name in page]}
    if len(page) < len(names):
        found["NextMarker"] = page[-1]
    return found


def _account(fleet: Fleet) -> dict[str, Any]:
    functions = fleet.manifest.functions.values()
    reserved = sum(each.reserved_concurrency or 0 for each in functions)
    return {
        "AccountLimit": {
            "TotalCodeSize": 75 * 1024 * _MEGABYTE,
            "CodeSizeUnzipped": 250 * _MEGABYTE,
            "CodeSizeZipped": 50 * _MEGABYTE,
            "ConcurrentExecutions": _CONCURRENCY,
            "UnreservedConcurrentExecutions": max(0, _CONCURRENCY - reserved),
        },
        "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": len(functions)},
    }


def _uuid(digest: bytes) -> str:
    text = digest[:16].hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
