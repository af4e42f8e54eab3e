"""From lambdacli.yaml to the model: stages, variables, defaults, env files, and what is kept between runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdacli import manifest
from lambdacli.errors import ManifestError, UsageError
from lambdacli.model import Destination, Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from lambdacli.model import Problem
    from tests.manifest.conftest import Load

HEAD = "defaults: {runtime: python3.13}\nfunctions:\n  f: {handler: a.b"
EVERYTHING = """
app: photos
region: eu-west-1
account: 123456789012
defaults: {runtime: python3.13, memory: 256, environment: {LEVEL: info, BOTH: below}, tags: {team: a}}
functions:
  thumbnail:
    handler: thumbnail.handler
    code: functions/thumbnail
    timeout: 10
    ephemeral_storage: 1024
    environment: {TARGET: "photos-${stage}-${region}", BOTH: above}
    layers: [layers/one, "arn:aws:lambda:eu-west-1:123456789012:layer:two:3"]
    description: Makes thumbnails
    architecture: arm64
    interpreter: ./venv/bin/python
    permissions: [{allow: "s3:GetObject", on: ["arn:aws:s3:::photos/*"]}]
    on_failure: {sqs: thumbnail-dlq}
    reserved_concurrency: 5
    triggers:
      - s3: photos
      - schedule: rate(5 minutes)
      - invoke:
stages:
  prod:
    region: us-east-2
    defaults: {memory: 1024, environment: {LEVEL: warning}}
    functions: {thumbnail: {timeout: 20, environment: {TARGET: prod}}}
