"""Page views from a Kinesis stream, counted per page over windows of a minute.

A tumbling window carries its sums from call to call in `state`; its last call writes them as metrics.
"""

import base64
import json
from datetime import datetime

from metrics import emit, log


def handler(event, context):
    pages = event.get("state") or {}
    failures = []
    timestamp = 0
    for record in event.get("Records", ()):
        kinesis = record["kinesis"]
        try:
            page, milliseconds = parse(kinesis["data"])
        except (ValueError, KeyError, TypeError) as error:
            log("ERROR", "not a page view", sequenceNumber=kinesis["sequenceNumber"], error=repr(error))
            # A stream keeps its order: Lambda tries again from the first failure on, so what follows waits.
            failures.append({"itemIdentifier": kinesis["sequenceNumber"]})
            break
        sums = pages.setdefault(page, {"views": 0, "milliseconds": 0})
        sums["views"] += 1
        sums["milliseconds"] += milliseconds
        timestamp = int(kinesis["approximateArrivalTimestamp"] * 1000)
    if event.get("isFinalInvokeForWindow", True):  # absent when the trigger has no tumbling window
        write(pages, window_end(event) or timestamp)
    return {"state": pages, "batchItemFailures": failures}


def parse(data):
    """The page and the milliseconds that it took, of one record: base64 of {"page": "/", "milliseconds": 12}."""
    view = json.loads(base64.b64decode(data, validate=True))
    return str(view["page"]), int(view["milliseconds"])


def window_end(event):
    """The end of the tumbling window in milliseconds since 1970; 0 without one."""
    end = event.get("window", {}).get("end")
    return int(datetime.fromisoformat(end.replace("Z", "+00:00")).timestamp() * 1000) if end else 0


def write(pages, timestamp):
    for page, sums in sorted(pages.items()):
        mean = round(sums["milliseconds"] / sums["views"], 1)
        emit({"Page": page}, {"Views": (sums["views"], "Count"), "Latency": (mean, "Milliseconds")}, timestamp)
