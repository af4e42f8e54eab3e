"""What goes into a package: all but what nobody wants and what the user leaves out; `!` brings back what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

NEVER = [
    ".git/HEAD",
    "lib/.git",
    "__pycache__/app.cpython-313.pyc",
    "lib/__pycache__/x.pyc",
    ".pytest_cache/x",
    ".mypy_cache/x",
    ".ruff_cache/x",
    "node_modules/.cache/x",
    "node_modules/.package-lock.json",
    ".env",
    "lib/.env.production",
    ".envrc",
    ".DS_Store",
    "lib/.DS_Store",
    ".idea/workspace.xml",
    ".vscode/settings.json",
    "app.py~",
    ".app.py.swp",
    "lambdacli.yaml",
    ".lambdaignore",
    "env-of-mine/pyvenv.cfg",
    "env-of-mine/lib/python3.13/site-packages/x.py",
]
ALWAYS = [
    "tests/test_app.py",
    "lib/lambdacli.yaml",
    "templates/.gitignore",
    "environment.py",
    ".config/x",
    "git/x",
    "README.md",
]


def test_what_is_never_wanted_is_left_out_and_nothing_else(project: Project) -> None:
    project.write(dict.fromkeys([*NEVER, *ALWAYS], "x") | {".lambdaignore": ""})
    assert project.names() == sorted(["app.py", *ALWAYS])


def test_lambdaignore_is_read_as_git_reads_its_own(project: Project) -> None:
    project.write(dict.fromkeys(["a.md", "docs/b.md", "docs/keep.md", "build/x", "src/build/x", "top/only"], "x"))
    project.write({".lambdaignore": "# comment\n*.md\n!docs/keep.md\n/build/\n/only\n[z-a]\n"})
    assert project.names() == ["app.py", "docs/keep.md", "src/build/x", "top/only"]


def test_exclude_of_the_function_comes_after_lambdaignore(project: Project) -> None:
    project.write({"a.md": "x", "b.txt": "x", ".lambdaignore": "*.md\n"})
    assert project.names(exclude=("*.txt", "!a.md")) == ["a.md", "app.py"]


@pytest.mark.parametrize(
    ("pattern", "back"),
    [
        ("!.env", [".env"]),
        ("!.env.*", [".env.test"]),
        ("!.vscode/", [".vscode/settings.json"]),
        ("!venv/", ["venv/lib/x.py", "venv/pyvenv.cfg"]),
        ("!.lambdaignore", [".lambdaignore"]),
        ("!*", []),
        ("!**", []),
        ("!**/*", []),
    ],
)
def test_a_pattern_brings_back_what_it_names(project: Project, pattern: str, back: list[str]) -> None:
    project.write(
        dict.fromkeys([".env", ".env.test", ".vscode/settings.json", "venv/pyvenv.cfg", "venv/lib/x.py"], "x")
    )
    project.write({".lambdaignore": f"{pattern}\n"})
    assert project.names() == sorted(["app.py", *back])


def test_everything_left_out_but_what_is_asked_for(project: Project) -> None:
    project.write(dict.fromkeys(["src/x.py", "src/.env", "docs/y.md", "z.py"], "x"))
    assert project.names(exclude=("*", "!app.py", "!src/", "!src/**")) == ["app.py", "src/x.py"]


def test_the_ignore_file_may_be_of_windows(project: Project) -> None:
    project.write({"a.md": "x", ".lambdaignore": b"\xef\xbb\xbf*.md\r\n"})
    assert project.names() == ["app.py"]
