"""What an account has before anything is deployed to it: what manifests and samples refer to, owned by others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules import Proxy


def prepared(aws: Proxy, needs: Iterable[str]) -> dict[str, str]:
    """Make what is needed; the environment variables that tell a manifest of it."""
    environment: dict[str, str] = {}
    for each in needs:
        kind, _, name = each.partition(" ")
        environment |= _MAKERS[kind](aws, name) or {}
    return environment


def _bucket(aws: Proxy, name: str) -> None:
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})


def _queue(aws: Proxy, name: str) -> None:
    aws.client("sqs").create_queue(QueueName=name)


def _table(aws: Proxy, name: str) -> None:
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )


def _stream(aws: Proxy, name: str) -> None:
    aws.client("kinesis").create_stream(StreamName=name, ShardCount=1)


def _log_group(aws: Proxy, name: str) -> None:
    aws.client("logs").create_log_group(logGroupName=name)


def _bus(aws: Proxy, name: str) -> None:
    aws.client("events").create_event_bus(Name=name)


def _listener(aws: Proxy, name: str) -> dict[str, str]:
    elb = aws.client("elbv2")
    balancer = elb.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
    nothing: dict[str, Any] = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    made = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[nothing]
    )
    return {"LISTENER": made["Listeners"][0]["ListenerArn"]}


def _pool(aws: Proxy, name: str) -> dict[str, str]:
    return {"USER_POOL": aws.client("cognito-idp").create_user_pool(PoolName=name)["UserPool"]["Id"]}


def _mail(aws: Proxy, name: str) -> None:
    ses = aws.client("ses")
    ses.create_receipt_rule_set(RuleSetName=name)
    ses.set_active_receipt_rule_set(RuleSetName=name)


_MAKERS: dict[str, Callable[[Proxy, str], dict[str, str] | None]] = {
    "bucket": _bucket,
    "queue": _queue,
    "table": _table,
    "stream": _stream,
    "log-group": _log_group,
    "bus": _bus,
    "listener": _listener,
    "pool": _pool,
    "mail": _mail,
}

NEEDS = {
    "pushed": ("log-group /shop/app", "bus shop"),
    "others": ("listener shop", "pool people", "mail inbound"),
    "thumbnails": ("bucket photos", "bucket photos-thumbnails"),
    "order-mail": ("table orders", "bucket invoices"),
    "stream-metrics": (
        "stream page-views",
        "table orders",
        "queue page-views-discarded",
        "queue orders-discarded",
    ),
}  # by sample or manifest
