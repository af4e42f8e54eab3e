"""What should be: a manifest and its packages as resources. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import triggers
from lambdacli.deploy import owned
from lambdacli.deploy.plan import mark
from lambdacli.deploy.policies import RUNS_AS, policy
from lambdacli.deploy.resources import load, record, uploads
from lambdacli.deploy.resources._functions import PARTS_TAG
from lambdacli.deploy.resources.function import IN_A_VERSION
from lambdacli.deploy.resources.layer import MAX_LAYER_NAME
from lambdacli.deploy.resources.log_group import group_name
from lambdacli.resource import Fingerprint, Grant, Joined, Key, Ref, Resource, digest, references
from lambdacli.triggers._mappings import encrypted, local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.deploy.package import Package
    from lambdacli.model import Destination, Function
    from lambdacli.resource import Place, Value

_LONGEST, _MOST_TRIES = 21_600, 2  # AWS's defaults for asynchronous events: then no configuration is needed


class Packages(NamedTuple):
    """What was packaged: by function, and by the path of a layer."""

    functions: Mapping[str, Package]
    layers: Mapping[str, Package]


def resources(place: Place, packages: Packages, only: str = "") -> list[Resource]:
    """Everything that the manifest asks for, each once; `only` one function's and what that refers to."""
    functions = [each for each in place.manifest.functions.values() if not only or each.name == only]
    declared = {name: list(_declared(each, place)) for name, each in place.manifest.functions.items()}
    optional = _optional(declared)
    shared = [
        *_layers(functions, place, packages),
        *owned.resources(place.manifest, place),
        *_uploads(place, packages),
    ]
    by_key = {each.key: each for each in shared}
    found = [
        each
        for function in functions
        for each in _function(function, place, packages, declared[function.name], optional[function.name], by_key)
    ]
    wanted = {ref.key for each in found for ref in references(each.properties)}
    found += [each for each in shared if not only or each.key in wanted]
    merged = _merged(found)
    return [*_spelt(merged, place), *_others(merged)]


def elsewhere(place: Place, only: str) -> set[Key]:
    """What hangs on a function for the sake of others: an authorizer is called for the routes of other functions."""
    others = (function for name, function in place.manifest.functions.items() if name != only)
    declared = (each for function in others for each in _declared(function, place))
    return {each.key for each in declared if isinstance(each, Resource) and each.function == only}


def _optional(declared: Mapping[str, list[Resource | Grant]]) -> Mapping[str, set[str]]:
    """The optional kinds of what hangs on each function, for its own sake and for that of others."""
    found: dict[str, set[str]] = {name: set() for name in declared}
    for each in (each for all_of_one in declared.values() for each in all_of_one):
        if isinstance(each, Resource) and each.function in found and load(each.kind).optional:
            found[each.function].add(each.kind)
    return found


def _declared(function: Function, place: Place) -> Iterator[Resource | Grant]:
    for trigger in function.triggers:
        yield from _trigger(trigger, function, place)
    yield from _asynchronous(function, place)


def _function(
    function: Function,
    place: Place,
    packages: Packages,
    declared: list[Resource | Grant],
    optional: set[str],
    shared: Mapping[Key, Resource],
) -> list[Resource]:
    """One function with all that hangs on it; the record of it at the end."""
    grants = [each for each in declared if isinstance(each, Grant)]
    hanging = [each for each in declared if isinstance(each, Resource)]
    around = [_log_group(function, place), *([] if _role_given(function, place) else [_role(function, place, grants)])]
    ready = list(_ready(function))
    parts = {each.kind for each in ready if load(each.kind).optional} | optional
    code = _code(function, place, packages, parts)
    permitted = (Key("role", function.name), code.key)
    hung = [
        each._replace(after=(*each.after, *permitted)) if load(each.kind).hangs else each for each in (*hanging, *ready)
    ]
    found = [*around, code, _alias(function, code), *hung, _versions(function, place)]
    return [*found, _record(function, _merged(_spelt(found, place)), parts, shared)]


def _trigger(trigger: Any, function: Function, place: Place) -> Iterable[Resource | Grant]:
    return triggers.load(trigger.kind).deployment(trigger, function, place)


def _role_given(function: Function, place: Place) -> str:
    return function.role or place.role


def _log_group(function: Function, place: Place) -> Resource:
    properties = {"retentionInDays": function.log_retention or None, "tags": _tags(function, place)}
    return _of(function, "log_group", properties, "log_retention")


def _role(function: Function, place: Place, grants: list[Grant]) -> Resource:
    properties: dict[str, Value] = {
        "AssumeRolePolicyDocument": RUNS_AS,
        "PolicyDocument": policy([*_own_grants(function, place), *grants]),
        "Tags": _tags(function, place),
        "PermissionsBoundary": place.manifest.deploying.permissions_boundary,
    }
    notes = [f"may {', '.join(each.allow)} on {', '.join(each.on)}" for each in function.permissions]
    return _of(function, "role", properties, "permissions", notes=tuple(notes))


