"""What the kinds around a function share: its states, revisions, and the names that functions of ours have had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lambdacli.deploy.aws import Aws
    from lambdacli.resource import Place

Answer = dict[str, Any]

MARKS_TAG = "lambdacli:deployed"  # what the last deployment has brought about, see `record`
PARTS_TAG = "lambdacli:parts"  # the optional kinds of resources that hang on it
_REVISIONS = 4  # tries, while answers get lost


def settled(aws: Aws, function_name: str, answer: Answer | None = None, qualifier: str = "") -> Answer:
    """A function's, or version's, configuration as soon as no update is in progress.

    Args:
        aws: whom to ask.
        function_name: which.
        answer: what the call that changed it has answered: it may say already that all is done.
        qualifier: a version; $LATEST unless given.

    Raises:
        Refused: the update failed.

    Source: "Lambda function states" in the Lambda developer guide.
    """
    version = {"Qualifier": qualifier} if qualifier else {}

    def look() -> Answer | None:
        found = aws.get("lambda", "get_function_configuration", FunctionName=function_name, **version)
        return found if found and at_rest(found) else None

    found = answer if answer and at_rest(answer) else aws.until(look, f"function {function_name}")
    for state, reason in (("LastUpdateStatus", "LastUpdateStatusReason"), ("State", "StateReason")):
        if found.get(state) == "Failed":
            raise Refused("lambda", "update_function", "Failed", str(found.get(reason, "")))
    return found


def at_rest(configuration: Mapping[str, Any]) -> bool:
    """Whether no change of a function or version is going on."""
    return configuration.get("LastUpdateStatus") != "InProgress" and configuration.get("State") != "Pending"


def revised(aws: Aws, operation: str, revision: str, function_name: str, **parameters: Any) -> Answer:
    """A change to $LATEST, if it is still what it was when the plan was made. May be called twice.

    Raises:
        Refused: somebody else has changed it meanwhile.
    """
    for _ in range(_REVISIONS):
        try:
            return aws.create("lambda", operation, FunctionName=function_name, RevisionId=revision, **parameters)
        except Refused as refused:
            if refused.code == "PreconditionFailedException":
                refused.hint = "somebody else has changed the function since it was read: deploy again"
            if not refused.lost:
                raise
        revision = settled(aws, function_name).get("RevisionId", revision)
    return aws.call("lambda", operation, FunctionName=function_name, **parameters)


def role_path(place: Place, name: str = "") -> str:
    """The IAM path of the app's roles here, or of one function's.

    It tells the app, the stage, the region and the function, so that a role is found, and is known to be ours, by
    its path alone.
    """
    manifest = place.manifest
    folder = f"/lambdacli/{manifest.app}/{manifest.stage}/{place.region}/"
    return f"{folder}{name}/" if name else folder


def roles(aws: Aws) -> dict[str, Answer]:
    """Our functions' roles by the names of the functions. One call for all of them."""
    folder = role_path(aws.place)
    found = aws.listed("iam", "list_roles", "Roles", PathPrefix=folder)
    return {each["Path"][len(folder) : -1]: each for each in found if "/" not in each["Path"][len(folder) : -1]}


def names(aws: Aws) -> set[str]:
    """Every function, in the manifest or not any more, of which something may be left: by tags and by roles."""
    return {*roles(aws), *tagged(aws, aws.place.arn("lambda", "function:"))}


def tagged(aws: Aws, prefix: str) -> set[str]:
    """The functions after which something is called that has our tags; its ARN begins with the prefix.

    A function whose name AWS would not take is known by the name that it has got instead.
    """
    place = aws.place
    known = {place.function_name(each): each for each in (*place.manifest.functions, *roles(aws))}
    mine = f"{place.prefix}-"
    called = {arn[len(prefix) :].removesuffix(":*") for arn in aws.tagged() if arn.startswith(prefix)}
    ours = (each for each in called if each.startswith(mine) and ":" not in each)
    return {known.get(each, each[len(mine) :]) for each in ours}


def last_tags(aws: Aws, name: str) -> dict[str, str] | None:
    """The tags of a function; None where there is none.

    What surrounds it is tagged before it is: so nobody need ask for the tags of its role and of its log group.
    """
    found = aws.get("lambda", "get_function", FunctionName=aws.place.function_name(name))
    return own_tags(found.get("Tags", {})) if found else None


def own_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Those that the manifest asks for, and none of those that only lambdacli or AWS knows."""
    return {key: each for key, each in tags.items() if key not in (MARKS_TAG, PARTS_TAG) and not key.startswith("aws:")}
