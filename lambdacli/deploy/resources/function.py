"""A Lambda function: its code and its configuration as $LATEST.

Source: CreateFunction, UpdateFunctionConfiguration and UpdateFunctionCode in Lambda's API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, Kind
from lambdacli.deploy.resources._functions import MARKS_TAG, at_rest, names, revised, settled
from lambdacli.deploy.resources._ours import tagged
from lambdacli.deploy.resources.uploads import sent
from lambdacli.refusals import Refused
from lambdacli.resource import FUNCTION_TAG

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

_CODE = frozenset({"CodeSha256", "Architectures"})
CONFIGURATION = (
    "Role", "Runtime", "Handler", "Description", "Timeout", "MemorySize", "EphemeralStorage", "Environment", "Layers",
    "TracingConfig", "DeadLetterConfig", "VpcConfig", "KMSKeyArn",
)  # fmt: skip
IN_A_VERSION = (*CONFIGURATION, "CodeSha256", "Architectures")


class _Function(Kind):
    kind = "function"
    rank = 20
    secret = frozenset({"Environment"})

    def known(self, resource: Resource, place: Place) -> Attributes:
        return {"arn": place.function_arn(resource.name), "name": place.function_name(resource.name)}

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """Everything else would hang on somebody else's function."""
        return "" if actual is None or actual.owned else f"function {actual.attributes['name']} exists and is not ours"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        found = aws.get("lambda", "get_function", FunctionName=aws.place.function_name(name))
        if found and (hidden := found.get("TagsError")):  # without them nobody knows whose it is
            raise Refused("lambda", "list_tags", hidden.get("ErrorCode", ""), hidden.get("Message", ""))
        return _actual(found, aws.place) if found else None

    def found(self, aws: Aws) -> Iterable[tuple[str, Actual]]:
        for name in sorted({*aws.place.manifest.functions, *names(aws)}):
            actual = self.read(name, {}, aws)
            if actual is not None and actual.owned:
                yield name, actual

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        function_name = aws.place.function_name(name)
        given = {key: properties[key] for key in CONFIGURATION if not _empty(properties[key])}
        given |= {key: properties[key] for key in ("Architectures", "Tags")}
        code = sent(properties["CodeSha256"], aws)
        made = aws.create(
            "lambda", "create_function", FunctionName=function_name, PackageType="Zip", Code=code, **given
        )
        found = settled(aws, function_name, made)
        _reserve(properties["ReservedConcurrentExecutions"], function_name, aws, there=False)
        return _attributes(found)

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        function_name = aws.place.function_name(name)
        found: dict[str, Any] = {"RevisionId": actual.more["RevisionId"], **actual.more["Configuration"]}
        if actual.more["Changing"]:  # a deployment that was killed has begun it; its end makes another revision
            found = settled(aws, function_name)
        given = {key: properties[key] for key in CONFIGURATION if key in changed}
        if given:
            made = revised(aws, "update_function_configuration", found["RevisionId"], function_name, **given)
            found = settled(aws, function_name, made)
        if changed & (_CODE | {"LastUpdateStatus"}):
            code = sent(properties["CodeSha256"], aws) | {"Architectures": properties["Architectures"]}
            made = revised(aws, "update_function_code", found["RevisionId"], function_name, **code)
            found = settled(aws, function_name, made)
        # last, as they may make it another revision
        _tag(properties["Tags"], actual, aws, changed)
        if "ReservedConcurrentExecutions" in changed:
            _reserve(properties["ReservedConcurrentExecutions"], function_name, aws, there=True)
        return _attributes(found)

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """With its versions, its aliases and their policies."""
        aws.remove("lambda", "delete_function", FunctionName=aws.place.function_name(name))


def _actual(found: Mapping[str, Any], place: Place) -> Actual:
    configuration, tags = found["Configuration"], found.get("Tags", {})
    network = configuration.get("VpcConfig") or {}
    properties = {
        **{key: configuration.get(key, "") for key in ("Role", "Runtime", "Handler", "Description", "KMSKeyArn")},
        **{key: configuration.get(key) for key in ("Timeout", "MemorySize", "CodeSha256")},
        "EphemeralStorage": {"Size": (configuration.get("EphemeralStorage") or {}).get("Size", 512)},
        "Environment": {"Variables": (configuration.get("Environment") or {}).get("Variables") or {}},
        "Layers": [layer["Arn"] for layer in configuration.get("Layers") or ()],
        "Architectures": configuration.get("Architectures") or ["x86_64"],
        "TracingConfig": {"Mode": (configuration.get("TracingConfig") or {}).get("Mode", "PassThrough")},
        "DeadLetterConfig": {"TargetArn": (configuration.get("DeadLetterConfig") or {}).get("TargetArn", "")},
        "VpcConfig": {key: sorted(network.get(key) or ()) for key in ("SubnetIds", "SecurityGroupIds")},
        "LastUpdateStatus": "Failed" if configuration.get("LastUpdateStatus") == "Failed" else "Successful",
        "ReservedConcurrentExecutions": (found.get("Concurrency") or {}).get("ReservedConcurrentExecutions"),
        "Tags": {key: value for key, value in tags.items() if key != MARKS_TAG and not key.startswith("aws:")},
    }
    more = {
        "RevisionId": configuration.get("RevisionId", ""),
        "Changing": not at_rest(configuration),
        "Configuration": {"FunctionArn": configuration["FunctionArn"], "FunctionName": configuration["FunctionName"]},
        "Marks": tags.get(MARKS_TAG, ""),
    }
    owned = tagged(tags, place) and FUNCTION_TAG in tags
    return Actual(properties, _attributes(configuration), owned=owned, more=more)


def _attributes(configuration: Mapping[str, Any]) -> Attributes:
    return {"arn": configuration["FunctionArn"], "name": configuration["FunctionName"]}


def _empty(value: Any) -> bool:
    """What CreateFunction takes for nothing only when it is left out."""
    if isinstance(value, dict):
        return all(_empty(each) for each in value.values())
    return value in ("", None, [])


def _reserve(wanted: int | None, function_name: str, aws: Aws, *, there: bool) -> None:
    if wanted is not None:
        aws.call("lambda", "put_function_concurrency", FunctionName=function_name, ReservedConcurrentExecutions=wanted)
    elif there:
        aws.remove("lambda", "delete_function_concurrency", FunctionName=function_name)


def _tag(wanted: Mapping[str, str], actual: Actual, aws: Aws, changed: AbstractSet[str]) -> None:
    if "Tags" not in changed:
        return
    arn, there = actual.attributes["arn"], actual.properties["Tags"]
    new = {key: value for key, value in wanted.items() if there.get(key) != value}
    if new:
        aws.call("lambda", "tag_resource", Resource=arn, Tags=new)
    if gone := [key for key in there if key not in wanted]:
        aws.call("lambda", "untag_resource", Resource=arn, TagKeys=gone)


KIND = _Function()