def _own_grants(function: Function, place: Place) -> Iterator[Grant]:
    """What a function needs whatever triggers it: its logs, its traces, its network; and what its manifest permits."""
    group = place.arn("logs", f"log-group:{group_name(function.name, place)}:*")
    yield Grant(("logs:CreateLogStream", "logs:PutLogEvents"), (group,))
    if function.tracing == "Active":
        yield Grant(("xray:PutTraceSegments", "xray:PutTelemetryRecords"), ("*",))
    if function.subnets:
        interfaces = ("CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces",
                      "DescribeSubnets", "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses")  # fmt: skip
        yield Grant(tuple(f"ec2:{each}" for each in interfaces), ("*",))
    if function.kms_key:
        yield Grant(("kms:Decrypt",), (function.kms_key,))
    for each in function.permissions:
        yield Grant(each.allow, each.on)


def _code(function: Function, place: Place, packages: Packages, parts: set[str]) -> Resource:
    given = _role_given(function, place)
    properties: dict[str, Value] = {
        "Role": given or Ref("role", function.name),
        "Runtime": function.runtime,
        "Handler": function.handler or "bootstrap",  # AWS wants one, custom runtimes need none
        "Description": function.description,
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "EphemeralStorage": {"Size": function.ephemeral_storage},
        "Environment": {"Variables": dict(function.environment)},
        "Layers": [
            each if each.startswith("arn:") else Ref("layer", layer_name(each, place)) for each in function.layers
        ],
        "Architectures": [function.architecture],
        "TracingConfig": {"Mode": function.tracing},
        "DeadLetterConfig": {"TargetArn": _target(function.dead_letter, place) if function.dead_letter else ""},
        "VpcConfig": {
            "SubnetIds": sorted(function.subnets),
            "SecurityGroupIds": sorted(function.security_groups),
        },
        "KMSKeyArn": function.kms_key,
        "CodeSha256": packages.functions[function.name].sha256,
        "LastUpdateStatus": "Successful",
        "ReservedConcurrentExecutions": function.reserved_concurrency,
        "Tags": _tags(function, place) | ({PARTS_TAG: " ".join(sorted(parts))} if parts else {}),
    }
    # the group first: Lambda would make one without retention
    after = (Key("log_group", function.name), *(() if given else (Key("role", function.name),)))
    return _of(function, "function", properties, after=after)


def _alias(function: Function, code: Resource) -> Resource:
    made_of = {key: code.properties[key] for key in IN_A_VERSION}
    properties = {"Digest": Fingerprint(made_of), "CodeSha256": code.properties["CodeSha256"], "Canary": None}
    return _of(function, "alias", properties, after=(code.key,))


def _asynchronous(function: Function, place: Place) -> Iterator[Resource | Grant]:
    """Where failed and successful events go, and how often they are tried."""
    for end in (function.dead_letter, function.on_failure, function.on_success):
        if end is not None:
            yield from _sending(end, place)
    limits = (function.maximum_event_age, function.maximum_retry_attempts)
    ends = {"OnSuccess": function.on_success, "OnFailure": function.on_failure}
    if limits == (_LONGEST, _MOST_TRIES) and not any(ends.values()):
        return
    yield _of(
        function,
        "event_invoke_config",
        {
            "MaximumEventAgeInSeconds": function.maximum_event_age,
            "MaximumRetryAttempts": function.maximum_retry_attempts,
            **{key: _target(end, place) if end else "" for key, end in ends.items()},
        },
        "on_failure" if function.on_failure else "on_success",
        after=(Key("alias", function.name),),
    )


_ENDS = {"sqs": "queue", "sns": "topic", "eventbridge": "event_bus"}
_SENDS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "s3": "s3:PutObject",
    "eventbridge": "events:PutEvents",
    "function": "lambda:InvokeFunction",
}


def _target(end: Destination, place: Place) -> Value:
    """By name, where it is one of this account: what the manifest owns is known by that."""
    if end.kind == "function":
        return end.target if end.target.startswith("arn:") else Ref("alias", end.target)
    if end.kind == "s3":
        return Ref("bucket", end.target.partition(":::")[2] or end.target)
    return Ref(_ENDS[end.kind], local(end.target, place, "event-bus/" if end.kind == "eventbridge" else ""))


def _sending(end: Destination, place: Place) -> Iterator[Grant]:
    arn = _target(end, place)
    if end.kind == "s3":
        yield Grant(("s3:PutObject", "s3:ListBucket"), (arn, Joined((arn, "/*"))))
    else:
        yield Grant((_SENDS[end.kind],), (arn,))
    if isinstance(arn, Ref):
        yield from encrypted(place, f"{arn.kind}s", arn.name, "kms:Decrypt", "kms:GenerateDataKey")


