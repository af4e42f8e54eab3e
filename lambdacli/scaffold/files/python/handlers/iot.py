"""Runs when a device's message matches the rule: the event is what the rule's SQL selects."""

import json


def handler(event, context):
    # Your work. A message may come twice: let the second time do no harm.
    print(json.dumps({"level": "INFO", "message": "device message", "payload": event}))
    return {"processed": 1}
