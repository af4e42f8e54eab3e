"""The JSON Schema (draft 2020-12) of lambdacli.yaml, assembled from the triggers' and runtimes' parts."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lambdacli import runtimes, triggers
from lambdacli.manifest import deployment, owned
from lambdacli.manifest.limits import HANDLER_CHARACTERS, NAME, NAME_RULE, REGION, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema import ValidationError

    Use = Callable[[str], dict[str, Any]]

VARIABLE = r"\$\{"  # text with a variable in it is checked again when its value is known
CONTROL = r"\x00-\x1f\x7f"  # characters that no file name or argument of ours has
ENVIRONMENT_NAME = "^[a-zA-Z][a-zA-Z0-9_]+$"


def json_schema() -> dict[str, Any]:
    """For editors and `lambdacli schema`: parts that are used twice are references into `$defs`."""
    parts = _parts(lambda name: {"$ref": f"#/$defs/{name}"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | parts.pop("manifest") | {"$defs": parts}


def errors(tree: Any) -> Iterator[ValidationError]:
    """What JSON Schema finds wrong in a whole manifest."""
    from typing import cast

    return cast("Iterator[ValidationError]", _validator().iter_errors(tree))


def trigger_errors(item: dict[str, Any]) -> Iterator[ValidationError]:
    """What JSON Schema finds wrong in one item of a function's `triggers`."""
    from typing import cast

    return cast("Iterator[ValidationError]", _trigger_validator().iter_errors(item))


@cache
def _trigger_validator() -> Any:
    return _dialect()(_trigger())


@cache
def _validator() -> Any:
    """References resolved by sharing the parts: following `$ref` costs more than all the checks."""
    done: dict[str, dict[str, Any]] = {}
    done.update(_parts(lambda name: done.setdefault(name, {})))
    shared = _parts(lambda name: done[name])
    for name, part in shared.items():
        done[name].clear()
        done[name].update(part)
    return _dialect()(done["manifest"])


