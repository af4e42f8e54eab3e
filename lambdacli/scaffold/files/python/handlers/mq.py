"""Runs for a batch of messages from Amazon MQ: ActiveMQ or RabbitMQ."""

import base64
import json


def handler(event, context):
    batch = messages(event)
    for data in batch:
        process(base64.b64decode(data).decode(errors="replace"))
    return {"processed": len(batch)}


def messages(event):
    if event["eventSource"] == "aws:rmq":
        return [message["data"] for queue in event["rmqMessagesByQueue"].values() for message in queue]
    return [message["data"] for message in event["messages"]]


def process(text):
    # Your work. An exception brings the batch again: let the second time do no harm.
    print(json.dumps({"level": "INFO", "message": "message", "text": text}))
