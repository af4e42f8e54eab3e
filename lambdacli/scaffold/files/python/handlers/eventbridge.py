"""Runs when an event on a bus matches the rule."""

import json


def handler(event, context):
    process(event["id"], event["source"], event["detail-type"], event["detail"])
    return {"processed": 1}


def process(event_id, source, detail_type, detail):
    # Your work. EventBridge may send an event twice: let the second time do no harm.
    fields = {"id": event_id, "source": source, "detailType": detail_type, "detail": detail}
    print(json.dumps({"level": "INFO", "message": "event", **fields}))
