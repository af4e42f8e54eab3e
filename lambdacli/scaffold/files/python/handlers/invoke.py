"""Runs when an application calls the Invoke API: the event is whatever the two agree on."""

import json


def handler(event, context):
    print(json.dumps({"level": "INFO", "message": "invoked", "keys": sorted(event)}))
    return {"ok": True, "received": event}
