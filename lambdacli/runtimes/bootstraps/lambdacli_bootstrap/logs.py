"""Lambda's set-up of the `logging` module: a handler on the root logger, text or JSON, with the request's id."""

import logging
import os
import sys
import time
import traceback

TYPE_CHECKING = False  # importing `typing` costs a start
if TYPE_CHECKING:
    from typing import Any

_DATE = "%Y-%m-%dT%H:%M:%SZ"
_TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_OWN = frozenset(
    (*vars(logging.makeLogRecord({})), "message", "asctime", "aws_request_id", "tenant_id", "_frame_type")
) - {"message", "asctime", "taskName"}


def set_up(current: "Any") -> None:
    """Install the handler as AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL say; `current` knows the invocation."""
    logging.Formatter.converter = time.gmtime
    handler = _Handler()
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(_TEXT, "%Y-%m-%dT%H:%M:%S"))
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in ("CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"):
        logging.getLogger().setLevel(level)
    handler.addFilter(_Filter(current))
    logging.getLogger().addHandler(handler)


class _Handler(logging.Handler):
    """Writes to whatever sys.stdout is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record))


class _Filter(logging.Filter):
    """Adds the invocation to every record."""

    def __init__(self, current: "Any") -> None:
        super().__init__()
        self._current = current

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self._current.request_id or ""
        record.tenant_id = self._current.tenant_id
        return True


class _JsonFormatter(logging.Formatter):
    """One JSON object a line, empty members left out, the record's extras at the end."""

    def __init__(self) -> None:
        super().__init__(datefmt=_DATE)

    def format(self, record: logging.LogRecord) -> str:
        import json

        record.levelno = min(50, max(0, record.levelno)) // 10 * 10
        record.levelname = logging.getLevelName(record.levelno)
        as_is = isinstance(record.msg, dict) and not record.args
        members = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if as_is else record.getMessage(),
            "logger": record.name,
            **_exception(record),
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if record.exc_info else None,
            "tenantId": getattr(record, "tenant_id", None),
        }
        for name, value in vars(record).items():
            if name not in _OWN and name not in members:
                members[name] = value
        kept = {name: value for name, value in members.items() if value is not None}
        return json.dumps(kept, ensure_ascii=False, default=str) + "\n"


def _exception(record: logging.LogRecord) -> "dict[str, Any]":
    if not record.exc_info or record.exc_info[0] is None:
        return {}
    kind, error, trace = record.exc_info
    return {"stackTrace": traceback.format_tb(trace), "errorType": kind.__name__, "errorMessage": str(error)}
