"""Runs for log events that a subscription filter lets through."""

import base64
import gzip
import json


def handler(event, context):
    batch = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    if batch["messageType"] == "CONTROL_MESSAGE":  # CloudWatch asks whether this function can be reached
        return {"processed": 0}
    for entry in batch["logEvents"]:
        process(batch["logGroup"], entry["timestamp"], entry["message"])
    return {"processed": len(batch["logEvents"])}


def process(group, timestamp, text):
    # Your work. Never subscribe this function to its own log group.
    print(json.dumps({"level": "INFO", "message": "log event", "group": group, "timestamp": timestamp, "text": text}))
