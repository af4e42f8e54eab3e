"""The exact shapes that tools get wrong: one test per trap."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from typing import Any

import pytest

from lambdacli import events


def render(name: str, **parameters: Any) -> Any:
    count = parameters.pop("count", None)
    return events.render(events.load(name), {k.replace("_", "-"): v for k, v in parameters.items()}, count=count)


def records(name: str, **parameters: Any) -> Any:
    return render(name, **parameters)["Records"]


def body(record: dict[str, Any]) -> Any:
    return json.loads(record["body"])


# S3


def test_s3_keys_are_quote_plus_encoded_and_keep_the_slash() -> None:
    (record,) = records("s3-put", key="in/a b+c%é.jpg")
    assert record["s3"]["object"]["key"] == "in/a+b%2Bc%25%C3%A9.jpg"


def test_s3_event_names_have_no_prefix() -> None:
    assert records("s3-put")[0]["eventName"] == "ObjectCreated:Put"
    assert all(
        not records(name)[0]["eventName"].startswith("s3:")
        for name in events.names()
        if name.startswith("s3-") and not name.startswith(("s3-test", "s3-batch", "s3-object-lambda"))
    )


def test_s3_deletion_has_neither_size_nor_etag() -> None:
    assert set(records("s3-delete")[0]["s3"]["object"]) == {"key", "sequencer"}


def test_s3_sequencers_begin_with_the_seconds_and_grow() -> None:
    found = [record["s3"]["object"]["sequencer"] for record in records("s3-put", count=20)]
    assert all(re.fullmatch("00695735A5[0-9A-F]{8}", each) for each in found)
    assert found == sorted(set(found))
    assert render("eventbridge-s3-object-created")["detail"]["object"]["sequencer"] == found[0]
    (later,) = records("s3-put", time="2026-01-02T03:04:05.679Z")
    assert later["s3"]["object"]["sequencer"] > found[-1]


@pytest.mark.parametrize(
    "name", ["intelligent-tiering", "lifecycle-transition", "acl-put", "tagging-put", "tagging-delete"]
)
def test_s3_orders_only_what_puts_and_deletes(name: str) -> None:
    assert "sequencer" not in records(f"s3-{name}")[0]["s3"]["object"]
    assert records(f"s3-{name}", sequencer="00AA")[0]["s3"]["object"]["sequencer"] == "00AA"


def test_s3_has_one_version_for_all_events_and_says_the_tags_of_the_bucket() -> None:
    names = [name for name in events.names() if name.startswith("s3-") and events.load(name).trigger == "s3"]
    for name in names:
        assert records(name)[0]["eventVersion"] == "2.6"
        assert "awsGeneratedTags" not in records(name)[0]["s3"]["bucket"]
        (tagged,) = records(name, bucket_tags={"aws:cloudformation:stack-name": "shop"})
        assert tagged["s3"]["bucket"]["awsGeneratedTags"] == {"aws:cloudformation:stack-name": "shop"}
    assert len(names) == 17


def test_s3_restored_copies_go_at_midnight_which_only_their_completion_tells() -> None:
    (record,) = records("s3-restore-completed")
    restored = record["glacierEventData"]["restoreEventData"]
    assert restored["lifecycleRestorationExpiryTime"] == "2026-01-04T00:00:00.000Z"
    assert "glacierEventData" not in records("s3-restore-delete")[0]


def test_s3_entity_tag_of_a_multipart_upload_ends_in_the_number_of_parts() -> None:
    assert records("s3-multipart-upload")[0]["s3"]["object"]["eTag"].endswith("-2")
    uploaded = render("eventbridge-s3-object-created", reason="CompleteMultipartUpload")["detail"]["object"]
    assert (uploaded["etag"][-2:], uploaded["size"]) == ("-2", 10 * 1024 * 1024)
    assert "-" not in render("eventbridge-s3-object-created")["detail"]["object"]["etag"]


def test_s3_says_of_copies_whether_they_are_annotated() -> None:
    assert "hasObjectAnnotation" not in records("s3-copy")[0]["s3"]["object"]
    assert records("s3-copy", annotated=False)[0]["s3"]["object"]["hasObjectAnnotation"] is False


def test_s3_version_is_left_out_when_unversioned() -> None:
    assert "versionId" not in records("s3-put")[0]["s3"]["object"]
    assert records("s3-put", version_id="v1")[0]["s3"]["object"]["versionId"] == "v1"


def test_s3_keys_in_eventbridge_are_raw() -> None:
    assert render("eventbridge-s3-object-created", key="in/a b+c.jpg")["detail"]["object"]["key"] == "in/a b+c.jpg"


# SQS


def test_sqs_attribute_values_are_strings() -> None:
    for name in ("sqs-receive-message", "sqs-receive-message-fifo"):
        assert all(isinstance(value, str) for value in records(name)[0]["attributes"].values())


def test_sqs_body_digest_follows_the_body() -> None:
    (record,) = records("sqs-receive-message", body='{"a":1}')
    assert record["body"] == '{"a":1}'
    assert record["md5OfBody"] == hashlib.md5(b'{"a":1}').hexdigest()  # noqa: S324 - what SQS uses


def test_sqs_message_attributes_have_their_digest_only_when_there_are_some() -> None:
    assert "md5OfMessageAttributes" not in records("sqs-receive-message")[0]
    (record,) = records("sqs-receive-message", message_attributes={"kind": "order", "n": 2})
    assert record["messageAttributes"]["n"] == {
        "stringValue": "2", "stringListValues": [], "binaryListValues": [], "dataType": "Number",
    }  # fmt: skip
    assert len(record["md5OfMessageAttributes"]) == 32


def test_sqs_fifo_has_its_arn_ids_and_growing_sequence_numbers() -> None:
    found = records("sqs-receive-message-fifo", count=3)
    numbers = [record["attributes"]["SequenceNumber"] for record in found]
    assert all(len(number) == 20 for number in numbers)
    assert numbers == sorted(set(numbers))
    for record in found:
        assert record["eventSourceARN"].endswith(".fifo")
        assert record["attributes"]["MessageGroupId"]
        assert len(record["attributes"]["MessageDeduplicationId"]) == 64
    assert len({record["attributes"]["MessageDeduplicationId"] for record in found}) == 3


def test_sqs_fifo_names_end_in_fifo() -> None:
    for queue in ("orders", "orders.fifo"):
        (record,) = records("sqs-receive-message-fifo", queue_name=queue)
        assert record["eventSourceARN"].endswith(":orders.fifo")
        (record,) = records("sqs-sns-notification-fifo", queue_name=queue, topic=queue)
        assert record["eventSourceARN"].endswith(":orders.fifo")
        assert body(record)["TopicArn"].endswith(":orders.fifo")
        assert ":orders.fifo:" in body(record)["UnsubscribeURL"]


# SNS


def test_sns_spells_url_differently_in_lambda_and_in_sqs() -> None:
    assert {"SigningCertUrl", "UnsubscribeUrl"} < set(records("sns-notification")[0]["Sns"])
    assert {"SigningCertURL", "UnsubscribeURL"} < set(body(records("sqs-sns-notification")[0]))


def test_sns_subscription_is_the_topic_and_a_uuid() -> None:
    (record,) = records("sns-notification")
    topic = record["Sns"]["TopicArn"]
    assert re.fullmatch(
        re.escape(topic) + r":[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", record["EventSubscriptionArn"]
    )
    assert record["Sns"]["UnsubscribeUrl"].endswith(record["EventSubscriptionArn"])


# DynamoDB


def test_dynamodb_images_follow_the_kind_of_change() -> None:
    insert, modify, remove = (record["dynamodb"] for record in records("dynamodb-update"))
    assert ("NewImage" in insert, "OldImage" in insert) == (True, False)
    assert ("NewImage" in modify, "OldImage" in modify) == (True, True)
    assert ("NewImage" in remove, "OldImage" in remove) == (False, True)


@pytest.mark.parametrize(
    ("view", "images"),
    [
        ("KEYS_ONLY", set()),
        ("NEW_IMAGE", {"NewImage"}),
        ("OLD_IMAGE", {"OldImage"}),
        ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
    ],
)
def test_dynamodb_images_follow_the_view_type(view: str, images: set[str]) -> None:
    (record,) = records("dynamodb-modify", stream_view_type=view)
    assert {"NewImage", "OldImage"} & set(record["dynamodb"]) == images


def test_dynamodb_numbers_are_strings_and_images_hold_the_keys() -> None:
    (record,) = records("dynamodb-insert", keys={"Id": 7}, new_image={"n": 1.5, "l": [None, True], "m": {"S": "typed"}})
    assert record["dynamodb"]["Keys"] == {"Id": {"N": "7"}}
    assert record["dynamodb"]["NewImage"] == {
        "Id": {"N": "7"}, "n": {"N": "1.5"}, "l": {"L": [{"NULL": True}, {"BOOL": True}]}, "m": {"S": "typed"},
    }  # fmt: skip


def test_dynamodb_expiry_is_done_by_the_service() -> None:
    (record,) = records("dynamodb-ttl-expire")
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert record["eventName"] == "REMOVE"


def test_dynamodb_arn_is_that_of_the_stream() -> None:
    assert all(
        ":table/orders/stream/" in record["eventSourceARN"] for record in records("dynamodb-update", table="orders")
    )


# Kinesis


def test_kinesis_event_id_is_shard_and_sequence() -> None:
    for record in records("kinesis-get-records", count=3):
        assert record["eventID"] == f"shardId-000000000000:{record['kinesis']['sequenceNumber']}"


def test_kinesis_arrival_is_in_float_seconds_and_data_in_base64() -> None:
    (record,) = records("kinesis-get-records", data="hé", time="2026-01-02T03:04:05.678Z")
    assert record["kinesis"]["approximateArrivalTimestamp"] == 1767323045.678
    assert base64.b64decode(record["kinesis"]["data"]).decode() == "hé"


# REST APIs


def test_rest_headers_and_query_are_the_last_of_the_multi_values() -> None:
    event = render("apigateway-aws-proxy", query={"a": ["1", "2"]}, headers={"X-A": ["1", "2"]})
    for single, multi in (
        ("headers", "multiValueHeaders"),
        ("queryStringParameters", "multiValueQueryStringParameters"),
    ):
        assert event[single] == {name: values[-1] for name, values in event[multi].items()}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}


def test_rest_path_has_the_stage_and_proxy_no_slash() -> None:
    event = render("apigateway-aws-proxy", path="/a/b", stage="test")
    assert event["path"] == "/a/b"
    assert event["requestContext"]["path"] == "/test/a/b"
    assert event["pathParameters"] == {"proxy": "a/b"}


def test_rest_path_parameters_follow_from_the_route() -> None:
    event = render("apigateway-aws-proxy", resource="/orders/{id}/items/{item}", path="/orders/42/items/7")
    assert event["pathParameters"] == {"id": "42", "item": "7"}
    assert render("apigateway-aws-proxy", resource="/orders", path="/orders")["pathParameters"] is None
    assert render("apigateway-aws-proxy", resource="/orders/{id}")["path"] == "/orders/id"


def test_rest_header_replaces_the_usual_one_in_any_case() -> None:
    event = render("apigateway-aws-proxy", headers={"Content-Type": "text/plain"})
    assert [value for name, value in event["headers"].items() if name.lower() == "content-type"] == ["text/plain"]


def test_rest_empty_body_is_null() -> None:
    assert render("apigateway-aws-proxy", body="")["body"] is None


def test_rest_authorizers() -> None:
    context = render("apigateway-aws-proxy-lambda-authorizer", context={"n": 1})["requestContext"]
    assert context["authorizer"] == {"n": "1", "principalId": "user", "integrationLatency": 43}
    assert context["stage"] == "prod"
    claims = render("apigateway-aws-proxy-cognito", claims={"cognito:groups": "admin"})["requestContext"]["authorizer"]
    assert claims["claims"]["cognito:groups"] == "admin"
    identity = render("apigateway-aws-proxy-iam")["requestContext"]["identity"]
    assert identity["userArn"] == "arn:aws:iam::123456789012:user/example-user"
    assert identity["sourceIp"] == "192.0.2.1"


@pytest.mark.parametrize(
    "name",
    [
        "apigateway-aws-proxy",
        "apigateway-http-api-proxy",
        "apigateway-http-api-proxy-v1",
        "lambda-function-url",
        "alb-request",
        "alb-multi-value",
        "vpc-lattice-request-v2",
    ],
)
def test_what_has_no_body_is_not_encoded(name: str) -> None:
    event = render(name, body="", base64=True)
    assert not event.get("body")
    assert event["isBase64Encoded"] is False
    assert render(name, body="ü", base64=True)["isBase64Encoded"] is True
    assert render(name, body="ü")["isBase64Encoded"] is False


# HTTP APIs and function URLs


@pytest.mark.parametrize("name", ["apigateway-http-api-proxy", "lambda-function-url"])
def test_http_v2_shape(name: str) -> None:
    event = render(name, header={"X-Kind": ["a", "b"], "Cookie": "c=1; d=2"}, query_string="a=1&a=2&b=x%20y&e=")
    assert all(key == key.lower() for key in event["headers"])
    assert event["headers"]["x-kind"] == "a,b"
    assert "cookie" not in event["headers"]
    assert event["cookies"] == ["c=1", "d=2", "cookie1", "cookie2"]
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y", "e": ""}
    assert event["rawQueryString"] == "a=1&a=2&b=x%20y&e="
    assert not any(key.startswith("multiValue") for key in event)


@pytest.mark.parametrize("name", ["apigateway-http-api-proxy", "lambda-function-url"])
def test_http_v2_leaves_out_what_is_empty(name: str) -> None:
    event = render(name, body="", cookie=[], query_string="")
    assert not {"body", "cookies", "queryStringParameters", "pathParameters", "stageVariables"} & set(event)
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False


def test_http_v2_time_equals_its_epoch() -> None:
    context = render("apigateway-http-api-proxy", time="2026-11-08T09:10:11.999Z")["requestContext"]
    assert context["time"] == "08/Nov/2026:09:10:11 +0000"
    assert context["timeEpoch"] == 1794129011999


def test_http_v1_default_route_is_the_resource_and_headers_have_capitals() -> None:
    event = render("apigateway-http-api-proxy-v1", resource="$default", path="/a", body="ü")
    context = event["requestContext"]
    assert (context["resourceId"], context["resourcePath"], event["pathParameters"]) == ("$default", "$default", None)
    assert (event["headers"]["Content-Length"], event["headers"]["Content-Type"]) == ("2", "application/json")
    assert (
        render("apigateway-http-api-proxy-v1", method="put", resource="/a")["requestContext"]["resourceId"] == "PUT /a"
    )
    assert "Content-Length" not in render("apigateway-http-api-proxy-v1", body="")["headers"]
    for name in ("apigateway-http-api-proxy-v1", "apigateway-http-api-authorizer-v1"):
        assert render(name)["requestContext"]["identity"]["cognitoAmr"] is None


def test_http_v2_route_gives_method_path_and_parameters() -> None:
    event = render("apigateway-http-api-proxy", route_key="PUT /orders/{id}", path="/orders/42")
    assert event["requestContext"]["http"]["method"] == "PUT"
    assert event["pathParameters"] == {"id": "42"}
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "PUT /orders/{id}"
    assert render("apigateway-http-api-proxy", route_key="GET /orders")["rawPath"] == "/orders"


def test_http_v2_named_stage_is_part_of_the_path() -> None:
    event = render("apigateway-http-api-proxy", path="/a", stage="test")
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/test/a"


def test_http_v2_base64() -> None:
    event = render("apigateway-http-api-proxy", body="ü", base64=True)
    assert (base64.b64decode(event["body"]).decode(), event["isBase64Encoded"]) == ("ü", True)
    assert event["headers"]["content-length"] == "2"


def test_http_authorizers() -> None:
    jwt = render("apigateway-http-api-proxy-jwt", claims={"n": 1}, scopes=["read"])["requestContext"]["authorizer"][
        "jwt"
    ]
    assert jwt["claims"]["n"] == "1"
    assert jwt["scopes"] == ["read"]
    made = render("apigateway-http-api-proxy-lambda-authorizer", context={"n": 1})["requestContext"]["authorizer"]
    assert made == {"lambda": {"n": 1}}
    iam = render("apigateway-http-api-proxy-iam")["requestContext"]["authorizer"]["iam"]
    assert iam["userArn"].endswith(":user/example-user")


def test_function_url_host_and_route() -> None:
    event = render("lambda-function-url", region="eu-west-1")
    context = event["requestContext"]
    assert re.fullmatch(r"[a-z0-9]{32}\.lambda-url\.eu-west-1\.on\.aws", context["domainName"])
    assert event["headers"]["host"] == context["domainName"]
    assert (event["routeKey"], context["stage"], context["accountId"]) == ("$default", "$default", "anonymous")
    assert render("lambda-function-url-iam")["requestContext"]["accountId"] == "123456789012"


# Application Load Balancer


def test_alb_has_single_or_multi_value_keys_never_both() -> None:
    single, multi = render("alb-request"), render("alb-multi-value")
    assert {"headers", "queryStringParameters"} <= set(single)
    assert {"multiValueHeaders", "multiValueQueryStringParameters"} <= set(multi)
    assert not any(key.startswith("multi") for key in single)
    assert not {"headers", "queryStringParameters"} & set(multi)


def test_alb_does_not_decode_the_query_and_has_an_empty_body() -> None:
    event = render("alb-request", query={"q": "a b&c"})
    assert event["queryStringParameters"] == {"q": "a%20b%26c"}
    assert event["body"] == ""
    assert render("alb-request", query={})["queryStringParameters"] == {}


# WebSocket


def test_websocket_message_id_and_headers() -> None:
    connect, message, gone = (render(f"apigateway-websocket-{kind}") for kind in ("connect", "message", "disconnect"))
    assert "messageId" in message["requestContext"]
    assert "messageId" not in connect["requestContext"]
    assert "messageId" not in gone["requestContext"]
    assert "headers" in connect
    assert "headers" in gone
    assert "headers" not in message
    assert not any(
        "httpMethod" in event or "httpMethod" in event["requestContext"] for event in (connect, message, gone)
    )
    assert gone["requestContext"]["disconnectStatusCode"] == 1005
    assert [each["requestContext"]["eventType"] for each in (connect, message, gone)] == [
        "CONNECT", "MESSAGE", "DISCONNECT",
    ]  # fmt: skip
    assert len({each["requestContext"]["connectionId"] for each in (connect, connect)}) == 1


# Authorizers


def test_authorizers_name_the_method_or_the_route() -> None:
    http = render("apigateway-http-api-authorizer-v2", path="/a/b", method="get")
    assert http["routeArn"] == "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/$default/GET/a/b"
    assert http["identitySource"] == ["user1", "123"]
    assert "methodArn" not in http
    rest = render("apigateway-request-authorizer", path="/a/b")
    assert rest["methodArn"].endswith("/prod/GET/a/b")
    assert render("apigateway-authorizer")["methodArn"].endswith("/prod/POST/path/to/resource")
    token = render("apigateway-authorizer", token="t", resource="/a")  # noqa: S106 - no secret
    assert token == {
        "type": "TOKEN",
        "authorizationToken": "t",
        "methodArn": "arn:aws:execute-api:us-east-1:123456789012:1234567890/prod/POST/a",
    }


# EventBridge


def test_eventbridge_times_have_whole_seconds() -> None:
    for name in events.names():
        if name.startswith("eventbridge-"):
            assert render(name, time="2026-01-02T03:04:05.678Z")["time"] == "2026-01-02T03:04:05Z"


def test_scheduler_detail_is_a_string() -> None:
    assert render("eventbridge-scheduler")["detail"] == "{}"
    assert render("eventbridge-schedule")["detail"] == {}


# Cognito


def test_cognito_attributes_are_strings() -> None:
    event = render("cognito-post-confirmation", user_attributes={"custom:age": 7, "phone_number_verified": True})
    attributes = event["request"]["userAttributes"]
    assert attributes["custom:age"] == "7"
    assert attributes["phone_number_verified"] == attributes["email_verified"] == "true"


def test_cognito_responses_are_as_aws_sends_them() -> None:
    assert render("cognito-custom-message")["response"] == dict.fromkeys(("smsMessage", "emailMessage", "emailSubject"))
    assert "response" not in render("cognito-custom-email-sender")
    assert "response" not in render("cognito-custom-sms-sender")
    assert render("cognito-verify-auth-challenge-response")["response"] == {"answerCorrect": None}


def test_cognito_token_generation_versions() -> None:
    names = ("", "-v2", "-v3")
    assert [render(f"cognito-pre-token-generation{each}")["version"] for each in names] == ["1", "2", "3"]
    assert "scopes" not in render("cognito-pre-token-generation")["request"]


# Kafka, MQ


def test_kafka_keys_are_topic_and_partition_and_headers_are_bytes() -> None:
    event = render("kafka-records", topic="t", headers={"h": "ab"}, partition_number=3, value=["1", "2"])
    assert list(event["records"]) == ["t-3"]
    assert [each["offset"] for each in event["records"]["t-3"]] == [15, 16]
    assert event["records"]["t-3"][0]["headers"] == [{"h": [97, 98]}]
    assert event["eventSource"] == "SelfManagedKafka"
    assert "eventSourceArn" not in event
    assert render("msk-records")["eventSource"] == "aws:kafka"


def test_rabbitmq_key_is_queue_and_host() -> None:
    event = render("mq-rabbitmq", queue="q", vhost="/v", data=["a", "bc"])
    assert [each["basicProperties"]["bodySize"] for each in event["rmqMessagesByQueue"]["q::/v"]] == [1, 2]


# The rest


def test_ses_has_a_dmarc_verdict() -> None:
    assert records("ses-email-receiving")[0]["ses"]["receipt"]["dmarcVerdict"] == {"status": "PASS"}


def test_cloudwatch_logs_are_gzipped() -> None:
    event = render("cloudwatch-logs", message=["eins", "zwei ü"], log_group="/g")
    log = json.loads(zlib.decompress(base64.b64decode(event["awslogs"]["data"]), wbits=31))
    assert log["logGroup"] == "/g"
    assert [each["message"] for each in log["logEvents"]] == ["eins", "zwei ü"]
    assert all(len(each["id"]) == 56 for each in log["logEvents"])


def test_cloudwatch_logs_check_a_destination_in_nobodys_name() -> None:
    event = render("cloudwatch-logs", message_type="CONTROL_MESSAGE")
    log = json.loads(zlib.decompress(base64.b64decode(event["awslogs"]["data"]), wbits=31))
    assert (log["owner"], log["logGroup"], log["logStream"], log["subscriptionFilters"]) == (
        "CloudwatchLogs",
        "",
        "",
        [],
    )
    (said,) = log["logEvents"]
    assert said["id"] == ""
    assert said["message"].startswith("CWL CONTROL MESSAGE: ")


def test_documentdb_resume_tokens_have_36_digits() -> None:
    for name in events.names():
        if name.startswith("documentdb-"):
            token = render(name)["events"][0]["event"]["_id"]["_data"]
            assert token == "01" + "695735a5" + "00000001" + "01" + "00000001" + "000041e1", name


def test_documentdb_keeps_keys_that_start_with_a_dollar() -> None:
    event = render("documentdb-insert", document={"a": 1})["events"][0]["event"]
    assert event["fullDocument"] == {"_id": event["documentKey"]["_id"], "a": 1}
    assert list(event["clusterTime"]) == ["$timestamp"]


def test_nested_events_take_the_inner_events_parameters() -> None:
    first, second = records("sqs-s3-notification", bucket="photos", key=["a b", "c"], queue_name="q")
    assert [body(each)["Records"][0]["s3"]["object"]["key"] for each in (first, second)] == ["a+b", "c"]
    assert body(first)["Records"][0]["s3"]["bucket"]["name"] == "photos"
    assert first["md5OfBody"] == hashlib.md5(first["body"].encode()).hexdigest()  # noqa: S324 - what SQS uses
    deep = json.loads(body(records("sqs-sns-s3-notification", key="x y")[0])["Message"])
    assert deep["Records"][0]["s3"]["object"]["key"] == "x+y"
    assert body(records("sqs-eventbridge", detail={"a": 1}, source="s")[0])["detail"] == {"a": 1}
