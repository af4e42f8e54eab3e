"""Runs for a batch of changes of a DocumentDB collection."""

import json


def handler(event, context):
    for record in event["events"]:
        change = record["event"]
        process(change["operationType"], change.get("documentKey"), change.get("fullDocument"))
    return {"processed": len(event["events"])}


def process(happened, key, document):
    # Your work. An exception brings the batch again: let the second time do no harm.
    print(json.dumps({"level": "INFO", "message": happened, "key": key, "document": document}))
