"""Schedules as a part of `serve`: every firing once, with the event that AWS would send."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from clocks import Clock
from heard import Heard

from lambdacli import manifest as manifests
from lambdacli.local import guard
from lambdacli.local.plan import Machine
from lambdacli.serve.clock import Real
from lambdacli.serve.fleet import Call, Fleet
from lambdacli.serve.later import Queueing
from lambdacli.serve.parts import Common
from lambdacli.serve.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from lambdacli.model import Manifest

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
START = datetime(2027, 1, 31, 7, 59, tzinfo=timezone.utc)
APP = """
import json
def handler(event, context):
    print("GOT " + json.dumps(event))
    if event == "fail":
        raise ValueError(event)
"""


@dataclass
class Submitted:
    """A `Later` that remembers."""

    calls: list[tuple[str, Any, str, str]] = field(default_factory=list)

    def submit(self, function: str, call: Call, source: str, record: str = "") -> None:
        self.calls.append((function, json.loads(call.event), source, record))

    @property
    def records(self) -> list[str]:
        return [record for _, _, _, record in self.calls]


@dataclass
class Scene:
    """The part and all around it."""

    schedules: Schedules
    fleet: Fleet
    later: Submitted
    heard: Heard

    async def change(self, manifest: Manifest) -> None:
        self.fleet.manifest = manifest
        await self.schedules.change(manifest)


def written(folder: Path, **functions: list[Any]) -> Manifest:
    (folder / "app.py").write_text(APP)
    whole = {
        "app": "shop",
        "region": "eu-west-1",
        "defaults": {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py", "timeout": 20},
        "functions": {
            name: {"triggers": [{"schedule": each} for each in schedules]} for name, schedules in functions.items()
        },
    }
    path = folder / "lambdacli.yaml"
    path.write_text(json.dumps(whole))
    return manifests.load(path, environ={})


@asynccontextmanager
async def fleet_of(manifest: Manifest, heard: Heard) -> AsyncIterator[Fleet]:
    guard.current()
    fleet = Fleet(manifest, lambda function: Machine({}, {}, function.timeout), heard, 4)
    await fleet.start()
    try:
        yield fleet
    finally:
        await fleet.close()


def played(manifest: Manifest, clock: Clock | Real, play: Callable[[Scene], Awaitable[None]]) -> Scene:
    """What has happened once a play is over."""

    async def main() -> Scene:
        heard, later = Heard(), Submitted()
        async with fleet_of(manifest, heard) as fleet:
            scene = Scene(Schedules(Common(fleet, later, clock, heard)), fleet, later, heard)
            await scene.schedules.start()
            await play(scene)
            await scene.schedules.stop()
        return scene

    return asyncio.run(main())


def until(clock: Clock, moment: str) -> Callable[[Scene], Awaitable[None]]:
    async def play(_: Scene) -> None:
        await clock.reach(datetime.fromisoformat(moment).replace(tzinfo=timezone.utc))

    return play


def test_a_rule_sends_the_event_of_aws_with_the_time_that_was_due(tmp_path: Path) -> None:
    clock = Clock(START)
    manifest = written(tmp_path, report=[{"expression": "cron(0 8 * * ? *)", "name": "daily"}])
    scene = played(manifest, clock, until(clock, "2027-02-01T08:00"))
    (function, event, source, record), (_, other, _, _) = scene.later.calls
    assert (function, source, record) == ("report", "schedule cron(0 8 * * ? *)", "2027-01-31T08:00:00Z")
    assert {key: value for key, value in event.items() if key != "id"} == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2027-01-31T08:00:00Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:events:eu-west-1:123456789012:rule/daily"],
        "detail": {},
    }
    assert other["time"] == "2027-02-01T08:00:00Z"
    assert other["id"] != event["id"]
    assert [(each.what, each.records) for each in scene.heard.steps] == [
        ("received", ("2027-01-31T08:00:00Z",)),
        ("received", ("2027-02-01T08:00:00Z",)),
    ]


def test_a_schedule_of_the_scheduler_fills_its_words_into_the_input(tmp_path: Path) -> None:
    clock = Clock(START)
    words = {"at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>", "n": [1]}
    given = {"expression": "at(2027-01-31T09:30:00)", "timezone": "Europe/Berlin", "name": "once", "input": words}
    plain = {"expression": "cron(0 10 * * ? *)", "timezone": "Europe/Berlin"}
    scene = played(written(tmp_path, a=[given, plain]), clock, until(clock, "2027-01-31T09:00"))
    (_, once, _, _), (_, event, _, record) = scene.later.calls
    assert once == {"at": "2027-01-31T08:30:00Z", "id": once["id"], "n": [1]}
    assert len(once["id"]) == 16
    assert (event["source"], event["time"], record) == ("aws.scheduler", "2027-01-31T09:00:00Z", "2027-01-31T09:00:00Z")


def test_a_rule_sends_its_constant_input_as_it_is(tmp_path: Path) -> None:
    clock = Clock(START)
    given = {"expression": "rate(1 minute)", "input": {"job": "<aws.scheduler.scheduled-time>"}}
    scene = played(written(tmp_path, a=[given]), clock, until(clock, "2027-01-31T08:00"))
    assert [event for _, event, _, _ in scene.later.calls] == [{"job": "<aws.scheduler.scheduled-time>"}]


def test_the_next_firings_are_told_in_the_zone_of_the_schedule(tmp_path: Path) -> None:
    berlin = {"expression": "cron(30 2 ? * SUN *)", "timezone": "Europe/Berlin"}
    once = "schedule at(2027-06-01T08:00:30)"
    late = {"expression": "at(2027-06-01T08:00:30)", "timezone": "America/New_York", "flexible_time_window": 15}

    async def nothing(_: Scene) -> None:
        pass

    manifest = written(
        tmp_path, a=["rate(30 minutes)", berlin], b=[late, {"expression": "rate(1 day)", "enabled": False}]
    )
    scene = played(manifest, Clock(datetime(2027, 3, 20, 23, 15, tzinfo=timezone.utc)), nothing)
    assert scene.heard.notes == [
        "schedule rate(30 minutes) of a: next 2027-03-20 23:45, 2027-03-21 00:15, 00:45 (UTC)",
        # on the 28th the clocks skip it
        "schedule cron(30 2 ? * SUN *) of a: next 2027-03-21 02:30, 2027-04-04 02:30, 2027-04-11 02:30 (Europe/Berlin)",
        f"{once} of b: next 2027-06-01 08:00:30 (America/New_York), within 15 minutes, then no more",
    ]


def test_what_is_over_or_can_never_be_is_a_warning_and_all_else_goes_on(tmp_path: Path) -> None:
    clock = Clock(START)
    ended = {"expression": "rate(1 hour)", "end_date": "2027-01-01T00:00:00Z"}
    manifest = written(
        tmp_path,
        a=["cron(0 0 31 2 ? *)", "cron(0 0 * * ? 2025)", "at(2026-01-01T00:00:00)", ended, "cron(0 8 * * ? *)"],
    )
    scene = played(manifest, clock, until(clock, "2027-01-31T08:00"))
    assert scene.heard.warnings == [
        "schedule cron(0 0 31 2 ? *) of a never fires (no date is like that)",
        "schedule cron(0 0 * * ? 2025) of a is over (it is 2027-01-31 07:59 (UTC))",
        "schedule at(2026-01-01T00:00:00) of a is over (it is 2027-01-31 07:59 (UTC))",
        "schedule rate(1 hour) of a is over (it is 2027-01-31 07:59 (UTC))",
    ]
    assert scene.later.records == ["2027-01-31T08:00:00Z"]


def test_the_last_firing_is_told(tmp_path: Path) -> None:
    clock = Clock(START)
    once = {"expression": "at(2027-01-31T08:00:00)", "action_after_completion": "DELETE"}
    few = {"expression": "cron(0 * * * ? *)", "service": "scheduler", "start_date": "2027-01-31T09:00:00Z"}
    few["end_date"] = "2027-01-31T11:30:00Z"
    scene = played(written(tmp_path, a=[once, few]), clock, until(clock, "2027-02-02T00:00"))
    assert scene.later.records == [f"2027-01-31T{hour}:00:00Z" for hour in ("08", "09", "10", "11")]
    assert scene.heard.notes[2:] == [
        "schedule at(2027-01-31T08:00:00) of a is over, and deleted on AWS",
        "schedule cron(0 * * * ? *) of a is over",
    ]


def test_firings_of_all_schedules_come_in_the_order_of_their_moments(tmp_path: Path) -> None:
    clock = Clock(START)
    scene = played(
        written(tmp_path, a=["rate(7 minutes)", "cron(0/5 * * * ? *)"], b=["rate(3 minutes)"]),
        clock,
        until(clock, "2027-01-31T12:00"),
    )
    assert scene.later.records == sorted(scene.later.records)
    assert len(scene.later.records) == 241 // 7 + 49 + 241 // 3


def test_invocations_happen_within_the_flexible_window(tmp_path: Path) -> None:
    clock, seen = Clock(START), []
    given = {"expression": "cron(0/10 * * * ? *)", "flexible_time_window": 15}

    async def play(scene: Scene) -> None:
        for _ in range(24 * 60):
            known = len(scene.later.calls)
            await clock.passes(60)
            seen.extend((clock.now(), record) for record in scene.later.records[known:])

    scene = played(written(tmp_path, a=[given]), clock, play)
    late = [at - datetime.fromisoformat(record.replace("Z", "+00:00")) for at, record in seen]
    assert len(seen) >= 24 * 6 - 2
    assert scene.later.records == sorted(scene.later.records)
    assert all(timedelta(0) <= each <= timedelta(minutes=16) for each in late)
    assert len(set(late)) > 5


def test_a_change_leaves_the_rhythm_of_what_stays_and_follows_the_rest(tmp_path: Path) -> None:
    clock = Clock(START)
    kept = {"expression": "rate(1 hour)", "input": 1}

    async def play(scene: Scene) -> None:
        await clock.passes(90 * 60)
        changed = written(tmp_path, a=["rate(30 minutes)", {**kept, "input": 2}], b=["rate(20 minutes)"])
        await scene.change(changed)
        scene.later.calls.clear()
        await clock.passes(60 * 60)

    manifest = written(tmp_path, a=[kept, "rate(45 minutes)"], c=["rate(1 minute)"])
    scene = played(manifest, clock, play)
    assert [(function, record[11:16]) for function, _, _, record in scene.later.calls] == [
        ("b", "09:49"),
        ("a", "09:59"),  # as before
        ("a", "09:59"),
        ("b", "10:09"),
        ("a", "10:29"),
        ("b", "10:29"),
    ]
    assert [event for _, event, source, _ in scene.later.calls if source == "schedule rate(1 hour)"] == [2]
    assert [each.split(":")[0] for each in scene.heard.notes[3:]] == [
        "schedule rate(30 minutes) of a",
        "schedule rate(20 minutes) of b",
    ]


def test_nothing_fires_after_a_pause(tmp_path: Path) -> None:
    clock = Clock(START)

    async def play(scene: Scene) -> None:
        await scene.schedules.pause()
        await clock.passes(3600)
        assert clock.waiting == []

    assert played(written(tmp_path, a=["rate(1 minute)"]), clock, play).later.calls == []


def test_a_template_that_is_wrong_is_told_and_the_others_fire(tmp_path: Path) -> None:
    (tmp_path / "templates" / "eventbridge").mkdir(parents=True)
    (tmp_path / "templates" / "eventbridge" / "eventbridge-schedule.json").write_text("{")
    clock = Clock(START)
    manifest = written(tmp_path, a=["rate(1 minute)", {"expression": "rate(1 minute)", "input": "fine"}])
    scene = played(manifest, clock, until(clock, "2027-01-31T08:01"))
    assert [event for _, event, _, _ in scene.later.calls] == ["fine", "fine"]
    assert len(scene.heard.troubles) == 2


def test_a_time_zone_that_this_machine_does_not_know_is_told_and_the_others_fire(tmp_path: Path) -> None:
    clock = Clock(START)
    manifest = written(tmp_path, a=[{"expression": "rate(1 minute)", "timezone": "Europe/Berlin"}, "rate(1 minute)"])
    function = manifest.functions["a"]
    lost = function.triggers[0]._replace(settings={**function.triggers[0].settings, "timezone": "Europe/Atlantis"})
    manifest = manifest._replace(functions={"a": function._replace(triggers=(lost, function.triggers[1]))})
    scene = played(manifest, clock, until(clock, "2027-01-31T08:01"))
    (trouble,) = scene.heard.troubles
    expected = "schedule rate(1 minute) of a: this machine has no data of time zone Europe/Atlantis"
    assert (trouble.message, trouble.hint, trouble.exit_code) == (expected, "pip install tzdata", 3)
    assert len(scene.later.calls) == 2


def test_a_fast_clock_skips_nothing(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        await scene.heard.until(lambda heard: len(heard.steps) >= 24 * 60 + 24 * 4)

    clock = Real(86_400 * 2, START)  # a day in half a second
    scene = played(written(tmp_path, a=["cron(* * * * ? *)"], b=["cron(0/15 * * * ? *)"]), clock, play)
    minutes = [record for function, _, _, record in scene.later.calls if function == "a"]
    day = [f"{START + timedelta(minutes=each):%Y-%m-%dT%H:%M:%SZ}" for each in range(len(minutes))]
    assert minutes == day
    assert scene.later.records == sorted(scene.later.records)


def test_a_day_of_a_real_function(tmp_path: Path) -> None:
    """From eight in the morning to half past eight of the next day; what fails is tried again."""
    clock, heard = Clock(START), Heard()
    berlin = {"expression": "cron(0 9 ? * MON-FRI *)", "timezone": "Europe/Berlin", "input": {"weekday": True}}
    manifest = written(
        tmp_path,
        hourly=["cron(0 * * * ? *)"],
        report=[berlin, "cron(30 18 L * ? *)"],
        broken=[{"expression": "at(2027-01-31T12:00:00)", "input": "fail"}],
    )

    async def main() -> None:
        async with fleet_of(manifest, heard) as fleet:
            later = Queueing(fleet, clock, heard)
            schedules = Schedules(Common(fleet, later, clock, heard))
            await schedules.start()
            for _ in range(24 * 2 + 1):
                await clock.passes(1800)
                await heard.until(lambda heard: len(heard.of("batched")) == len(heard.of("succeeded", "failed")))
            await heard.until(lambda heard: bool(heard.of("discarded")))
            await schedules.stop()
            await later.stop()

    asyncio.run(main())
    lines = b"".join(chunk for _, chunk in heard.logs).decode().splitlines()
    got = [json.loads(line[4:]) for line in lines if line.startswith("GOT ")]
    hours = [START + timedelta(minutes=1, hours=each) for each in range(25)]
    monthly = datetime(2027, 1, 31, 18, 30, tzinfo=timezone.utc)
    expected = [each.strftime("%Y-%m-%dT%H:%M:%SZ") for each in sorted([*hours, monthly])]
    assert [event["time"] for event in got if isinstance(event, dict) and "time" in event] == expected
    assert got.count({"weekday": True}) == 1  # not on Sunday
    assert got.count("fail") == 3
    assert len(heard.of("succeeded")) == 27
    assert heard.troubles == []
