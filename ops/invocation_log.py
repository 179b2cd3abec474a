"""What Lambda and the extension write into the log group about an invocation, read leniently.

- the extension's record: a JSON object with ``"record": "invocation"`` (handler.contract);
- ``REPORT RequestId: …``: fields separated by tabs; since 2025 with ``Status:`` and ``Error Type:`` when it failed
  (Lambda developer guide, 2025), before that a line of its own, ``… Task timed out after 3.00 seconds`` or
  ``RequestId: … Error: Runtime exited with error: signal: killed``;
- with JSON logging, objects of the types ``platform.report`` and, for failures, ``platform.runtimeDone``;
  ``platform.initStart`` names the environment's initialization type (Telemetry API schema 2025-01-29).

A platform's JSON object has the members ``time``, ``type`` and ``record`` and no other, and its plain lines are as
above from their first character to their last: what a function prints about another failure is not one of them. What a
function prints in exactly that form cannot be distinguished by the line alone; ``ops.insight.sources.genuine_lines``
compares it with others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handler import contract
from handler.extension.records import rules
from ops import log_streams

PATTERN = (
    r"^REPORT RequestId|\"record\": ?\"invocation\"|\"type\": ?\"platform.(?:report|initStart|restoreStart|fault)\""
    r"|\"type\": ?\"platform.runtimeDone\".*\"status\": ?\"(?:timeout|error|failure)\""
    r"|Task timed out after|^RequestId: \S+ (?:Error: |Process exited)"
)
"""Of the messages that ``parse`` understands; a regular expression of Logs Insights and of Python."""
MACHINE_MADE = re.compile(r"^REPORT RequestId|\"record\": ?\"invocation\"|\"type\": ?\"platform\.report\"")
"""Of the messages that no person wrote: one that ``parse`` cannot read is worth counting."""

RECORD, REPORT, TIMEOUT = "record", "report", "timeout"
EXIT = "exit"
INIT = "init"
ENDINGS = frozenset({RECORD, REPORT, TIMEOUT})
"""Sources that tell how an invocation ended. ``EXIT`` lines do too, but are failures in their own words; ``INIT`` lines
are of an environment."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_REPORT = re.compile(r"^REPORT RequestId: (\S+)")
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
_METRICS = {
    "durationMs": "duration_ms",
    "billedDurationMs": "billed_ms",
    "memorySizeMB": "memory_size_mb",
    "maxMemoryUsedMB": "memory_used_mb",
    "initDurationMs": "init_ms",
    "restoreDurationMs": "restore_ms",
    "billedRestoreDurationMs": "billed_restore_ms",
}
_RECORD = {
    contract.INV_INIT: "init_ms",
    contract.INV_DURATION: "duration_ms",
    contract.INV_BILLED: "billed_ms",
    contract.INV_MEMORY_USED: "memory_used_mb",
    contract.INV_MEMORY_SIZE: "memory_size_mb",
    contract.INV_RUNTIME_INIT: "runtime_init_ms",
    contract.INV_RESTORE: "restore_ms",
    contract.INV_BILLED_RESTORE: "billed_restore_ms",
    contract.INV_RESPONSE_LATENCY: "response_latency_ms",
    contract.INV_RESPONSE_DURATION: "response_duration_ms",
    contract.INV_RUNTIME_OVERHEAD: "runtime_overhead_ms",
    contract.INV_EXTENSION_OVERHEAD: "extension_overhead_ms",
    contract.INV_COST: "cost_usd",
}
_RECORD_TEXT = {
    contract.INV_VERSION: "version",
    contract.INV_STATUS: "status",
    contract.INV_ERROR_TYPE: "error_type",
    contract.INV_ARCHITECTURE: "architecture",
    contract.INV_INIT_TYPE: "init_type",
    contract.INV_TRACE: "trace",
}
_MOST = 86_400_000.0
"""No invocation takes a day (in ms) or has that much memory (in MB): a larger number is no measurement."""
_HIGHEST_COST_USD = 10.0
"""15 minutes with 10 GB cost about $0.15: a larger number is not a measurement."""
_YEARS = range(1970, 2200)
"""Of times that a data frame can hold and that a clock may show."""
_LONGEST_TEXT = 256
_UNREADABLE = (ValueError, OverflowError, RecursionError, TypeError)


