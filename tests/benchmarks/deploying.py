"""`lambdacli deploy` beside `chalice deploy` and a bare boto3 loop, all against the same emulator of AWS.

The emulator answers in a millisecond or two, AWS in fifty: what waits for answers one after another looks better here
than it is. The number of calls is what counts on AWS.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cold import PYTHON, fresh_cache
from harness import FLOORS, Budget, Command, WrongOutputError, in_turns, lambdacli, paired, samples, say, show, table

if TYPE_CHECKING:
    from harness import Setting

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

_SIZES, _QUICK_SIZES = (1, 10, 100), (1, 10)  # functions
_MOST_OF_CHALICE = 1  # functions: it waits five seconds for each, one after another
_MOST_ROUNDS = 3
_OURS, _LOOP, _CHALICE = "lambdacli deploy", "boto3 loop", "chalice deploy"
_STEPS = ("first", "no change", "code change")
_PLANNED = 1000  # functions
_HANDLER = "def handler(event, context):\n    return {}\n"


def deploy(setting: Setting) -> dict[str, Any]:
    """Functions without triggers: deployed first, then again without a change, then with other code."""
    from emulator import Emulator, Unavailable, executable

    try:
        command = executable()
    except Unavailable as error:
        say(f"skipped: {error}")
        return {}
    found: dict[str, Any] = {}
    with Emulator(command) as aws:
        for size in _QUICK_SIZES if setting.quick else _SIZES:
            found |= samples(_compare(setting, aws, size))
        _plan(setting, aws)
    return found


def _compare(setting: Setting, aws: Any, size: int) -> dict[str, Command]:
    """Every subject takes all its steps on an emulator that has forgotten the others."""
    measured: dict[str, Command] = {}
    subjects = {name: each for name, each in _subjects(setting, aws, size).items() if each is not None}
    working = {name: each for name, each in subjects.items() if _works(name, each, aws)}

    def once(name: str) -> None:
        aws.reset()
        command, code = working[name]
        for step in _STEPS:
            if step == "code change":
                code.write_text(code.read_text() + f"\n# {len(measured)} {code.stat().st_size}\n")
            known = measured.setdefault(f"{name}, {step}", _as(command, f"{name}, {step}"))
            known.figures.append(command.run())

    in_turns(min(setting.rounds, _MOST_ROUNDS), list(working), once)
    functions = f"{size} function{'s' * (size > 1)}"
    show(f"deploy: {functions}", measured, f"{_LOOP}, no change", _budgets(measured, size))
    _count(working, aws)
    return {f"{functions}: {name}": each for name, each in measured.items()}


def _as(command: Command, name: str) -> Command:
    return Command(name, command.argv, command.cwd, command.expect, command.env, command.prepare, command.peer)


def _works(name: str, subject: tuple[Command, Path], aws: Any) -> bool:
    aws.reset()
    try:
        subject[0].run()
    except WrongOutputError as error:
        if name != _CHALICE:
            raise
        say(f"skipped: {error}".splitlines()[0])
        return False
    return True


def _budgets(measured: dict[str, Command], size: int) -> list[Budget]:
    def compare(one: str, other: str, step: str) -> float | None:
        names = (f"{one}, {step}", f"{other}, {step}")
        return paired(measured[names[0]].ms, measured[names[1]].ms) if names[0] in measured else None

    budgets = [Budget("no change, lambdacli / boto3 loop", compare(_OURS, _LOOP, "no change"), 1.5)]
    if size <= _MOST_OF_CHALICE:
        budgets.append(
            Budget("no change, chalice / lambdacli", compare(_CHALICE, _OURS, "no change"), 3, at_most=False)
        )
    if size == max(_SIZES):
        budgets.append(Budget("first, boto3 loop / lambdacli", compare(_LOOP, _OURS, "first"), 4, at_most=False))
    return budgets


def _count(subjects: dict[str, tuple[Command, Path]], aws: Any) -> None:
    """The calls of each step, counted by a proxy."""
    from rules import Proxy

    proxy = Proxy(aws, rules=())
    rows = []
    for name, (command, code) in subjects.items():
        proxy.reset()
        counted = _as(command, name)
        counted.env = {**command.env, "AWS_ENDPOINT_URL": proxy.url}
        row = [name]
        for step in _STEPS:
            if step == "code change":
                code.write_text(code.read_text() + f"\n# counted {code.stat().st_size}\n")
            proxy.forget()
            counted.run()
            row.append(f"{len(proxy.calls)} ({len(proxy.writes)} writing)")
        rows.append(row)
    proxy.close()
    say("")
    table(("calls", *_STEPS), rows)


def _subjects(setting: Setting, aws: Any, size: int) -> dict[str, tuple[Command, Path] | None]:
    folder = setting.work / f"deploy-{size}"
    ours, loop = folder / "ours", folder / "loop"
    for each in (ours, loop):
        each.mkdir(parents=True)
        (each / "app.py").write_text(_HANDLER)
    (ours / "lambdacli.yaml").write_text(_manifest(size))
    environment = {**aws.environ, **fresh_cache(setting.work)()}
    return {
        _OURS: (Command(_OURS, [*lambdacli(), "deploy", "--yes"], ours, env=environment), ours / "app.py"),
        _LOOP: (
            Command(_LOOP, [sys.executable, FLOORS / "deploy_loop.py", "app.py", str(size)], loop, env=aws.environ),
            loop / "app.py",
        ),
        _CHALICE: _chalice(setting, aws, folder / "chalice", size),
    }


def _manifest(size: int) -> str:
    names = "".join(f"  f{number}: {{}}\n" for number in range(size))
    return f"app: bench\ndefaults: {{runtime: {PYTHON}, handler: app.handler}}\nfunctions:\n{names}"


def _chalice(setting: Setting, aws: Any, folder: Path, size: int) -> tuple[Command, Path] | None:
    program = setting.peer("venv/chalice/bin/chalice")
    if program is None or size > _MOST_OF_CHALICE:
        return None
    (folder / ".chalice").mkdir(parents=True)
    stages = {"dev": {"autogen_policy": False, "iam_policy_file": "policy.json"}}
    config = {"version": "2.0", "app_name": "bench-chalice", "automatic_layer": False, "stages": stages}
    (folder / ".chalice" / "config.json").write_text(json.dumps(config))
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:*"], "Resource": "*"}]}
    (folder / ".chalice" / "policy.json").write_text(json.dumps(policy))
    (folder / "requirements.txt").write_text("")
    functions = "".join(
        f"@app.lambda_function(name='f{number}')\ndef f{number}(event, context):\n    return {{}}\n\n"
        for number in range(size)
    )
    (folder / "app.py").write_text(
        f"from chalice import Chalice\n\napp = Chalice(app_name='bench-chalice')\n\n{functions}"
    )

    def forget() -> dict[str, str]:
        """Chalice believes its own file of what it has deployed; an emulator that has forgotten it knows better."""
        if not aws.client("lambda").list_functions()["Functions"]:
            shutil.rmtree(folder / ".chalice" / "deployed", ignore_errors=True)
        return {}

    argv = [program, "deploy", "--no-autogen-policy"]
    return Command(_CHALICE, argv, folder, env=aws.environ, prepare=forget, peer=True), folder / "app.py"


def _plan(setting: Setting, aws: Any) -> None:
    """A dry run of many functions, none of which is there."""
    size = 100 if setting.quick else _PLANNED
    folder = setting.work / "deploy-plan"
    folder.mkdir()
    (folder / "app.py").write_text(_HANDLER)
    (folder / "lambdacli.yaml").write_text(_manifest(size))
    aws.reset()
    argv = [*lambdacli(), "deploy", "--dry-run", "--json"]
    command = Command(
        "dry run", argv, folder, f'"create": {size * 6}', env={**aws.environ, **fresh_cache(setting.work)()}
    )
    command.figures.append(command.run())
    seconds = statistics.median(command.ms) / 1000
    say(f"\n{size:,} functions planned in {seconds:.1f} s with {command.figures[0].mb:.0f} MB")
