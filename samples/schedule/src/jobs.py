"""Three jobs on a clock: each works on the last whole minute, hour or day before the time in its event.

The time comes from the event, never from the clock: a run that starts late, or that EventBridge sends twice, works on
the same window and gives its results the same name.
"""

import json
from datetime import datetime, timedelta, timezone

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def every_minute(event, context):
    return run("heartbeat", MINUTE, event)


def every_hour(event, context):
    return run("rollup", HOUR, event)


def every_day(event, context):
    return run("report", DAY, event)


def run(job, length, event):
    start, end = last_window(event["time"], length)
    result = {"job": job, "start": start, "end": end, "output": f"{job}/{start}.json"}
    # Here the job would read what happened from `start` up to `end`, and write its result under `output`.
    print(json.dumps({"level": "INFO", "message": "done", **result}))
    return result


def last_window(time, length):
    """The last whole window before an ISO time: days begin at midnight UTC."""
    moment = datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + (moment - midnight) // length * length
    return iso(end - length), iso(end)


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
