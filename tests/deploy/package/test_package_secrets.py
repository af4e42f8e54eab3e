"""Files that look like secrets are refused by name and by content, unless they are asked for; certificates are none."""

from __future__ import annotations

import base64
import zipfile
from typing import TYPE_CHECKING

import pytest

from lambdacli.errors import ManifestError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

BODY = base64.b64encode(bytes(range(90))).decode()
# put together here, so that this file holds none
PRIVATE = f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{BODY}\n-----END RSA PRIVATE {'KEY'}-----\n"
LOCKED = f"-----BEGIN RSA PRIVATE {'KEY'}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{BODY}\n"
CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\n"
PUBLIC = f"-----BEGIN PUBLIC KEY-----\n{BODY}\n-----END PUBLIC KEY-----\n"
ACCOUNT = '{"type": "service_account", "private_key": "' + PRIVATE.replace("\n", "\\n") + '"}'
ACCESS = "AKIA" + "QWERTYUIOPASDFGH"

SECRETS = [
    ("id_rsa", "x"),
    ("keys/id_ed25519", "x"),
    ("server.pem", PRIVATE),
    ("server.pem", CERTIFICATE + PRIVATE),
    ("server.key", "x"),
    ("store.p12", b"\0\1"),
    ("store.pfx", b"\0\1"),
    (".aws/config", "x"),
    ("credentials", "x"),
    (".npmrc", "//registry.npmjs.org/:_authToken=npm_x\n"),
    (".netrc", "x"),
    (".pypirc", "x"),
    (".git-credentials", "x"),
    ("google.json", ACCOUNT),
    ("config/settings.txt", f"key: {LOCKED}"),
    ("settings.py", f'KEY = "{ACCESS}"\n'),
]


@pytest.mark.parametrize(("name", "content"), SECRETS)
def test_what_looks_like_a_secret_is_refused(project: Project, name: str, content: str | bytes) -> None:
    project.write({name: content})
    with pytest.raises(ManifestError) as caught:
        project.package()
    assert caught.value.message.startswith(f"function orders: {name} looks like a secret: it ")
    assert f"{name} in .lambdaignore" in caught.value.hint
    assert "!" + name in caught.value.hint
    text = content if isinstance(content, str) else content.decode()
    assert len(text) < 5 or text not in caught.value.message + caught.value.hint
    assert ACCESS not in caught.value.message + caught.value.hint
    assert project.names(exclude=(name,)) == ["app.py"]
    assert project.names(exclude=(f"!{name}",)) == sorted(["app.py", name])


def test_a_whole_folder_that_is_asked_for_asks_for_no_secret(project: Project) -> None:
    project.write({"src/id_rsa": "x", "src/x.py": "x"})
    with pytest.raises(ManifestError, match="src/id_rsa looks like a secret"):
        project.package(exclude=("!src/", "!src/**"))


def test_several_are_named_at_once(project: Project) -> None:
    project.write(dict.fromkeys(["a.key", "b.key", "c.key", "d.key", "e.key"], "x"))
    with pytest.raises(ManifestError, match=r"a\.key looks .* and 4 more: b\.key, c\.key, d\.key and 1 more$"):
        project.package()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("certifi/cacert.pem", CERTIFICATE * 3),
        ("rds-global-bundle.pem", CERTIFICATE),
        ("public.key", PUBLIC),
        ("id_rsa.pub", "ssh-rsa AAAA"),
        (".npmrc", "registry=https://registry.npmjs.org/\n//host/:_authToken=${NPM_TOKEN}\n"),
        ("google/auth/credentials.py", "x"),
        ("parse.py", f'if text.startswith("-----BEGIN RSA PRIVATE {"KEY"}-----"):\n    pass\n'),
        ("docs.py", 'KEY = "AKIAIOSFODNN7EXAMPLE"\n'),
        ("data.bin", b"\0" + ACCESS.encode()),
        ("digest.txt", f"x{ACCESS}x"),
        ("node_modules/tls/test/server.key", PRIVATE),
        ("monkey.keys", "x"),
    ],
)
def test_what_is_public_is_packaged(project: Project, name: str, content: str | bytes) -> None:
    assert project.write({name: content}).names() == sorted(["app.py", name])


def test_keys_that_a_vendored_package_brings_are_no_secrets(project: Project) -> None:
    project.write(
        {"tornado/test/test.key": PRIVATE, "tornado-6.0.dist-info/RECORD": "tornado/test/test.key,sha256=x,9\n"}
    )
    assert "tornado/test/test.key" in project.names()
    project.write({"tornado/mine.key": PRIVATE})
    with pytest.raises(ManifestError, match=r"tornado/mine.key looks like a secret: it is named as a private key$"):
        project.package()


def test_a_zip_is_looked_into_as_well(project: Project, tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", "def handler(event, context): pass\n")
        opened.writestr("deploy/id_rsa", "x")
    with pytest.raises(ManifestError, match="deploy/id_rsa looks like a secret: it is a private key"):
        project.package(code=archive)
    assert project.package(code=archive, exclude=("!deploy/id_rsa",)).path == archive
