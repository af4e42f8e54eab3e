"""What every group of benchmarks is made of: subjects run in turns, their figures, Markdown tables with budgets."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

HERE = Path(__file__).resolve().parent
FLOORS = HERE / "floors"
FUNCTIONS = HERE / "functions"
_TIMEOUT = 60.0  # seconds for one measured command


class WrongOutputError(Exception):
    """A command did not do what is measured: the only thing that fails a run."""


@dataclass(frozen=True)
class Setting:
    """What a run was asked for. `work` is a folder removed at its end."""

    work: Path
    rounds: int
    quick: bool
    peers: Path | None

    def peer(self, *parts: str) -> Path | None:
        """A peer's file, if it is installed; a line says when it is not."""
        if self.peers is None:
            return None
        path = self.peers.joinpath(*parts)
        if path.exists():
            return path
        say(f"skipped: no {'/'.join(parts)} among the peers")
        return None

    def project(self, name: str, manifest: str) -> Path:
        """A fresh folder with the sample functions and this manifest."""
        folder = self.work / name
        shutil.copytree(FUNCTIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "lambdacli.yaml").write_text(manifest)
        return folder


class Figures(NamedTuple):
    """One run: wall time in ms from before the start until it is reaped; its CPU; the peak of its largest process."""

    ms: float
    cpu: float  # ms of it and of the children that it waited for
    mb: float


@dataclass
class Command:
    """A command whose stdout must contain `expect`. `prepare`, unmeasured, may change its environment."""

    name: str
    argv: Sequence[str | Path]
    cwd: Path
    expect: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], Mapping[str, str]] = dict
    peer: bool = False
    figures: list[Figures] = field(default_factory=list)

    @property
    def ms(self) -> list[float]:
        """The wall time of every run."""
        return [each.ms for each in self.figures]

    def run(self) -> Figures:
        """Start it and wait for its end.

        Raises:
            WrongOutputError: it failed, or its stdout is not what was expected.
        """
        env = {**plain_environment(), **self.env, **self.prepare()}
        with tempfile.TemporaryFile() as messages:
            begun = time.perf_counter()
            process = subprocess.Popen(
                [str(part) for part in self.argv],
                cwd=self.cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
            )
            assert process.stdout is not None
            with process.stdout as stream:
                output = stream.read().decode("utf-8", "replace")
            status, cpu, megabytes = _reap(process)
            elapsed = (time.perf_counter() - begun) * 1000
            if status != 0 or self.expect not in output:
                messages.seek(0)
                said = (output + messages.read().decode("utf-8", "replace"))[-400:]
                raise WrongOutputError(f"{self.name}: exit {status}, {self.expect!r} expected, got: {said}")
        return Figures(elapsed, cpu, megabytes)


def _reap(process: subprocess.Popen[bytes]) -> tuple[int, float, float]:
    """Exit code, CPU milliseconds, peak megabytes."""
    if not hasattr(os, "wait4"):  # Windows
        return process.wait(_TIMEOUT), float("nan"), float("nan")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return process.returncode, (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / unit


def plain_environment() -> dict[str, str]:
    """The caller's environment without what would change a figure or an output."""
    dropped = ("AWS_", "LAMBDACLI_", "_LAMBDACLI_", "PYTHON", "COMP_", "NODE_", "FORCE_COLOR")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    fixed = {"NO_COLOR": "1", "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
    return kept | fixed


def lambdacli() -> list[str]:
    """The command line of the interpreter that runs the benchmark, as its users start it."""
    script = shutil.which("lambdacli", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "lambdacli"]


def in_turns(rounds: int, subjects: Sequence[Any], measure: Callable[[Any], None]) -> None:
    """Measure A B C, C B A, … : what drifts, drifts for all of them."""
    for each in range(rounds):
        for subject in subjects if each % 2 == 0 else reversed(subjects):
            measure(subject)


def measure(setting: Setting, commands: Iterable[Command | None]) -> dict[str, Command]:
    """Try each command once, unmeasured, then run all in turns. A peer that does not work here is left out.

    Raises:
        WrongOutputError: one of our own commands, or a floor, does not work.
    """
    working = [command for command in commands if command is not None and _works(command)]

    def once(command: Command) -> None:
        command.figures.append(command.run())

    in_turns(setting.rounds, working, once)
    return {command.name: command for command in working}


def _works(command: Command) -> bool:
    try:
        command.run()
    except (OSError, WrongOutputError) as error:
        if not command.peer:
            raise
        say(f"skipped: {error}".splitlines()[0])
        return False
    return True


@dataclass(frozen=True)
class Budget:
    """A measured figure beside what it should be; `at_most` False: it should be at least that."""

    what: str
    measured: float | None
    limit: float
    unit: str = "x"
    at_most: bool = True

    def row(self) -> tuple[str, str, str, str]:
        """As a row of a table."""
        wanted = f"{'≤' if self.at_most else '≥'} {self.limit:g} {self.unit}"
        if self.measured is None:
            return self.what, "-", wanted, "not measured"
        reached = self.measured <= self.limit if self.at_most else self.measured >= self.limit
        return self.what, f"{self.measured:.2f} {self.unit}", wanted, "reached" if reached else "**missed**"


def paired(one: Sequence[float], other: Sequence[float]) -> float:
    """The median of the ratios that two subjects had in the same round."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def ratio(found: Mapping[str, Command], one: str, other: str) -> float | None:
    """How many times longer `one` takes than `other`, or None where one of them is missing."""
    return paired(found[one].ms, found[other].ms) if one in found and other in found else None


def show(title: str, found: Mapping[str, Command], floor: str, budgets: Iterable[Budget]) -> None:
    """Print a group: the commands, their ratio to one of them, the budgets."""
    rows = [
        (
            command.name,
            f"{statistics.median(command.ms):.1f}",
            f"{min(command.ms):.1f}-{max(command.ms):.1f}",
            f"{paired(command.ms, found[floor].ms):.2f}",
            f"{statistics.median(each.cpu for each in command.figures):.0f}",
            f"{statistics.median(each.mb for each in command.figures):.0f}",
        )
        for command in found.values()
    ]
    say(f"\n## {title}\n")
    table(("command", "ms (median)", "min-max", f"x {floor}", "CPU ms", "peak MB"), rows)
    show_budgets(budgets)


def show_budgets(budgets: Iterable[Budget]) -> None:
    """Print what should be reached beside what was measured."""
    say("")
    table(("budget", "measured", "to reach", ""), [budget.row() for budget in budgets])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table; every column but the first is aligned to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first, *others = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(cells)} |"

    rule = [("-" * width) if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    say("\n".join([line(head), f"| {' | '.join(rule)} |", *map(line, rows)]))


def samples(found: Mapping[str, Command]) -> dict[str, list[dict[str, float]]]:
    """Every figure, for --json."""
    return {name: [each._asdict() for each in command.figures] for name, command in found.items()}


def say(text: str) -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
