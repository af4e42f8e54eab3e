"""Pages and names from elsewhere: what DNS rebinding or a page on the Internet would send is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from doors import Echo, manifest, serving
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from lambdacli.serve.hosts import Hosts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INVOKE = "/2015-03-31/functions/hello/invocations"
SOURCE = "def handler(event, context): return event"
FUNCTIONS = {"hello": {"handler": "app.handler"}}


@pytest.mark.parametrize(
    "header",
    [
        "localhost",
        "LOCALHOST:3000",
        "localhost.",
        "a.b.localhost:80",
        "127.0.0.1:3000",
        "127.8.8.8",
        "[::1]:3000",
        "[::1]",
    ],
)
def test_names_of_this_machine(header: str) -> None:
    assert Hosts("127.0.0.1").knows(header)


@pytest.mark.parametrize(
    "header",
    [
        "evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "192.168.1.5:3000",
        "127.0.0.1.nip.io",
        "",
        "[::2]",
        "0.0.0.0",  # noqa: S104 - a header
    ],
)
def test_names_of_others(header: str) -> None:
    assert not Hosts("127.0.0.1", ["tower"]).knows(header)


def test_a_server_for_the_network_answers_to_addresses_and_to_its_own_names_only() -> None:
    hosts = Hosts("0.0.0.0", ["tower"])  # noqa: S104 - what the test is about
    for header in ("192.168.1.5:3000", "[fe80::1]:3000", "tower", "tower.local:3000", "host.docker.internal:3000"):
        assert hosts.knows(header)
    assert not hosts.knows("evil.example")
    assert hosts.public
    named = Hosts("dev.internal")
    assert named.knows("dev.internal:3000")
    assert not named.knows("other.internal")


def test_origins() -> None:
    hosts = Hosts("127.0.0.1")
    assert all(
        map(hosts.trusts, ("http://localhost:5173", "https://app.localhost", "http://127.0.0.1", "http://[::1]:8"))
    )
    others = (
        "https://evil.example",
        "null",
        "file://",
        "http://localhost.evil.example",
        "chrome-extension://abc",
        "localhost",
    )
    assert not any(map(hosts.trusts, others))


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example:3000"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
@pytest.mark.parametrize("path", [INVOKE, "/orders"])
def test_both_sides_refuse_them_and_say_so_once(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    async def main() -> None:
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS)) as served:
            for _ in range(3):
                answer = await served.ask(httpx.post, served.url + path, headers=headers, content=b"{}")
                assert answer.status_code == 403
                assert next(iter(headers.values())) in answer.json()["message"]
            [warning] = served.heard.warnings
            assert next(iter(headers.values())) in warning
            assert (served.heard.steps, served.app.scopes) == ([], [])
            same = {"Origin": "http://localhost:5173", "Host": "orders.localhost"}
            assert (await served.ask(httpx.post, served.url + path, headers=same, content=b"{}")).status_code == 200

    asyncio.run(main())


class Cors(Echo):
    """An application one of whose routes allows an origin."""

    def admits(self, scope: Mapping[str, Any], origin: str) -> bool:
        return scope["path"] == "/open" and origin == "https://shop.example"


def test_an_origin_that_a_route_allows_passes(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS), Cors()) as served:

            async def status(path: str, **headers: str) -> int:
                answer = await served.ask(httpx.post, served.url + path, headers=headers, content=b"{}")
                return int(answer.status_code)

            assert await status("/open", Origin="https://shop.example") == 200
            assert await status("/shut", Origin="https://shop.example") == 403
            assert await status("/open", Origin="https://evil.example") == 403
            assert await status("/open", Origin="https://shop.example", Host="evil.example") == 403
            assert await status(INVOKE, Origin="https://shop.example") == 403

    asyncio.run(main())


def test_a_page_from_elsewhere_gets_no_websocket(tmp_path: Path) -> None:
    async def main() -> None:
        async with serving(manifest(tmp_path, SOURCE, FUNCTIONS)) as served:
            with pytest.raises(InvalidStatus) as caught:
                async with connect(f"ws://127.0.0.1:{served.door.port}/chat", origin="https://evil.example"):  # type: ignore[arg-type]
                    pass
            assert caught.value.response.status_code == 403

    asyncio.run(main())


def test_listening_to_the_network_is_said_loudly(tmp_path: Path) -> None:
    async def main() -> None:
        project = manifest(tmp_path, SOURCE, FUNCTIONS)
        async with serving(project, host="0.0.0.0") as served:  # noqa: S104 - what the test is about
            assert "everybody in this network" in served.heard.warnings[0]
        async with serving(project, host="localhost") as served:
            assert served.heard.warnings == []

    asyncio.run(main())
