"""Runs for a batch of records from Kafka topics, grouped by topic and partition."""

import base64
import json


def handler(event, context):
    count = 0
    for records in event["records"].values():
        for record in records:
            process(record["topic"], record["offset"], decode(record.get("key")), decode(record.get("value")))
            count += 1
    return {"processed": count}


def process(topic, offset, key, value):
    # Your work. An exception brings the batch again: let the second time do no harm.
    fields = {"topic": topic, "offset": offset, "key": key, "value": value}
    print(json.dumps({"level": "INFO", "message": "record", **fields}))


def decode(data):
    return None if data is None else base64.b64decode(data).decode(errors="replace")