@dataclass(frozen=True)
class InvocationLogLine:
    """One line understood. ``source``: record, report, timeout, exit or init. ``values``: fields of
    ``invocations.Invocation``. ``at``: when it was written. ``as_json``: in the form that JSON logging gives it."""

    source: str
    request_id: str
    started: datetime
    values: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    stream: str = ""
    as_json: bool = False
    function: str = ""  # whose it is, where it says so


def parse(row: Mapping[str, str]) -> InvocationLogLine | None:
    """One row of Logs Insights (``@timestamp``, ``@message``, ``@logStream``); None when it tells of no invocation.

    Never raises: a row is untrusted text.
    """
    try:
        return _parse(row)
    except _UNREADABLE:
        return None


def unreadable(row: Mapping[str, str]) -> bool:
    """Whether a row that ``parse`` cannot read looks as if it should be one that it can."""
    return parse(row) is None and bool(MACHINE_MADE.search(row.get("@message", "")))


def function_of(stream: str) -> str:
    """The function that a log stream's name includes, as in a custom log group; empty where it includes none."""
    named = log_streams.parse(stream)
    return named.function if named else ""


def _parse(row: Mapping[str, str]) -> InvocationLogLine | None:
    message, stream = row.get("@message", ""), row.get("@logStream", "")
    at = moment(row.get("@timestamp", ""))
    if at is None:
        return None
    if report := _REPORT.match(message):
        return _from_report(message, report.group(1), at, stream)
    if line := _from_words(message, at, stream):
        return line
    data = json.loads(message)
    if not isinstance(data, dict):
        return None
    if data.get("record") == contract.INVOCATION_RECORD:
        return _from_record(data, at, stream)
    if data.keys() == {"time", "type", "record"} and isinstance(data["type"], str):
        read = _PLATFORM.get(data["type"])
        return read(data["record"], at, stream) if read else None
    return None


def _from_words(message: str, at: datetime, stream: str, as_json: bool = False) -> InvocationLogLine | None:
    """The plain lines that say how an invocation ended, and nothing else."""
    if timed_out := _TIMED_OUT.match(message):
        seconds = _number(timed_out[2])
        lasted = seconds * 1000 if seconds is not None else None
        values = {"status": "timeout", "error_type": rules.TIMED_OUT, "duration_ms": lasted}
        return _ended(TIMEOUT, timed_out[1], at, stream, values, as_json)
    if exited := _EXITED.match(message):
        values = {"status": "error", "error_type": rules.exit_type(exited[2] or exited[3])}
        return _ended(EXIT, exited[1], at, stream, values, as_json)
    return None


def _from_report(message: str, request_id: str, ended: datetime, stream: str) -> InvocationLogLine:
    values: dict[str, Any] = {}
    for part in re.split(r"\t|\n", message):
        if number := _MS_OR_MB.match(part.strip()):
            if name := _FIELDS.get(number["name"]):
                values[name] = _number(number["value"])
        elif part.startswith("Status: "):
            values["status"] = _text(part[8:])
        elif part.startswith("Error Type: "):
            values["error_type"] = _text(part[12:])
        elif part.startswith("XRAY TraceId: "):  # of a sampled invocation
            values["trace"] = _text(part[14:])
    values.setdefault("status", "success")
    return _ended(REPORT, request_id, ended, stream, values, as_json=False)


def _from_platform_report(record: Any, ended: datetime, stream: str) -> InvocationLogLine | None:
    return _from_platform(REPORT, record, ended, stream)


def _from_runtime_done(record: Any, ended: datetime, stream: str) -> InvocationLogLine | None:
    """Only of a failure: a success has its report."""
    line = _from_platform(EXIT, record, ended, stream)
    if line is None or line.values["status"] == "success":
        return None
    timed_out = line.values["status"] == "timeout"
    return replace(line, source=TIMEOUT) if timed_out else line


