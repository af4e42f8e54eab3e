"""From a save to the first answer of the new code, through `lambdacli serve` and through its peers, in turns.

After every save each server is asked on fresh connections until the new code answers. An answer that is neither the
old code's nor the new one's, or a refused connection, is a gap; a save that is not answered in time is lost.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cold import PYTHON, node_runtime
from harness import Budget, WrongOutputError, lambdacli, paired, say, show_budgets, table
from servers import Server, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness import Setting

_LIMIT = 5.0  # seconds, then a save is lost
_SETTLE = 0.6  # seconds between an answer and the next save
_ENOUGH = 2  # saves lost, then it is asked no more
_PAUSE = 0.002  # seconds between two questions
_HELLO = "Hello World"
_INVOKE = "/2015-03-31/functions/{}/invocations"
_OURS = "lambdacli serve, {}, {}"
_APP = 'def handler(event, context):\n    return "Hello World"\n'
_INDEX = 'exports.handler = async () => "Hello World";\n'


class Code:
    """A file that says Hello World, and is saved with something else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._source = file.read_text()
        self._saves = 0
        self.says = _HELLO

    def save(self) -> None:
        """As `echo > file`."""
        self._saves += 1
        self.says = f"Hello {self._saves:04d}x"
        self._file.write_text(self._source.replace(_HELLO, self.says))


@dataclass
class Saved:
    """A way to ask a server for what some code says."""

    name: str
    server: Server
    code: Code
    method: str
    path: str
    ms: list[float] = field(default_factory=list)
    gaps: int = 0
    lost: int = 0
    said: str = ""  # at last, where a save was lost

    def begin(self) -> None:
        """See that it answers."""
        if _HELLO not in (answer := self._ask()):
            raise WrongOutputError(f"{self.name}: {answer[-200:]!r}")

    def save(self) -> None:
        """Save new code, and wait until it answers."""
        time.sleep(_SETTLE)
        self._ask()  # warm
        self.code.save()
        begun = time.perf_counter()
        while (elapsed := time.perf_counter() - begun) < _LIMIT:
            answer = self._ask()
            if self.code.says in answer:
                self.ms.append((time.perf_counter() - begun) * 1000)
                return
            self.gaps += "Hello" not in answer
            time.sleep(_PAUSE if elapsed < 1 else 10 * _PAUSE)
        self.lost += 1
        self.said = answer.rpartition("\n")[2][:200]

    def _ask(self) -> str:
        try:
            return request(self.server.port, self.method, self.path)
        except OSError as error:
            return str(error)


def saves(setting: Setting) -> dict[str, Any]:
    """All servers at once, each on its own copy of the code; saves take turns.

    Raises:
        WrongOutputError: one of ours lost a save, or did not answer.
    """
    with ExitStack() as stack:
        subjects = [each for group in _groups(setting) for each in _begun(stack, group)]
        for number in range(setting.rounds):
            for subject in subjects if number % 2 == 0 else reversed(subjects):
                if subject.lost < _ENOUGH:
                    subject.save()
    _show(subjects)
    bad = [each for each in subjects if not each.server.peer and (each.lost or each.gaps)]
    if bad:
        raise WrongOutputError("; ".join(f"{each.name}: {each.lost} lost, {each.gaps} gaps" for each in bad))
    return {each.name: {"ms": each.ms, "gaps": each.gaps, "lost": each.lost} for each in subjects}


def _begun(stack: ExitStack, group: list[Saved]) -> list[Saved]:
    """Those that work; a peer that does not work here is left out."""
    try:
        stack.enter_context(group[0].server)
        for each in group:
            each.begin()
    except (OSError, WrongOutputError) as error:
        if not group[0].server.peer:
            raise
        say(f"skipped: {error}")
        return []
    return group


def _groups(setting: Setting) -> Iterator[list[Saved]]:
    """What is behind the same server."""
    yield _ours(setting, "Python", (PYTHON, sys.executable), "app.py", _APP)
    if found := node_runtime():
        yield _ours(setting, "Node.js", found, "index.js", _INDEX)
    if setting.peers:
        yield from _peers(setting, setting.peers)


