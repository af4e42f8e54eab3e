"""`lambdacli validate` as people and pipes see it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import CommandLine

GOLDEN = Path(__file__).parent.parent / "golden" / "manifest"
VALID = "functions:\n  hello:\n    handler: app.handler\n    runtime: python3.13\n    triggers: [{s3: photos}]\n"


def project(folder: Path, text: str = VALID) -> None:
    (folder / "app.py").write_text("import this_is_not_installed\ndef handler(event, context):\n    return event\n")
    (folder / "lambdacli.yaml").write_text(text)


def test_every_mistake_with_its_place_and_the_way_out(lambdacli: CommandLine, tmp_path: Path) -> None:
    shutil.copy(GOLDEN / "broken.yaml", tmp_path / "lambdacli.yaml")
    done = lambdacli("validate")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (GOLDEN / "broken.txt").read_text(encoding="utf-8")


def test_a_valid_manifest_is_one_line_on_stderr(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path)
    for _ in range(2):
        done = lambdacli("validate")
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "lambdacli.yaml: 1 function, 1 trigger: valid\n"


def test_the_users_code_is_never_run(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "app.py").write_text("open('ran', 'w')\ndef handler(event, context): ...\n")
    assert lambdacli("validate").returncode == 0
    assert not (tmp_path / "ran").exists()


def test_from_a_folder_below(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    done = lambdacli("validate", cwd=tmp_path / "a" / "b")
    assert done.stderr == "../../lambdacli.yaml: 1 function, 1 trigger: valid\n"


def test_errors_of_the_disk_end_with_2_and_warnings_with_0(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path, VALID.replace("app.handler", "app.nobody"))
    done = lambdacli("validate")
    assert done.returncode == 2
    assert done.stderr.startswith("error: lambdacli.yaml:3:14: functions.hello.handler: ")
    assert done.stderr.endswith("error: 1 problem in lambdacli.yaml\n")
    project(tmp_path, VALID + "    environment: {TOKEN: '${env:TOKEN}'}\n")
    done = lambdacli("validate")
    assert done.returncode == 0
    assert done.stderr == (
        "warning: lambdacli.yaml:6:26: functions.hello.environment.TOKEN: the environment variable TOKEN is not set\n"
        "hint: set it, or give a fallback: ${env:TOKEN, value}\n"
        "lambdacli.yaml: 1 function, 1 trigger: valid\n"
    )
    assert lambdacli("validate", env={"TOKEN": "x"}).stderr.count("\n") == 1


def test_json_for_machines(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path)
    done = lambdacli("validate", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "manifest": str(tmp_path / "lambdacli.yaml"),
        "valid": True,
        "problems": [],
        "functions": ["hello"],
    }
    project(tmp_path, VALID.replace("handler:", "handlr:"))
    done = lambdacli("validate", "--json")
    assert (done.returncode, done.stderr) == (2, "")
    found = json.loads(done.stdout)
    assert found["valid"] is False
    assert found["problems"][0] == {
        "file": "lambdacli.yaml",
        "line": 3,
        "column": 5,
        "path": "functions.hello.handlr",
        "message": "unknown key handlr",
        "hint": "did you mean handler?",
        "severity": "error",
    }


def test_own_event_templates(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path)
    folder = tmp_path / "templates"
    (folder / "shop").mkdir(parents=True)
    good = {"name": "shop-order", "summary": "An order", "event": {"id": "${uuid}"}}
    (folder / "shop" / "shop-order.json").write_text(json.dumps(good))
    assert lambdacli("validate").stderr == "lambdacli.yaml: 1 function, 1 trigger: valid\n"
    (folder / "cut.json").write_text('{\n "name": ')
    (folder / "other.json").write_text(json.dumps({**good, "name": "another"}))
    (folder / "shop" / "shop-lost.json").write_text(json.dumps({**good, "name": "shop-lost", "event": "${usr|md5}"}))
    packed = {**good, "name": "shop-packed", "event": {"a": "${region|gzip}"}}
    (folder / "shop" / "shop-packed.json").write_text(json.dumps(packed))
    typed = {**good, "name": "shop-typed", "params": {"x": {"type": ["str", "null"]}}}
    (folder / "shop" / "shop-typed.json").write_text(json.dumps(typed))
    done = lambdacli("validate")
    assert (done.returncode, done.stdout) == (2, "")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert errors[0].startswith("error: templates/cut.json:2:")
    assert errors[0].endswith("the template is no JSON: it ends too early")
    assert errors[1].startswith("error: templates/other.json:1:1: template other, $.name: expected 'other'")
    assert errors[2].startswith("error: templates/shop/shop-lost.json:1:1: template shop-lost, $.event: ")
    assert errors[3].startswith("error: templates/shop/shop-packed.json:1:1: the event, $.a: bytes")
    assert errors[4].startswith("error: templates/shop/shop-typed.json:1:1: template shop-typed, $.params.x.type: ")
    assert errors[5] == "error: 5 problems in templates"
    found = json.loads(lambdacli("validate", "--json").stdout)
    assert (found["valid"], [each["file"] for each in found["problems"]]) == (
        False, ["templates/cut.json", "templates/other.json", "templates/shop/shop-lost.json",
                "templates/shop/shop-packed.json", "templates/shop/shop-typed.json"],
    )  # fmt: skip


def test_no_manifest(lambdacli: CommandLine) -> None:
    done = lambdacli("validate")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no lambdacli.yaml in ")
    assert "hint: `lambdacli init`" in done.stderr
    done = lambdacli("validate", "-m", "other.yaml")
    assert done.stderr.startswith("error: no manifest at other.yaml\n")
    assert lambdacli("validate", "-m", ".").returncode == 2


def test_stage_and_region(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path, VALID + "stages: {prod: {}}\n")
    assert lambdacli("validate", "--stage", "prod", "--region", "eu-west-1").returncode == 0
    done = lambdacli("validate", "--stage", "pord")
    assert (done.returncode, done.stderr) == (2, "error: no stage 'pord'\nhint: did you mean prod?\n")


def test_without_a_stage_every_stage_is_checked(lambdacli: CommandLine, tmp_path: Path) -> None:
    project(tmp_path, VALID + "stages:\n  prod: {functions: {hello: {code: nowhere}}}\n  test: {}\n")
    done = lambdacli("validate")
    assert done.returncode == 2
    assert done.stderr == (
        "error: lambdacli.yaml:7:36: stages.prod.functions.hello.code: nowhere does not exist\n"
        "error: 1 problem in lambdacli.yaml\n"
    )
    assert lambdacli("validate", "--stage", "test").returncode == 0
