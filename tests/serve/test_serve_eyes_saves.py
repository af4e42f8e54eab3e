"""Saves that a real serve follows besides code and manifest; options that make no sense."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from serving import Serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import CommandLine

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_env_file_of_the_command_line_is_followed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\ndef handler(event, context):\n    return os.environ['KIND']\n")
    function = {"runtime": RUNTIME, "handler": "app.handler", "code": "app.py"}
    (tmp_path / "lambdacli.yaml").write_text(json.dumps({"app": "shop", "functions": {"main": function}}))
    values = tmp_path / "mine.env"
    values.write_text("KIND=first\n")
    with Serving(tmp_path, "--sources", "none", "--env-file", "mine.env") as served:
        assert served.invoke("main") == "first"
        values.write_text("KIND=second\n")
        served.wait_for("mine.env saved: main reloaded")
        assert served.invoke("main") == "second"
        values.write_text("KIND\n")
        served.wait_for("error:")
        assert served.invoke("main") == "second"


@pytest.mark.parametrize(("option", "value"), [("--grace", "nan"), ("--grace", "inf"), ("--host", "")])
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, lambdacli: CommandLine, option: str, value: str
) -> None:
    (tmp_path / "lambdacli.yaml").write_text(
        json.dumps({"functions": {"main": {"runtime": RUNTIME, "handler": "a.b"}}})
    )
    done = lambdacli("serve", "--sources", "none", "--port", "0", option, value, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {option} ")