def _ready(function: Function) -> Iterator[Resource]:
    if function.provisioned_concurrency:
        properties = {"ProvisionedConcurrentExecutions": function.provisioned_concurrency}
        after = (Key("alias", function.name),)
        yield _of(function, "provisioned_concurrency", properties, "provisioned_concurrency", after=after)


def _versions(function: Function, place: Place) -> Resource:
    kept = place.manifest.deploying.keep_versions
    properties = {"Kept": kept, "Alias": Ref("alias", function.name, "version")}
    return _of(function, "versions", properties, after=(Key("alias", function.name),))


def _record(function: Function, found: Iterable[Resource], parts: set[str], shared: Mapping[Key, Resource]) -> Resource:
    marks = (mark(each, shared) for each in found)
    return _of(function, "record", {"Marks": record.text(parts, marks)})


def _layers(functions: Iterable[Function], place: Place, packages: Packages) -> Iterator[Resource]:
    """Each local layer once, for all runtimes and architectures that use it."""
    used = dict.fromkeys(path for each in functions for path in each.layers if not path.startswith("arn:"))
    for path in used:
        users = [each for each in place.manifest.functions.values() if path in each.layers]
        package = packages.layers[path]
        properties = {
            "Content": package.content,
            "CodeSha256": package.sha256,
            "CompatibleRuntimes": sorted({each.runtime for each in users}),
            "CompatibleArchitectures": sorted({each.architecture for each in users}),
        }
        where = f"functions.{users[0].name}.layers"
        yield Resource("layer", layer_name(path, place), properties, where=where)


def _uploads(place: Place, packages: Packages) -> Iterator[Resource]:
    if bucket := place.manifest.deploying.bucket:
        made = (*packages.functions.values(), *packages.layers.values())
        yield Resource("uploads", bucket, {"Keys": uploads.keys(made, place)}, where="deploy.bucket")


def layer_name(path: str, place: Place) -> str:
    """What a local layer is called: its own name, as much as AWS takes of it, and a little of where it lies."""
    from pathlib import Path

    below = Path(path)
    manifest = place.manifest.folder
    told = below.relative_to(manifest).as_posix() if below.is_relative_to(manifest) else below.as_posix()
    name = "".join(each if each.isalnum() or each in "-_" else "-" for each in below.stem)
    most = MAX_LAYER_NAME - len(place.prefix) - 8
    return f"{name[:most]}-{digest(told)[:6]}"


def _tags(function: Function, place: Place) -> dict[str, str]:
    return {**function.tags, **place.tags_of(function.name)}


def _of(function: Function, kind: str, properties: Mapping[str, Value], key: str = "", **more: Any) -> Resource:
    where = f"functions.{function.name}.{key}" if key else f"functions.{function.name}"
    return Resource(kind, function.name, properties, function=function.name, where=where, **more)


def _merged(found: Iterable[Resource]) -> list[Resource]:
    """Each resource once: what several triggers put into one is put together, one level deep."""
    merged: dict[Key, Resource] = {}
    for each in found:
        known = merged.get(each.key)
        merged[each.key] = each if known is None else _joined(known, each)
    return list(merged.values())


def _joined(one: Resource, other: Resource) -> Resource:
    properties = dict(one.properties)
    for key, value in other.properties.items():
        there = properties.get(key)
        properties[key] = {**there, **value} if isinstance(there, dict) and isinstance(value, dict) else value
    return one._replace(
        properties=properties,
        function=one.function if one.function == other.function else "",
        after=tuple(dict.fromkeys((*one.after, *other.after))),
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
        owned=one.owned or other.owned,
    )


def _spelt(found: Iterable[Resource], place: Place) -> list[Resource]:
    """Roles with the ARNs in their policies that follow from names: a policy may speak of what is not there yet.

    So functions that send to each other need not wait for each other.
    """

    def filled(value: Value) -> Value:
        if isinstance(value, Ref):
            return load(value.kind).known(Resource(value.kind, value.name, {}), place).get(value.attribute, value)
        if isinstance(value, Joined):
            parts = tuple(filled(part) for part in value.parts)
            return Joined(parts) if any(isinstance(part, Ref) for part in parts) else "".join(parts)
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else value

    return [each._replace(properties=filled(dict(each.properties))) if each.kind == "role" else each for each in found]


def _others(found: Iterable[Resource]) -> list[Resource]:
    """What is referred to and nobody here makes: it must be there."""
    found = sorted(found, key=lambda each: each.kind == "role")  # what it may do follows from what others refer to
    there = {each.key for each in found}
    others: dict[Key, Resource] = {}
    for each in found:
        where = f"{each.where}.dead_letter" if each.kind == "function" else each.where
        for ref in references(each.properties):
            if ref.key not in there:
                others.setdefault(ref.key, Resource(ref.kind, ref.name, {}, where=where, owned=False))
    return list(others.values())
