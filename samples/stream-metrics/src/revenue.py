"""Revenue from the stream of the orders table: every change counts with the difference that it makes."""

from collections import Counter
from decimal import Decimal

from metrics import emit, log


def handler(event, context):
    revenue = Counter()
    failures = []
    timestamp = 0
    for record in event["Records"]:
        change = record["dynamodb"]
        try:
            after, before = amounts(change.get("NewImage")), amounts(change.get("OldImage"))
        except (ValueError, ArithmeticError, KeyError, AttributeError) as error:
            log("ERROR", "not an order", sequenceNumber=change["SequenceNumber"], error=repr(error))
            # A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
            failures.append({"itemIdentifier": change["SequenceNumber"]})
            break
        revenue.update(after)
        revenue.subtract(before)
        timestamp = int(change["ApproximateCreationDateTime"] * 1000)
    for currency, amount in sorted(revenue.items()):
        emit({"Currency": currency}, {"Revenue": (float(amount), "None")}, timestamp)
    return {"batchItemFailures": failures}


def amounts(image):
    """What an image of the table contributes: a cancelled order nothing, another item of the table nothing."""
    if not image or "total" not in image or image.get("status", {}).get("S") == "CANCELLED":
        return {}
    return {image["currency"]["S"]: Decimal(image["total"]["N"])}  # N is a string, so that no digit is lost
