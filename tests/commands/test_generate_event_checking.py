"""`lambdacli generate-event --from FILE` and `--schema`: the real command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema

from lambdacli import events

if TYPE_CHECKING:
    from tests.conftest import CommandLine

FITTING = events.dumps(events.render(events.load("s3-put"), {}))
DEPARTING = FITTING.replace('"size": 1024', '"size": "1024"').replace('"key"', '"kye"')


def test_says_which_event_a_file_holds(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "event.json").write_text(FITTING)
    done = lambdacli("generate-event", "--from", "event.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("event.json: s3-put — S3 notification: object created by PUT")
    assert done.stdout.count("\n") == 1


def test_says_where_it_departs_from_its_shape(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "--from", "-", stdin=DEPARTING)
    assert done.returncode == 2
    assert done.stdout.splitlines()[1:] == [
        '$.Records[0].s3.object.size: expected an integer, not "1024"',
        '$.Records[0].s3.object: the key "key" is missing',
        "note: $.Records[0].s3.object.kye: unknown key; did you mean key?",
    ]
    assert done.stderr == "error: stdin departs from s3-put in 2 places\n"


def test_notes_do_not_fail(lambdacli: CommandLine) -> None:
    event = json.loads(FITTING)
    event["Records"][0]["brandNew"] = 1
    done = lambdacli("generate-event", "s3-put", "--from", "-", stdin=json.dumps(event))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["note: $.Records[0].brandNew: unknown key"]


def test_holds_an_event_against_the_one_that_is_named(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "s3-post", "--from", "-", stdin=FITTING)
    assert done.returncode == 2
    assert done.stdout.splitlines() == [
        "stdin: s3-post — S3 notification: object created by a POST form",
        '$.Records[0].eventName: expected "ObjectCreated:Post", not "ObjectCreated:Put"',
    ]
    assert done.stderr == "error: stdin departs from s3-post in 1 place\n"


def test_one_object_for_machines(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "--from", "-", "--json", stdin=DEPARTING)
    assert (done.returncode, done.stderr) == (2, "")
    found = json.loads(done.stdout)
    assert (found["file"], found["name"], found["fits"], found["near"]) == ("stdin", "s3-put", False, True)
    assert found["departures"][0] == {
        "path": "$.Records[0].s3.object.size",
        "message": 'expected an integer, not "1024"',
        "hint": "",
        "note": False,
        "more": 0,
    }
    assert lambdacli("generate-event", "s3-put", "--from", "-", "--json", stdin=FITTING).returncode == 0


def test_what_is_no_event(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "--from", "-", stdin="5")
    assert (done.returncode, done.stdout) == (2, "stdin: no event of the catalogue\n")
    assert done.stderr.startswith("error: stdin is no event of the catalogue\n")
    for text, said in (("{", "stdin:1:2: the event is no JSON"), ("", "stdin: the event is empty")):
        done = lambdacli("generate-event", "--from", "-", stdin=text)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"error: {said}")
    done = lambdacli("generate-event", "--from", "missing.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing.json" in done.stderr


def test_several_files_one_after_another(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "a.json").write_text(FITTING)
    (lambdacli.folder / "b.json").write_text(DEPARTING)
    (lambdacli.folder / "c.json").write_text("{")
    for line in (["--from", "a.json", "b.json", "c.json"], ["--from", "a.json", "--from=b.json", "--from", "c.json"]):
        done = lambdacli("generate-event", *line)
        assert (done.returncode, done.stderr) == (2, "error: 2 of 3 files hold no event as it should be\n")
        assert [each[0] for each in done.stdout.splitlines() if each[1:7] == ".json:"] == [*"abc"]
        found = json.loads(lambdacli("generate-event", *line, "--json").stdout)
        assert [(each["file"], each["fits"]) for each in found] == [
            ("a.json", True), ("b.json", False), ("c.json", False),
        ]  # fmt: skip
        assert found[2]["error"].startswith("c.json:1:2: the event is no JSON")
    done = lambdacli("generate-event", "--from", "a.json", "a.json")
    assert (done.returncode, done.stderr) == (0, "")


def test_several_files_held_against_one_event(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "a.json").write_text(FITTING)
    for line in (["s3-put", "--from", "a.json", "a.json"], ["s3", "put", "--from", "a.json", "--from", "a.json"]):
        done = lambdacli("generate-event", *line)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("a.json: s3-put — ") == 2


def test_an_own_template_that_is_broken_is_told(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "lambdacli.yaml").write_text("functions: {}\n")
    (lambdacli.folder / "templates").mkdir()
    (lambdacli.folder / "templates" / "order-lost.json").write_text("{")
    done = lambdacli("generate-event", "--from", "-", stdin=FITTING)
    assert (done.returncode, done.stdout.startswith("stdin: s3-put — ")) == (0, True)
    assert "order-lost.json:1:2: the template is no JSON" in done.stderr


def test_json_on_the_command_line(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "--from", '{"Records": [{"Sns": {"Message": "x"}}]}')
    assert done.returncode == 2
    assert done.stdout.startswith("event: no event of the catalogue; the nearest is sns-notification — ")


def test_prints_the_schema_of_an_event(lambdacli: CommandLine) -> None:
    done = lambdacli("generate-event", "s3-put", "--schema")
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(json.loads(FITTING), json.loads(done.stdout))
    compact = lambdacli("generate-event", "s3-put", "--schema", "--compact").stdout
    assert compact.count("\n") == 1
    assert json.loads(compact) == json.loads(done.stdout)


def test_own_events_are_known(lambdacli: CommandLine) -> None:
    (lambdacli.folder / "lambdacli.yaml").write_text("functions: {}\n")
    (lambdacli.folder / "templates").mkdir()
    own = {"name": "order-placed", "summary": "An order", "event": {"shop": "mine", "order": "${'1'}"}}
    (lambdacli.folder / "templates" / "order-placed.json").write_text(json.dumps(own))
    done = lambdacli("generate-event", "--from", "-", stdin='{"shop": "mine", "order": "7"}')
    assert (done.returncode, done.stdout) == (0, "stdin: order-placed — An order\n")