def _dialect() -> Any:
    """JSON Schema whose `$` is the very end of a text: Python's also stands before a last newline."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    def pattern(_validator: Any, wanted: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not _pattern(wanted).search(instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    return extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", text))


def _parts(use: Use) -> dict[str, dict[str, Any]]:
    return {
        "trigger": _trigger(),
        "permission": _permission(),
        "destination": _destination(),
        "function": _settings("One Lambda function.", _function(use)),
        "defaults": _settings("Settings that every function starts from.", _function(use, without=("triggers",))),
        "stage": _stage(use),
        "manifest": _manifest(use),
    }


def _settings(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "additionalProperties": False, "properties": properties}


def _text(description: str, pattern: str = "", expected: str = "", **more: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": description, "minLength": 1}
    if pattern:
        schema |= {"pattern": f"{pattern}|{VARIABLE}", "patternErrorMessage": expected}
    return schema | more


_PATH = {"pattern": f"^[^{CONTROL}]*$", "patternErrorMessage": "expected a path without control characters"}


def _path(description: str) -> dict[str, Any]:
    return _text(description) | _PATH


def _number(description: str, low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, "minimum": low, "maximum": high} | more


def _manifest(use: Use) -> dict[str, Any]:
    properties = {
        "app": _text(
            "Prefix and tag of everything that is deployed; the folder's name unless given.",
            "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,47}$", "expected up to 48 letters, digits, - and _",
        ),
        "region": _text("AWS region; else AWS_REGION of your shell, else us-east-1.", *_REGION),
        "account": _text("AWS account id, as in ARNs.", *_ACCOUNT),
        "templates": _path("Folder of your own event templates; `templates` beside this file unless given."),
        "deploy": deployment.of_manifest(),
        "resources": owned.section(),
        "defaults": use("defaults"),
        "functions": {
            "type": "object",
            "description": "The functions, by name.",
            "minProperties": 1,
            "propertyNames": _names(),
            "additionalProperties": use("function"),
        },
        "stages": {
            "type": "object",
            "description": "What differs in a stage (`--stage prod`): laid over the rest of this file.",
            "propertyNames": _names(),
            "additionalProperties": use("stage"),
        },
    }  # fmt: skip
    return _settings("AWS Lambda functions and what triggers them.", properties) | {
        "title": "lambdacli.yaml",
        "required": ["functions"],
        "patternProperties": {"^x-": {"description": "Ignored: a place for anchors."}},
    }


_REGION = (f"^{REGION}$", "expected a region such as eu-west-1")
_ACCOUNT = ("^[0-9]{12}$", "expected 12 digits in quotes")


def _names() -> dict[str, Any]:
    return {"pattern": f"^{NAME}$", "patternErrorMessage": f"a name has {NAME_RULE}"}


def _stage(use: Use) -> dict[str, Any]:
    properties = {
        "region": _text("AWS region of this stage.", *_REGION),
        "account": _text("AWS account id of this stage.", *_ACCOUNT),
        "deploy": deployment.of_manifest(),
        "defaults": use("defaults"),
        "functions": {
            "type": "object",
            "description": "Settings by function: mappings are merged, lists and values replaced.",
            "additionalProperties": use("function"),
        },
    }
    return _settings("What differs in one stage.", properties)


def _function(use: Use, without: tuple[str, ...] = ()) -> dict[str, Any]:
    properties = {**_code(), **_sizes(), **_surroundings(use), **deployment.of_function()}
    return {name: schema for name, schema in properties.items() if name not in without}


def _code() -> dict[str, Any]:
    """What runs."""
    current = [name for language in runtimes.languages() for name in runtimes.load(language).identifiers]
    return {
        "handler": _text("What Lambda calls, as module.function; not needed for provided.*.") | {
            "pattern": rf"^(?=\S+$|.*{VARIABLE})[^{CONTROL}]+$",
            "patternErrorMessage": "expected module.function without spaces",
            "maxLength": HANDLER_CHARACTERS,
        },
        "runtime": {
            "enum": list(runtimes.identifiers()),
            "description": "Runtime identifier, such as python3.13.",
            "examples": current,
        },
        "code": _path("A folder, a file or a zip with the function's code; this file's folder unless given."),
        "layers": {
            "type": "array",
            "description": "Layers: folders or zips beside this file, or ARNs of layer versions.",
            "items": _path("A folder, a zip, or the ARN of a layer version."),
            "maxItems": 5,
        },
        "architecture": {"enum": ["x86_64", "arm64"], "description": "Instruction set.", "default": "x86_64"},
        "interpreter": _path("Path of the interpreter for local runs, when the one found is not the one wanted."),
        "description": {"type": "string", "description": "Shown in the Lambda console.", "maxLength": 256},
    }  # fmt: skip


def _sizes() -> dict[str, Any]:
    """How much of it. Source: "Lambda quotas" in the developer guide."""
    return {
        "memory": _number("MB.", 128, 10240, default=128),
        "timeout": _number("Seconds.", 1, 900, default=3),
        "ephemeral_storage": _number("Size of /tmp in MB.", 512, 10240, default=512),
        "reserved_concurrency": _number("How many environments may run at once.", 0, 100_000),
    }


def _surroundings(use: Use) -> dict[str, Any]:
    """What it is given, what it may do, what invokes it and where its results go."""
    return {
        "environment": _environment(),
        "env_file": {
            "type": ["string", "array"],
            "description": "Files of NAME=value lines; `environment` wins over them, later files over earlier ones.",
            "minLength": 1,
            **_PATH,
            "items": _path("An env file, relative to this file."),
        },
        "permissions": {
            "type": "array",
            "description": "IAM statements beyond those that the triggers imply.",
            "items": use("permission"),
        },
        "on_failure": use("destination") | {"description": "Where failed asynchronous invocations are sent."},
        "on_success": use("destination") | {"description": "Where successful asynchronous invocations are sent."},
        "tags": {
            "type": "object",
            "description": "AWS tags.",
            "maxProperties": 50,
            "propertyNames": {"maxLength": 128, "minLength": 1, "patternErrorMessage": "a tag has 1 to 128 characters"},
            "additionalProperties": {"type": "string", "maxLength": 256},
        },
        "triggers": {"type": "array", "description": "What invokes the function.", "items": use("trigger")},
    }


def _environment() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "Environment variables. ${env:NAME} and ${env:NAME, fallback} take values from your shell.",
        "propertyNames": {
            "pattern": ENVIRONMENT_NAME,
            "patternErrorMessage": "a variable's name has two or more letters, digits and _, and starts with a letter",
            "not": {"enum": list(RESERVED)},
            "notErrorMessage": "Lambda sets it itself; choose another name",
        },
        "additionalProperties": {
            "type": "string",
            "pattern": r"^[^\x00]*$",
            "patternErrorMessage": "expected a value without NUL, which no environment can hold",
        },
    }


def _permission() -> dict[str, Any]:
    action = {"pattern": r"^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$", "patternErrorMessage": "expected service:Action"}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["allow", "on"],
        "properties": {
            "allow": {
                "type": ["string", "array"],
                "description": "IAM actions, such as s3:GetObject.",
                "minItems": 1,
                "items": {"type": "string", **action},
                **action,
            },
            "on": {
                "type": ["string", "array"],
                "description": "ARNs of resources, or *.",
                "minItems": 1,
                "minLength": 1,
                "items": {"type": "string", "minLength": 1},
            },
        },
    }


def _destination() -> dict[str, Any]:
    targets = {
        "sqs": "A queue's name or ARN.",
        "sns": "A topic's name or ARN.",
        "function": "A function's name in this file, or an ARN.",
        "eventbridge": "An event bus' name or ARN.",
        "s3": "A bucket's name or ARN (failures only).",
    }
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {kind: _text(description) for kind, description in targets.items()},
    }


def _trigger() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "One trigger: its kind, and its settings below.",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {kind: _kind(triggers.load(kind)) for kind in triggers.kinds()},
    }


def _kind(kind: triggers.TriggerKind) -> dict[str, Any]:
    """The fragment of a kind: settings, or the string that is short for them, or nothing when none is needed."""
    types = ["object"]
    short: dict[str, Any] = {}
    if kind.shorthand:
        types.append("string")
        setting = kind.schema["properties"][kind.shorthand]
        short = {k: v for k, v in setting.items() if k in ("pattern", "patternErrorMessage", "minLength", "maxLength")}
    if not kind.schema.get("required"):
        types.append("null")
    return {**kind.schema, **short, "type": types, "description": kind.summary, "additionalProperties": False}
