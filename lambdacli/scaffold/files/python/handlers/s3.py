"""Runs when something happens to the objects of a bucket."""

import json
from urllib.parse import unquote_plus


def handler(event, context):
    for record in event["Records"]:
        stored = record["s3"]["object"]
        key = unquote_plus(stored["key"])  # S3 sends keys as in a URL: "a+b.jpg" is "a b.jpg"
        process(record["eventName"], record["s3"]["bucket"]["name"], key, stored.get("size"))
    return {"processed": len(event["Records"])}


def process(happened, bucket, key, size):
    # Your work. S3 may send an event twice: let the second time do no harm.
    print(json.dumps({"level": "INFO", "message": happened, "bucket": bucket, "key": key, "size": size}))
