"""Runs for a batch of changes of a table, in the order in which they happened to each item."""

import json


def handler(event, context):
    for record in event["Records"]:
        change = record["dynamodb"]
        try:
            process(record["eventName"], change["Keys"], change.get("OldImage"), change.get("NewImage"))
        except Exception as error:
            log("ERROR", "failed", sequenceNumber=change["SequenceNumber"], error=repr(error))
            # A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def process(happened, keys, before, after):
    # Your work: INSERT has no item before, REMOVE none after. Let a second time do no harm.
    log("INFO", happened, keys=keys, before=before, after=after)


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
