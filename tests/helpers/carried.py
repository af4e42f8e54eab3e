"""What an event carries inside: found by a path whose steps are keys, positions, or `$` and an encoding to undo."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

_UNDO = {"$json": json.loads, "$base64": base64.b64decode, "$gzip": gzip.decompress}


def carried(event: Any, path: str) -> Any:
    """`Records 0 kinesis data $base64 $gzip $json`: the value at the end of the path."""
    for step in path.split():
        event = _UNDO[step](event) if step in _UNDO else event[int(step) if step.isdigit() else step]
    return event
