"""S3 buckets, private unless told otherwise.

Source: CreateBucket, PutPublicAccessBlock, PutBucketVersioning and PutBucketEncryption in the S3 API reference.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lambdacli.deploy.resources import Actual, _named, _ours
from lambdacli.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from lambdacli.deploy.aws import Aws
    from lambdacli.deploy.resources import Attributes, Properties
    from lambdacli.resource import Place, Resource

    Put = Callable[[str, Any, Aws], None]

_WITHOUT_CONSTRAINT = "us-east-1"  # the one region that CreateBucket does not take as a location
_BATCH = 1000  # of DeleteObjects
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PRIVATE: Mapping[str, bool] = MappingProxyType(dict.fromkeys(_BLOCKS, True))
# what a bucket has that nobody has told otherwise; versions that were never kept have no status
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "PublicAccessBlock": PRIVATE, "Versioning": "Suspended", "SSEAlgorithm": "AES256", "KMSMasterKeyID": "",
    "BucketKeyEnabled": False,
})  # fmt: skip
_ENCRYPTION = ("SSEAlgorithm", "KMSMasterKeyID", "BucketKeyEnabled")


class _Bucket(_named.Named):
    """A bucket, by name or ARN."""

    kind = "bucket"
    label = "S3 bucket"
    service = "s3"
    section = "buckets"
    defaults = DEFAULTS
    stateful = True

    def arn(self, name: str, place: Place) -> str:
        return place.arn("s3", _named.bare(name), region="", account="")

    def lane(self, resource: Resource) -> str:
        """S3 refuses two changes of one bucket at once."""
        return f"bucket {_named.bare(resource.name)}"

    def objection(self, properties: Properties, actual: Actual | None, place: Place) -> str:
        """Names are taken for all accounts: what nobody here may look into is in the way."""
        if actual is None or not actual.more.get("hidden"):
            return ""
        return "there is a bucket of this name that these credentials may not look into, perhaps of another account"

    def read(self, name: str, properties: Properties, aws: Aws) -> Actual | None:
        """The bucket; of one that is only referred to, whether it exists."""
        bucket = _named.bare(name)
        try:
            if aws.get("s3", "head_bucket", Bucket=bucket) is None:
                return None
        except Refused as refused:
            if refused.code not in ("403", "AccessDenied", "Forbidden"):
                raise
            return Actual({}, owned=False, more={"hidden": True})
        return _whole(bucket, properties, aws) if properties else Actual({}, owned=False)

    def create(self, name: str, properties: Properties, aws: Aws) -> Attributes:
        """Make it, private from the beginning, with the tags that prove whose it is."""
        region = aws.place.region
        location = {} if region == _WITHOUT_CONSTRAINT else {"LocationConstraint": region}
        tags = _named.pairs(properties["Tags"])
        try:
            aws.create("s3", "create_bucket", Bucket=name, CreateBucketConfiguration={**location, "Tags": tags})
        except Refused as refused:
            if refused.code != "InvalidParameter":
                raise
            # a boto3 that does not know tags here
            given = {"CreateBucketConfiguration": location} if location else {}
            aws.create("s3", "create_bucket", Bucket=name, **given)
        _put("Tags", name, properties, aws)
        for field in _groups({key for key in properties if key != "Tags" and not _never_versioned(key, properties)}):
            _put(field, name, properties, aws)
        return {}

    def update(
        self, name: str, properties: Properties, actual: Actual, changed: AbstractSet[str], aws: Aws
    ) -> Attributes:
        for field in _groups(changed):
            _put(field, name, properties, aws)
        return {}

    def delete(self, name: str, actual: Actual, aws: Aws) -> None:
        """Delete it with all that is in it: nobody gets here without having said so."""
        _empty(name, aws)
        aws.remove("s3", "delete_bucket", Bucket=name)


def _whole(bucket: str, properties: Properties, aws: Aws) -> Actual:
    tagged = aws.get("s3", "get_bucket_tagging", Bucket=bucket) or {}
    tags = _named.mapping(tagged.get("TagSet", ()))
    if not _ours.tagged(tags, aws.place):
        return Actual({}, owned=False)
    block = aws.get("s3", "get_public_access_block", Bucket=bucket) or {}
    versioning = aws.get("s3", "get_bucket_versioning", Bucket=bucket) or {}
    known = {
        "PublicAccessBlock": {**dict.fromkeys(_BLOCKS, False), **block.get("PublicAccessBlockConfiguration", {})},
        "Versioning": versioning.get("Status", "Suspended"),
        **_encryption(bucket, aws),
        "Tags": tags,
    }
    if "EventBridge" in properties:
        notifications = aws.get("s3", "get_bucket_notification_configuration", Bucket=bucket) or {}
        known["EventBridge"] = "EventBridgeConfiguration" in notifications
    return Actual(known)


def _encryption(bucket: str, aws: Aws) -> dict[str, Any]:
    answer = aws.get("s3", "get_bucket_encryption", Bucket=bucket) or {}
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    return {
        "SSEAlgorithm": default.get("SSEAlgorithm", "AES256"),
        "KMSMasterKeyID": default.get("KMSMasterKeyID", ""),
        "BucketKeyEnabled": rules[0].get("BucketKeyEnabled", False),
    }


def _never_versioned(field: str, properties: Properties) -> bool:
    """A bucket in which versions are suspended is another thing: what is deleted there leaves a marker behind.

    Source: "Deleting objects from versioning-suspended buckets" in the S3 user guide.
    """
    return field == "Versioning" and properties[field] != "Enabled"


def _groups(fields: AbstractSet[str]) -> list[str]:
    """The fields that one call each puts: what belongs to the encryption goes together."""
    return sorted({"SSEAlgorithm" if field in _ENCRYPTION else field for field in fields})


def _put(field: str, bucket: str, properties: Properties, aws: Aws) -> None:
    _PUTS[field](bucket, properties, aws)


def _put_tags(bucket: str, properties: Properties, aws: Aws) -> None:
    kept = [each for each in _tags_of_aws(bucket, aws) if each["Key"].startswith("aws:")]
    tags = [*_named.pairs(properties["Tags"]), *kept]
    aws.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": tags})


def _tags_of_aws(bucket: str, aws: Aws) -> list[dict[str, str]]:
    return list((aws.get("s3", "get_bucket_tagging", Bucket=bucket) or {}).get("TagSet", ()))


def _put_block(bucket: str, properties: Properties, aws: Aws) -> None:
    block = dict(properties["PublicAccessBlock"])
    aws.call("s3", "put_public_access_block", Bucket=bucket, PublicAccessBlockConfiguration=block)


def _put_versioning(bucket: str, properties: Properties, aws: Aws) -> None:
    status = {"Status": properties["Versioning"]}
    aws.call("s3", "put_bucket_versioning", Bucket=bucket, VersioningConfiguration=status)


def _put_encryption(bucket: str, properties: Properties, aws: Aws) -> None:
    key = {"KMSMasterKeyID": properties["KMSMasterKeyID"]} if properties["KMSMasterKeyID"] else {}
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": properties["SSEAlgorithm"], **key},
        "BucketKeyEnabled": properties["BucketKeyEnabled"],
    }
    aws.call("s3", "put_bucket_encryption", Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def _put_eventbridge(bucket: str, properties: Properties, aws: Aws) -> None:
    """One configuration has all of a bucket's notifications: those of others, and of triggers, stay."""
    answer = aws.get("s3", "get_bucket_notification_configuration", Bucket=bucket) or {}
    kept = {key: value for key, value in answer.items() if key.endswith("Configurations")}
    switched: dict[str, Any] = {"EventBridgeConfiguration": {}} if properties["EventBridge"] else {}
    aws.call(
        "s3", "put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration={**kept, **switched}
    )


_PUTS: Mapping[str, Put] = MappingProxyType({
    "Tags": _put_tags,
    "PublicAccessBlock": _put_block,
    "Versioning": _put_versioning,
    "SSEAlgorithm": _put_encryption,
    "EventBridge": _put_eventbridge,
})  # fmt: skip


def _empty(bucket: str, aws: Aws) -> None:
    """Every object, every version and every upload that was never finished."""
    while True:
        page = aws.get("s3", "list_object_versions", Bucket=bucket, MaxKeys=_BATCH)
        if page is None:
            return
        found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if not found:
            break
        _delete_objects(bucket, [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found], aws)
    for upload in aws.listed("s3", "list_multipart_uploads", "Uploads", Bucket=bucket):
        which = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
        aws.remove("s3", "abort_multipart_upload", Bucket=bucket, **which)


def _delete_objects(bucket: str, objects: list[dict[str, str]], aws: Aws) -> None:
    answer = aws.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    for error in answer.get("Errors", ()):
        raise Refused("s3", "delete_objects", error.get("Code", ""), f"{error.get('Key')}: {error.get('Message', '')}")


KIND = _Bucket()
