"""Runs when a WebSocket client connects, sends a message, or leaves."""

import json


def handler(event, context):
    request = event["requestContext"]
    happened, connection = request["eventType"], request["connectionId"]
    if happened == "CONNECT":
        log("connected", connection)  # Your work: keep the id, to write to the client later.
    elif happened == "DISCONNECT":
        log("left", connection)  # Your work: forget the id. It may be gone already.
    else:
        log("message", connection, route=request["routeKey"], body=event.get("body"))
    return {"statusCode": 200}


def log(message, connection, **fields):
    print(json.dumps({"level": "INFO", "message": message, "connectionId": connection, **fields}))
