"""Runs when a message is published to a topic."""

import json


def handler(event, context):
    for record in event["Records"]:
        notification = record["Sns"]
        process(notification["MessageId"], notification.get("Subject"), notification["Message"])
    return {"processed": len(event["Records"])}


def process(message_id, subject, text):
    # Your work. An exception makes Lambda try again: let the second time do no harm.
    print(json.dumps({"level": "INFO", "message": "notified", "id": message_id, "subject": subject, "text": text}))
