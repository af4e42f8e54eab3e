"""What is made with tags has them from the beginning: the emulator forgets those of buckets and streams."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from rules.rule import Answer, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call


class Buckets(Rule):
    """Source: CreateBucketConfiguration in the S3 API reference."""

    watches = ("s3:CreateBucket",)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if not call.request.body:
            return answer
        root = ET.fromstring(call.request.body)  # noqa: S314 - of our own command line
        pairs = [[child.text or "" for child in each] for each in root.iter() if each.tag.endswith("Tag")]
        if pairs:
            tags = [{"Key": key, "Value": value} for key, value in pairs]
            world.client("s3").put_bucket_tagging(Bucket=call.parameters["Bucket"], Tagging={"TagSet": tags})
        return answer


class Streams(Rule):
    """Source: CreateStream in the Kinesis API reference."""

    watches = ("kinesis:CreateStream",)

    def after(self, call: Call, answer: Answer, world: World) -> Answer:
        if tags := call.parameters.get("Tags"):
            world.client("kinesis").add_tags_to_stream(StreamName=call.parameters["StreamName"], Tags=tags)
        return answer
