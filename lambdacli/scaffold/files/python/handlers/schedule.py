"""Runs on a schedule. The time comes from the event, so that a late or repeated run does the same work."""

import json


def handler(event, context):
    scheduled = event["time"]
    # Your work.
    print(json.dumps({"level": "INFO", "message": "scheduled run", "time": scheduled, "id": event["id"]}))
    return {"processed": 1}
