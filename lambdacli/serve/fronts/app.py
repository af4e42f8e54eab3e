"""The ASGI application of everything that is served over HTTP, and over WebSocket, except the Invoke API."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import triggers
from lambdacli.errors import LambdacliError
from lambdacli.serve import hosts
from lambdacli.serve.fronts import apis
from lambdacli.serve.fronts.answer import message
from lambdacli.serve.fronts.desk import Desk
from lambdacli.serve.fronts.request import Request
from lambdacli.triggers import _routes as routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lambdacli.model import Manifest
    from lambdacli.serve.fronts.answer import Send
    from lambdacli.serve.fronts.request import Receive
    from lambdacli.serve.fronts.site import Site
    from lambdacli.serve.fronts.websocket import Sockets
    from lambdacli.serve.parts import Common

_ORDER = ("http", "rest", "alb", "url")  # who answers first where no host name chooses
_NOTHING = message(404, "Not Found")
_MOST_HOSTS = 1000
_UNCHECKED = {
    "jwt": "the claims of tokens are checked here, their signatures are not",
    "cognito": "the claims of tokens are checked here, their signatures are not",
    "iam": "requests must be signed here, but signatures and policies are not checked",
}


class _Table(NamedTuple):
    """All sites of a manifest, compiled."""

    plain: tuple[Site, ...]  # without a host name of one's own, in this order
    by_label: Mapping[str, tuple[Site, ...]]
    hosts: dict[str, tuple[Site, ...]]  # by the Host header: those that were asked for


class App:
    """Answers requests with the manifest's functions. An ASGI 3 application and a part."""

    def __init__(self, common: Common) -> None:
        self._common = common
        self._desk = Desk(common)
        self._table = self._compiled(common.fleet.manifest)
        self._sockets: Sockets | None = None
        self._warned: set[str] = set()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """ASGI."""
        kind = scope["type"]
        if self._sockets is not None and (kind == "websocket" or self._sockets.wants(scope)):
            await self._sockets(scope, receive, send)
        elif kind == "http":
            await self._answer(Request(scope, receive), send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif kind == "lifespan":
            await _live(receive, send)

    def admits(self, scope: Mapping[str, Any], origin: str) -> bool:
        """Whether CORS of what a request asks for lets scripts of that origin in."""
        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        return any(each.allows(origin, scope["path"]) for each in self._sites(host))

    def addresses(self, port: int = 0) -> list[tuple[str, str]]:
        """What is served, and the URL where it is; `port` is the real one, if another was asked for."""
        found: list[tuple[str, str]] = []
        at = port or self._common.port
        for site in dict.fromkeys(each for sites in self._table.by_label.values() for each in sites):
            name = f"{site.labels[0]}{hosts.LOCAL}" if site not in self._table.plain[:1] else self._common.host
            found.append((site.title, f"http://{hosts.in_url(name)}:{at}{site.root}"))
        return found + (self._sockets.addresses(at) if self._sockets is not None else [])

    async def start(self) -> None:
        """Part: say what is not as on AWS."""
        await self._follow(self._common.fleet.manifest)

    async def change(self, manifest: Manifest) -> None:
        """Part: the next request finds the new routes; a manifest that cannot be served leaves the old ones."""
        try:
            table = self._compiled(manifest)
        except LambdacliError as error:
            self._common.telling.trouble(error)
            return
        await self._follow(manifest)
        self._table = table

    async def pause(self) -> None:
        """Part: who listens takes no more connections; here nothing is to be done, except for open sockets."""
        if self._sockets is not None:
            await self._sockets.pause()

    async def stop(self) -> None:
        """Part: end what still runs."""
        if self._sockets is not None:
            await self._sockets.stop()
        await self._desk.stop()

    async def _answer(self, request: Request, send: Send) -> None:
        sites = self._sites(request.host)
        if not sites:
            await _NOTHING.deliver(send)
            return
        site = sites[0]
        if len(sites) > 1:
            site = next((each for each in sites if each.wants(request)), site)
        await site.serve(request, send)

    def _sites(self, host: str) -> tuple[Site, ...]:
        table = self._table
        known = table.hosts.get(host)
        if known is None:
            known = table.by_label.get(hosts.label(host), table.plain)
            if len(table.hosts) < _MOST_HOSTS:
                table.hosts[host] = known
        return known

    def _compiled(self, manifest: Manifest) -> _Table:
        self._desk.manifest = manifest
        made: list[Site] = []
        for kind in _kinds(manifest):
            front = import_module(f"lambdacli.serve.fronts.{kind}")
            made += front.sites(self._desk, apis.uses(manifest, kind))
        by_label: dict[str, tuple[Site, ...]] = {}
        for site in made:
            for label in site.labels:
                by_label[label] = (*by_label.get(label, ()), site)
        return _Table(_at_the_root(made), by_label, {})

    async def _follow(self, manifest: Manifest) -> None:
        """What else a manifest asks for: sockets; and a word on what is not checked here."""
        if any(True for _ in apis.uses(manifest, "websocket")):
            if self._sockets is None:
                from lambdacli.serve.fronts.websocket import Sockets

                self._sockets = Sockets(self._common)
                await self._sockets.start()
            else:
                await self._sockets.change(manifest)
        elif self._sockets is not None:
            await self._sockets.change(manifest)
        told = {_UNCHECKED[each] for each in _authorizers(manifest) if each in _UNCHECKED}
        for text in sorted(told - self._warned):
            self._common.telling.warning(text)
        self._warned |= told


def _at_the_root(made: Iterable[Site]) -> tuple[Site, ...]:
    """Those that answer where no host name chooses: function URLs only where there is one, and nothing else."""
    sites = tuple(made)
    shared = tuple(each for each in sites if each.shares_root)
    return shared or (sites if len(sites) == 1 else ())


def _kinds(manifest: Manifest) -> list[str]:
    """The kinds of the manifest's triggers that answer HTTP requests."""
    kinds = {trigger.kind for _, trigger in triggers.active(manifest, "http")}
    return sorted(kinds, key=lambda each: (_ORDER.index(each) if each in _ORDER else len(_ORDER), each))


def _authorizers(manifest: Manifest) -> set[str]:
    found = {routes.authorizer_kind(use.settings) for kind in ("http", "rest") for use in apis.uses(manifest, kind)}
    if any(use.settings.get("auth_type") == "AWS_IAM" for use in apis.uses(manifest, "url")):
        found.add("iam")
    return found


async def _live(receive: Receive, send: Send) -> None:
    """ASGI's lifespan: there is nothing to prepare."""
    while True:
        asked = (await receive())["type"]
        await send({"type": f"{asked}.complete"})
        if asked == "lifespan.shutdown":
            return
