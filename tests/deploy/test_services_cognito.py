from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_HANDLER = """
import json

def handler(event, context):
    print("GOT", json.dumps(event))
    return event
"""


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    made = Pushed(tmp_path, forker, aws)
    (tmp_path / "code" / "app.py").write_text(_HANDLER)
    return made


def _pool(project: Pushed, name: str = "people", **more: Any) -> str:
    return str(project.aws.client("cognito-idp").create_user_pool(PoolName=name, **more)["UserPool"]["Id"])


def _described(project: Pushed, pool: str) -> dict[str, Any]:
    found: dict[str, Any] = project.aws.client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"]
    return found


def test_a_pool_calls_the_function(project: Pushed) -> None:
    pool = _pool(project)
    project.write({"people": [{"cognito": {"user_pool": "people", "trigger_source": "PreSignUp_SignUp"}}]})
    told = project.deploy()
    assert "every PreSignUp, not only for SignUp" in told
    client = project.aws.client("cognito-idp")
    app = client.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    client.sign_up(ClientId=app, Username="jane", Password="Secret-123456")  # noqa: S106 - of nobody
    assert project.got("people")["triggerSource"] == "PreSignUp_SignUp"
    (statement,) = project.statements("people")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == _described(project, pool)["Arn"]
    project.aws.calls.clear()
    project.deploy()
    assert project.aws.writes == []


def test_everything_else_of_the_pool_stays(project: Pushed) -> None:
    pool = _pool(
        project,
        Policies={"PasswordPolicy": {"MinimumLength": 20, "TemporaryPasswordValidityDays": 3}},
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        DeletionProtection="ACTIVE",
        UserPoolTags={"team": "people"},
        EmailVerificationSubject="Hello",
        LambdaConfig={"PostConfirmation": "arn:aws:lambda:eu-west-1:123456789012:function:theirs"},
        MfaConfiguration="OPTIONAL",
    )
    client = project.aws.client("cognito-idp")
    client.set_user_pool_mfa_config(
        UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
    )
    before, factors = _described(project, pool), client.get_user_pool_mfa_config(UserPoolId=pool)
    project.write({"people": [
        {"cognito": {"user_pool": pool, "trigger_source": "PreTokenGeneration", "lambda_version": "V2_0"}},
        {"cognito": {"user_pool": pool, "trigger_source": "CustomEmailSender", "kms_key": KEY}},
        {"cognito": {"user_pool": pool, "trigger_source": "PostAuthentication"}},
    ]})  # fmt: skip
    project.deploy()
    config = _described(project, pool)["LambdaConfig"]
    assert config == {
        "PostConfirmation": "arn:aws:lambda:eu-west-1:123456789012:function:theirs",
        "PreTokenGeneration": alias("people"),
        "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": alias("people")},
        "CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": alias("people")},
        "PostAuthentication": alias("people"),
        "KMSKeyID": KEY,
    }
    project.write({"people": [
        {"cognito": {"user_pool": pool, "trigger_source": "PreTokenGeneration", "lambda_version": "V3_0"}},
    ]})  # fmt: skip
    project.deploy()
    after = _described(project, pool)
    assert after["LambdaConfig"].keys() == {"PostConfirmation", "PreTokenGeneration", "PreTokenGenerationConfig"}
    assert after["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaVersion"] == "V3_0"
    project.write({"people": []})
    project.deploy()
    changing = {"LambdaConfig", "LastModifiedDate"}
    after = _described(project, pool)
    assert after["LambdaConfig"] == before["LambdaConfig"]
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    now = client.get_user_pool_mfa_config(UserPoolId=pool)
    assert {k: v for k, v in now.items() if k.endswith("Configuration")} == {
        k: v for k, v in factors.items() if k.endswith("Configuration")
    }


def test_a_step_that_somebody_else_has_taken(project: Pushed) -> None:
    theirs = "arn:aws:lambda:eu-west-1:123456789012:function:theirs"
    pool = _pool(project, LambdaConfig={"PreSignUp": theirs})
    project.write({"people": [{"cognito": {"user_pool": pool, "trigger_source": "PreSignUp"}}]})
    assert f"calls {theirs} for this already" in project.deploy(code=2)
    assert _described(project, pool)["LambdaConfig"] == {"PreSignUp": theirs}


def test_pools_that_are_not_there_or_not_to_be_told_apart(project: Pushed) -> None:
    project.write({"people": [{"cognito": {"user_pool": "nobody", "trigger_source": "PreSignUp"}}]})
    assert "there is no Cognito user pool nobody" in project.deploy(code=2)
    _pool(project, "twins"), _pool(project, "twins")
    project.write({"people": [{"cognito": {"user_pool": "twins", "trigger_source": "PreSignUp"}}]})
    assert "2 user pools are called twins" in project.deploy(code=1)


def test_a_step_moves_to_another_function(project: Pushed) -> None:
    pool = _pool(project)
    step = {"cognito": {"user_pool": "people", "trigger_source": "PreSignUp"}}
    project.write({"people": [step], "others": []})
    project.deploy()
    project.write({"people": [], "others": [{"cognito": {"user_pool": pool, "trigger_source": "PreSignUp"}}]})
    project.deploy()
    assert _described(project, pool)["LambdaConfig"] == {"PreSignUp": alias("others")}
    assert project.statements("people") == []
    project.run("destroy", "--yes")
    assert _described(project, pool).get("LambdaConfig", {}) == {}
