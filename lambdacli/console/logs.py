"""A function's log as people read it: JSON lines in words, Lambda's own lines in short, and their sum at the end."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdacli import console

if TYPE_CHECKING:
    from collections.abc import Mapping

_REPORT = re.compile(r"(Duration|Billed Duration|Memory Size|Max Memory Used|Init Duration): ([\d.]+)")
_STATUS = re.compile(r"Status: (\w+)")
_QUIET = ("START RequestId:", "END RequestId:", "INIT_START ")
_SILENT = ("platform.start", "platform.initStart", "platform.runtimeDone", "platform.initRuntimeDone")
_LEVELS = {"error": "red", "fatal": "red", "critical": "red", "warn": "yellow", "warning": "yellow", "debug": "dim"}
_KNOWN = ("timestamp", "time", "level", "message", "msg", "requestId", "function_request_id", "stackTrace", "type")
_STREAM = 6  # characters that tell streams apart
_MS = 1000


class Figures(NamedTuple):
    """What Lambda reports of one invocation: ms and MB."""

    duration: float
    billed: float
    memory: float
    used: float
    init: float | None
    status: str  # "" where all went well


class Log:
    """Shows entries one by one, and adds up what Lambda reports."""

    def __init__(self) -> None:
        self._reports: list[Figures] = []
        self._errors = 0

    def show(self, moment: int, stream: str, message: str) -> None:
        """One entry on stdout.

        Args:
            moment: ms since 1970.
            stream: the execution environment's.
            message: as it was logged.
        """
        text, colour = self._read(message.rstrip("\n"))
        if text is None:
            return
        when = datetime.fromtimestamp(moment / _MS).astimezone().isoformat(timespec="milliseconds")[:23]
        head = console.style(f"{when} {stream.rpartition(']')[2][:_STREAM]} ", "dim", sys.stdout)
        first, *more = _printable(text).split("\n")
        for index, line in enumerate((first, *more)):
            body = console.style(line, colour, sys.stdout) if colour else line
            console.data(f"{head}{body}" if index == 0 else f"{'':{24 + _STREAM + 1}}{body}")

    def sum(self) -> str:
        """All reports in one line; "" without any."""
        if not self._reports:
            return ""
        durations = sorted(each.duration for each in self._reports)
        count = len(durations)
        cold = sum(each.init is not None for each in self._reports)
        failed = sum(bool(each.status) for each in self._reports) or self._errors
        most, of = max((each.used, each.memory) for each in self._reports)
        middle, late = durations[count // 2], durations[min(count - 1, int(count * 0.95))]
        return (
            f"{count} invocation{'s' * (count != 1)}, {cold} cold, {failed} failed; duration"
            f" median {middle:.1f} ms, 95 % within {late:.1f} ms, at most {durations[-1]:.1f} ms; memory"
            f" at most {most:.0f} of {of:.0f} MB"
        )

    def _read(self, message: str) -> tuple[str | None, str]:
        """The text to show (None: nothing) and its style."""
        if message.startswith("REPORT RequestId:"):
            return self._report(figures(message)), "dim"
        if message.startswith(_QUIET) and not console.verbose():
            return None, ""
        value = _parsed(message)
        if value is not None:
            return self._json(value)
        if message.startswith("[ERROR]") or "\tERROR\t" in message or "Task timed out after" in message:
            self._errors += 1
            return message.replace("\r", "\n"), "red"
        return message.replace("\r", "\n"), ""

    def _json(self, value: Mapping[str, Any]) -> tuple[str | None, str]:
        kind = str(value.get("type", ""))
        if kind == "platform.report" and isinstance(value.get("record"), dict):
            return self._report(_of_record(value["record"])), "dim"
        if kind in _SILENT and not console.verbose():
            return None, ""
        return _words(value), _LEVELS.get(str(value.get("level", "")).lower(), "")

    def _report(self, figures: Figures) -> str:
        self._reports.append(figures)
        init = f", init {figures.init:.0f} ms" if figures.init is not None else ""
        status = f"{figures.status} after " if figures.status else ""
        used = f"{figures.used:.0f} of {figures.memory:.0f} MB"
        return f"── {status}{figures.duration:.1f} ms, billed {figures.billed:.0f} ms, {used}{init}"


def figures(line: str) -> Figures:
    """What a REPORT line says."""
    told = {name: float(value) for name, value in _REPORT.findall(line)}
    status = _STATUS.search(line)
    return Figures(
        told.get("Duration", 0), told.get("Billed Duration", 0), told.get("Memory Size", 0),
        told.get("Max Memory Used", 0), told.get("Init Duration"), status[1] if status else "",
    )  # fmt: skip


def _of_record(record: Mapping[str, Any]) -> Figures:
    metrics = record.get("metrics") or {}
    init = metrics.get("initDurationMs")
    names = ("durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB")
    duration, billed, memory, used = (float(metrics.get(name, 0)) for name in names)
    status = str(record.get("status", ""))
    init = None if init is None else float(init)
    return Figures(duration, billed, memory, used, init, "" if status == "success" else status)


def _parsed(message: str) -> dict[str, Any] | None:
    if not message.startswith("{"):
        return None
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _words(value: Mapping[str, Any]) -> str:
    """Level, message, then the rest as name=value; a stack trace below."""
    said = value.get("message", value.get("msg", ""))
    parts = [str(value["level"])] if "level" in value else []
    parts += [said if isinstance(said, str) else _compact(said)] if said != "" else []
    parts += [
        f"{name}={each if isinstance(each, str) and ' ' not in each else _compact(each)}"
        for name, each in value.items()
        if name not in _KNOWN
    ]
    trace = value.get("stackTrace")
    below = [str(frame).rstrip() for frame in trace] if isinstance(trace, list) else []
    return "\n".join((" ".join(parts), *below)) if parts else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor; colours that the function gives stay out as well."""
    return "".join(each if each.isprintable() or each in "\n\t" else "�" for each in text.replace("\r\n", "\n"))
