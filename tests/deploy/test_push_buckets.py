from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from pushed import Pushed, alias

if TYPE_CHECKING:
    from pathlib import Path

    from forked import Forker
    from rules import Proxy

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:theirs"


@pytest.fixture
def project(tmp_path: Path, forker: Forker, aws: Proxy) -> Pushed:
    aws.client("s3").create_bucket(Bucket="photos", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return Pushed(tmp_path, forker, aws)


def _configuration(project: Pushed, bucket: str = "photos") -> dict[str, Any]:
    found: dict[str, Any] = project.aws.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    del found["ResponseMetadata"]
    return found


def _theirs(project: Pushed) -> dict[str, Any]:
    """What somebody else has put on the bucket: a queue, EventBridge, a function."""
    project.aws.client("sqs").create_queue(QueueName="theirs")
    other = "arn:aws:lambda:eu-west-1:123456789012:function:another"
    configuration = {
        "QueueConfigurations": [{"Id": "q", "QueueArn": QUEUE, "Events": ["s3:ObjectRemoved:*"]}],
        "LambdaFunctionConfigurations": [{
            "Id": "f", "LambdaFunctionArn": other, "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "another/"}]}},
        }],
        "EventBridgeConfiguration": {},
    }  # fmt: skip
    s3 = project.aws.client("s3")
    s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration=configuration)
    aws_lambda = project.aws.client("lambda")
    aws_lambda.create_function(
        FunctionName="another", Role="arn:aws:iam::123456789012:role/r", Runtime="python3.11", Handler="app.handler",
        Code={"ZipFile": _zip()},
    )  # fmt: skip
    aws_lambda.add_permission(
        FunctionName="another", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::photos",
    )  # fmt: skip
    return _configuration(project)


def _zip() -> bytes:
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return event")
    return packed.getvalue()


def test_an_object_invokes_the_function_and_only_where_the_filter_fits(project: Pushed) -> None:
    project.write({"thumbs": [{"s3": {"bucket": "photos", "prefix": "in/", "suffix": ".jpg"}}]})
    project.deploy()
    s3 = project.aws.client("s3")
    s3.put_object(Bucket="photos", Key="in/a.png", Body=b"-")
    s3.put_object(Bucket="photos", Key="in/a.jpg", Body=b"-")
    (record,) = project.got("thumbs")["Records"]
    assert record["s3"]["object"]["key"] == "in/a.jpg"
    assert len(project.events("thumbs")) == 1
    (statement,) = project.statements("thumbs")
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::photos"}, "StringEquals": {"AWS:SourceAccount": "123456789012"},
    }  # fmt: skip
    assert project.plan() == {}


def test_what_others_put_on_the_bucket_stays_as_it_is(project: Pushed) -> None:
    before = _theirs(project)
    project.write({"thumbs": [{"s3": {"bucket": "photos", "prefix": "in/"}}]})
    project.deploy()
    ours = [each for each in _configuration(project)["LambdaFunctionConfigurations"] if each["Id"] != "f"]
    assert [each["LambdaFunctionArn"] for each in ours] == [alias("thumbs")]
    after = _configuration(project)
    after["LambdaFunctionConfigurations"] = [e for e in after["LambdaFunctionConfigurations"] if e["Id"] == "f"]
    assert after == before
    project.write({"thumbs": []})
    project.deploy()
    assert _configuration(project) == before
    assert project.statements("thumbs") == []


def test_several_functions_share_a_bucket_and_one_leaves(project: Pushed) -> None:
    both = {
        "thumbs": [{"s3": {"bucket": "photos", "prefix": "in/"}}],
        "index": [
            {"s3": {"bucket": "photos", "prefix": "doc/"}},
            {"s3": {"bucket": "photos", "prefix": "in/", "events": ["s3:ObjectRemoved:*"]}},
        ],
    }
    project.write(both)
    project.deploy()
    writes = [each for each in project.aws.writes if "Notification" in each]
    assert writes == ["s3:PutBucketNotificationConfiguration"]
    assert len(_configuration(project)["LambdaFunctionConfigurations"]) == 3
    project.write({"index": both["index"]})
    action = project.plan()["bucket_notification", "photos"]
    assert (action["op"], action["drift"]) == ("update", False)
    (change,) = action["changes"]
    assert (change["field"], change["old"], change["new"]) == ("thumbs", ["s3:ObjectCreated:* (prefix in/)"], [])
    project.deploy()
    assert {e["LambdaFunctionArn"] for e in _configuration(project)["LambdaFunctionConfigurations"]} == {alias("index")}
    assert project.plan() == {}


