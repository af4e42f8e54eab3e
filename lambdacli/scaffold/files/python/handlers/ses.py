"""Runs when SES receives a mail; its body lies in the bucket of the rule's S3 action."""

import json


def handler(event, context):
    for record in event["Records"]:
        mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
        if any(receipt[check]["status"] == "FAIL" for check in ("spamVerdict", "virusVerdict")):
            log("rejected", mail["messageId"])
        else:
            process(mail["messageId"], mail["source"], receipt["recipients"], mail["commonHeaders"].get("subject"))
    return {"processed": len(event["Records"])}


def process(message_id, sender, recipients, subject):
    # Your work. SES may send an event twice: let the second time do no harm.
    log("mail", message_id, sender=sender, recipients=recipients, subject=subject)


def log(message, message_id, **fields):
    print(json.dumps({"level": "INFO", "message": message, "messageId": message_id, **fields}))
