"""The backend of a mobile app that calls the Invoke API itself: the event is whatever app and function agree on.

Here it is {"action": …, …}. What the AWS mobile SDKs add about app and device arrives as the client context.
"""

import json

# Stands in for a table: the notes of one user, each with the version in which it last changed.
NOTES = [
    {"id": "a", "version": 1, "text": "Buy tea"},
    {"id": "b", "version": 2, "text": "Call Ada"},
    {"id": "c", "version": 3, "text": "Water the plants"},
]


def handler(event, context):
    action = ACTIONS.get(event.get("action"))
    log("INFO", "action", action=event.get("action"), app=app_version(context), requestId=context.aws_request_id)
    if action is None:
        # An exception would be a failure of the function; this one is the caller's, so it is an answer.
        return {"ok": False, "error": f"action must be one of {', '.join(sorted(ACTIONS))}"}
    return {"ok": True, **action(event)}


def echo(event):
    return {"echo": event.get("payload")}


def sync(event):
    """All notes that changed after the version that the app has. Asked twice, it answers the same."""
    since = event.get("since", 0)
    changed = [note for note in NOTES if note["version"] > since]
    return {"version": max((note["version"] for note in changed), default=since), "notes": changed}


ACTIONS = {"echo": echo, "sync": sync}


def app_version(context):
    client = getattr(context.client_context, "client", None)
    return getattr(client, "app_version_name", None) or "unknown"


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
