"""Runs for a batch of messages from a queue; those that fail go back to the queue, the others are done."""

import json


def handler(event, context):
    failures = []
    for record in event["Records"]:
        try:
            process(record["messageId"], record["body"])
        except Exception as error:
            log("ERROR", "failed", messageId=record["messageId"], error=repr(error))
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def process(message_id, body):
    # Your work. A queue may deliver a message twice: let the second time do no harm.
    log("INFO", "message", messageId=message_id, body=body)


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
