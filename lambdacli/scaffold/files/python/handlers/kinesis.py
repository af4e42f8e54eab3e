"""Runs for a batch of records of a stream, in the order in which they arrived in their shard."""

import base64
import json


def handler(event, context):
    for record in event["Records"]:
        kinesis = record["kinesis"]
        try:
            process(kinesis["partitionKey"], base64.b64decode(kinesis["data"]))
        except Exception as error:
            log("ERROR", "failed", sequenceNumber=kinesis["sequenceNumber"], error=repr(error))
            # A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
            return {"batchItemFailures": [{"itemIdentifier": kinesis["sequenceNumber"]}]}
    return {"batchItemFailures": []}


def process(partition_key, data):
    # Your work. A record may come twice: let the second time do no harm.
    log("INFO", "record", partitionKey=partition_key, data=data.decode(errors="replace"))


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