"""


def test_everything_arrives_in_the_model(load: Load, tmp_path: Path) -> None:
    made = load(EVERYTHING)
    function = made.functions["thumbnail"]
    assert (made.app, made.region, made.account, made.stage) == ("photos", "eu-west-1", "123456789012", "dev")
    assert (function.memory, function.timeout, function.ephemeral_storage) == (256, 10, 1024)
    assert function.code == tmp_path / "functions/thumbnail"
    assert function.environment == {"LEVEL": "info", "BOTH": "above", "TARGET": "photos-dev-eu-west-1"}
    assert function.layers == (str(tmp_path / "layers/one"), "arn:aws:lambda:eu-west-1:123456789012:layer:two:3")
    assert function.interpreter == str(tmp_path / "venv/bin/python")
    assert function.permissions == (Permission(("s3:GetObject",), ("arn:aws:s3:::photos/*",)),)
    assert function.on_failure == Destination("sqs", "thumbnail-dlq")
    assert (function.architecture, function.reserved_concurrency, function.tags) == ("arm64", 5, {"team": "a"})
    assert [(trigger.kind, dict(trigger.settings), trigger.position) for trigger in function.triggers] == [
        ("s3", {"bucket": "photos"}, 0),
        ("schedule", {"expression": "rate(5 minutes)"}, 1),
        ("invoke", {}, 2),
    ]


def test_a_stage_is_laid_over(load: Load) -> None:
    made = load(EVERYTHING, stage="prod")
    function = made.functions["thumbnail"]
    assert (made.stage, made.region) == ("prod", "us-east-2")
    assert (function.memory, function.timeout) == (1024, 20)
    assert function.environment == {"LEVEL": "warning", "BOTH": "above", "TARGET": "prod"}


def test_a_stage_that_is_not_there_is_refused(load: Load) -> None:
    with pytest.raises(UsageError, match="no stage 'prd'") as caught:
        load(EVERYTHING, stage="prd")
    assert caught.value.hint == "did you mean prod?"


def test_without_stages_any_name_will_do(load: Load) -> None:
    made = load(HEAD + ', environment: {WHERE: "${stage}"}}', stage="qa")
    assert made.functions["f"].environment == {"WHERE": "qa"}


@pytest.mark.parametrize("stage", ["a b", "prod!", "../up", "a" * 65, "ä"])
def test_a_stage_that_cannot_be_in_a_name_is_refused(load: Load, stage: str) -> None:
    with pytest.raises(UsageError, match="invalid stage") as caught:
        load(HEAD + "}", stage=stage)
    assert caught.value.hint == "1 to 64 letters, digits, - and _"


@pytest.mark.parametrize(
    ("option", "written", "environ", "region"),
    [
        ("ap-south-1", "region: eu-west-1\n", {"AWS_REGION": "us-west-2"}, "ap-south-1"),
        ("", "region: eu-west-1\n", {"AWS_REGION": "us-west-2"}, "eu-west-1"),
        ("", "", {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-west-2"),
        ("", "", {"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        ("", "", {}, "us-east-1"),
        ("", 'region: "${env:R, eu-north-1}"\n', {}, "eu-north-1"),
    ],
)
def test_region(option: str, written: str, environ: dict[str, str], region: str, load: Load) -> None:
    assert load(written + HEAD + "}", region=option, environ=environ).region == region


@pytest.mark.parametrize("region", ["EU-WEST-1", "eu-west-1\n", "eu west", "../x", "a\0b", "é" * 5000])
def test_a_region_that_is_none(region: str, load: Load, problems: Callable[[str], list[Problem]]) -> None:
    (problem,) = problems(f"region: {json.dumps(region)}\n{HEAD}}}")
    assert problem.message.startswith("expected a region such as eu-west-1, found")
    with pytest.raises(UsageError, match="is no region") as caught:
        load(HEAD + "}", region=region)
    assert len(caught.value.message) < 100


@pytest.mark.parametrize("region", ["us-gov-west-1", "eusc-de-east-1", "us-isob-east-1", "ap-southeast-7"])
def test_regions_of_every_partition(region: str, load: Load) -> None:
    assert load(f"region: {region}\n{HEAD}}}").region == load(HEAD + "}", region=region).region == region


@pytest.mark.parametrize("text", ["a\0b", "\0", "a\nb", "\x1b[31m", "x\x7f", "${env:A, \0}", "a\0${stage}"])
@pytest.mark.parametrize("setting", ["handler", "code", "interpreter", "env_file", "layers"])
def test_control_characters_in_names(setting: str, text: str, problems: Callable[[str], list[Problem]]) -> None:
    value = json.dumps([text] if setting == "layers" else text)
    (problem,) = problems(f"functions: {{f: {{runtime: provided.al2023, {setting}: {value}}}}}")
    assert problem.path.startswith(f"functions.f.{setting}")
    expected = "module.function without spaces" if setting == "handler" else "a path without control characters"
    assert problem.message.startswith(f"expected {expected}, found ")
    assert problem.message.isprintable()


def test_an_environment_cannot_hold_nul(problems: Callable[[str], list[Problem]], load: Load) -> None:
    (problem,) = problems(HEAD + r', environment: {XX: "a\0"}}')
    assert "without NUL" in problem.message
    assert load(HEAD + r', environment: {XX: "a\n\e"}}').functions["f"].environment == {"XX": "a\n\x1b"}


@pytest.mark.parametrize("handler", ["${env:H, a.b}", "${stage}.b", "a.${env:H}"])
def test_a_handler_with_variables(handler: str, load: Load) -> None:
    text = f"functions: {{f: {{runtime: python3.13, handler: '{handler}'}}}}"
    assert load(text, environ={"H": "b"}).functions["f"].handler in ("b", "dev.b", "a.b")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:NAME}", "given"),
        ("${env:NAME, fallback}", "given"),
        ("${ env:NAME }", "given"),
        ("${env:OTHER, fall back}", "fall back"),
        ("${env:OTHER,}", ""),
        ("a${env:NAME}b${stage}c", "agivenbdevc"),
        ("$${env:NAME}", "${env:NAME}"),
        ("$${", "${"),
        ("$NAME {x} $$", "$NAME {x} $$"),
        ("${env:OTHER, a:b/c}", "a:b/c"),
    ],
)
def test_variables(text: str, value: str, load: Load) -> None:
    made = load(HEAD + f", environment: {{XX: '{text}'}}}}", environ={"NAME": "given"})
    assert made.functions["f"].environment == {"XX": value}
    assert made.functions["f"].unresolved == ()


def test_a_variable_without_value_is_a_problem_of_its_function_alone(load: Load) -> None:
    made = load(HEAD + ', environment: {TOKEN: "${env:TOKEN}"}}\n  g: {handler: a.b}')
    (problem,) = made.functions["f"].unresolved
    assert (problem.line, problem.column) == (3, 42)
    assert problem.path == "functions.f.environment.TOKEN"
    assert problem.message == "the environment variable TOKEN is not set"
    assert problem.hint == "set it, or give a fallback: ${env:TOKEN, value}"
    assert made.functions["g"].unresolved == ()


def test_the_place_of_a_missing_variable_is_where_it_is_written(load: Load) -> None:
    text = "defaults: {runtime: python3.13, environment: {TOKEN: '${env:TOKEN}'}}\nfunctions: {f: {handler: a.b}}"
    for _ in range(2):  # the second time from what was kept
        assert load(text).functions["f"].unresolved[0].path == "defaults.environment.TOKEN"


def test_a_variable_without_value_elsewhere_refuses_the_manifest(load: Load) -> None:
    for _ in range(2):
        with pytest.raises(ManifestError) as caught:
            load('app: "${env:APP}"\n' + HEAD + "}")
        (problem,) = caught.value.problems
        assert (problem.line, problem.column, problem.path) == (1, 6, "app")


def test_variables_that_are_none_are_refused(problems: Callable[[str], list[Problem]]) -> None:
    (problem,) = problems(HEAD + ', description: "${stge}"}')
    assert problem.message == "unknown variable ${stge}"
    assert problem.hint.startswith("did you mean stage?")
    (problem,) = problems(HEAD + ', description: "${env:A"}')
    assert problem.message == "a variable without its closing brace"


def test_env_files_in_order_below_environment(load: Load, tmp_path: Path) -> None:
    (tmp_path / "a.env").write_text("AA=1\nBB=1\nCC=1\n")
    (tmp_path / "b.env").write_text("BB=2\nCC=2\n")
    made = load(HEAD + ", env_file: [a.env, b.env], environment: {CC: 3}}")
    assert made.functions["f"].environment == {"AA": "1", "BB": "2", "CC": "3"}
    assert made.watched == (tmp_path / "a.env", tmp_path / "b.env")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, ".env does not exist"),
        ("A\n", ".env:1: expected NAME=value"),
        ("AWS_REGION=x\n", ".env: AWS_REGION is set by Lambda itself"),
    ],
)
def test_an_env_file_that_is_wrong_is_a_problem_of_its_function(
    content: str | None, message: str, load: Load, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / ".env").write_text(content)
    (problem,) = load(HEAD + ", env_file: .env}").functions["f"].unresolved
    assert (problem.message, problem.path) == (message, "functions.f.env_file")


def test_templates_folder_is_the_named_or_the_one_that_is_there(load: Load, tmp_path: Path) -> None:
    assert load(HEAD + "}").templates is None
    (tmp_path / "templates").mkdir()
    assert load(HEAD + "}").templates == tmp_path / "templates"
    assert load("templates: mine\n" + HEAD + "}").templates == tmp_path / "mine"


def test_what_a_function_needs_may_stand_in_any_layer(problems: Callable[[str], list[Problem]], load: Load) -> None:
    found = problems("functions: {f: {handler: a.b}, g: {runtime: python3.13}}")
    assert [(p.path, p.message) for p in found] == [
        ("functions.f", "runtime is missing"),
        ("functions.g", "handler is missing"),
    ]
    assert load("functions: {f: {runtime: provided.al2023}}").functions["f"].handler == ""


def test_all_mistakes_at_once_even_of_different_kinds(problems: Callable[[str], list[Problem]]) -> None:
    text = "functions:\n  f: {memory: 1}\n  g: {handler: a.b}\n  h: {runtime: python3.13, handler: x.y, code: '${no}'}"
    assert [p.path for p in problems(text)] == ["functions.f.memory", "functions.g", "functions.h.code"]


def test_an_unchanged_manifest_imports_neither_yaml_nor_jsonschema_nor_triggers(tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text(EVERYTHING)
    script = (
        "import os, sys; from pathlib import Path; from lambdacli import manifest\n"
        "made = manifest.load(Path('lambdacli.yaml'), environ={})\n"
        "print(len(made.functions), sorted({'yaml', 'jsonschema', 'lambdacli.triggers'} & set(sys.modules)))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert runs == ["1 ['jsonschema', 'lambdacli.triggers', 'yaml']\n", "1 []\n"]


def test_a_change_of_one_byte_is_seen_even_with_the_same_time_and_size(load: Load, tmp_path: Path) -> None:
    assert load(HEAD + ", memory: 128}").functions["f"].memory == 128
    before = (tmp_path / "lambdacli.yaml").stat()
    (tmp_path / "lambdacli.yaml").write_text(HEAD + ", memory: 129}")
    os.utime(tmp_path / "lambdacli.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert manifest.load(tmp_path / "lambdacli.yaml", environ={}).functions["f"].memory == 129


SECRETS = """\
# rotate hunter1 soon
defaults: {runtime: python3.13, environment: {AA: "hunter2", REGION: x}}
functions:
  f:
    handler: a.b
    environment:
      PLAIN: hunter3
      EMPTY: ''
      SHELL: ${env:SHELL_VALUE, hunter4}
      KEY: |
        -----BEGIN hunter5
        MIIEvQ hunter6 ü
