"""`lambdacli watch` as people use it: the real command line, real saves, a real pseudo-terminal."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.conftest import CommandLine

PYTHON = f"python3.{sys.version_info[1]}"
pytestmark = pytest.mark.skipif(os.name != "posix", reason="functions run on Linux and macOS")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
OURS = "/lambdacli/"  # in the path of every frame of ours
SETTLED = 0.4  # seconds in which a save that counts would surely have begun a run


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Watching:
    """A running watch: what it printed so far, as it comes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.out = bytearray()
        self.err = bytearray()
        self.threads = [
            threading.Thread(target=self._read, args=(stream, kept), daemon=True)
            for stream, kept in ((process.stdout, self.out), (process.stderr, self.err))
            if stream is not None
        ]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _read(stream: IO[bytes], kept: bytearray) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            kept.extend(chunk)

    @property
    def results(self) -> list[Any]:
        whole, _, _ = self.out.decode().rpartition("\n")
        return [json.loads(line) for line in whole.split("\n") if line]

    @property
    def messages(self) -> str:
        return self.err.decode("utf-8", "replace")

    def wait_for(self, *results: Any) -> None:
        """Until these, and only these, are all the results."""
        try:
            until(lambda: len(self.results) >= len(results) and self.process.poll() is None)
        except AssertionError:
            raise AssertionError((self.results, self.messages)) from None
        assert self.results == list(results), self.messages

    def wait_until_said(self, text: str, times: int = 1) -> None:
        try:
            until(lambda: self.messages.count(text) >= times)
        except AssertionError:
            raise AssertionError((text, self.messages)) from None

    def wait_until_idle(self, times: int = 1) -> None:
        self.wait_until_said("waiting for a save", times)

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(20)
        for thread in self.threads:
            thread.join(20)
        assert OURS not in self.messages, self.messages
        return code


@contextmanager
def watching(
    lambdacli: CommandLine, *arguments: str, env: dict[str, str] | None = None, **streams: Any
) -> Iterator[Watching]:
    given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    process = subprocess.Popen(
        lambdacli.argv("watch", *arguments),
        cwd=lambdacli.folder,
        env={**lambdacli.environment, **(env or {})},
        **given,
    )
    try:
        watch = Watching(process)
        yield watch
        if process.poll() is None:
            watch.end()
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


class Project:
    """A manifest beside a folder `src` with the function's code; saves as editors make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = folder / "src" / "app.py"
        self.app.parent.mkdir()
        self.count = folder.parent / f"{folder.name}-count"  # out of sight
        self.returns("1")
        self.manifest()

    def manifest(self, **function: Any) -> None:
        values = {"handler": "app.handler", "runtime": PYTHON, "code": "src", "timeout": 30, **function}
        (self.folder / "lambdacli.yaml").write_text(json.dumps({"functions": {"f": values}}))

    def returns(self, expression: str) -> None:
        self.save(
            f"import os, time\nCOUNT = []\ndef handler(event, context):\n"
            f"    open({str(self.count)!r}, 'a').write('x')\n    return {expression}\n"
        )

    def save(self, text: str) -> None:
        """Atomically, as most editors do: no half file is ever run."""
        fresh = self.app.with_name("app.py~")
        fresh.write_text(text)
        fresh.replace(self.app)

    @property
    def runs(self) -> int:
        return self.count.stat().st_size if self.count.exists() else 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def processes(folder: Path) -> list[int]:
    """Every process that works in the folder or was started for it, lambdacli's own guard included."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                about = os.fsencode((each / "cwd").readlink()) + (each / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in about and int(each.name) != os.getpid():
                found.append(int(each.name))
    return found


# Saves