def _from_platform(source: str, record: Any, ended: datetime, stream: str) -> InvocationLogLine | None:
    if not isinstance(record, dict):
        return None
    request_id, metrics = _text(record.get("requestId")), record.get("metrics")
    if not request_id or not isinstance(metrics, dict):
        return None
    read = {ours: _number(metrics.get(theirs)) for theirs, ours in _METRICS.items()}
    values: dict[str, Any] = {name: value for name, value in read.items() if value is not None}
    values["status"] = _text(record.get("status")) or "success"
    values["error_type"] = _text(record.get("errorType"))
    values["init_type"] = _text(record.get("initializationType"))
    tracing = record.get("tracing")
    values["trace"] = _text(tracing.get("value")) if isinstance(tracing, dict) else ""
    return _ended(source, request_id, ended, stream, values, as_json=True)


def _from_fault(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    """The Logs API's ``platform.fault``, whose record is a plain line."""
    return _from_words(record, at, stream, as_json=True) if isinstance(record, str) else None


def _from_init(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    kind = _text(record.get("initializationType")) if isinstance(record, dict) else ""
    return InvocationLogLine(INIT, "", at, {"init_type": kind}, at, stream, as_json=True) if kind else None


def _from_restore(record: Any, at: datetime, stream: str) -> InvocationLogLine | None:
    known = isinstance(record, dict)
    return InvocationLogLine(INIT, "", at, {"init_type": rules.SNAP_START}, at, stream, as_json=True) if known else None


_PLATFORM: dict[str, Callable[[Any, datetime, str], InvocationLogLine | None]] = {
    "platform.report": _from_platform_report,
    "platform.runtimeDone": _from_runtime_done,
    "platform.initStart": _from_init,
    "platform.restoreStart": _from_restore,
    "platform.fault": _from_fault,
}


def _ended(
    source: str, request_id: str, ended: datetime, stream: str, values: dict[str, Any], as_json: bool
) -> InvocationLogLine:
    """A line written when the invocation was over: when it began, and its version by the log stream's name."""
    init, restore = values.get("init_ms"), values.get("restore_ms")
    if source == REPORT:
        values["cold"] = rules.is_cold(values.get("init_type", ""), init, restore)
    error_type = rules.error_type(
        values["status"], values.get("error_type", ""), values.get("memory_used_mb"), values.get("memory_size_mb")
    )
    if error_type or "error_type" in values:
        values["error_type"] = error_type
    named = log_streams.parse(stream)
    values["version"] = named.version if named else ""
    lasted = (values.get("duration_ms") or 0.0) + (init or restore or 0.0)
    started = ended - timedelta(milliseconds=lasted)
    return InvocationLogLine(source, _text(request_id), started, values, ended, stream, as_json, function_of(stream))


def _from_record(data: Mapping[str, Any], written: datetime, stream: str) -> InvocationLogLine | None:
    """None without a request id. A start that is no time is replaced by the line's own."""
    request_id = _text(data.get(contract.INV_REQUEST_ID))
    if not request_id:
        return None
    started = moment(_text(data.get(contract.INV_STARTED))) or written
    values: dict[str, Any] = {ours: _number(data.get(theirs)) for theirs, ours in _RECORD.items()}
    if (values["cost_usd"] or 0.0) > _HIGHEST_COST_USD:
        values["cost_usd"] = None
    values |= {ours: _text(data.get(theirs)) for theirs, ours in _RECORD_TEXT.items()}
    values["cold"] = data.get(contract.INV_COLD) in (1, True)
    values["error_type"] = rules.error_type(
        values["status"], values["error_type"], values["memory_used_mb"], values["memory_size_mb"]
    )
    named = _text(data.get(contract.INVOCATION_DIMENSION))
    whose = function_of(stream) if named in ("", contract.UNNAMED) else named
    return InvocationLogLine(RECORD, request_id, started, values, written, stream, True, whose)


def _text(value: object) -> str:
    """Short, and of characters that can be written out: JSON may hold halves of some."""
    return value.strip()[:_LONGEST_TEXT].encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= _MOST else None


def moment(text: str) -> datetime | None:
    """ISO 8601, or Logs Insights' ``2026-11-23 19:00:00.123``, which is UTC. None for a time out of all bounds."""
    try:
        read = datetime.fromisoformat(text)
        read = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        return None
    return read if read.year in _YEARS else None
