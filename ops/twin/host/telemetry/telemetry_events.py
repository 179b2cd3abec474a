"""Telemetry API events: every shape in one place, as pure functions.

Stands for the event schema of version 2025-01-29 (LDG telemetry-schema-reference, compiled 2026-11-23), and for what
public recordings of 2026 have beyond it: ``functionArn`` at the start, memory in bytes, zero bytes produced. Not
modeled: the restore events (SnapStart does not take container images), ``runtimeVersion`` fields (images have none)
and the extra members of Managed Instances.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from ops.twin.host.process.launch_spec import MEGABYTE

Event = dict[str, Any]
Spans = list[dict[str, Any]]

ON_DEMAND = "on-demand"


def stamp(when: float) -> str:
    """A Unix time as Telemetry writes it: 2026-11-23T10:00:00.123Z."""
    return datetime.fromtimestamp(when, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(when: float, kind: str, record: object) -> Event:
    return {"time": stamp(when), "type": kind, "record": record}


def span(name: str, start: float, seconds: float) -> dict[str, Any]:
    return {"name": name, "start": stamp(start), "durationMs": milliseconds(seconds)}


def milliseconds(seconds: float) -> float:
    return round(max(seconds, 0.0) * 1000, 3)


def _with(record: dict[str, Any], **optional: object) -> dict[str, Any]:
    """The record and those optional members that have a value."""
    record.update({name: value for name, value in optional.items() if value})
    return record


def tracing(header: str, span_id: str = "") -> dict[str, str] | None:
    if not header:
        return None
    return _with({"type": "X-Amzn-Trace-Id", "value": header}, spanId=span_id)


def init_start(when: float, phase: str, name: str, version: str, instance: str, memory_mb: int) -> Event:
    record = {
        "initializationType": ON_DEMAND,
        "phase": phase,
        "functionName": name,
        "functionVersion": version,
        "instanceId": instance,
        "instanceMaxMemory": memory_mb * MEGABYTE,  # bytes in recorded events; the documented example has MB
    }
    return event(when, "platform.initStart", record)


def init_runtime_done(when: float, phase: str, status: str, error_type: str = "") -> Event:
    record = _with({"initializationType": ON_DEMAND, "phase": phase, "status": status}, errorType=error_type)
    return event(when, "platform.initRuntimeDone", record)


def init_report(when: float, phase: str, status: str, seconds: float, error_type: str = "") -> Event:
    record = {
        "initializationType": ON_DEMAND,
        "phase": phase,
        "status": status,
        "metrics": {"durationMs": milliseconds(seconds)},
    }
    return event(when, "platform.initReport", _with(record, errorType=error_type))


def start(when: float, request_id: str, version: str, arn: str, trace: dict[str, str] | None) -> Event:
    record = {"requestId": request_id, "functionArn": arn, "version": version}
    return event(when, "platform.start", _with(record, tracing=trace))


def runtime_done(
    when: float,
    request_id: str,
    status: str,
    seconds: float,
    produced_bytes: int,
    spans: Spans,
    trace: dict[str, str] | None,
    error_type: str = "",
) -> Event:
    metrics = {"durationMs": milliseconds(seconds), "producedBytes": produced_bytes}
    record = {"requestId": request_id, "status": status, "metrics": metrics}
    return event(when, "platform.runtimeDone", _with(record, spans=spans, tracing=trace, errorType=error_type))


def report(
    when: float,
    request_id: str,
    status: str,
    metrics: dict[str, Any],
    spans: Spans,
    trace: dict[str, str] | None,
    error_type: str = "",
) -> Event:
    record = {"requestId": request_id, "status": status, "metrics": metrics}
    return event(when, "platform.report", _with(record, spans=spans, tracing=trace, errorType=error_type))


def extension(when: float, name: str, state: str, events: list[str], error_type: str = "") -> Event:
    return event(
        when, "platform.extension", _with({"name": name, "state": state, "events": events}, errorType=error_type)
    )


def subscription(when: float, name: str, types: list[str]) -> Event:
    return event(when, "platform.telemetrySubscription", {"name": name, "state": "Subscribed", "types": types})


def logs_dropped(when: float, records: int, size: int) -> Event:
    reason = "Some logs were dropped because the downstream consumer is slower than the logs production rate"
    return event(when, "platform.logsDropped", {"droppedBytes": size, "droppedRecords": records, "reason": reason})


def log(when: float, kind: str, text: str, structured: bool) -> Event:
    """A ``function`` or ``extension`` line. With JSON logging (``structured``) a line that is an object stays one."""
    if structured and text.startswith("{"):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict):
            return event(when, kind, parsed)
    return event(when, kind, text)
