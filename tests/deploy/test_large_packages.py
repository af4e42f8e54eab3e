"""Packages that reach Lambda through a bucket: put there once, taken away when nobody needs them."""

from __future__ import annotations

import random
import zipfile
from typing import TYPE_CHECKING

from emulator import REGION

if TYPE_CHECKING:
    from project import Project

_BUCKET = "packages"
_OTHERS = "lambdacli/shop/dev2/theirs.zip"


def _zip(project: Project, seed: int) -> None:
    """51 MB that cannot be made smaller."""
    with zipfile.ZipFile(project.folder / "code.zip", "w") as made:
        made.writestr("app.py", "def handler(event, context): return event\n")
        made.writestr("data.bin", random.Random(seed).randbytes(51 << 20))  # noqa: S311 - just data


def _deploy(project: Project, *more: str) -> list[str]:
    ended = project("deploy", "--yes", *more)
    assert ended.status == 0, ended.err
    return [call for call in project.aws.writes if not call.startswith("ssm:")]


def _keys(project: Project) -> list[str]:
    found = project.aws.client("s3").list_objects_v2(Bucket=_BUCKET)
    return [each["Key"] for each in found.get("Contents", ())]


def test_large_packages_come_and_go(project: Project) -> None:
    client = project.aws.client("s3")
    client.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_object(Bucket=_BUCKET, Key=_OTHERS, Body=b"theirs")
    project.write(orders={"code": "code.zip"}, mails={})
    _zip(project, 1)
    refused = project("deploy", "--yes")
    assert (refused.status, "name a bucket" in refused.err, project.aws.writes) == (2, True, []), refused.err

    project.manifest["deploy"] = {"bucket": _BUCKET}
    project.save()
    _deploy(project)
    first, other = _keys(project)
    assert (first.startswith("lambdacli/shop/dev/"), other) == (True, _OTHERS)
    assert _deploy(project) == []

    _zip(project, 2)
    _deploy(project, "--only", "mails")
    assert _keys(project) == [first, other]
    _deploy(project)
    second, other = _keys(project)
    assert (first != second, other) == (True, _OTHERS)
    assert _deploy(project) == []

    ended = project("destroy", "--yes")
    assert ended.status == 0, ended.err
    assert _keys(project) == [_OTHERS]
    assert "nothing to destroy" in project("destroy", "--yes").err
