"""What they do after the change."""

from typing import Any


def handler(event: Any, _context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": str(event)}
