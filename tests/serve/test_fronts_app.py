"""One port for everything: who answers, by host name and by path; and changes of the manifest."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from fronted import project, run

from lambdacli.triggers import kinds, load

if TYPE_CHECKING:
    from pathlib import Path

    from fronted import Fronted

LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/front/0123456789abcdef/0123456789abcdef"
MIXED: dict[str, Any] = {
    "fail-http": [{"http": "GET /both"}, {"http": {"route": "GET /named", "api": "Second API"}}],
    "fail-rest": [{"rest": "GET /both"}, {"rest": "GET /rest"}],
    "fail-alb": [{"alb": {"listener": LISTENER}}],
    "fail-url": [{"url": {"auth_type": "NONE"}}],
}


def test_who_answers_by_host_and_by_path(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        async def who(path: str, host: str = "") -> str:
            await here.ask("GET", path, host=host)
            return here.heard.steps[-1].function

        assert await who("/both") == "fail-http"
        assert await who("/named") == "fail-http"
        assert await who("/rest") == "fail-rest"
        assert await who("/dev/both") == "fail-rest"
        assert await who("/else") == "fail-alb"
        assert await who("/both", "alb") == "fail-alb"
        assert await who("/both", "front.alb") == "fail-alb"
        assert await who("/both", "fail-url.lambda-url") == "fail-url"
        assert await who("/named", "second-api.execute-api") == "fail-http"
        assert await who("/both", "second-api.execute-api") == ""
        addresses = dict(here.app.addresses(here.door.port))
        rest = addresses["REST API"]
        assert await who("/both", rest.removeprefix("http://").partition(".localhost")[0]) == "fail-rest"
        assert addresses["HTTP API"] == f"http://127.0.0.1:{here.door.port}"
        assert addresses["function URL of fail-url"] == f"http://fail-url.lambda-url.localhost:{here.door.port}"
        foreign = await here.client.get("/both", headers={"host": "example.com"})
        assert foreign.status_code == 403

    run(project(tmp_path, MIXED), test)


def test_a_manifest_without_fronts_answers_404(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        assert (await here.ask("GET", "/")).status_code == 404
        assert here.app.addresses() == []

    run(project(tmp_path, {"tell": []}), test)


def test_new_routes_are_there_and_no_request_is_lost(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        slow = asyncio.create_task(here.ask("GET", "/slow"))
        while not here.fleet.running:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        changed = project(tmp_path, {"slow": [{"http": "GET /slower"}], "tell": [{"rest": "GET /new"}]})
        here.fleet.change(changed)
        await here.app.change(changed)
        assert (await here.ask("GET", "/dev/new")).status_code == 200
        assert (await here.ask("GET", "/slow")).status_code == 404
        assert (await slow).text == "at last"
        assert (await here.ask("GET", "/slower")).text == "at last"

    run(project(tmp_path, {"slow": [{"http": "GET /slow"}]}), test)


def test_cors_that_contradicts_itself_is_told_and_left_out(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        assert "CORS is on in one trigger and off in another" in here.heard.troubles[0].message
        assert (await here.ask("GET", "/a")).status_code == 200

    triggers = [{"http": {"route": "GET /a", "cors": True}}, {"http": {"route": "GET /b", "cors": False}}]
    run(project(tmp_path, {"tell": triggers}), test)


def test_a_route_that_is_there_twice_is_told(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        (warning,) = here.heard.warnings
        assert warning.startswith("functions.tell.triggers[0].http.route: GET /a is a route of fail already")
        assert (await here.ask("GET", "/a")).status_code == 500

    run(project(tmp_path, {"fail": [{"http": "GET /a"}], "tell": [{"http": "GET /a"}]}), test)


def test_an_api_under_a_domain_of_its_own(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        assert (await here.event("GET", "/a", host="api.example.com"))["requestContext"]["http"]["path"] == "/a"

    triggers = {"tell": [{"http": {"route": "GET /a", "api": "second", "domain": "api.example.com"}}]}
    run(project(tmp_path, {**triggers, "fail": [{"http": "GET /a"}]}), test)


@pytest.mark.parametrize("kind", [each for each in kinds() if load(each).delivery == "http"])
def test_every_kind_that_answers_requests_has_a_front(kind: str) -> None:
    assert callable(import_module(f"lambdacli.serve.fronts.{kind}").sites)


def test_a_path_cannot_write_lines_of_its_own(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        await here.ask("GET", "/a%0Ab%1B[31m")
        assert here.heard.steps[-1].source == "GET /a%0Ab%1B[31m"

    run(project(tmp_path, {"tell": [{"http": "ANY /{proxy+}"}]}), test)


def test_many_at_once(tmp_path: Path) -> None:
    async def test(here: Fronted) -> None:
        await here.ask("GET", "/")
        answers = await asyncio.gather(*(here.ask("GET", f"/?n={n}") for n in range(60)))
        assert [each.json()["event"]["rawQueryString"] for each in answers] == [f"n={n}" for n in range(60)]

    run(project(tmp_path, {"tell": [{"http": "GET /"}]}), test)
