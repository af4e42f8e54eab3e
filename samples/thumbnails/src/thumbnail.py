"""Decides, for every photo that lands in a bucket, how large its thumbnails are and where they go.

The decision is a pure function of the event: the same object always gives the same targets, so an event that S3
delivers twice does no harm.
"""

import json
import os
from pathlib import PurePosixPath
from urllib.parse import unquote_plus

ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}
WIDTHS_SMALL = (160,)
WIDTHS_LARGE = (160, 640, 1280)
LARGE = 512 * 1024  # bytes: below this a photo is rarely wider than 1280 pixels


def handler(event, context):
    target_bucket = os.environ["TARGET_BUCKET"]
    thumbnails = []
    for record in event["Records"]:
        bucket, photo = record["s3"]["bucket"]["name"], record["s3"]["object"]
        key = unquote_plus(photo["key"])  # S3 sends keys as in a URL: "in/a+b.jpg" is "in/a b.jpg"
        if bucket == target_bucket:
            raise RuntimeError(f"{bucket} is both source and target: each thumbnail would start this function again")
        wanted = plan(key, photo.get("size", 0))
        if not wanted:
            log("INFO", "skipped", bucket=bucket, key=key)
        for width, target in wanted:
            # Here the photo would be fetched, scaled to `width` and put under `target`.
            log("INFO", "thumbnail", bucket=bucket, key=key, width=width, target=target)
            thumbnails.append({"source": key, "width": width, "target": f"s3://{target_bucket}/{target}"})
    return {"thumbnails": thumbnails}


def plan(key, size):
    """The widths and target keys for one object; nothing for what is not a photo."""
    path = PurePosixPath(key)
    if path.suffix.lower() not in ENDINGS or size == 0:
        return []
    widths = WIDTHS_LARGE if size >= LARGE else WIDTHS_SMALL
    return [(width, f"{width}/{path.with_suffix('.webp')}") for width in widths]


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
