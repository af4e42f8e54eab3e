"""Metrics as log lines: CloudWatch reads them in its Embedded Metric Format, no call and no permission needed."""

import json

NAMESPACE = "StreamMetrics"


def emit(dimensions, values, timestamp):
    """Writes one set of metrics; the timestamp, in milliseconds, is that of the data, not that of this run."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
    }
    figures = {name: value for name, (value, _) in values.items()}
    print(json.dumps({"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": [directive]}, **dimensions, **figures}))


def log(level, message, **fields):
    print(json.dumps({"level": level, "message": message, **fields}))
