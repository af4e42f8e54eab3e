"""Answers HTTP requests (payload version 1.0: REST APIs and Application Load Balancers)."""

import base64
import json


def handler(event, context):
    query = event.get("queryStringParameters") or {}
    try:
        content = answer(event["httpMethod"], event["path"], query, body(event))
    except ValueError as error:
        return respond(400, {"error": str(error)})
    except Exception as error:  # the caller learns the id to ask for, not the cause
        print(json.dumps({"level": "ERROR", "message": repr(error), "requestId": context.aws_request_id}))
        return respond(500, {"error": "internal error", "requestId": context.aws_request_id})
    return respond(200, content)


def answer(method, path, query, text):
    # Your work. A ValueError is answered with 400.
    return {"method": method, "path": path, "query": query, "length": len(text)}


def body(event):
    text = event.get("body") or ""
    return base64.b64decode(text).decode() if event.get("isBase64Encoded") else text


def respond(status, content):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content),
        "isBase64Encoded": False,
    }
