"""Lambda's own lines: plain ones, and the JSON objects of JSON logging."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from handler.extension.records import rules
from ops.invocation_log.line import EXIT, INIT, REPORT, TIMEOUT, InvocationLogLine, ended
from ops.invocation_log.values import number, text

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
REPORT_LINE = re.compile(r"^REPORT RequestId: (\S+)")
_TIMED_OUT = re.compile(rf"^\S+ ({_UUID}) Task timed out after ([\d.]{{1,12}}) seconds\s*$")
_EXITED = re.compile(
    rf"^RequestId: ({_UUID}) (?:Error: (.+)|(Process exited before completing request))\s*$", re.DOTALL
)
_MS_OR_MB = re.compile(r"^(?P<name>[A-Z][A-Za-z ]+): (?P<value>[\d.]+) (?:ms|MB)$")
_FIELDS = {
    "Duration": "duration_ms",
    "Billed Duration": "billed_ms",
    "Memory Size": "memory_size_mb",
    "Max Memory Used": "memory_used_mb",
    "Init Duration": "init_ms",
    "Restore Duration": "restore_ms",
    "Billed Restore Duration": "billed_restore_ms",
}
METRICS = {
    "durationMs": "duration_ms",
    "billedDurationMs": "billed_ms",
    "memorySizeMB": "memory_size_mb",
    "maxMemoryUsedMB": "memory_used_mb",
    "initDurationMs": "init_ms",
    "restoreDurationMs": "restore_ms",
    "billedRestoreDurationMs": "billed_restore_ms",
}


def from_words(message: str, at: datetime, stream: str, as_json: bool = False) -> InvocationLogLine | None:
    """The plain lines that say how an invocation ended, and nothing else."""
    if timed_out := _TIMED_OUT.match(message):
        seconds = number(timed_out[2])
        lasted = seconds * 1000 if seconds is not None else None
        values = {"status": "timeout", "error_type": rules.TIMED_OUT, "duration_ms": lasted}
        return ended(TIMEOUT, timed_out[1], at, stream, values, as_json)
    if exited := _EXITED.match(message):
        values = {"status": "error", "error_type": rules.exit_type(exited[2] or exited[3])}
        return ended(EXIT, exited[1], at, stream, values, as_json)
    return None


def from_report(message: str, request_id: str, at: datetime, stream: str) -> InvocationLogLine | None:
    """None for a line that is cut before its duration: its request ID may be cut, too."""
    values: dict[str, Any] = {}
    for part in re.split(r"\t|\n", message):
        if measured := _MS_OR_MB.match(part.strip()):
            if name := _FIELDS.get(measured["name"]):
                values[name] = number(measured["value"])
        elif part.startswith("Status: "):
            values["status"] = text(part[8:])
        elif part.startswith("Error Type: "):
            values["error_type"] = text(part[12:])
        elif part.startswith("XRAY TraceId: "):  # of a sampled invocation
            values["trace"] = text(part[14:])
    if "duration_ms" not in values:
        return None
    whole = "memory_used_mb" in values  # the last field before the status
    values.setdefault("status", "success" if whole else "")
    return ended(REPORT, request_id, at, stream, values, as_json=False)


def _from_platform_report(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    return _from_platform(REPORT, record, at, stream)


def _from_runtime_done(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    """Only of a failure: a success has its report."""
    line = _from_platform(EXIT, record, at, stream)
    if line is None or line.values["status"] == "success":
        return None
    timed_out = line.values["status"] == "timeout"
    return replace(line, source=TIMEOUT) if timed_out else line


def _from_platform(source: str, record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    if not isinstance(record, dict):
        return None
    request_id, metrics = text(record.get("requestId")), record.get("metrics")
    if not request_id or not isinstance(metrics, dict):
        return None
    read = {ours: number(metrics.get(theirs)) for theirs, ours in METRICS.items()}
    values: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
    values["status"] = text(record.get("status")) or "success"
    values["error_type"] = text(record.get("errorType"))
    values["init_type"] = text(record.get("initializationType"))
    values["tenant"] = text(record.get("tenantId"))  # of a function with tenant isolation
    tracing = record.get("tracing")
    values["trace"] = text(tracing.get("value")) if isinstance(tracing, dict) else ""
    return ended(source, request_id, at, stream, values, as_json=True)


def _from_fault(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    """The Logs API's ``platform.fault``, whose record is a plain line."""
    return from_words(record, at, stream, as_json=True) if isinstance(record, str) else None


def _from_init(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    kind = text(record.get("initializationType")) if isinstance(record, dict) else ""
    return InvocationLogLine(INIT, "", at, {"init_type": kind}, at, stream, as_json=True) if kind else None


def _from_restore(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    known = isinstance(record, dict)
    return InvocationLogLine(INIT, "", at, {"init_type": rules.SNAP_START}, at, stream, as_json=True) if known else None


FROM_PLATFORM: dict[str, Callable[[Any, datetime, str], InvocationLogLine | None]] = {
    "platform.report": _from_platform_report,
    "platform.runtimeDone": _from_runtime_done,
    "platform.initStart": _from_init,
    "platform.restoreStart": _from_restore,
    "platform.fault": _from_fault,
}
