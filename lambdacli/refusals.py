"""What AWS refused, as one exception of ours; and which refusals pass by themselves, by code and message.

Source: "Error retries" in the AWS SDKs and Tools reference guide, the errors of each operation in its API reference,
and "Lambda function states" in the Lambda developer guide for updates in progress.
"""

from __future__ import annotations

from typing import NamedTuple

from lambdacli.errors import LambdacliError


class Refused(LambdacliError):  # noqa: N818 - the name is what happened
    """A call that AWS answered with an error, or not at all (exit code 1).

    `lost`: nobody knows whether the call was carried out.
    """

    exit_code = 1

    def __init__(self, service: str, operation: str, code: str, text: str, *, lost: bool = False) -> None:
        action = f"{service}:{_camel(operation)}"
        super().__init__(f"{action}: {code}: {text}" if text else f"{action}: {code}", hint=_hint(code, action))
        self.action = action
        self.code = code
        self.text = text
        self.lost = lost

    @property
    def absent(self) -> bool:
        """What the call speaks of is not there."""
        return self.code in _ABSENT or any(words in self.text for words in _ABSENT_TEXTS if self.code in _VAGUE)

    @property
    def exists(self) -> bool:
        """What the call would create is there already."""
        return self.code in _EXISTS or any(words in self.text for words in _EXISTS_TEXTS if self.code in _VAGUE_EXISTS)


class _Passing(NamedTuple):
    """A refusal that passes by itself: tried again for so many seconds."""

    codes: tuple[str, ...]
    seconds: float
    text: str = ""  # part of the message; "" any
    action: str = ""  # beginning of service:Operation; "" any


_ABSENT = frozenset({
    "404", "NoSuchEntity", "NotFound", "NotFoundException", "ResourceNotFoundException", "NoSuchBucket", "NoSuchKey",
    "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "ParameterNotFound", "RuleNotFound", "NoSuchTagSet",
    "TargetGroupNotFound", "ListenerNotFound", "LoadBalancerNotFound", "RuleDoesNotExist", "RuleSetDoesNotExist",
    "RuleDoesNotExistException", "RuleSetDoesNotExistException", "ProvisionedConcurrencyConfigNotFoundException",
    "NoSuchLifecycleConfiguration", "TableNotFoundException", "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError", "ParameterVersionNotFound",
})  # fmt: skip
_VAGUE = ("ValidationError", "ValidationException", "InvalidParameterException", "AuthorizationErrorException")
_ABSENT_TEXTS = ("does not exist", "not found")
_EXISTS = frozenset({
    "EntityAlreadyExists", "ResourceAlreadyExistsException", "QueueAlreadyExists", "BucketAlreadyOwnedByYou",
    "ResourceInUseException", "AlreadyExists", "AlreadyExistsException", "DuplicateTargetGroupName", "QueueNameExists",
    "ParameterAlreadyExists", "PriorityInUse", "RuleAlreadyExistsException",
})  # fmt: skip
_VAGUE_EXISTS = ("ResourceConflictException", "ConflictException")
_EXISTS_TEXTS = (
    "already exist", "exists for this", "is already", "already being used", "Alias already",
    "provided resource already",
)  # fmt: skip

_THROTTLES = (
    "Throttling", "Throttled", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
    "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "ProvisionedThroughputExceededException",
    "SlowDown", "LimitExceededException", "BandwidthLimitExceeded", "PriorRequestNotComplete",
    "EC2ThrottledException", "429",
)  # fmt: skip
_BROKEN = (
    "InternalError", "InternalFailure", "InternalServerError", "InternalServiceError", "ServiceException",
    "ServiceUnavailable", "ServiceUnavailableException", "ServiceFailure", "InternalFailureException",
    "InternalErrorException", "RequestTimeout", "RequestTimeoutException", "500", "502", "503", "504",
)  # fmt: skip
UNREACHABLE = "Unreachable"
UNREADABLE = "Unreadable"

_WHATEVER = 60  # seconds for an error of AWS's own, whatever its name

_PASSING = (
    _Passing((UNREACHABLE,), 20),
    _Passing(_BROKEN, 60),
    _Passing(("LimitExceededException",), 30, text="simultaneously"),  # DynamoDB: tables being made at once
    _Passing(("LimitExceededException",), 60, text="Rate exceeded"),  # Kinesis
    _Passing(("LimitExceededException",), 0),  # a quota does not pass
    _Passing(_THROTTLES, 300),
    _Passing(("ResourceConflictException",), 300, text="in progress"),
    _Passing(("ResourceConflictException",), 300, text="is currently in the following state: Pending"),
    _Passing(("ResourceConflictException",), 30, text="concurrent"),
    _Passing(("ConflictException", "ConcurrentModificationException"), 30, text="oncurrent"),
    _Passing(("ConcurrentModificationException", "OperationAbortedException", "OperationAborted"), 30),
    _Passing(("ContinuousBackupsUnavailableException",), 120),  # DynamoDB: a table that has just been made
    _Passing(("ConflictingResourceUpdateException",), 30),  # IoT
    _Passing(("AccessDenied",), 60, text="principal does not have permission to invoke", action="elbv2:"),  # on its way
    _Passing(("ResourceNotReadyException", "CodeStorageNotReadyException"), 60),
    _Passing(("ResourceInUseException",), 300, action="lambda:"),  # a mapping that is being made or updated
    _Passing(("InvalidParameterValueException",), 60, text="cannot be assumed"),
    _Passing(("ValidationException",), 60, text="must allow AWS EventBridge Scheduler to assume the role"),
    _Passing(("InvalidParameterValueException",), 60, text="does not have permissions to call"),
    _Passing(("InvalidParameterValueException",), 60, text="does not have sufficient permissions"),
    _Passing(("InvalidParameterValueException",), 60, text="ensure the role can perform"),
    _Passing(("InvalidParameterValueException",), 60, text="Unable to retrieve tags"),
    _Passing(("InvalidParameterValueException",), 60, text="KMS"),
    _Passing(("InvalidArgument",), 60, text="Unable to validate the following destination configurations"),
    _Passing(("InvalidParameterException",), 60, text="Could not execute the lambda function"),
    _Passing(("InvalidLambdaFunction",), 60),  # SES: a permission that is on its way
    _Passing(("ResourceInUse",), 60, action="elbv2:"),  # a target group whose rule has just been deleted
    _Passing(("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"), 75),
    _Passing(("DeleteConflict", "ConcurrentModification"), 30),  # IAM
)  # fmt: skip


def patience(refused: Refused) -> float:
    """For how many seconds the same call is worth trying again; 0: it would be refused for ever."""
    for each in _PASSING:
        if refused.code in each.codes and each.text in refused.text and refused.action.startswith(each.action):
            return each.seconds
    return _WHATEVER if refused.lost else 0


def throttled(refused: Refused) -> bool:
    """AWS wants fewer calls."""
    return refused.code in _THROTTLES


def broken(code: str) -> bool:
    """An error of AWS's own: the call may have been carried out all the same."""
    return code in _BROKEN


def _camel(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))


def _hint(code: str, action: str) -> str:
    if code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"):
        return f"these credentials may not call {action}; `lambdacli policy --deployer` prints what they need"
    if code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired"):
        return "sign in again"
    if code in _EXISTS:
        return "it is not ours: another `app:` or `--stage` has other names"
    return ""
