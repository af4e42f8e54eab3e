"""A source that is there already: an endpoint that the user names, or AWS itself."""

from __future__ import annotations

import asyncio  # noqa: TID253 - this module is only imported once a loop is wanted
import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lambdacli import manifest as manifests
from lambdacli.connection import Connection, Target, identity, loopback
from lambdacli.deploy import graph
from lambdacli.deploy.aws import Aws
from lambdacli.deploy.resources import load
from lambdacli.errors import LambdacliError, MachineError, UsageError
from lambdacli.refusals import UNREACHABLE, Refused
from lambdacli.serve.parts import Source
from lambdacli.serve.sources import KEYS, hear, line, needs, place, variables
from lambdacli.serve.sources.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lambdacli.model import Manifest
    from lambdacli.resource import Place
    from lambdacli.serve.sources.world import Done
    from lambdacli.serve.telling import Telling

_WORKERS = 16
_LOOK = 2.0  # seconds between two looks whether an emulator still has what it had
_FIRST_ANSWER = 3  # seconds, tried again until then
_FIRST_ANSWER_HERE = 0.5  # of an emulator on this machine, which answers or is not there
_OWN_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE")  # whoever sets one wants it used


class Given:
    """An endpoint, or AWS where there is none.

    On this machine it is taken for an emulator: what is missing is made there. Elsewhere nothing is made or changed.

    Args:
        endpoint: URL; "" is AWS itself.
        manifest: says what has to be there.
        telling: hears what was made.
        profile: of the caller's configuration; "": as the environment says.

    Raises:
        UsageError: the endpoint is no URL.

    Attributes:
        on_restart: awaited one after the other when an emulator had lost what was in it, and has it again.
    """

    def __init__(self, endpoint: str, manifest: Manifest, telling: Telling, profile: str = "") -> None:
        self.on_restart: list[Callable[[], Awaitable[None]]] = []
        self._manifest = manifest
        self._telling = telling
        self._endpoint = endpoint.rstrip("/")
        self._profile = profile
        self._target = _target(self._endpoint, profile) if endpoint else None
        self._world: World | None = None
        self._source: Source | None = None
        self._watching: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(1, "lambdacli-source")

    def environment(self) -> dict[str, str]:
        """What functions get so that their own SDKs reach it."""
        return variables(self._target) if self._target else {}

    async def start(self) -> Source:
        """See who is there and whether it has all that is wanted.

        Raises:
            UsageError: the account is another one than the manifest's.
            MachineError: nobody answers, or there are no credentials.
            ManifestError: something is missing, with its places in the manifest.
        """
        try:
            self._source = await asyncio.wrap_future(self._threads.submit(self._found))
            self._tell(await asyncio.wrap_future(self._threads.submit(self._seen_to, self._manifest)))
        except BaseException:
            await self.stop()
            raise
        if self._world is not None:
            self._watching = asyncio.create_task(self._watch(self._world))
        if self._endpoint:
            self._telling.note(f"source: {line(self._source)}")
        return self._source

    async def change(self, manifest: Manifest) -> None:
        """See whether what is new in the manifest is there, or make it on this machine."""
        self._manifest = manifest
        try:
            self._tell(await asyncio.wrap_future(self._threads.submit(self._seen_to, manifest)))
        except LambdacliError as error:
            self._telling.trouble(error)

    async def stop(self) -> None:
        """Let go of it; everything stays."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._source is not None:
            self._source.connection.stopping.set()
            self._source.connection.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _watch(self, world: World) -> None:
        """An emulator that its owner starts again is empty then."""
        while True:
            await asyncio.sleep(_LOOK)
            with contextlib.suppress(LambdacliError):  # it is away: it may come back
                if await asyncio.wrap_future(self._threads.submit(world.lost)):
                    self._telling.warning(f"what was at {self._endpoint} is lost: it is made again")
                    await self.change(self._manifest)
                    await hear(self.on_restart, self._telling)

    # Parts, in threads

    def _found(self) -> Source:
        here = place(self._manifest)
        connection = Connection(self._profile, here.region, self._target)
        if not self._endpoint:
            return Source(connection, "", _account(connection, self._manifest), here.region, ours=False)
        source = Source(connection, self._endpoint, _asked(connection, here, self._endpoint), here.region, ours=False)
        if loopback(self._endpoint):
            self._world = World(connection, source.account, source.region, ours=False)
        return source

    def _seen_to(self, manifest: Manifest) -> Done | None:
        assert self._source is not None  # noqa: S101 - it is found first
        if self._world is not None:
            return self._world.make(manifest)
        _check(manifest, self._source)
        return None

    def _tell(self, done: Done | None) -> None:
        if done is None:
            return
        if done.made:
            self._telling.note(f"made at {self._endpoint}: {', '.join(done.made)}")
        for trouble in done.troubles:
            self._telling.trouble(trouble)


def question(manifest: Manifest, profile: str = "") -> str:
    """What to ask before anything of AWS is read: where, what, and what becomes of it. Blocks.

    Raises:
        MachineError: there are no credentials, or AWS cannot be reached.
        UsageError: the credentials belong to another account than the manifest's.
    """
    here = place(manifest)
    account = _account(Connection(profile, here.region), manifest)
    wanted = needs.of(manifest, place(manifest, account))
    read = {(need.key.kind, needs.bare(need.key.name)) for need in wanted if need.how == "read"}
    queues = sorted(name for kind, name in read if kind == "queue")
    streams = sorted(name for kind, name in read if kind in ("stream", "table", "table_stream"))
    told = [f"This is AWS: account {account}, Region {here.region}."]
    if queues:
        told.append(f"Messages of {', '.join(queues)} will be taken, and deleted once they are handled.")
    if streams:
        told.append(f"Records of {', '.join(streams)} will be read.")
    return " ".join(told)


def _account(connection: Connection, manifest: Manifest) -> str:
    account = identity(connection)
    if manifest.account and manifest.account != account:
        raise UsageError(
            f"these credentials belong to account {account}, not to {manifest.account}",
            hint="choose others with --profile",
        )
    return account


def _target(endpoint: str, profile: str) -> Target:
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--sources {endpoint} is no URL", hint="such as http://127.0.0.1:4566")
    own = profile or any(os.environ.get(name) for name in _OWN_KEYS)
    return Target(endpoint, None if own or not loopback(endpoint) else KEYS)


def _asked(connection: Connection, here: Place, endpoint: str) -> str:
    """The account; those that know of no accounts are taken for the manifest's."""
    try:
        patience = _FIRST_ANSWER_HERE if loopback(endpoint) else _FIRST_ANSWER
        answer = connection.patient("sts", "get_caller_identity", {}, seconds=patience)
    except Refused as refused:
        if refused.code == UNREACHABLE:
            hint = "is it running? `--sources local` starts one of its own"
            raise MachineError(f"nobody answers at {endpoint}", hint=hint) from None
        return here.account
    return str(answer["Account"])


def _check(manifest: Manifest, source: Source) -> None:
    """Whether all that the functions need is there.

    Raises:
        ManifestError: with everything that is missing.
    """
    there = place(manifest, source.account, source.region)
    aws = Aws(source.connection, there, {})
    aside = "" if source.endpoint else "pushed"  # AWS itself does not push here: its deployed triggers do their work
    wanted = {need.key: need for need in needs.of(manifest, there) if need.how != aside}
    outcomes = graph.run(
        [graph.Node(key) for key in wanted],
        lambda key: load(key.kind).read(key.name, {}, aws),
        workers=_WORKERS,
        stopping=source.connection.stopping,
    )
    lacks = []
    for key, outcome in outcomes.items():
        if isinstance(outcome.error, LambdacliError):
            raise outcome.error
        if outcome.state == "done" and outcome.result is None:
            message = f"there is no {load(key.kind).label or key.kind} {key.name}"
            lacks.append((wanted[key].where, message, "`lambdacli deploy` makes what `resources:` names"))
    if lacks:
        raise manifests.failure(manifest.path, manifests.placed(manifest, sorted(lacks)))