def test_runs_at_once_and_again_on_every_save(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        project.returns("2")
        watch.wait_for(1, 2)
        watch.wait_until_said("app.py saved")
        with project.app.open("a") as stream:  # in place
            stream.write("old = handler\ndef handler(event, context): return 3\n")
        watch.wait_for(1, 2, 3)
        (project.app.parent / "more.py").write_text("x = 1\n")
        watch.wait_for(1, 2, 3, 3)
        watch.wait_until_said("same result as before")
        assert watch.end() == 0
    assert "START RequestId" in watch.messages
    assert "REPORT RequestId" in watch.messages


def test_shows_what_changed_in_the_result(lambdacli: CommandLine, project: Project) -> None:
    project.returns("{'a': 1, 'b': 'x'}")
    with watching(lambdacli) as watch:
        watch.wait_until_idle()
        project.returns("{'a': 2, 'b': 'x'}")
        watch.wait_until_idle(2)
    assert '-  "a": 1,\n+  "a": 2,\n   "b": "x"\n' in watch.messages


def test_a_burst_is_one_run(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        for number in range(20):
            (project.app.parent / f"m{number}.py").write_text("x = 1\n")
        project.returns("2")
        until(lambda: watch.results[-1] == 2)
        time.sleep(SETTLED)
    assert watch.results in ([1, 2], [1, 1, 2])  # a slow machine may see two bursts


def test_what_editors_and_tools_leave_is_no_save(lambdacli: CommandLine, project: Project) -> None:
    src = project.app.parent
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        for name in ("app.py~", ".app.py.swp", "4913", ".#app.py", "#app.py#", "x.pyc", ".DS_Store"):
            if name != "4913":
                (src / name).write_text("x")
        for folder in (".git", "__pycache__", ".venv", "node_modules", ".mypy_cache"):
            (src / folder).mkdir()
            (src / folder / "file.py").write_text("x")
        time.sleep(SETTLED)
        project.returns("2")
        watch.wait_for(1, 2)
    assert project.runs == 2, watch.messages


def test_gitignore_and_ignore_are_honoured(lambdacli: CommandLine, project: Project) -> None:
    src = project.app.parent
    (project.folder / ".git").mkdir()
    (project.folder / ".gitignore").write_text("*.log\n/src/build/\n")
    (src / ".gitignore").write_text("!keep.log\n")
    (src / "build").mkdir()
    with watching(lambdacli, "--ignore", "*.tmp", "--ignore", "src/made/**") as watch:
        watch.wait_for(1)
        (src / "a.log").write_text("x")
        (src / "build" / "b.py").write_text("x")
        (src / "c.tmp").write_text("x")
        (src / "made").mkdir()
        (src / "made" / "d.py").write_text("x")
        time.sleep(SETTLED)
        assert project.runs == 1, watch.messages
        (src / "keep.log").write_text("x")
        watch.wait_for(1, 1)


def test_a_save_during_a_run_cancels_and_restarts_it(lambdacli: CommandLine, project: Project) -> None:
    project.returns("time.sleep(60)")
    with watching(lambdacli) as watch:
        until(lambda: project.runs == 1)
        project.returns("2")
        watch.wait_for(2)


# What a run is made of


def test_saves_of_manifest_event_and_env_files_apply(lambdacli: CommandLine, project: Project) -> None:
    project.returns("[event, os.environ.get('ONE'), os.environ.get('TWO')]")
    event, env, own = (project.folder / name for name in ("event.json", "more.env", "own.env"))
    event.write_text("1")
    env.write_text("ONE=a\n")
    own.write_text("TWO=a\n")
    project.manifest(env_file="own.env")
    expected: list[Any] = [[1, "a", "a"]]
    with watching(lambdacli, "f", "-e", "event.json", "--env-file", "more.env") as watch:
        watch.wait_for(*expected)
        for file, text, result in (
            (event, "2", [2, "a", "a"]),
            (env, "ONE=b\n", [2, "b", "a"]),
            (own, "TWO=b\n", [2, "b", "b"]),
        ):
            file.with_name("fresh").write_text(text)
            file.with_name("fresh").replace(file)
            expected.append(result)
            watch.wait_for(*expected)
        project.save(project.app.read_text().replace("def handler", "def other"))
        watch.wait_until_said("Runtime.HandlerNotFound")
        watch.wait_until_idle(5)
        project.manifest(env_file="own.env", handler="app.other", environment={"ONE": "lost", "TWO": "won"})
        until(lambda: watch.results[-1] == [2, "b", "won"])


def test_a_zip(lambdacli: CommandLine, project: Project) -> None:
    def pack(value: int) -> None:
        with zipfile.ZipFile(project.folder / "fresh", "w") as archive:
            archive.writestr("app.py", f"def handler(event, context): return {value}\n")
        (project.folder / "fresh").replace(project.folder / "code.zip")

    pack(1)
    project.manifest(code="code.zip")
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        pack(2)
        watch.wait_for(1, 2)


def test_code_that_is_a_symbolic_link(lambdacli: CommandLine, project: Project) -> None:
    first = project.app.parent
    second = shutil.copytree(first, project.folder / "second")
    link, fresh = project.folder / "link", project.folder / "fresh"
    link.symlink_to("src")
    project.manifest(code="link")
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        project.app = second / "app.py"
        project.returns("2")
        fresh.symlink_to("second")
        fresh.replace(link)
        watch.wait_for(1, 2)
        project.returns("3")
        watch.wait_for(1, 2, 3)


def test_without_a_manifest(lambdacli: CommandLine, project: Project) -> None:
    (project.folder / "lambdacli.yaml").unlink()
    lambdacli.folder = project.app.parent
    with watching(lambdacli, "app.handler", "-e", "7") as watch:
        watch.wait_for(1)
        project.returns("event")
        watch.wait_for(1, 7)


# Trouble, after which watching goes on


def test_errors_in_the_code_are_told_and_watching_goes_on(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        project.save("def handler(:\n")
        watch.wait_until_said("error: function f failed: Runtime.UserCodeSyntaxError: Syntax error in module 'app'")
        watch.wait_until_idle(2)
        project.save("def handler(event, context): raise KeyError('nope')\n")
        watch.wait_until_said("error: function f failed: KeyError: 'nope'")
        watch.wait_until_idle(3)
        project.app.unlink()
        watch.wait_until_said("error: function f failed: Runtime.ImportModuleError")
        watch.wait_until_idle(4)
        project.returns("2")
        until(lambda: watch.results[-1] == 2)


def test_a_broken_manifest_is_told_and_watching_goes_on(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        project.manifest(memry=1)
        watch.wait_until_said("lambdacli.yaml:1:")
        watch.wait_until_said("did you mean memory?")
        watch.wait_until_idle(2)
        (project.folder / "lambdacli.yaml").unlink()
        watch.wait_until_idle(3)
        project.manifest(handler="app.handler")
        watch.wait_for(1, 1)


def test_a_manifest_that_is_broken_from_the_start(lambdacli: CommandLine, project: Project) -> None:
    project.manifest(memry=1)
    with watching(lambdacli) as watch:
        watch.wait_until_said("did you mean memory?")
        watch.wait_until_idle()
        project.manifest()
        watch.wait_for(1)


def test_an_event_that_is_broken_or_gone(lambdacli: CommandLine, project: Project) -> None:
    project.returns("event")
    event = project.folder / "event.json"
    event.write_text("{")
    with watching(lambdacli, "-e", "event.json") as watch:
        watch.wait_until_said("event.json:1:2: the event is no JSON")
        watch.wait_until_idle()
        event.write_text("1")
        watch.wait_for(1)
        event.unlink()
        watch.wait_until_said("event.json", 3)
        watch.wait_until_idle(3)
        event.with_name("fresh").write_text("2")
        event.with_name("fresh").replace(event)
        watch.wait_for(1, 2)


def test_the_folder_of_the_code_goes_and_comes_back(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_for(1)
        project.app.parent.rename(project.folder / "elsewhere")
        watch.wait_until_said("error: ")
        watch.wait_until_idle(2)
        assert "no code at" in watch.messages
        (project.folder / "elsewhere").rename(project.app.parent)
        until(lambda: watch.out.decode().splitlines().count("1") == 2)


@linux
@pytest.mark.parametrize(
    "how", ["while True: pass", "time.sleep(300)", "kept = bytearray(300_000_000); time.sleep(300)"]
)
def test_a_handler_that_hangs_or_eats_is_ended_at_once(lambdacli: CommandLine, project: Project, how: str) -> None:
    project.save(f"import time\ndef handler(event, context):\n    print('begun')\n    {how}\n")
    with watching(lambdacli, "--timeout", "1.5" if "kept" not in how else "60", env={"MARKED": "1"}) as watch:
        watch.wait_until_said("error: function f failed: ")
        watch.wait_until_idle()

        def busy() -> list[int]:
            """Processes of the function that are no waiting spare."""
            return [
                pid
                for pid in processes(project.app.parent)
                if b"AWS_LAMBDA_FUNCTION_NAME=f" in Path(f"/proc/{pid}/environ").read_bytes()
                or os.fspath(Path(f"/proc/{pid}/cwd").readlink()) == str(project.app.parent)
            ]

        until(lambda: busy() == [])
        project.returns("2")
        until(lambda: watch.results[-1] == 2)


# What is no save although a file changes


def test_output_redirected_into_the_watched_folder_is_no_save(lambdacli: CommandLine, project: Project) -> None:
    out, err = project.app.parent / "out.txt", project.app.parent / "err.txt"
    with out.open("wb") as stdout, err.open("wb") as stderr, watching(lambdacli, stdout=stdout, stderr=stderr):
        until(lambda: out.read_text() == "1\n")
        time.sleep(SETTLED)
        project.returns("2")
        until(lambda: out.read_text() == "1\n2\n")
        time.sleep(SETTLED)
    assert project.runs == 2


@pytest.mark.parametrize("after", ["0", "0.7"])
def test_a_file_that_the_function_writes_on_every_run_does_not_loop_for_ever(
    lambdacli: CommandLine, project: Project, after: str
) -> None:
    state = project.app.parent / "state.txt"
    project.returns(f"[time.sleep({after}), open({str(state)!r}, 'w').write(str(time.time())), time.sleep(0.2)][0]")
    with watching(lambdacli) as watch:
        watch.wait_until_said("warning: state.txt is saved again and again")
        watch.wait_until_said("--ignore state.txt")
        watch.wait_until_idle()
        runs = project.runs
        time.sleep(SETTLED)
        assert project.runs <= runs + 1
        project.returns("'saved'")
        until(lambda: watch.results[-1:] == ["saved"])


def test_a_manifest_that_goes_away_makes_no_room_for_one_above(lambdacli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "lambdacli.yaml").write_text("functions: {other: {handler: a.b, runtime: python3.13, code: .}}\n")
    lambdacli.folder = tmp_path / "below"
    lambdacli.folder.mkdir()
    Project(lambdacli.folder)
    manifest = lambdacli.folder / "lambdacli.yaml"
    with watching(lambdacli) as watch:
        watch.wait_until_idle()
        kept = manifest.read_text()
        manifest.unlink()
        watch.wait_until_said("error: no manifest at lambdacli.yaml")
        manifest.write_text(kept)
        until(lambda: watch.results == [1, 1])
    assert "other" not in watch.messages


def test_no_save_of_code_is_lost_however_fast_they_come(lambdacli: CommandLine, project: Project) -> None:
    with watching(lambdacli) as watch:
        watch.wait_until_idle()
        for number in range(60):
            project.returns(str(number))
            time.sleep(0.03)
        until(lambda: watch.results[-1:] == [59])
        time.sleep(SETTLED)
        project.returns("'later'")
        until(lambda: watch.results[-1:] == ["later"])


# The end


@linux
@pytest.mark.parametrize(("how", "code"), [("SIGTERM", 0), ("SIGINT", 130), ("SIGKILL", -9)])
@pytest.mark.parametrize("when", ["idle", "busy"])
def test_nothing_is_left_at_the_end(lambdacli: CommandLine, project: Project, how: str, code: int, when: str) -> None:
    spread = "import subprocess, sys\nsleep = [sys.executable, '-S', '-c', 'import time; time.sleep(300)']\n"
    project.save(
        f"{spread}import time\ndef handler(event, context):\n    subprocess.Popen(sleep, start_new_session=True)\n"
        f"    print('begun')\n    {'time.sleep(300)' if when == 'busy' else 'return 1'}\n"
    )
    with watching(lambdacli, "--no-timeout") as watch:
        watch.wait_until_said("begun")
        if when == "idle":
            watch.wait_until_idle()
        assert watch.end(signal.Signals[how]) == code
    assert ("interrupted\n" in watch.messages) == (how == "SIGINT")
    until(lambda: processes(project.folder) == [])


@pytest.mark.usefixtures("project")
def test_ends_when_nobody_reads_the_results(lambdacli: CommandLine) -> None:
    reads, writes = os.pipe()
    with watching(lambdacli, stdout=writes) as watch:
        os.close(writes)
        os.close(reads)
        assert watch.process.wait(20) == 0
    assert OURS not in watch.messages


def test_mistakes_on_the_command_line_end_it(lambdacli: CommandLine, project: Project) -> None:
    for arguments, error in (
        (["g"], "error: "),
        (["f", "--timeout", "0"], "error: --timeout 0 is not above 0"),
        (["f", "--env", "X"], "error: --env 'X' is not NAME=VALUE"),
        (["f", "-e", "s3-putt"], "error: 's3-putt' is neither"),
        (["f", "-e", "{"], "error: event:1:2"),
        (["f", "-m", "nope.yaml"], "error: no manifest at nope.yaml"),
        (["nope.handler"], "error: no code for the handler nope.handler"),
    ):
        done = lambdacli("watch", *arguments, timeout=30)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith(error)
        assert "waiting for a save" not in done.stderr
    (project.folder / "lambdacli.yaml").unlink()
    done = lambdacli("watch")
    assert done.returncode == 2
    assert "no lambdacli.yaml" in done.stderr


# In a terminal


class Terminal(Watching):
    """A watch in a pseudo-terminal: stdin, stdout and stderr are one."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.master = master
        super().__init__(process)
        self.threads = [threading.Thread(target=self._read_terminal, daemon=True)]
        self.threads[0].start()

    def _read_terminal(self) -> None:
        try:
            while chunk := os.read(self.master, 65536):
                self.err.extend(chunk)
        except OSError:  # EIO: nobody has it open any more
            return

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())


@contextmanager
def terminal(lambdacli: CommandLine, *arguments: str) -> Iterator[tuple[Terminal, Sequence[Any]]]:
    import pty
    import termios

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    process = subprocess.Popen(
        lambdacli.argv("watch", *arguments),
        cwd=lambdacli.folder,
        env=lambdacli.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - one ioctl, no Python objects that another thread may hold
    )
    try:
        yield Terminal(process, master), before
        process.wait(20)
        assert termios.tcgetattr(slave) == before
    finally:
        process.kill()
        process.wait()
        os.close(slave)
        os.close(master)


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


COUNTS = "(COUNT.append(1), 'warm %d' % len(COUNT))[1]"


def test_enter_runs_again_in_the_same_environment_and_q_ends(lambdacli: CommandLine, project: Project) -> None:
    project.returns(COUNTS)
    with terminal(lambdacli) as (watch, _):
        watch.wait_until_said("Enter runs it again, q ends")
        assert '"warm 1"' in watch.messages
        watch.press("\r")
        watch.wait_until_said('"warm 2"')
        watch.wait_until_idle(2)
        watch.press("x\n")
        watch.wait_until_said('"warm 3"')
        watch.wait_until_idle(3)
        project.returns(COUNTS.replace("warm", "fresh"))
        watch.wait_until_said('"fresh 1"')
        watch.press("q")
        assert watch.process.wait(20) == 0
    assert OURS not in watch.messages
    if sys.platform == "linux":
        until(lambda: processes(project.folder) == [])


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 0), ("Q", 0)])
def test_keys_end_a_run_that_hangs(lambdacli: CommandLine, project: Project, key: str, code: int) -> None:
    project.save("import time\ndef handler(event, context):\n    print('begun')\n    time.sleep(300)\n")
    with terminal(lambdacli, "--no-timeout") as (watch, _):
        watch.wait_until_said("begun")
        watch.press(key)
        assert watch.process.wait(20) == code
    assert OURS not in watch.messages


def test_a_terminal_that_goes_away_ends_it(lambdacli: CommandLine, project: Project) -> None:
    import pty

    master, slave = pty.openpty()
    with watching(lambdacli, stdin=slave) as watch:  # no terminal of its own: no SIGHUP
        os.close(slave)
        watch.wait_for(1)
        os.close(master)
        assert watch.process.wait(20) == 0
    assert OURS not in watch.messages
    assert project.runs == 1


def test_a_traceback_shows_source_lines_in_a_terminal_only(lambdacli: CommandLine, project: Project) -> None:
    project.save("def handler(event, context):\n    raise ValueError('no')  # the line\n")
    with terminal(lambdacli) as (watch, _):
        watch.wait_until_idle()
        watch.press("q")
        watch.process.wait(20)
    frames = watch.messages[watch.messages.rindex('  File "app.py", line 2, in handler') :]
    assert frames.splitlines()[1] == "    raise ValueError('no')  # the line"
    with watching(lambdacli) as plain:
        plain.wait_until_idle()
    frames = plain.messages[plain.messages.rindex('  File "app.py", line 2, in handler') :]
    assert frames.splitlines()[1] == "error: function f failed: ValueError: no"
