"""A folder, a file, a zip, a jar and a layer as packages: kept between runs, within Lambda's limits."""

from __future__ import annotations

import json
import os
import stat
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from lambdacli.deploy.package import UNPACKED, Package, check_size, package, package_layer
from lambdacli.errors import ManifestError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes and links are of Linux and macOS")
HANDLER = "def handler(event, context):\n    return event\n"
SETTLED = 0.12  # seconds after which a change must show in a file's times


def zipped(path: Path, files: dict[str, str | bytes], mode: int = 0o644) -> Path:
    with zipfile.ZipFile(path, "w") as opened:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | mode) << 16
            opened.writestr(info, content)
    return path


def test_a_file_goes_alone(project: Project) -> None:
    project.write({"beside.txt": "x", "requirements.txt": "boto3"})
    assert project.names(code=project.folder / "app.py") == ["app.py"]


def test_a_file_that_imports_from_beside_itself_is_told(project: Project) -> None:
    project.write({"app.py": "import json, helper\nfrom tools.x import y\nimport boto3\n" + HANDLER})
    project.write({"helper.py": "", "tools/x.py": "", "json.py": ""})
    made = project.package(code=project.folder / "app.py")
    assert made.remarks == ("app.py imports helper, tools from beside it, and goes alone: name the folder as `code`",)


def test_a_file_of_javascript_is_told_of_too(project: Project) -> None:
    text = 'import {x} from "./x.mjs"\nimport "fs"\nconst y = await import("../y.js")\nexport const handler = 1\n'
    project.write({"index.mjs": text})
    made = project.package(code=project.folder / "index.mjs", runtime="nodejs22.x", handler="index.handler")
    assert made.remarks == (
        "index.mjs imports ../y.js, ./x.mjs from beside it, and goes alone: name the folder as `code`",
    )


@pytest.mark.parametrize("name", ["code.zip", "code.jar"])
def test_a_zip_is_taken_as_it_is(project: Project, tmp_path: Path, name: str) -> None:
    archive = zipped(tmp_path / name, {"app.py": HANDLER, ".env": "x", "lib/": b"", "lib/x": "1234"})
    before = archive.read_bytes()
    made = project.package(code=archive)
    assert made.path == archive
    assert archive.read_bytes() == before
    assert (made.size, made.unpacked) == (len(before), len(HANDLER) + 5)
    assert made == project.package(code=archive)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06"])
