"""The one tree of errors. Each carries a message, a hint and the exit code that the command line ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lambdacli.model import Problem


class LambdacliError(Exception):
    """Anything that ends a command: one line that says what and where, and a hint what to do.

    A bare `LambdacliError` is a bug of ours (exit code 70); every expected failure has a subclass.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LambdacliError):
    """The command line asks for something that does not exist or contradicts itself (exit code 2)."""

    exit_code = 2


class ManifestError(LambdacliError):
    """The manifest is missing, unreadable or wrong; holds all its problems at once (exit code 2)."""

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class EventError(LambdacliError):
    """An event, a template or one of its parameters is wrong (exit code 2)."""

    exit_code = 2


class MachineError(LambdacliError):
    """The machine lacks something: an interpreter, credentials, a port (exit code 3)."""

    exit_code = 3


class FunctionFailed(LambdacliError):  # noqa: N818 - the name is what happened, as in the exit-code table
    """The invoked function answered with an error (exit code 1)."""

    exit_code = 1


class LimitExceeded(LambdacliError):  # noqa: N818 - the name is what happened, as in the exit-code table
    """The invoked function timed out or ran out of memory (exit code 4)."""

    exit_code = 4


class DeploymentFailed(LambdacliError):  # noqa: N818 - the name is what happened, as in the exit-code table
    """An action of a deployment was refused by AWS (exit code 1)."""

    exit_code = 1
