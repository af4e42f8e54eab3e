"""Where queues, streams, topics, tables, buckets and buses are: `local`, an endpoint that is `given`, or AWS.

These are the doors; what they lead to is imported when it is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lambdacli import triggers
from lambdacli.connection import Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.model import Manifest
    from lambdacli.resource import Place
    from lambdacli.serve.parts import Source
    from lambdacli.serve.telling import Telling


class Origin(Protocol):
    """A source to be: what has it, keeps it, and lets go of it.

    Attributes:
        on_restart: awaited one after the other when it was empty and has again what the manifest asks for.
    """

    on_restart: list[Callable[[], Awaitable[None]]]

    def environment(self) -> dict[str, str]:
        """What functions get so that their own SDKs reach it; known before it has started."""

    async def start(self) -> Source:
        """Have it, with what the manifest asks for.

        Raises:
            LambdacliError: it cannot be had.
        """

    async def change(self, manifest: Manifest) -> None:
        """Make what is new in the manifest; what is there stays."""

    async def stop(self) -> None:
        """Let go of it."""


KEYS = ("test", "test")  # whom an emulator takes for its own account: every key that is not 12 digits


def needed(manifest: Manifest) -> bool:
    """Whether anything in the manifest has to do with queues, streams, topics, tables, buckets or buses."""
    from lambdacli.serve.sources import needs

    pushed = any(True for _ in triggers.active(manifest, "push"))
    return pushed or any(manifest.resources.values()) or bool(needs.of(manifest, place(manifest)))


def origin(
    choice: str, manifest: Manifest, telling: Telling, profile: str = "", *, loud: bool = False
) -> Origin | None:
    """The source that was chosen: `local`, `aws`, `none`, or the URL of an endpoint.

    Args:
        choice: of the user.
        manifest: says what is to be there.
        telling: hears of it.
        profile: of the caller's configuration, for AWS and for endpoints.
        loud: what a local one says goes to stderr.

    Raises:
        MachineError: a local one is not installed.
        UsageError: the endpoint is no URL.
    """
    if choice == "none":
        return None
    if choice == "local":
        from lambdacli.serve.sources.local import Local

        local = Local(manifest, telling, loud=loud)
        local.listen()
        return local
    from lambdacli.serve.sources.given import Given

    return Given("" if choice == "aws" else choice, manifest, telling, profile)


async def hear(on_restart: list[Callable[[], Awaitable[None]]], telling: Telling) -> None:
    """Let everybody set up again what a source has lost."""
    from lambdacli.errors import LambdacliError

    for each in on_restart:
        try:
            await each()
        except LambdacliError as error:  # noqa: PERF203 - the others are to hear of it, too
            telling.trouble(error)


def place(manifest: Manifest, account: str = "", region: str = "") -> Place:
    """Where the manifest is served: the account and Region that are told, or its own, or those of a local run."""
    from lambdacli.local.variables import ACCOUNT
    from lambdacli.resource import Place

    return Place(manifest, account or manifest.account or ACCOUNT, region or manifest.region)


def environment(source: Source) -> dict[str, str]:
    """The variables with which a function's own SDK reaches the source; none where that is AWS itself.

    They win over the caller's credentials, which an emulator has no use for.
    """
    if not source.endpoint:
        return {}
    return variables(Target(source.endpoint, source.connection.keys))


def variables(target: Target) -> dict[str, str]:
    """The same of a target that nobody has reached yet."""
    key, secret = target.keys or ("", "")
    given = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret} if key else {}
    return {"AWS_ENDPOINT_URL": target.endpoint, **given}


def line(source: Source) -> str:
    """What people copy, so that their own clients reach the source too; "" where that is AWS itself."""
    if not source.endpoint:
        return ""
    here = {"AWS_REGION": source.region, "AWS_DEFAULT_REGION": source.region}  # some SDKs read this one, some that
    return " ".join(("export", *(f"{name}={value}" for name, value in (environment(source) | here).items())))
