"""What whoever deploys needs to be permitted: every operation that lambdacli calls, on as little as AWS can tell apart.

Names that lambdacli gives are told by the prefix of app and stage, what the manifest only refers to by account and
region. A policy for one manifest would be narrower, and would not permit to delete what has left it.

Source: the pages of each service in the Service Authorization Reference.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli.resource import POLICY_LANGUAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lambdacli.resource import Place

MAX_SIZE = 6144  # characters without white space of a managed policy, "IAM and AWS STS quotas"


class Scope(NamedTuple):
    """Operations of a service that are permitted on the same resources."""

    sid: str
    service: str  # as boto3 calls it
    operations: str  # as boto3 calls them
    resources: tuple[str, ...]  # ARNs without arn:partition, with {mine} for the prefix of names; or "*"
    condition: Mapping[str, Mapping[str, str]] = MappingProxyType({})


_EVERYTHING = "get_ create_ update_ put_ delete_"  # API Gateway permits methods of HTTP, not operations
_MINE = ("lambda:{here}:function:{mine}*",)
FUNCTIONS = (
    Scope("Functions", "lambda",
          "add_permission create_alias create_function create_function_url_config delete_alias delete_function"
          " delete_function_concurrency delete_function_event_invoke_config delete_function_url_config"
          " delete_provisioned_concurrency_config get_alias get_function get_function_configuration"
          " get_function_event_invoke_config get_function_url_config get_policy get_provisioned_concurrency_config"
          " invoke list_aliases list_versions_by_function publish_version put_function_concurrency"
          " put_function_event_invoke_config put_provisioned_concurrency_config remove_permission tag_resource"
          " untag_resource update_alias update_function_code update_function_configuration"
          " update_function_url_config", _MINE),
    Scope("Mappings", "lambda",
          "delete_event_source_mapping get_event_source_mapping tag_resource update_event_source_mapping",
          ("lambda:{here}:event-source-mapping:*",)),
    Scope("NewMappings", "lambda", "create_event_source_mapping", ("*",),
          {"ArnLike": {"lambda:FunctionArn": "arn:{partition}:lambda:{here}:function:{mine}*"}}),
    Scope("AllMappings", "lambda", "list_event_source_mappings", ("*",)),
    Scope("Layers", "lambda", "delete_layer_version publish_layer_version", ("lambda:{here}:layer:{mine}*",)),
    Scope("AllLayers", "lambda", "list_layer_versions list_layers", ("*",)),
    Scope("Roles", "iam",
          "create_role delete_role delete_role_permissions_boundary delete_role_policy detach_role_policy get_role"
          " get_role_policy list_attached_role_policies list_role_policies list_role_tags"
          " put_role_permissions_boundary put_role_policy tag_role untag_role update_assume_role_policy"
          " update_role", ("iam::{account}:role/lambdacli/{app}/{stage}/*",)),
    Scope("AllRoles", "iam", "list_roles", ("*",)),
    Scope("Logs", "logs",
          "create_log_group delete_log_group delete_retention_policy filter_log_events list_tags_for_resource"
          " put_retention_policy start_live_tail tag_resource untag_resource",
          ("logs:{here}:log-group:/aws/lambda/{mine}*",)),
    Scope("AllLogs", "logs", "describe_log_groups", ("*",)),
    Scope("Lock", "ssm", "delete_parameter get_parameter put_parameter",
          ("ssm:{here}:parameter/lambdacli/{app}/{stage}/*",)),
    Scope("Finding", "resourcegroupstaggingapi", "get_resources", ("*",)),
    Scope("Account", "sts", "get_caller_identity", ("*",)),
)  # fmt: skip
TRIGGERS = (
    Scope("OthersLogs", "logs",
          "delete_subscription_filter describe_subscription_filters put_subscription_filter",
          ("logs:{here}:log-group:*",)),
    Scope("Buckets", "s3",
          "create_bucket delete_bucket get_bucket_encryption get_bucket_notification_configuration get_bucket_tagging"
          " get_bucket_versioning get_public_access_block head_bucket list_multipart_uploads list_object_versions"
          " put_bucket_encryption put_bucket_notification_configuration put_bucket_tagging put_bucket_versioning"
          " put_public_access_block", ("s3:::*",)),
    Scope("EmptyBuckets", "s3", "abort_multipart_upload delete_objects", ("s3:::*/*",)),
    Scope("Queues", "sqs",
          "create_queue delete_queue get_queue_attributes get_queue_url list_queue_tags set_queue_attributes tag_queue"
          " untag_queue", ("sqs:{here}:*",)),
    Scope("Topics", "sns",
          "create_topic delete_topic get_topic_attributes list_subscriptions_by_topic list_tags_for_resource"
          " set_topic_attributes subscribe tag_resource untag_resource", ("sns:{here}:*",)),
    Scope("Subscriptions", "sns", "get_subscription_attributes set_subscription_attributes unsubscribe", ("*",)),
    Scope("Tables", "dynamodb",
          "create_table delete_table describe_continuous_backups describe_table describe_time_to_live"
          " list_tags_of_resource tag_resource untag_resource update_continuous_backups update_table"
          " update_time_to_live", ("dynamodb:{here}:table/*",)),
    Scope("Streams", "kinesis",
          "add_tags_to_stream create_stream decrease_stream_retention_period delete_stream describe_stream_summary"
          " increase_stream_retention_period list_tags_for_stream remove_tags_from_stream start_stream_encryption"
          " stop_stream_encryption", ("kinesis:{here}:stream/*",)),
    Scope("AllStreams", "kinesis", "update_shard_count update_stream_mode", ("*",)),
    Scope("Rules", "events",
          "delete_rule describe_rule list_tags_for_resource list_targets_by_rule put_rule put_targets remove_targets",
          ("events:{here}:rule/{mine}*", "events:{here}:rule/*/{mine}*")),
    Scope("Buses", "events", "describe_event_bus", ("events:{here}:event-bus/*",)),
    Scope("Apis", "apigatewayv2", _EVERYTHING, ("apigateway:{region}::/apis", "apigateway:{region}::/apis/*")),
    Scope("RestApis", "apigateway", _EVERYTHING,
          ("apigateway:{region}::/restapis", "apigateway:{region}::/restapis/*", "apigateway:{region}::/tags/*",
           "apigateway:{region}::/domainnames/*")),
    Scope("Schedules", "scheduler",
          "create_schedule create_schedule_group delete_schedule delete_schedule_group get_schedule"
          " get_schedule_group list_tags_for_resource update_schedule",
          ("scheduler:{here}:schedule/*/{mine}*", "scheduler:{here}:schedule-group/*")),
    Scope("AllSchedules", "scheduler", "list_schedules", ("*",)),
    Scope("Balancers", "elbv2",
          "add_tags create_rule create_target_group delete_rule delete_target_group deregister_targets modify_listener"
          " modify_rule modify_target_group modify_target_group_attributes register_targets remove_tags",
          ("elasticloadbalancing:{here}:targetgroup/*", "elasticloadbalancing:{here}:listener/app/*",
           "elasticloadbalancing:{here}:listener-rule/app/*")),
    Scope("AllBalancers", "elbv2",
          "describe_listeners describe_rules describe_tags describe_target_group_attributes describe_target_groups"
          " describe_target_health", ("*",)),
    Scope("TopicRules", "iot",
          "create_topic_rule delete_topic_rule get_topic_rule replace_topic_rule", ("iot:{here}:rule/*",)),
    Scope("AllTopicRules", "iot", "list_topic_rules", ("*",)),
    Scope("UserPools", "cognito-idp",
          "describe_user_pool get_user_pool_mfa_config set_user_pool_mfa_config update_user_pool",
          ("cognito-idp:{here}:userpool/*",)),
    Scope("AllUserPools", "cognito-idp", "list_user_pools", ("*",)),
    Scope("Mail", "ses",
          "create_receipt_rule delete_receipt_rule describe_active_receipt_rule_set describe_receipt_rule_set"
          " set_receipt_rule_position update_receipt_rule", ("*",)),
)  # fmt: skip

_PREFIXES = {
    "elbv2": "elasticloadbalancing", "apigatewayv2": "apigateway", "resourcegroupstaggingapi": "tag",
}  # fmt: skip
# Operations whose actions have other names, or that take more than one: with tags in the creating call, for example.
RENAMED = {
    ("lambda", "invoke"): "lambda:InvokeFunction",
    ("lambda", "create_function"): "lambda:CreateFunction lambda:TagResource",
    ("lambda", "get_function"): "lambda:GetFunction lambda:ListTags",
    ("lambda", "create_event_source_mapping"): "lambda:CreateEventSourceMapping",
    ("iam", "create_role"): "iam:CreateRole iam:TagRole",
    ("logs", "create_log_group"): "logs:CreateLogGroup logs:TagResource",
    ("s3", "create_bucket"): "s3:CreateBucket s3:TagResource",
    ("s3", "get_bucket_encryption"): "s3:GetEncryptionConfiguration",
    ("s3", "get_bucket_notification_configuration"): "s3:GetBucketNotification",
    ("s3", "get_public_access_block"): "s3:GetBucketPublicAccessBlock",
    ("s3", "head_bucket"): "s3:ListBucket",
    ("s3", "head_object"): "s3:GetObject",
    ("s3", "list_objects_v2"): "s3:ListBucket",
    ("s3", "list_multipart_uploads"): "s3:ListBucketMultipartUploads",
    ("s3", "list_object_versions"): "s3:ListBucketVersions",
    ("s3", "put_bucket_encryption"): "s3:PutEncryptionConfiguration",
    ("s3", "put_bucket_notification_configuration"): "s3:PutBucketNotification",
    ("s3", "put_public_access_block"): "s3:PutBucketPublicAccessBlock",
    ("s3", "delete_objects"): "s3:DeleteObject s3:DeleteObjectVersion",
    ("sqs", "create_queue"): "sqs:CreateQueue sqs:TagQueue",
    ("sns", "create_topic"): "sns:CreateTopic sns:TagResource",
    ("dynamodb", "create_table"): "dynamodb:CreateTable dynamodb:TagResource",
    ("kinesis", "create_stream"): "kinesis:CreateStream kinesis:AddTagsToStream kinesis:TagResource",
    ("events", "put_rule"): "events:PutRule events:TagResource",
    ("scheduler", "create_schedule_group"): "scheduler:CreateScheduleGroup scheduler:TagResource",
    ("iot", "create_topic_rule"): "iot:CreateTopicRule iot:TagResource",
}
_METHODS = {"get": "GET", "create": "POST", "import": "POST", "tag": "PUT", "update": "PATCH", "put": "PUT",
            "untag": "DELETE", "delete": "DELETE"}  # fmt: skip


def actions(service: str, operation: str) -> tuple[str, ...]:
    """The IAM actions that an operation of a service takes, as boto3 names both."""
    prefix = _PREFIXES.get(service, service)
    if prefix == "apigateway":
        method = _METHODS[operation.partition("_")[0]]
        return (f"{prefix}:{method}", f"{prefix}:POST") if operation == "tag_resource" else (f"{prefix}:{method}",)
    if (service, operation) in RENAMED:
        return tuple(RENAMED[service, operation].split())
    return (f"{prefix}:{''.join(part.capitalize() for part in operation.split('_'))}",)


def policies(place: Place) -> dict[str, dict[str, Any]]:
    """By their names, for whoever deploys an app and stage to an account and region, and destroys it again.

    Two, because of their size: for functions and what belongs to them, and for what triggers them.
    """
    return {
        f"{place.prefix}-deploys-functions": _policy([*_statements(FUNCTIONS, place), *_given(place)]),
        f"{place.prefix}-deploys-triggers": _policy([*_statements(TRIGGERS, place), *_called(place)]),
    }


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": POLICY_LANGUAGE, "Statement": statements}


def _statements(scopes: Iterable[Scope], place: Place) -> Iterator[dict[str, Any]]:
    """What AWS cannot tell apart is one statement."""
    together: set[str] = set()
    for scope in scopes:
        if scope.resources == ("*",) and not scope.condition:
            together |= set(_statement(scope, place)["Action"])
        else:
            yield _statement(scope, place)
    yield _allow("Anywhere", sorted(together), ["*"])


def _statement(scope: Scope, place: Place) -> dict[str, Any]:
    found = {action for operation in scope.operations.split() for action in actions(scope.service, operation)}
    statement: dict[str, Any] = {
        "Sid": scope.sid,
        "Effect": "Allow",
        "Action": sorted(found),
        "Resource": [_filled(each, place) for each in scope.resources],
    }
    if scope.condition:
        statement["Condition"] = {
            operator: {key: _placed(value, place) for key, value in held.items()}
            for operator, held in scope.condition.items()
        }
    return statement


def _given(place: Place) -> Iterator[dict[str, Any]]:
    """What the manifest's own settings ask for: roles to pass, layers, a bucket for packages, keys, a network."""
    functions = place.manifest.functions.values()
    services = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
    roles = [each.role for each in functions if each.role] + ([place.role] if place.role else [])
    passed = [_filled("iam::{account}:role/lambdacli/{app}/{stage}/*", place), *dict.fromkeys(roles)]
    yield _allow("PassRoles", ["iam:PassRole"], passed) | {
        "Condition": {"StringEquals": {"iam:PassedToService": services}}
    }
    layers = [each for function in functions for each in function.layers if each.startswith("arn:")]
    used = [_filled("lambda:{here}:layer:{mine}*", place), *dict.fromkeys(layers)]
    yield _allow("UseLayers", ["lambda:GetLayerVersion"], used)
    if bucket := place.manifest.deploying.bucket:
        arn = _filled(f"s3:::{bucket}", place)
        yield _allow(
            "Packages",
            ["s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            [arn, f"{arn}/lambdacli/*"],
        )
    if keys := [each.kms_key for each in functions if each.kms_key]:
        allowed = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
        yield _allow("Keys", allowed, list(dict.fromkeys(keys)))
    if any(each.subnets for each in functions):
        yield _allow("Network", ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"], ["*"])


def _called(place: Place) -> Iterator[dict[str, Any]]:
    """Rules and schedules that the manifest's triggers name themselves, and what private APIs need besides."""
    triggers = [each for function in place.manifest.functions.values() for each in function.triggers]
    scopes = {each.sid: each for each in TRIGGERS}
    for sid, kinds in (("Rules", ("eventbridge", "schedule")), ("Schedules", ("schedule",))):
        named = sorted(
            {str(each.settings["name"]) for each in triggers if each.kind in kinds and "name" in each.settings}
        )
        given = tuple(
            part.replace("{mine}*", name) for name in named for part in scopes[sid].resources if "{mine}" in part
        )
        if given:
            yield _statement(scopes[sid]._replace(sid=f"Named{sid}", resources=given), place)
    if any(each.settings.get("endpoint_type") == "PRIVATE" for each in triggers if each.kind == "rest"):
        apis = [_filled(f"apigateway:{{region}}::/restapis{rest}", place) for rest in ("", "/*")]
        yield _allow("PrivateApis", ["apigateway:UpdateRestApiPolicy"], apis)


def _allow(sid: str, allowed: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": allowed, "Resource": resources}


def _filled(template: str, place: Place) -> str:
    return "*" if template == "*" else _placed(f"arn:{{partition}}:{template}", place)


def _placed(template: str, place: Place) -> str:
    manifest = place.manifest
    return template.format(
        partition=place.partition,
        region=place.region,
        account=place.account,
        here=f"{place.region}:{place.account}",
        app=manifest.app,
        stage=manifest.stage,
        mine=place.beginning,
    )
