"""Handlers are checked by reading, never by running."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from lambdacli import runtimes
from lambdacli.errors import ManifestError
from lambdacli.model import Function

if TYPE_CHECKING:
    from pathlib import Path


def problem(runtime: str, handler: str, code: Path, **more: object) -> str:
    function = Function(name="f", handler=handler, runtime=runtime, code=code, **more)  # type: ignore[arg-type]
    return runtimes.of(runtime).handler_problem(function)


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


PYTHON_GOOD = {
    "def": "def handler(e, c): pass",
    "async def": "async def handler(e, c): pass",
    "class": "class handler: pass",
    "assignment": "handler = other = print",
    "unpacking": "a, (handler, b) = 1, (2, 3)",
    "annotation": "handler: object = print",
    "import": "from other import handler",
    "import as": "import other as handler",
    "star import": "from other import *",
    "module getattr": "def __getattr__(name): return print",
    "in a branch": "if True:\n    def handler(e, c): pass\nelse:\n    handler = None",
    "in a try": "try:\n    from fast import handler\nexcept ImportError:\n    from slow import handler",
    "in a with": "with open('x') as handler: pass",
    "globals": "globals()['handler'] = print",
    "walrus": "print(handler := 3)",
}


@pytest.mark.parametrize("source", PYTHON_GOOD.values(), ids=PYTHON_GOOD)
def test_python_finds(source: str, tmp_path: Path) -> None:
    assert not problem("python3.13", "app.handler", written(tmp_path, {"app.py": source + "\n"}))


@pytest.mark.parametrize(
    ("handler", "files", "expected"),
    [
        ("app.handler", {"app.py": "def handle(e, c): pass\n"}, "app.py defines no 'handler'; did you mean handle?"),
        ("app.handler", {"app.py": "def f():\n    handler = 1\n"}, "app.py defines no 'handler'"),
        ("app.handler", {"app.py": "if 1:\n def f():\n  handler = 1\n"}, "app.py defines no 'handler'"),
        ("ap.handler", {"app.py": ""}, "no module ap.py in {code}; did you mean app?"),
        ("src/ap.handler", {"src/app.py": ""}, "no module src/ap.py in {code}; did you mean app?"),
        ("app", {"app.py": ""}, "handler 'app' is not MODULE.FUNCTION"),
        ("app.", {"app.py": ""}, "handler 'app.' is not MODULE.FUNCTION"),
        ("app.handler", {"app.py": "x = 1\ndef handler(:\n"}, "syntax error in app.py, line 2: invalid syntax"),
        ("app.handler", {"app.py": "x = '\0'\n"}, "app.py"),
        ("app.Cls.run", {"app.py": "class Cls: pass\n"}, "no module app/Cls.py in {code}"),
    ],
)
def test_python_misses(handler: str, files: dict[str, str], expected: str, tmp_path: Path) -> None:
    found = problem("python3.13", handler, written(tmp_path, files))
    assert found.startswith(expected.format(code=tmp_path)) or expected in found
    assert "\n" not in found


@pytest.mark.parametrize("last", ["handler", "other"])
def test_python_chain_of_elif(last: str, tmp_path: Path) -> None:
    source = "if x == 0: pass\n" + "".join(f"elif x == {n}: pass\n" for n in range(60)) + f"else: {last} = 1\n"
    found = problem("python3.13", "app.handler", written(tmp_path, {"app.py": source}))
    assert bool(found) == (last == "other")


def test_python_source_that_is_deep(tmp_path: Path) -> None:
    source = f"handler = lambda e, c: {' + '.join(['1'] * 900)}\n"
    assert not problem("python3.13", "app.handler", written(tmp_path, {"app.py": source}))


@pytest.mark.parametrize("handler", ["src/app.handler", "src.app.handler", "pack.handler"])
def test_python_in_folders_and_packages(handler: str, tmp_path: Path) -> None:
    source = "def handler(e, c): pass\n"
    assert not problem("python3.13", handler, written(tmp_path, {"src/app.py": source, "pack/__init__.py": source}))


def test_python_in_one_file(tmp_path: Path) -> None:
    code = written(tmp_path, {"app.py": "def handler(e, c): pass\n", "other.py": ""}) / "app.py"
    assert not problem("python3.13", "app.handler", code)
    assert "no module other.py" in problem("python3.13", "other.handler", code)


def test_python_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("src/app.py", "def handler(e, c): pass\n")
    assert not problem("python3.13", "src/app.handler", tmp_path / "code.zip")
    assert "defines no 'nothing'" in problem("python3.13", "src/app.nothing", tmp_path / "code.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("place", [42, -10])
def test_zip_that_is_broken(method: int, place: int, tmp_path: Path) -> None:
    broken = tmp_path / "code.zip"
    with zipfile.ZipFile(broken, "w", method) as archive:
        archive.writestr("app.py", "def handler(e, c): pass\n" * 99)
    data = bytearray(broken.read_bytes())
    data[place : place + 8] = b"\xff" * 8
    broken.write_bytes(data)
    with pytest.raises(ManifestError, match="is not a zip that can be unpacked"):
        problem("python3.13", "app.handler", broken)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"def handler(e, c): pass\n"])
def test_zip_that_is_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(data)
    with pytest.raises(ManifestError, match="is not a zip that can be unpacked"):
        problem("python3.13", "app.handler", tmp_path / "code.zip")


def test_zip_that_is_encrypted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("app.py", "def handler(e, c): pass\n")
    data = bytearray((tmp_path / "code.zip").read_bytes())
    data[6] |= 1  # of the file, then of its entry in the directory: the flag that says so
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "code.zip").write_bytes(data)
    with pytest.raises(ManifestError, match="encrypted"):
        problem("python3.13", "app.handler", tmp_path / "code.zip")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("runtime", ["python3.13", "nodejs22.x", "provided.al2023"])
def test_code_that_may_not_be_read(runtime: str, tmp_path: Path) -> None:
    code = written(tmp_path, {"private/code/app.py": ""}) / "private"
    code.chmod(0)
    try:
        assert problem(runtime, "app.handler", code / "code").startswith("no ")
    finally:
        code.chmod(0o700)


def test_python_compiled_module(tmp_path: Path) -> None:
    assert not problem("python3.13", "fast.handler", written(tmp_path, {"fast.cpython-313-x86_64-linux-gnu.so": ""}))


def test_user_code_is_not_run(tmp_path: Path) -> None:
    source = f"open({str(tmp_path / 'ran')!r}, 'w')\ndef handler(e, c): pass\n"
    assert not problem("python3.13", "app.handler", written(tmp_path, {"app.py": source}))
    assert not (tmp_path / "ran").exists()


NODE_GOOD = {
    "exports": "exports.handler = async () => 1;",
    "module.exports": "module.exports = { handler };",
    "spread": "module.exports = { ...others };",
    "export": "export const handler = async () => 1;",
    "export function": "export async function handler() {}",
    "export list": "export { main as handler };",
    "export star": "export * from './other.mjs';",
    "bundle": "__export(src_exports, { h: () => h }); module.exports = __toCommonJS(src_exports);",
    "reexport": "module.exports = require('./other');",
}


@pytest.mark.parametrize("source", NODE_GOOD.values(), ids=NODE_GOOD)
@pytest.mark.parametrize("ending", ["js", "mjs", "cjs"])
def test_node_finds(source: str, ending: str, tmp_path: Path) -> None:
    assert not problem("nodejs22.x", "index.handler", written(tmp_path, {f"index.{ending}": source}))


@pytest.mark.parametrize(
    ("handler", "files", "expected"),
    [
        ("index.handler", {"index.js": "exports.handle = 1;"}, "index.js exports no 'handler'; did you mean handle?"),
        ("idex.handler", {"index.mjs": ""}, "no file idex.js, .mjs or .cjs in {code}; did you mean index?"),
        ("index.handler", {"index.ts": ""}, "index.ts is TypeScript: compile it to index.js or index.mjs"),
        ("../index.handler", {}, "handler '../index.handler' goes up: name it from the function's folder"),
        ("index", {"index.js": ""}, "handler 'index' is not FILE.EXPORT"),
    ],
)
def test_node_misses(handler: str, files: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert problem("nodejs22.x", handler, written(tmp_path, files)) == expected.format(code=tmp_path)


def test_node_nested_exports_in_folders(tmp_path: Path) -> None:
    code = written(tmp_path, {"src/api.mjs": "export const routes = { get() {} };"})
    assert not problem("nodejs22.x", "src/api.routes.get", code)


def test_custom_runtime(tmp_path: Path) -> None:
    assert problem("provided.al2023", "any", tmp_path) == f"no file named bootstrap in {tmp_path}"
    (tmp_path / "bootstrap").write_text("#!/bin/sh\n")
    (tmp_path / "bootstrap").chmod(0o644)
    assert "is not executable: chmod +x" in problem("provided.al2023", "any", tmp_path)
    (tmp_path / "bootstrap").chmod(0o755)
    assert not problem("provided.al2023", "any", tmp_path)


def test_custom_runtime_from_a_layer(tmp_path: Path) -> None:
    written(tmp_path, {"layer/bootstrap": "", "code/x": ""})
    assert not problem("provided.al2023", "any", tmp_path / "code", layers=(str(tmp_path / "layer"),))
