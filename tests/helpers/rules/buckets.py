"""Rules of S3's buckets."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from rules.rule import Answer, Rule, World

if TYPE_CHECKING:
    from rules.calls import Call


class Tags(Rule):
    """A new bucket has the tags that it was made with: the emulator forgets them.

    Source: CreateBucketConfiguration in the S3 API reference.
    """

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
