"""Runs while a user signs up or in; what it returns is the event, with its response filled in."""

import json


def handler(event, context):
    print(json.dumps({"level": "INFO", "message": event["triggerSource"], "userPoolId": event["userPoolId"]}))
    # Your work: fill in event["response"]. An exception refuses the user, and its text is shown to them.
    return event
