"""The smallest useful function: a name comes in, a greeting goes out."""

import json


def handler(event, context):
    name = event.get("name", "world")
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, not {json.dumps(name)}")
    print(json.dumps({"level": "INFO", "message": "greeting", "name": name, "requestId": context.aws_request_id}))
    return {"message": f"Hello, {name}!"}
