"""The plan in the README is what `deploy` shows of a new project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import ROOT

if TYPE_CHECKING:
    from conftest import CommandLine
    from rules import Proxy


def test_the_plan_is_the_readmes(lambdacli: CommandLine, aws: Proxy) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    aws.client("s3").create_bucket(Bucket="example-bucket", CreateBucketConfiguration=where)
    assert lambdacli("init", "photos", "--runtime", "python", "--trigger", "s3").returncode == 0
    folder = lambdacli.folder / "photos"
    shown = lambdacli("deploy", "--stage", "prod", "--dry-run", cwd=folder, env=aws.environ).stdout
    assert shown.startswith("photos, stage prod, in account 123456789012, eu-west-1")
    readme = (ROOT / "README.md").read_text()
    assert f"$ lambdacli deploy --stage prod\n{shown}do this in account 123456789012, eu-west-1? [y/N]:\n" in readme
