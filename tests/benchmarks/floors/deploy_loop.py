"""What `deploy` does to functions without triggers, one call after another with boto3 and nothing else.

Usage: deploy_loop.py FILE COUNT. What exists is compared by the hash of its code.
"""

import base64
import contextlib
import hashlib
import io
import json
import sys
import time
import zipfile
from pathlib import Path

import boto3

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_LOGS = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


def main(file: Path, count: int) -> None:
    """Each function after the other."""
    code = _zipped(file)
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    clients = {name: boto3.client(name) for name in ("lambda", "iam", "logs")}
    for number in range(count):
        _function(clients, f"bench-loop-{number}", code, digest)


def _function(clients: dict, name: str, code: bytes, digest: str) -> None:
    aws = clients["lambda"]
    there = None
    with contextlib.suppress(aws.exceptions.ResourceNotFoundException):
        there = aws.get_function(FunctionName=name)["Configuration"]
        aws.get_alias(FunctionName=name, Name="live")
        clients["iam"].get_role_policy(RoleName=name, PolicyName="logs")
    if there is None:
        _make(clients, name, code)
    elif there["CodeSha256"] != digest:
        aws.update_function_code(FunctionName=name, ZipFile=code)
        _wait(aws, name)
        version = aws.publish_version(FunctionName=name)["Version"]
        aws.update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def _make(clients: dict, name: str, code: bytes) -> None:
    aws = clients["lambda"]
    clients["logs"].create_log_group(logGroupName=f"/aws/lambda/{name}")
    clients["logs"].put_retention_policy(logGroupName=f"/aws/lambda/{name}", retentionInDays=30)
    role = clients["iam"].create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [_LOGS]})
    clients["iam"].put_role_policy(RoleName=name, PolicyName="logs", PolicyDocument=policy)
    aws.create_function(
        FunctionName=name, Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code}
    )
    _wait(aws, name)
    version = aws.publish_version(FunctionName=name)["Version"]
    aws.create_alias(FunctionName=name, Name="live", FunctionVersion=version)


def _wait(aws: object, name: str) -> None:
    while True:
        found = aws.get_function_configuration(FunctionName=name)
        if found["State"] != "Pending" and found["LastUpdateStatus"] != "InProgress":
            return
        time.sleep(0.05)


def _zipped(file: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(file.name), file.read_bytes())
    return buffer.getvalue()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
