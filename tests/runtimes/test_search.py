"""Which interpreter is found, with fake ones: shell scripts that say what the real ones would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lambdacli import runtimes
from lambdacli.errors import MachineError
from lambdacli.model import Function

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fakes are shell scripts")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which only what a test puts there is found."""
    for name in ("PYENV_ROOT", "NVM_DIR", "NVM_BIN", "FNM_DIR", "VOLTA_HOME", "MISE_DATA_DIR", "ASDF_DATA_DIR",
                 "UV_PYTHON_INSTALL_DIR", "XDG_DATA_HOME", "VIRTUAL_ENV"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


def fake(path: Path, version: str, *, real: Path | None = None) -> Path:
    """An executable that counts its starts and says it is of a version, at another path if told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho x >> '{path}.started'\necho '{version}'\necho '{real or path}'\n")
    path.chmod(0o755)
    return path


def starts(path: Path) -> int:
    counted = Path(f"{path}.started")
    return len(counted.read_text().splitlines()) if counted.exists() else 0


def find(runtime: str, folder: Path, *, interpreter: str = "", allow: bool = False) -> runtimes.Interpreter:
    (folder / "code").mkdir(exist_ok=True)
    function = Function(name="f", handler="app.handler", runtime=runtime, code=folder / "code", interpreter=interpreter)
    return runtimes.of(runtime).find(runtime, function, folder, allow)


def test_explicit_comes_first(home: Path) -> None:
    fake(home / "bin/python3.9", "3.9.1")
    chosen = fake(home / "my/python", "3.9.7")
    found = find("python3.9", home, interpreter=str(chosen))
    assert (found.path, found.version, found.exact) == (str(chosen), "3.9.7", True)


def test_explicit_of_another_version(home: Path) -> None:
    chosen = fake(home / "my/python", "3.12.1")
    with pytest.raises(MachineError, match=r"is Python 3\.12\.1, not 3\.9") as caught:
        find("python3.9", home, interpreter=str(chosen))
    assert "--allow-version-mismatch" in caught.value.hint
    assert not find("python3.9", home, interpreter=str(chosen), allow=True).exact


def test_explicit_that_does_not_run(home: Path) -> None:
    with pytest.raises(MachineError, match="no working Python"):
        find("python3.9", home, interpreter=str(home / "nothing"))


@pytest.mark.parametrize("place", ["code/.venv", "code/venv", ".venv", "venv"])
def test_virtual_environment_before_path(home: Path, place: str) -> None:
    fake(home / "bin/python3.9", "3.9.1")
    inside = fake(home / place / "bin/python", "3.9.2")
    assert find("python3.9", home).path == str(inside)


def test_virtual_environment_of_another_version_is_passed_over(home: Path) -> None:
    fake(home / ".venv/bin/python", "3.12.1")
    on_path = fake(home / "bin/python3.9", "3.9.1")
    assert find("python3.9", home).path == str(on_path)


def test_shim_that_fails_is_passed_over(home: Path) -> None:
    shim = home / "bin/python3.9"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.9: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    real = fake(home / ".pyenv/versions/3.9.18/bin/python3.9", "3.9.18")
    assert find("python3.9", home).path == str(real)


def test_shim_leads_to_the_real_executable(home: Path) -> None:
    real = fake(home / "real/python3.9", "3.9.1")
    fake(home / "bin/python3.9", "3.9.1", real=real)
    assert find("python3.9", home).path == str(real)


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.9.10",
        ".local/share/uv/python/cpython-3.9.10-linux-x86_64-gnu",
        ".local/share/mise/installs/python/3.9.10",
        ".asdf/installs/python/3.9.10",
    ],
)
def test_version_managers_newest_first(home: Path, place: str) -> None:
    fake(home / place.replace("3.9.10", "3.9.9") / "bin/python3.9", "3.9.9")
    newest = fake(home / place / "bin/python3.9", "3.9.10")
    assert find("python3.9", home).path == str(newest)


OWN = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def prefix(interpreter: runtimes.Interpreter) -> str:
    argv = [interpreter.path, "-c", "import sys; print(sys.prefix)"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("path", ["", str(Path(sys.executable).parent)])
def test_own_interpreter_at_last_without_our_packages(path: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{path}")
    assert prefix(find(OWN, home)) == sys.base_prefix


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the tests run in no virtual environment")
def test_own_virtual_environment_where_it_is_the_projects(home: Path) -> None:
    (home / ".venv").symlink_to(sys.prefix)
    assert Path(prefix(find(OWN, home))).samefile(sys.prefix)


@pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the tests run in no virtual environment")
def test_own_virtual_environment_where_the_user_activated_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert Path(prefix(find(OWN, home))).samefile(sys.prefix)


def test_missing_names_the_command(home: Path) -> None:
    with pytest.raises(MachineError, match=r"Python 3\.6 is not on this machine") as caught:
        find("python3.6", home)
    assert "uv python install 3.6" in caught.value.hint
    assert "--allow-version-mismatch" in caught.value.hint


def test_mismatch_runs_the_nearest(home: Path) -> None:
    fake(home / "bin/python3.14", "3.14.0")
    fake(home / "bin/python3.10", "3.10.4")
    found = find("python3.6", home, allow=True)
    assert (found.version.startswith("3.10."), found.exact) == (True, False)  # or the 3.10 that runs the tests


def test_known_interpreter_is_not_started(home: Path) -> None:
    executable = fake(home / "bin/python3.9", "3.9.1")
    first = find("python3.9", home)
    assert find("python3.9", home) == first
    assert starts(executable) == 1


def test_interpreter_of_another_version_is_not_started_again(home: Path) -> None:
    other = fake(home / "bin/node", "v20.1.0")
    for _ in range(2):
        with pytest.raises(MachineError):
            find("nodejs12.x", home)
    assert starts(other) == 1


def test_changed_interpreter_is_proven_again(home: Path) -> None:
    executable = fake(home / "bin/python3.9", "3.9.1")
    find("python3.9", home)
    fake(executable, "3.9.20")
    assert find("python3.9", home).version == "3.9.20"


def test_new_virtual_environment_wins_over_what_is_known(home: Path) -> None:
    fake(home / "bin/python3.9", "3.9.1")
    find("python3.9", home)
    inside = fake(home / ".venv/bin/python", "3.9.2")
    assert find("python3.9", home).path == str(inside)


def test_node_on_path_by_its_version(home: Path) -> None:
    fake(home / "bin/node", "v20.1.0")
    managed = fake(home / ".nvm/versions/node/v22.3.0/bin/node", "v22.3.0")
    assert find("nodejs20.x", home).path == str(home / "bin/node")
    assert find("nodejs22.x", home).path == str(managed)
    assert find("nodejs22.x", home).version == "22.3.0"


@pytest.mark.parametrize(
    "place",
    [
        ".nvm/versions/node/v22.10.0/bin/node",
        ".local/share/fnm/node-versions/v22.10.0/installation/bin/node",
        ".volta/tools/image/node/22.10.0/bin/node",
        ".local/share/mise/installs/node/22.10.0/bin/node",
        ".asdf/installs/nodejs/22.10.0/bin/node",
    ],
)
def test_node_version_managers(home: Path, place: str) -> None:
    fake(home / place.replace("22.10", "22.9"), "v22.9.0")
    newest = fake(home / place, "v22.10.0")
    assert find("nodejs22.x", home).path == str(newest)


def test_missing_node(home: Path) -> None:
    with pytest.raises(MachineError, match=r"Node\.js 12 is not on this machine") as caught:
        find("nodejs12.x", home)
    assert "nvm install 12" in caught.value.hint


def test_custom_runtimes_need_nothing(home: Path) -> None:
    assert find("provided.al2023", home) == runtimes.Interpreter("", "al2023")


def test_real_interpreter_proves_itself(home: Path) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = find(version, home, interpreter=sys.executable)
    said = subprocess.run([found.path, "--version"], capture_output=True, text=True, check=True).stdout
    assert said.split()[1].startswith(found.version)
