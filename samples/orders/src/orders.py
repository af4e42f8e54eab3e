"""Orders from a queue: each message stands for itself, so one that is wrong does not bring the others back."""

import json


def handler(event, context):
    failures = []
    for message in event["Records"]:
        try:
            order = parse(message["body"])
        except (ValueError, TypeError, KeyError) as error:
            log("ERROR", "not an order", messageId=message["messageId"], error=repr(error))
            # Only these come back to the queue; after their last try SQS moves them to the dead-letter queue.
            failures.append({"itemIdentifier": message["messageId"]})
            continue
        log("INFO", "order", **order)
    return {"batchItemFailures": failures}


def rejected(event, context):
    """Reads the dead-letter queue: in real life somebody would be told."""
    for message in event["Records"]:
        log("WARN", "rejected", body=message["body"])


def parse(body):
    """The order's number and its total in cents; the same message always gives the same order."""
    order = json.loads(body)
    return {"id": str(order["id"]), "total": sum(line["price"] * line["quantity"] for line in order["lines"])}


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
