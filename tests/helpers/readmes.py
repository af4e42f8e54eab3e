"""What a README's `console` blocks show, done again for real: the commands run, and print what stands below them.

LAMBDACLI_UPDATE_READMES=1 writes what they print now.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.conftest import CommandLine

_SETTLE = 10  # seconds until everything that follows has been said
UPDATE = bool(os.environ.get("LAMBDACLI_UPDATE_READMES"))
HOME = "/home/ada"  # stands in a README for the folder of the test

BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
VARYING = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "<now>"),
    (r'"Timestamp": \d+', '"Timestamp": <now>'),
    (r"\b0{6}\d{20,}\b", "<number>"),
    (r"^── \d\d:\d\d:\d\d ", "── <now> "),
    (r"^\d\d:\d\d:\d\d ", "<now> "),
    (r"(127\.0\.0\.1|localhost):\d+", r"\1:<port>"),
    (r"\d+(\.\d+)? ms", "<time>"),
    (r"Max Memory Used: \d+ MB", "Max Memory Used: <memory>"),
    (r"INIT_START Runtime Version: \S+", "INIT_START Runtime Version: <version>"),
    (r"^(\S+ +(python|nodejs|provided)\S+ .*?)  +(\S+|not found)$", r"\1  <interpreter>"),
    (r"\t", " "),
    (r" +$", ""),
)


@dataclass(frozen=True)
class Step:
    """One command of a README and the lines below it."""

    command: str
    shown: str


@dataclass
class Session:
    """A shell as far as the READMEs need one: `cd`, pipes of lambdacli, `echo $?`; and a terminal for `serve`."""

    lambdacli: CommandLine
    folder: Path
    code: int = 0
    served: Serving | None = None

    def run_all(self, found: Sequence[Step]) -> list[str]:
        """What each command printed."""
        with self:
            return self.finished(found, [self.run(step.command) for step in found])

    def __enter__(self) -> Session:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, *_: object) -> None:
        if self.served is not None:
            self.served.end()

    def finished(self, found: Sequence[Step], printed: list[str]) -> list[str]:
        """The same, with what `serve` has said: the lines that are shown, once they have come, in any order."""
        for index, step in enumerate(found):
            if is_serving(step) and self.served is not None:
                printed[index] = self._said(self.served, step)
        return printed

    def _said(self, served: Serving, step: Step) -> str:
        if UPDATE:
            time.sleep(_SETTLE)
            said = "\n".join(served.said) + "\n"
            said = said.replace(f":{served.port}", ":3000")
            return re.sub(r"(AWS_ENDPOINT_URL=http://127\.0\.0\.1):\d+", r"\1:4566", said)
        shown = normal(step.shown, self.folder).splitlines()

        def same(line: str) -> Callable[[str], bool]:
            return lambda said: normal(said, self.folder) == line

        return "\n".join(served.wait_for(same(line)) for line in shown) + "\n"

    def run(self, command: str) -> str:
        """What a terminal shows of a command."""
        words = shlex.split(command)
        if words[:2] == ["lambdacli", "serve"]:
            more = ["--allow-version-mismatch", *words[2:]]
            self.served = Serving(self.folder, *more, env=self.lambdacli.environment)
            return ""
        if words[0] in ("curl", "python"):
            return self._client(words)
        if words[0] == "cd":
            self.folder /= words[1]
            return ""
        if words == ["echo", "$?"]:
            return f"{self.code}\n"
        piped = ""
        while "|" in words:
            bar = words.index("|")
            done = self.lambdacli(*arguments(words[:bar]), cwd=self.folder)
            assert done.returncode == 0, done.stderr
            piped, words = done.stdout, words[bar + 1 :]
        return self._shown(words, piped)

    def _client(self, words: Sequence[str]) -> str:
        """Something else than lambdacli, which talks to what is served."""
        assert self.served is not None, "nothing is served"
        program = sys.executable if words[0] == "python" else words[0]
        here = [word.replace("127.0.0.1:3000", f"127.0.0.1:{self.served.port}") for word in words[1:]]
        exported = dict(re.findall(r"(AWS_[A-Z_]+)=(\S+)", "\n".join(self.served.said)))
        done = subprocess.run(
            [program, *here], cwd=self.folder, env={**self.lambdacli.environment, **exported}, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
        )  # fmt: skip
        self.code = done.returncode
        return done.stdout

    def _shown(self, words: Sequence[str], stdin: str) -> str:
        done = subprocess.run(
            self.lambdacli.argv(*arguments(words)),
            cwd=self.folder,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.lambdacli.environment,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        self.code = done.returncode
        return done.stdout


def is_serving(step: Step) -> bool:
    """Whether the step starts a server, whose lines come in any order."""
    return step.command.startswith("lambdacli serve")


def arguments(words: Sequence[str]) -> list[str]:
    """Of a lambdacli command: on a machine without its runtime the nearest one will do."""
    program, *rest = words
    assert program == "lambdacli"
    runs = next((i + 1 for i, word in enumerate(rest) if word in {"invoke", "watch"}), 0)
    return [*rest[:runs], *(["--allow-version-mismatch"] if runs else []), *rest[runs:]]


def steps(readme: Path) -> list[Step]:
    """The commands of all `console` blocks, in order."""
    found = []
    for block in BLOCK.findall(readme.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append(Step(command, shown))
    return found


def lines(text: str, folder: Path) -> list[str]:
    """As in a README: no path of this machine, and no word of another version of the runtime."""
    text = re.sub(
        r"(?<=  )/\S+/(?=(python[\d.]+|node)$)", "/usr/bin/", text.replace(str(folder), HOME), flags=re.MULTILINE
    )
    return [line for line in text.splitlines() if not re.match("warning:.* (running|runs) on ", line)]


def normal(text: str, folder: Path) -> str:
    """Without what differs from run to run."""
    found = lines(text, folder)
    for pattern, replacement in VARYING:
        found = [re.sub(pattern, replacement, line) for line in found]
    return "\n".join(found).strip()


def check(readme: Path, printed: Sequence[str], folder: Path) -> None:
    """Every step has printed what the README shows; `folder` is where they ran."""
    if UPDATE:
        update(readme, printed, folder)
    for step, now in zip(steps(readme), printed, strict=True):
        assert normal(now, folder) == normal(step.shown, folder), step.command


def update(readme: Path, printed: Sequence[str], folder: Path) -> None:
    """Print anew only what differs in more than times and ids."""
    outputs = iter(zip(steps(readme), printed, strict=True))

    def renewed(block: re.Match[str]) -> str:
        text = ""
        for _ in re.findall(r"^\$ ", block[0], flags=re.MULTILINE):
            step, now = next(outputs)
            kept = normal(now, folder) == normal(step.shown, folder)
            shown = step.shown if kept else "".join(f"{line}\n" for line in lines(now, folder))
            text += f"$ {step.command}\n" + shown
        return text

    readme.write_text(BLOCK.sub(renewed, readme.read_text(encoding="utf-8")), encoding="utf-8")
