"""Where queues, streams, topics, tables, buckets and buses are: `local`, an endpoint that is `given`, or AWS.

These are the doors; what they lead to is imported when it is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lambdacli import triggers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.model import Manifest
    from lambdacli.resource import Place
    from lambdacli.serve.parts import Source


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

    pushed = any(
        triggers.load(trigger.kind).delivery == "push" and needs.enabled(trigger)
        for function in manifest.functions.values()
        for trigger in function.triggers
    )
    return pushed or any(manifest.resources.values()) or bool(needs.of(manifest, place(manifest)))


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
    key, secret = source.connection.keys or ("", "")
    given = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret} if key else {}
    return {"AWS_ENDPOINT_URL": source.endpoint, **given}


def line(source: Source) -> str:
    """What people copy, so that their own clients reach the source too; "" where that is AWS itself."""
    if not source.endpoint:
        return ""
    here = {"AWS_REGION": source.region, "AWS_DEFAULT_REGION": source.region}  # some SDKs read this one, some that
    return " ".join(("export", *(f"{name}={value}" for name, value in (environment(source) | here).items())))
