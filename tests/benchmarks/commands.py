"""Commands that run no function: how soon the command line is there, and a sample event."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from harness import FLOORS, Budget, Command, lambdacli, measure, plain_environment, ratio, samples, show

if TYPE_CHECKING:
    from pathlib import Path

    from harness import Setting

_MANIFEST = "app: bench\nfunctions:\n  hello: {{runtime: {python}, interpreter: {path}, handler: app.handler}}\n"


def start(setting: Setting) -> dict[str, Any]:
    """`--version`, `list` and completion against bare Typer commands with as many options."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    folder = setting.project("start", _MANIFEST.format(python=python, path=sys.executable))
    cache = {"LAMBDACLI_CACHE_DIR": str(setting.work / "cache-start")}
    words = {"_LAMBDACLI_COMPLETE": "complete_bash", "COMP_WORDS": "lambdacli inv", "COMP_CWORD": "1"}
    bare_words = {"_BARE_COMPLETE": "complete_bash", "COMP_WORDS": "bare --opt", "COMP_CWORD": "1"}
    found = measure(
        setting,
        [
            Command("python -c pass", [sys.executable, "-c", "pass"], folder),
            bare("bare Typer, as --version", options(folder)),
            Command("lambdacli --version", [*lambdacli(), "--version"], folder, "lambdacli ", cache),
            bare("bare Typer, as list", options(folder, "list")),
            Command("lambdacli list", [*lambdacli(), "list"], folder, "app.handler", cache),
            bare("bare Typer, completion", options(folder), "--option-0", bare_words),
            Command("lambdacli completion", lambdacli(), folder, "invoke", cache | words),
            peer(setting, "sam --version", "venv/sam/bin/sam", "--version"),
            peer(setting, "chalice --version", "venv/chalice/bin/chalice", "--version"),
        ],
    )
    show(
        "Command start",
        found,
        "python -c pass",
        [
            Budget(f"{name} / bare Typer", ratio(found, name, other), 1.15)
            for name, other in (
                ("lambdacli --version", "bare Typer, as --version"),
                ("lambdacli list", "bare Typer, as list"),
                ("lambdacli completion", "bare Typer, completion"),
            )
        ],
    )
    return samples(found)


def generate_event(setting: Setting) -> dict[str, Any]:
    """One sample event on stdout, an event of very many records, and the list of all events."""
    name, floor, sam = "lambdacli generate-event s3-put", "bare Typer, as many options", "sam generate-event s3 put"
    least, listing, many = "bare Typer, as --version", "lambdacli generate-event --list", "s3-put --count 10000"
    cache = {"LAMBDACLI_CACHE_DIR": str(setting.work / "cache-event")}
    arguments = ("generate-event", "s3-put")
    found = measure(
        setting,
        [
            bare(least, options(setting.work)),
            bare(floor, options(setting.work, *arguments)),
            Command(name, [*lambdacli(), *arguments], setting.work, "ObjectCreated:Put", cache),
            Command(listing, [*lambdacli(), "generate-event", "--list"], setting.work, "sqs-receive-message", cache),
            Command(many, [*lambdacli(), *arguments, "--count", "10000"], setting.work, "ObjectCreated:Put", cache),
            peer(setting, sam, "venv/sam/bin/sam", "local", "generate-event", "s3", "put", expect="ObjectCreated:Put"),
        ],
    )
    budgets = [
        Budget(f"{name} / bare Typer", ratio(found, name, floor), 1.3),
        Budget(f"{listing} / bare Typer", ratio(found, listing, least), 2),
        Budget(many, statistics.median(found[many].ms) / 1000, 1, "s"),
        Budget("SAM CLI / lambdacli", ratio(found, sam, name), 5, at_most=False),
    ]
    show("generate-event", found, floor, budgets)
    return samples(found)


def bare(name: str, count: int, expect: str = "bare", env: dict[str, str] | None = None) -> Command:
    """A Typer program whose one command has `count` options."""
    program = "import bare_typer; bare_typer.main()"
    return Command(name, [sys.executable, "-c", program, str(count)], FLOORS, expect, env or {})


def options(folder: Path, *command: str) -> int:
    """How many options a command of ours has: the lines of its help that begin with one."""
    page = subprocess.run(
        [*lambdacli(), *command, "--help"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env=plain_environment(),
    )
    return sum(line.lstrip().startswith("-") for line in page.stdout.splitlines())


def peer(setting: Setting, name: str, program: str, *arguments: str | Path, **about: Any) -> Command | None:
    """A peer's command, if it is installed."""
    path = setting.peer(program)
    cwd = about.pop("cwd", setting.work)
    return Command(name, [path, *arguments], cwd, peer=True, **about) if path else None