def test_a_prefix_goes_from_one_function_to_another(project: Pushed) -> None:
    trigger = {"s3": {"bucket": "photos", "prefix": "in/"}}
    project.write({"thumbs": [trigger], "index": []})
    project.deploy()
    project.write({"thumbs": [], "index": [trigger]})
    project.deploy()
    (entry,) = _configuration(project)["LambdaFunctionConfigurations"]
    assert entry["LambdaFunctionArn"] == alias("index")
    assert project.statements("thumbs") == []


def test_one_function_alone_leaves_the_entries_of_the_others(project: Pushed) -> None:
    project.write(
        {
            "thumbs": [{"s3": {"bucket": "photos", "prefix": "in/"}}],
            "index": [{"s3": {"bucket": "photos", "prefix": "doc/"}}],
        }
    )
    project.deploy()
    project.write({"thumbs": [], "index": [{"s3": {"bucket": "photos", "prefix": "text/"}}]})
    project.deploy("--only", "index")
    found = _configuration(project)["LambdaFunctionConfigurations"]
    prefixes = {e["LambdaFunctionArn"]: e["Filter"]["Key"]["FilterRules"][0]["Value"] for e in found}
    assert prefixes == {alias("thumbs"): "in/", alias("index"): "text/"}
    project.deploy("--only", "thumbs")
    (entry,) = _configuration(project)["LambdaFunctionConfigurations"]
    assert entry["LambdaFunctionArn"] == alias("index")
    assert project.statements("thumbs") == []
    assert project.plan() == {}


def test_an_overlap_with_what_others_put_is_told_in_the_plan(project: Pushed) -> None:
    _theirs(project)
    project.write({"thumbs": [{"s3": {"bucket": "photos", "prefix": "another/one"}}]})
    project.aws.forget()
    said = project.deploy(code=2)
    assert "lambdacli.yaml:" in said
    assert "functions.thumbs.triggers[0].s3" in said
    assert "s3:ObjectCreated:* (prefix another/one) overlaps s3:ObjectCreated:* (prefix another/)" in said
    assert said.endswith("error: 1 problem in lambdacli.yaml\n")
    assert project.aws.writes == []


def test_a_bucket_elsewhere_is_told_in_the_plan(project: Pushed) -> None:
    there = boto3.client(
        "s3", region_name="eu-central-1", endpoint_url=project.aws.url, aws_access_key_id="test",
        aws_secret_access_key="test", config=Config(s3={"addressing_style": "path"}),  # noqa: S106 - any will do
    )  # fmt: skip
    there.create_bucket(Bucket="away", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    project.write({"thumbs": [{"s3": "away"}]})
    assert "the bucket is in eu-central-1" in project.deploy(code=2)


def test_what_somebody_changes_is_seen_and_put_right(project: Pushed) -> None:
    project.write({"thumbs": [{"s3": {"bucket": "photos", "prefix": "in/"}}]})
    project.deploy()
    wanted = _configuration(project)
    s3 = project.aws.client("s3")
    s3.put_bucket_notification_configuration(Bucket="photos", NotificationConfiguration={})
    (action,) = project.plan().values()
    assert action["kind"] == "bucket_notification"
    assert action["drift"] is True
    project.deploy()
    assert _configuration(project) == wanted


def test_destroy_takes_our_entries_away_and_leaves_the_others(project: Pushed) -> None:
    before = _theirs(project)
    project.write({"thumbs": [{"s3": {"bucket": "photos", "prefix": "in/"}}]})
    project.deploy()
    project.run("destroy", "--yes")
    assert _configuration(project) == before


def test_a_bucket_that_lambdacli_makes_can_notify_at_once(project: Pushed) -> None:
    project.write({"thumbs": [{"s3": "made"}]}, buckets={"made": {"eventbridge": True}})
    project.deploy()
    project.aws.client("s3").put_object(Bucket="made", Key="a", Body=b"-")
    assert project.got("thumbs")["Records"][0]["s3"]["bucket"]["name"] == "made"
    assert "EventBridgeConfiguration" in _configuration(project, "made")
    assert project.plan() == {}
