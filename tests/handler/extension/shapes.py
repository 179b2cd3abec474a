"""Telemetry events in the shapes of the Lambda developer guide (telemetry-schema-reference, schema 2025-01-29).

Ids, times and values are this project's own. Every documented event type is here, optional members included.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

TRACE = {"spanId": "89abcdef01234567", "type": "X-Amzn-Trace-Id", "value": "Root=1-65f0c0de-0123456789abcdef01234567"}
EPOCH_MS = 1_790_000_000_000  # 2026-09-21T14:13:20Z


def iso(ms: float) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(kind: str, record: Any, at_ms: float = 0) -> dict[str, Any]:
    """``at_ms`` counts from EPOCH_MS."""
    return {"time": iso(EPOCH_MS + at_ms), "type": kind, "record": record}


def init(phase: str = "init", kind: str = "on-demand", at_ms: float = 0, ms: float = 420.5) -> list[dict[str, Any]]:
    """The three events of an initialization, of which the runtime took 300 ms."""
    start = {
        "initializationType": kind,
        "phase": phase,
        "functionName": "jobs",
        "functionVersion": "$LATEST",
        "instanceId": "3e1c6a0f-9f7e-4a58-8a1b-1f2e3d4c5b6a",
        "instanceMaxMemory": 1024,
        "runtimeVersion": "python:3.14.v1",
        "runtimeVersionArn": "arn:aws:lambda:eu-west-1::runtime:0123456789abcdef",
    }
    done = {"initializationType": kind, "phase": phase, "status": "success", "spans": []}
    report = {"initializationType": kind, "phase": phase, "status": "success", "metrics": {"durationMs": ms}}
    return [
        event("platform.initStart", start, at_ms),
        event("platform.initRuntimeDone", done, at_ms + 300),
        event("platform.initReport", report, at_ms + ms),
    ]


def start(request_id: str, at_ms: float = 500) -> dict[str, Any]:
    return event("platform.start", {"requestId": request_id, "version": "$LATEST", "tracing": TRACE}, at_ms)


def runtime_done(request_id: str, status: str = "success", at_ms: float = 640, **more: Any) -> dict[str, Any]:
    spans = [
        {"name": "responseLatency", "start": iso(EPOCH_MS + 500), "durationMs": 120.25},
        {"name": "responseDuration", "start": iso(EPOCH_MS + 620), "durationMs": 0.5},
        {"name": "runtimeOverhead", "start": iso(EPOCH_MS + 621), "durationMs": 1.75},
    ]
    record = {
        "requestId": request_id,
        "status": status,
        "metrics": {"durationMs": 122.5, "producedBytes": 2048},
        "spans": spans,
        "tracing": TRACE,
    }
    return event("platform.runtimeDone", record | more, at_ms)


def report(
    request_id: str, status: str = "success", at_ms: float = 650, metrics: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A warm one, unless ``metrics`` brings an initDurationMs."""
    usual = {"billedDurationMs": 124, "durationMs": 123.4, "maxMemoryUsedMB": 210, "memorySizeMB": 1024}
    record = {
        "requestId": request_id,
        "status": status,
        "metrics": usual | (metrics or {}),
        "spans": [{"name": "extensionOverhead", "start": iso(EPOCH_MS + 640), "durationMs": 3.125}],
        "tracing": TRACE,
    }
    return event("platform.report", record | more, at_ms)


COLD = {"initDurationMs": 420.5, "billedDurationMs": 544}


def invocation(request_id: str, at: str = "") -> list[dict[str, Any]]:
    """The three events of a warm success, all at one time if ``at`` is given."""
    events = [start(request_id), runtime_done(request_id), report(request_id)]
    return [each | {"time": at} for each in events] if at else events


OTHERS = [
    event("platform.restoreRuntimeDone", {"status": "success", "spans": []}),
    event("platform.extension", {"name": "scilearn-telemetry", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]}),
    event(
        "platform.telemetrySubscription",
        {"name": "scilearn-telemetry", "state": "Subscribed", "types": ["platform"]},
    ),
    event("function", "a plain line of the function"),
    event("function", {"timestamp": iso(EPOCH_MS), "level": "INFO", "requestId": "r", "message": "as JSON"}),
    event("extension", "a plain line of an extension"),
    event("platform.fromTheFuture", {"anything": [1, 2, 3]}),
]
"""Documented types that change no record, and one that does not exist yet."""
