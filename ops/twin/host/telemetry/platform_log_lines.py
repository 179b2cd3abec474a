"""The platform's own lines in a log stream, worded as Lambda words them.

Formats as of 2025 (aws-facts compiled 2026-11-23; public log excerpts 2024–2026 for INIT_REPORT and the order of
lines): REPORT with Init Duration on a cold start, Status and Error Type when it did not succeed. With JSON logging the
platform writes its events instead (``as_json``), by SystemLogLevel, and no line in plain text.
"""

from __future__ import annotations

import json

from ops.twin.host.telemetry import telemetry_events
from ops.twin.host.telemetry.invocation_metrics import InvocationEnd, InvocationMetrics

# Telemetry's type names as the EXTENSION and TELEMETRY lines write them.
_TITLES = {"platform": "Platform", "function": "Function", "extension": "Extension"}


def start(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}"


def extension(name: str, state: str, registered: list[str]) -> str:
    return f"EXTENSION\tName: {name}\tState: {state}\tEvents: [{', '.join(registered)}]"


def telemetry(name: str, types: list[str]) -> str:
    return f"TELEMETRY\tName: {name}\tState: Subscribed\tTypes: [{', '.join(_TITLES[kind] for kind in types)}]"


def init_report(duration_ms: float, phase: str, status: str, error_type: str) -> str:
    line = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
    return line + (f"\tError Type: {error_type}" if error_type else "")


def report(request_id: str, metrics: InvocationMetrics, result: InvocationEnd, trace: str) -> str:
    """``trace`` is the X-Ray line of a sampled invocation, or empty."""
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {metrics.duration_ms:.2f} ms",
        f"Billed Duration: {metrics.billed_ms} ms",
        f"Memory Size: {metrics.memory_mb} MB",
        f"Max Memory Used: {metrics.used_mb} MB",
    ]
    if metrics.init_ms is not None:
        parts.append(f"Init Duration: {metrics.init_ms:.2f} ms")
    if result.status != "success":
        parts.append(f"Status: {result.status}")
    if result.error_type:
        parts.append(f"Error Type: {result.error_type}")
    line = "\t".join(parts)
    return line + (f"\n{trace}" if trace else "")


_LEVELS = ("DEBUG", "INFO", "WARN")
_WARN = "WARN"
_LEVEL_OF = {
    "platform.initStart": "DEBUG",  # INFO with a runtimeVersion, which images do not have
    "platform.initRuntimeDone": "DEBUG",
    "platform.initReport": "DEBUG",  # of on-demand environments
    "platform.runtimeDone": "DEBUG",
    "platform.logsDropped": _WARN,
}
"""Levels of events that went well; others are INFO (LDG monitoring-cloudwatchlogs-log-level, "System log level event
mapping", 2026)."""


def logged(event: telemetry_events.Event, level: str) -> bool:
    """Whether an event is written to a log of JSON lines: by its level, which is WARN when something failed."""
    failed = event["record"].get("status", "success") != "success"
    own = _WARN if failed else _LEVEL_OF.get(event["type"], "INFO")
    return _LEVELS.index(own) >= _LEVELS.index(level if level in _LEVELS else "INFO")


def as_json(event: telemetry_events.Event) -> str:
    return json.dumps(event, separators=(",", ":"))
