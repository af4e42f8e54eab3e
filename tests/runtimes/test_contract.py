"""What every language's file keeps to."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from lambdacli import runtimes
from lambdacli.errors import UsageError
from lambdacli.model import Function


def test_languages_are_the_files() -> None:
    assert set(runtimes.languages()) == {"nodejs", "provided", "python"}


@pytest.mark.parametrize("language", runtimes.languages())
def test_language(language: str, tmp_path: Path) -> None:
    runtime = runtimes.load(language)
    assert runtime.language == language
    assert runtime.identifiers
    assert not set(runtime.identifiers) & set(runtime.deprecated)
    for identifier in (*runtime.identifiers, *runtime.deprecated):
        assert identifier.startswith(language)
        assert runtimes.of(identifier) is runtime
        assert identifier in runtimes.identifiers()
    for day in runtime.deprecated.values():
        assert date.fromisoformat(day)
    function = Function(name="f", handler="app.handler", runtime=runtime.identifiers[-1], code=tmp_path)
    problem = runtime.handler_problem(function)
    assert problem
    assert "\n" not in problem
    launch = runtime.launch(runtimes.Interpreter("/x/interpreter", "3.13.0"), function, tmp_path)
    assert launch.argv[0]


def test_identifiers_are_sorted_out() -> None:
    every = runtimes.identifiers()
    assert len(every) == len(set(every))
    assert {"python3.13", "python3.8", "nodejs22.x", "provided.al2023", "provided"} <= set(every)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("python3.15", "python3.1"), ("python", "python3"), ("nodejs22", "nodejs22.x"), ("cobol", "one of")],
)
def test_unknown(wrong: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        runtimes.of(wrong)
    assert hint in caught.value.hint


def test_only_the_language_asked_for_is_imported() -> None:
    code = (
        "import sys; from lambdacli import runtimes; runtimes.of('python3.13');"
        "print([m for m in ('lambdacli.runtimes.nodejs', 'subprocess', 'json') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(runtimes.__file__).parents[2])  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_layers_of_python(tmp_path: Path) -> None:
    (tmp_path / "layer/python/lib/python3.12/site-packages").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    layers = (str(tmp_path / "layer"), str(tmp_path / "empty"), "arn:aws:lambda:eu-west-1:1:layer:x:1")
    function = Function(name="f", handler="a.b", runtime="python3.12", code=tmp_path, layers=layers)
    launch = runtimes.of("python3.12").launch(runtimes.Interpreter("/p", "3.12.1"), function, tmp_path)
    site = f"{tmp_path}/layer/python/lib/python3.12/site-packages"
    assert launch.environment["PYTHONPATH"] == f"{site}:{tmp_path}/layer/python"
    assert launch.spare


def test_layers_of_node(tmp_path: Path) -> None:
    (tmp_path / "layer/nodejs/node_modules").mkdir(parents=True)
    (tmp_path / "layer/nodejs/node22/node_modules").mkdir(parents=True)
    function = Function(name="f", handler="a.b", runtime="nodejs22.x", code=tmp_path, layers=(f"{tmp_path}/layer",))
    launch = runtimes.of("nodejs22.x").launch(runtimes.Interpreter("/n", "22.1.0"), function, tmp_path)
    top = f"{tmp_path}/layer/nodejs"
    assert launch.environment["NODE_PATH"] == f"{top}/node22/node_modules:{top}/node_modules"
