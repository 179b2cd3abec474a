"""What Lambda and the extension write into the log group about an invocation, read leniently.

- the extension's record: a JSON object with ``"record": "invocation"`` (handler.contract);
- ``REPORT RequestId: …``: fields separated by tabs; since 2025 with ``Status:`` and ``Error Type:`` when it failed
  (Lambda developer guide, 2025), before that a line of its own, ``… Task timed out after 3.00 seconds``;
- with JSON logging, an object of type ``platform.report`` (Telemetry API schema 2025-01-29).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from handler import contract

PATTERN = r"^REPORT RequestId|\"record\": ?\"invocation\"|\"type\": ?\"platform.report\"|Task timed out after"
"""Of the messages that ``parse`` understands; a regular expression of Logs Insights and of Python."""

_MOST = 86_400_000.0
"""No invocation takes a day (in ms) or has that much memory (in MB): a larger number is none of the platform's."""
_YEARS = range(1970, 3000)
"""In which a log event can have been written; sums of other times have no calendar."""
_REPORT = re.compile(r"^REPORT RequestId: (\S+)")
_TIMED_OUT = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) Task timed out after")
_MS_OR_MB = re.compile(r"^(?P<name>[A-Z][A-Za-z ]+): (?P<value>[\d.]+) (?:ms|MB)$")
_VERSION = re.compile(r"\[([^\]]+)\]")
_FIELDS = {
    "Duration": "duration_ms",
    "Billed Duration": "billed_ms",
    "Memory Size": "memory_size_mb",
    "Max Memory Used": "memory_used_mb",
    "Init Duration": "init_ms",
}
_METRICS = {
    "durationMs": "duration_ms",
    "billedDurationMs": "billed_ms",
    "memorySizeMB": "memory_size_mb",
    "maxMemoryUsedMB": "memory_used_mb",
    "initDurationMs": "init_ms",
}
_RECORD = {
    contract.INV_INIT: "init_ms",
    contract.INV_DURATION: "duration_ms",
    contract.INV_BILLED: "billed_ms",
    contract.INV_MEMORY_USED: "memory_used_mb",
    contract.INV_MEMORY_SIZE: "memory_size_mb",
    contract.INV_RUNTIME_INIT: "runtime_init_ms",
    contract.INV_RESPONSE_LATENCY: "response_latency_ms",
    contract.INV_RESPONSE_DURATION: "response_duration_ms",
    contract.INV_RUNTIME_OVERHEAD: "runtime_overhead_ms",
    contract.INV_EXTENSION_OVERHEAD: "extension_overhead_ms",
}
_RECORD_TEXT = {
    contract.INV_VERSION: "version",
    contract.INV_STATUS: "status",
    contract.INV_ERROR_TYPE: "error_type",
    contract.INV_ARCHITECTURE: "architecture",
}


@dataclass(frozen=True)
class Line:
    """One line understood. ``source``: record, report or timeout. ``values``: fields of ``invocations.Invocation``."""

    source: str
    request_id: str
    started: datetime
    values: Mapping[str, Any] = field(default_factory=dict)


def parse(row: Mapping[str, str]) -> Line | None:
    """One row of Logs Insights (``@timestamp``, ``@message``, ``@logStream``); None when it tells of no invocation."""
    message = row.get("@message", "")
    at = moment(row.get("@timestamp", ""))
    if at is None:
        return None
    if report := _REPORT.match(message):
        return _from_report(message, report.group(1), at, row.get("@logStream", ""))
    if timed_out := _TIMED_OUT.search(message):
        return Line("timeout", timed_out.group(1), at)
    try:
        data = json.loads(message) if message.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    if data.get("record") == contract.INVOCATION_RECORD:
        return _from_record(data, at)
    if data.get("type") == "platform.report" and isinstance(data.get("record"), dict):
        return _from_platform(data["record"], at, row.get("@logStream", ""))
    return None


def _from_report(message: str, request_id: str, ended: datetime, stream: str) -> Line:
    values: dict[str, Any] = {}
    for part in re.split(r"\t|\n", message):
        if number := _MS_OR_MB.match(part.strip()):
            if name := _FIELDS.get(number["name"]):
                values[name] = _number(number["value"])
        elif part.startswith("Status: "):
            values["status"] = part[8:].strip()
        elif part.startswith("Error Type: "):
            values["error_type"] = part[12:].strip()
    values.setdefault("status", "success")
    return _ended(request_id, ended, stream, values)


def _from_platform(record: Mapping[str, Any], ended: datetime, stream: str) -> Line | None:
    request_id = record.get("requestId")
    metrics = record.get("metrics")
    if not isinstance(request_id, str) or not isinstance(metrics, dict):
        return None
    values: dict[str, Any] = {ours: _number(metrics.get(theirs)) for theirs, ours in _METRICS.items()}
    values["status"] = str(record.get("status") or "success")
    values["error_type"] = str(record.get("errorType") or "")
    return _ended(request_id, ended, stream, values)


def _ended(request_id: str, ended: datetime, stream: str, values: dict[str, Any]) -> Line:
    """A line written when the invocation was over: when it began, and its version by the log stream's name."""
    values["cold"] = values.get("init_ms") is not None
    version = _VERSION.search(stream)
    values["version"] = version.group(1) if version else ""
    lasted = (values.get("duration_ms") or 0.0) + (values.get("init_ms") or 0.0)
    return Line("report", request_id, ended - timedelta(milliseconds=lasted), values)


def _from_record(data: Mapping[str, Any], written: datetime) -> Line | None:
    request_id = data.get(contract.INV_REQUEST_ID)
    if not isinstance(request_id, str):
        return None
    values: dict[str, Any] = {ours: _number(data.get(theirs)) for theirs, ours in _RECORD.items()}
    values |= {ours: str(data.get(theirs) or "") for theirs, ours in _RECORD_TEXT.items()}
    values["cold"] = bool(data.get(contract.INV_COLD))
    return Line("record", request_id, moment(str(data.get(contract.INV_STARTED) or "")) or written, values)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= _MOST else None


def moment(text: str) -> datetime | None:
    """ISO 8601, or Logs Insights' ``2026-11-23 19:00:00.123``, which is UTC; None for what is no time of a log."""
    try:
        read = datetime.fromisoformat(text)
        at = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return at if at.year in _YEARS else None