def test_what_is_no_zip_is_refused(project: Project, tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "code.zip"
    archive.write_bytes(content)
    with pytest.raises(ManifestError, match=r"function orders: .*code.zip is not a zip that Lambda can unpack"):
        project.package(code=archive)


def test_a_damaged_zip_is_refused(project: Project, tmp_path: Path) -> None:
    archive = zipped(tmp_path / "code.zip", {"app.py": HANDLER})
    data = bytearray(archive.read_bytes())
    data[45] ^= 255
    archive.write_bytes(data)
    with pytest.raises(ManifestError, match="is not a zip that Lambda can unpack: Bad CRC-32"):
        project.package(code=archive)


def test_a_zip_whose_files_lambda_cannot_read_is_told(project: Project, tmp_path: Path) -> None:
    made = project.package(code=zipped(tmp_path / "code.zip", {"app.py": HANDLER}, 0o600))
    assert made.remarks == ("app.py may be read by its owner alone: Lambda needs mode 644 or 755 (chmod)",)


def test_a_link_that_leaves_a_zip_is_refused(project: Project, tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(info, "../../etc/passwd")
    with pytest.raises(ManifestError, match="the symbolic link link points out of it"):
        project.package(code=archive)


def test_code_that_is_not_there_is_an_error(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"function orders: no code at .*nope: no such file") as caught:
        project.package(code=tmp_path / "nope")
    assert caught.value.hint == "`code` is a folder, a file or a zip"


def test_an_unchanged_package_is_not_made_again(project: Project) -> None:
    project.write({"data.txt": "x" * 100_000})
    time.sleep(SETTLED)
    first = project.package()
    written = first.path.stat()
    again = project.package()
    assert again == first
    assert (again.path.stat().st_ino, again.path.stat().st_size) == (written.st_ino, written.st_size)


@pytest.mark.parametrize("change", ["content", "mode", "name", "link", "rules", "gone"])
def test_any_change_is_seen(project: Project, change: str) -> None:
    project.write({"data.txt": "before"})
    (project.folder / "link").symlink_to("app.py")
    time.sleep(SETTLED)
    first = project.package()
    status = (project.folder / "data.txt").stat()
    if change == "content":  # same size, same time
        project.write({"data.txt": "after!"})
        os.utime(project.folder / "data.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "mode":
        (project.folder / "data.txt").chmod(0o755)
    elif change == "name":
        (project.folder / "data.txt").rename(project.folder / "other.txt")
    elif change == "link":
        (project.folder / "link").unlink()
        (project.folder / "link").symlink_to("data.txt")
    elif change == "rules":
        project.write({".lambdaignore": "data.txt\n"})
    else:
        (project.folder / "data.txt").unlink()
    assert project.package().content != first.content


def test_a_kept_zip_that_is_cut_is_made_again(project: Project) -> None:
    time.sleep(SETTLED)
    first = project.package()
    data = first.path.read_bytes()
    first.path.write_bytes(data[:-1])
    assert project.package() == first
    assert first.path.read_bytes() == data


def test_there_need_be_no_cache(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = project.package()
    (tmp_path / "a-file").write_text("x")
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "a-file"))
    second = project.package()
    assert second.sha256 == first.sha256
    assert second.path != first.path


def test_functions_of_one_folder_share_the_look_at_it(project: Project) -> None:
    seen: dict[Any, Package] = {}
    first = package(project.function(name="a"), seen=seen)
    project.write({"new.txt": "x"})
    assert package(project.function(name="b"), seen=seen) == first
    assert package(project.function(name="b")) != first
    with pytest.raises(ManifestError, match=r"function c: app.py defines no 'other'"):
        package(project.function(name="c", handler="app.other"), seen=seen)


def test_the_handler_must_be_in_it(project: Project) -> None:
    with pytest.raises(ManifestError, match=r"^function orders: no module other.py in the package$"):
        project.package(handler="other.handler")
    with pytest.raises(ManifestError, match=r"no module app.py in the package") as caught:
        project.package(exclude=("app.py",))
    assert caught.value.hint == "it is left out: see `exclude` and .lambdaignore"
    project.write({"index.mjs": "export const handler = async () => 1\n"})
    assert "index.mjs" in project.names(runtime="nodejs22.x", handler="index.handler")
    with pytest.raises(ManifestError, match=r"no file other.js, .mjs or .cjs in the package"):
        project.package(runtime="nodejs22.x", handler="other.handler")


def test_the_handler_may_be_in_a_layer(project: Project) -> None:
    made = project.package(
        handler="datadog_lambda.handler.handler", layers=("arn:aws:lambda:eu-west-1:123456789012:layer:w:1",)
    )
    assert made.remarks == ("no module datadog_lambda/handler.py in the package: one of its layers has to bring it",)


def test_a_custom_runtime_needs_its_bootstrap(project: Project) -> None:
    with pytest.raises(ManifestError, match="no file named bootstrap in the package"):
        project.package(runtime="provided.al2023")
    project.write({"bootstrap": "#!/bin/sh\n"})
    with pytest.raises(ManifestError, match=r"bootstrap is not executable: chmod \+x it"):
        project.package(runtime="provided.al2023")
    (project.folder / "bootstrap").chmod(0o755)
    assert project.names(runtime="provided.al2023", code=project.folder / "bootstrap") == ["bootstrap"]


def test_an_unknown_runtime_is_named(project: Project) -> None:
    with pytest.raises(UsageError, match="function orders: unknown runtime 'python4'"):
        project.package(runtime="python4")


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(size)


def test_more_than_lambda_unpacks_names_the_largest_folders(project: Project) -> None:
    sparse(project.folder / "models/a.bin", 200 << 20)
    sparse(project.folder / "node_modules/big/b.bin", 60 << 20)
    with pytest.raises(ManifestError) as caught:
        project.package()
    assert "orders: 260.0 MB unpacked, of 250.0 MB at most" in caught.value.message
    assert "; the largest: models 200.0 MB, node_modules/big 60.0 MB" in caught.value.message


def test_a_function_and_its_layers_are_counted_together(project: Project, tmp_path: Path) -> None:
    made = project.package()
    layer = Package(tmp_path, "", "", 0, UNPACKED - made.unpacked, (), (("python/numpy", UNPACKED - 10),))
    check_size(project.function(), made, [layer])
    larger = layer._replace(unpacked=layer.unpacked + 1)
    with pytest.raises(ManifestError, match=r"function orders, with its layers: 250.0 MB unpacked.*python/numpy"):
        check_size(project.function(), made, [larger])


def test_a_layer_is_its_folder_content(tmp_path: Path) -> None:
    folder = tmp_path / "layer"
    (folder / "python").mkdir(parents=True)
    (folder / "python/tools.py").write_text("x")
    (folder / "python/.env").write_text("x")
    with zipfile.ZipFile(package_layer(folder).path) as opened:
        assert opened.namelist() == ["python/tools.py"]


def test_a_layer_may_be_a_zip_but_no_other_file(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "layer.zip", {"python/tools.py": "x"})
    assert package_layer(archive).path == archive
    (tmp_path / "tools.py").write_text("x")
    with pytest.raises(ManifestError, match="is neither a folder nor a zip"):
        package_layer(tmp_path / "tools.py")


def test_a_large_package_is_told_of_and_streamed(project: Project) -> None:
    sparse(project.folder / "model.bin", 60 << 20)
    made = project.package()
    assert project.told == ["zipping 60.0 MB"]
    assert made.size < 1 << 20
    with zipfile.ZipFile(made.path) as opened:
        assert opened.testzip() is None


def test_records_in_the_cache_hold_no_content(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    project.write({"word.txt": "hush-hush"})
    time.sleep(SETTLED)
    project.package()
    records = list((tmp_path / "cache/packages").glob("*.json"))
    assert [sorted(json.loads(each.read_text())) for each in records] == [
        ["content", "remarks", "sha256", "size", "unpacked"]
    ]
    assert {stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "cache/packages").iterdir()} == {0o600}


def test_what_was_not_used_for_long_goes(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMBDACLI_CACHE_DIR", str(tmp_path / "cache"))
    place = tmp_path / "cache/packages"
    (place / "old.installed/node_modules").mkdir(parents=True)
    for name in ("old.zip", "old.json", "unfinished-x", "young.zip"):
        (place / name).write_text("x")
    month, day = time.time() - 31 * 86_400, time.time() - 2 * 86_400
    for name, used in {"old.zip": month, "old.json": month, "old.installed": month, "unfinished-x": day}.items():
        os.utime(place / name, (used, used))
    time.sleep(SETTLED)
    made = project.package()
    left = {path.name for path in place.iterdir()} - {"tidied", made.path.name, made.path.with_suffix(".json").name}
    assert left == {"young.zip"}


def test_threads_may_package_at_once(project: Project) -> None:
    project.write({f"{number}.txt": str(number) * 1000 for number in range(50)})
    seen: dict[Any, Package] = {}
    with ThreadPoolExecutor(8) as pool:
        functions = [project.function(name=f"f{number}") for number in range(16)]
        made = list(pool.map(lambda function: package(function, seen=seen), functions))
    assert len({each.sha256 for each in made}) == 1
    with zipfile.ZipFile(made[0].path) as opened:
        assert opened.testzip() is None


def test_a_link_to_what_is_left_out_is_told(project: Project) -> None:
    project.write({"venv/pyvenv.cfg": "", "venv/x": ""})
    (project.folder / "link").symlink_to("venv/x")
    (project.folder / "fine").symlink_to(".")
    assert project.package().remarks == ("the link link points to venv/x, which is not packaged",)