stages:
  prod: {functions: {f: {environment: {PLAIN: hunter7}}}}
"""


def test_no_value_of_an_environment_is_kept(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    first = load(SECRETS, stage="prod").functions["f"].environment
    (kept,) = (tmp_path / "cache").iterdir()
    assert "hunter" not in kept.read_text()
    again = manifest.load(tmp_path / "lambdacli.yaml", stage="prod", environ={}).functions["f"].environment
    assert again == first
    assert first["KEY"] == "-----BEGIN hunter5\nMIIEvQ hunter6 ü\n"
    assert (first["AA"], first["PLAIN"], first["SHELL"], first["EMPTY"]) == ("hunter2", "hunter7", "hunter4", "")


def test_a_value_that_is_written_otherwise_than_it_reads_keeps_no_tree(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    for _ in range(2):
        made = load(HEAD + ', environment: {AA: "hunter\\x32"}}')
        assert made.functions["f"].environment["AA"] == "hunter2"
    assert not (tmp_path / "cache").exists() or list((tmp_path / "cache").iterdir()) == []


def test_a_damaged_kept_tree_is_made_again(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    load(HEAD + "}")
    kept = list((tmp_path / "cache").glob("manifest-*.json"))
    assert kept
    for path in kept:
        path.write_text('{"made_by": 1, "stamp": [], "tree": null}')
    assert load(HEAD + "}").functions["f"].handler == "a.b"
    for path in kept:
        path.write_text("[")
    assert load(HEAD + "}").functions["f"].handler == "a.b"
    load(HEAD + "}")
    for values in ("[]", "[[]]", '[[["nope"], "AA", [[0, 1]]]]', '[[["functions"], "AA", 7]]', "7"):
        for path in kept:
            entry = json.loads(path.read_text())
            path.write_text(json.dumps({**entry, "values": json.loads(values)}))
        assert manifest.load(tmp_path / "lambdacli.yaml", environ={}).functions["f"].handler == "a.b"


def test_find_goes_upward_and_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAMBDACLI_MANIFEST", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(ManifestError, match=r"no lambdacli\.yaml in") as caught:
        manifest.find(inner)
    assert "lambdacli init" in caught.value.hint
    (tmp_path / "lambdacli.yml").touch()
    assert manifest.find(inner) == tmp_path / "lambdacli.yml"
    (tmp_path / "a" / "lambdacli.yaml").touch()
    assert manifest.find(inner) == tmp_path / "a" / "lambdacli.yaml"
    assert manifest.find(inner, Path("../../lambdacli.yml")) == tmp_path / "lambdacli.yml"
    assert manifest.find(inner, tmp_path / "a") == tmp_path / "a" / "lambdacli.yaml"
    monkeypatch.setenv("LAMBDACLI_MANIFEST", str(tmp_path / "lambdacli.yml"))
    assert manifest.find(inner) == tmp_path / "lambdacli.yml"
    monkeypatch.setenv("LAMBDACLI_MANIFEST", str(tmp_path / "none.yml"))
    with pytest.raises(ManifestError, match="LAMBDACLI_MANIFEST"):
        manifest.find(inner)


def test_select(load: Load) -> None:
    one = load(HEAD + "}")
    assert manifest.select(one, None).name == "f"
    two = load("defaults: {runtime: python3.13, handler: a.b}\nfunctions: {orders: {}, mails: {}}")
    assert manifest.select(two, "mails").name == "mails"
    with pytest.raises(UsageError) as caught:
        manifest.select(two, None)
    assert caught.value.hint == "one of orders, mails"
    with pytest.raises(UsageError) as caught:
        manifest.select(two, "order")
    assert caught.value.hint == "did you mean orders?"


def test_adhoc_chooses_the_runtime_by_the_files_ending(tmp_path: Path) -> None:
    (tmp_path / "app.py").touch()
    made = manifest.adhoc("app.handler", "", tmp_path)
    (function,) = made.functions.values()
    assert function.runtime.startswith("python3.")
    assert (function.name, function.handler, function.code) == ("app", "app.handler", tmp_path)
    assert manifest.adhoc("app.handler", "python3.13", tmp_path).functions["app"].runtime == "python3.13"
    with pytest.raises(UsageError, match="no code for the handler"):
        manifest.adhoc("nothing.handler", "", tmp_path)
    with pytest.raises(UsageError, match="is no handler"):
        manifest.adhoc("app", "", tmp_path)
    with pytest.raises(UsageError, match="unknown runtime"):
        manifest.adhoc("app.handler", "python9.9", tmp_path)


@pytest.mark.parametrize("handler", ["app.\0", "a\n.b", "a b.c", f"{'a' * 5000}.handler"])
@pytest.mark.parametrize("runtime", ["", "python3.13"])
def test_adhoc_refuses_what_lambda_would(handler: str, runtime: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is no handler|a handler of 5,008 characters") as caught:
        manifest.adhoc(handler, runtime, tmp_path)
    assert len(caught.value.message) < 100
    assert caught.value.message.isprintable()


def test_adhoc_in_a_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert manifest.adhoc("app.handler", "python3.13", tmp_path).region == "eu-north-1"
    assert manifest.adhoc("app.handler", "python3.13", tmp_path, "eu-west-1").region == "eu-west-1"
    with pytest.raises(UsageError, match="is no region"):
        manifest.adhoc("app.handler", "python3.13", tmp_path, "eu west")


def test_adhoc_of_a_file_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no code for the handler"):
        manifest.adhoc(f"{'𝛌' * 100}.handler", "", tmp_path)


@pytest.mark.parametrize(
    ("text", "path", "message", "hint"),
    [
        ("[]", "", "expected a mapping, found a list", ""),
        ("hello", "", 'expected a mapping, found "hello"', ""),
        ("{}", "", "functions is missing", "functions: The functions, by name."),
        ("functions: {}", "functions", "expected at least 1 of them, found none", ""),
        ("functions:", "functions", "expected a mapping, found nothing", ""),
        ('region: "eu-west-1\\n"\nfunctions: {f: {runtime: provided.al2023}}', "region", "expected a region", ""),
        ("functions: {f: {runtime: 3.13}}", "functions.f.runtime", "3.13 is none of the valid values", "python3.13?"),
        ("functions: {f: {layers: a}}", "functions.f.layers", "expected a list", "write a list: [a]"),
        ("functions: {f: {memory: '128'}}", "functions.f.memory", "expected a whole number", "without quotes"),
        ("functions: {f: {memory: '${env:M}'}}", "functions.f.memory", "expected a whole number", "`stages`"),
    ],
)
def test_wording(text: str, path: str, message: str, hint: str, problems: Callable[[str], list[Problem]]) -> None:
    (problem,) = problems(text)
    assert problem.path == path
    assert message in problem.message
    assert hint in problem.hint


def test_the_command_lines_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    assert manifest.env_file(tmp_path / ".env") == {"A": "1"}
    for content, message in (
        (b"A", "1: expected NAME=value"),
        (b"\xff", "not UTF-8"),
        (b"#" * 2**21, "larger than 1 MiB"),
    ):
        (tmp_path / ".env").write_bytes(content)
        with pytest.raises(UsageError, match=message):
            manifest.env_file(tmp_path / ".env")
    with pytest.raises(UsageError, match="does not exist"):
        manifest.env_file(tmp_path / "none")
    with pytest.raises(UsageError, match=r"folder|cannot be read"):
        manifest.env_file(tmp_path)


def test_a_stage_cannot_add_a_function(load: Load) -> None:
    with pytest.raises(ManifestError) as raised:
        load(HEAD + "}\nstages: {prod: {functions: {g: {memory: 512}}}}\n")
    (problem,) = raised.value.problems
    assert (problem.path, problem.message) == ("stages.prod.functions.g", "no such function")


def test_a_text_where_settings_belong_is_shown_with_what_they_need(load: Load) -> None:
    with pytest.raises(ManifestError) as raised:
        load(HEAD + ", triggers: [{dynamodb: orders}]}\n")
    (problem,) = raised.value.problems
    assert problem.hint == "write {table: orders, starting_position: …}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("functions:\n  f:\n    handler: a.b\n      runtime: x\n", "is this line indented further than the one above"),
        ("functions:\n  f:\n    handler: a.b\n   runtime: x\n", "is this line indented as the lines beside it?"),
        ("functions: {f: {handler: a.b\n", "is a quote or a bracket not closed?"),
    ],
)
def test_the_usual_cause_of_a_syntax_error(load: Load, text: str, hint: str) -> None:
    with pytest.raises(ManifestError) as raised:
        load(text)
    assert raised.value.problems[0].hint.startswith(hint)