def _ours(setting: Setting, language: str, program: tuple[str, str], file: str, text: str) -> list[Saved]:
    runtime, path = program
    folder = setting.work / f"reloading-{runtime}"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / file).write_text(text)
    handler = f"{file.partition('.')[0]}.handler"
    (folder / "lambdacli.yaml").write_text(
        "app: bench\nfunctions:\n"
        f"  hello: {{runtime: {runtime}, interpreter: {path}, handler: {handler}, code: src,\n"
        "    triggers: [http: GET /hello]}\n"
    )
    env = {"LAMBDACLI_CACHE_DIR": os.environ["LAMBDACLI_CACHE_DIR"]}
    argv = [*lambdacli(), "serve", "--sources", "none", "--port", "{port}"]
    server = Server(f"serve, {language}", argv, folder, "/hello", "GET", _HELLO, env=env, peer=False)
    asked = (("Invoke API", "POST", _INVOKE.format("hello")), ("HTTP API", "GET", "/hello"))
    code = Code(folder / "src" / file)
    return [Saved(_OURS.format(language, what), server, code, method, route) for what, method, route in asked]


def _peers(setting: Setting, peers: Path) -> Iterator[list[Saved]]:
    path = {"PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"}  # noqa: PTH120 - a string in, a string out
    languages = (("Python", "app.py", "pyhello"), ("Node.js", "index.js", "hello"))
    sls, slsaws = (setting.peer("node", each, "node_modules/.bin/serverless") for each in ("sls3", "slsaws"))
    if sls:
        folder = _copied(setting, peers / "run/sls3")
        ports = ["--httpPort", "{port2}", "--lambdaPort", "{port}", "--websocketPort", "0"]
        argv: list[str | Path] = [sls, "offline", "--reloadHandler", *ports]
        server = Server("serverless-offline", argv, folder, _INVOKE.format("bench-dev-hello"), expect="Hello", env=path)
        yield [
            Saved(f"serverless-offline --reloadHandler, {language}", server, Code(folder / file), "POST",
                  _INVOKE.format(f"bench-dev-{name}"))
            for language, file, name in languages
        ]  # fmt: skip
    if slsaws:
        folder = _copied(setting, peers / "run/slsaws")
        env = {**path, "SLSAWS_PORT": "{port}"}
        hello = _INVOKE.format("hello")
        server = Server("serverless-aws-lambda", [slsaws, "aws-lambda"], folder, hello, expect="Hello", env=env)
        yield [
            Saved(f"serverless-aws-lambda, {language}", server, Code(folder / file), "POST", _INVOKE.format(name))
            for language, file, name in languages
        ]
    if chalice := setting.peer("venv/chalice/bin/chalice"):
        folder = _copied(setting, peers / "functions/chalice")
        server = Server("chalice local", [chalice, "local", "--port", "{port}"], folder, "/", "GET", "Hello")
        yield [Saved("chalice local, Python", server, Code(folder / "app.py"), "GET", "/")]


def _copied(setting: Setting, folder: Path) -> Path:
    """A copy that may be written to."""
    copy = shutil.copytree(folder, setting.work / f"reloading-{folder.name}", symlinks=True)
    for each in (copy, *copy.iterdir()):
        if not each.is_symlink():
            each.chmod(0o755)
    return copy


def _show(subjects: list[Saved]) -> None:
    rows = [
        (
            each.name,
            f"{statistics.median(each.ms or [float('nan')]):.1f}",
            f"{min(each.ms, default=float('nan')):.1f}-{max(each.ms, default=float('nan')):.1f}",
            str(len(each.ms) + each.lost),
            str(each.lost),
            str(each.gaps),
        )
        for each in subjects
    ]
    say("\n## From a save to the first answer of the new code\n")
    table(("server", "ms (median)", "min-max", "saves", "lost", "gaps"), rows)
    for each in subjects:
        if each.lost:
            say(f"\n{each.name} lost saves; it says: {each.said}")
    show_budgets(_budgets({each.name: each for each in subjects}))


def _budgets(found: dict[str, Saved]) -> Iterator[Budget]:
    for what in ("Invoke API", "HTTP API"):
        if ours := found.get(_OURS.format("Python", what)):
            yield Budget(ours.name, statistics.median(ours.ms) if ours.ms else None, 25, "ms")
    for language in ("Python", "Node.js"):
        ours = found.get(_OURS.format(language, "Invoke API"))
        for peer in found.values():
            if ours and peer.server.peer and peer.name.endswith(language):
                yield Budget(f"{ours.name} / {peer.name}", _ratio(ours, peer), 1)


def _ratio(ours: Saved, peer: Saved) -> float | None:
    if len(ours.ms) == len(peer.ms) and ours.ms:
        return paired(ours.ms, peer.ms)
    return statistics.median(ours.ms) / statistics.median(peer.ms) if ours.ms and peer.ms else None
