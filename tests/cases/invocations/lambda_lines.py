"""Lambda's telemetry events and log lines for cases, and what the extension and the toolkit make of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from handler.extension.records.emf import Function, record
from handler.extension.records.invocation_tracker import InvocationTracker
from ops.insight.invocation_table import Invocation, build_table

ID = "4be3c1c2-6f0e-4a39-8f5c-0d6a2b7e9a10"
STREAM = "2026/11/24/[12]5d1f0b"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Event = dict[str, Any]


def event(kind: str, at_s: float, **about: Any) -> Event:
    """A platform event ``at_s`` seconds after noon."""
    moment = (NOON + timedelta(seconds=at_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": moment, "type": f"platform.{kind}", "record": about}


def attempt(request_id: str, at_s: float, status: str = "success", ms: float = 800.0, **metrics: Any) -> list[Event]:
    """Start, runtimeDone and report of one attempt."""
    figures = {"durationMs": ms, "billedDurationMs": round(ms + 0.5), "memorySizeMB": 512, "maxMemoryUsedMB": 90}
    end = at_s + ms / 1000
    return [
        event("start", at_s, requestId=request_id, version="12"),
        event("runtimeDone", end, requestId=request_id, status=status, metrics={"durationMs": ms, "producedBytes": 4}),
        event("report", end + 0.002, requestId=request_id, status=status, metrics={**figures, **metrics}),
    ]


def init(kind: str, at_s: float, ms: float = 900.0, phase: str = "init") -> list[Event]:
    known = {"initializationType": kind, "phase": phase}
    return [
        event("initStart", at_s, functionName="worker", functionVersion="12", **known),
        event("initRuntimeDone", at_s + ms / 1000, status="success", **known),
        event("initReport", at_s + ms / 1000, status="success", metrics={"durationMs": ms}, **known),
    ]


def records(*deliveries: Sequence[Event], init_type: str = "on-demand") -> list[dict[str, Any]]:
    """The extension's records of these deliveries, in the order in which they are written."""
    tracker, done = InvocationTracker("12", init_type), []
    for delivery in deliveries:
        for one in delivery:
            tracker.event(one)
        done += tracker.completed()
    done += tracker.flush("SPINDOWN")
    return [json.loads(record(invocation, Function("worker", "12", 512, "arm64"))) for invocation in done]


def report_line(request_id: str = ID, ms: float = 800.0, more: str = "", size_mb: int = 512, used_mb: int = 90) -> str:
    line = f"REPORT RequestId: {request_id}\tDuration: {ms:.2f} ms\tBilled Duration: {round(ms + 0.5)} ms\t"
    return f"{line}Memory Size: {size_mb} MB\tMax Memory Used: {used_mb} MB\t{more}\n"


def row(message: str, at_s: float = 0.0, stream: str = STREAM) -> dict[str, str]:
    """A row of Logs Insights, ``at_s`` seconds after noon."""
    moment = NOON + timedelta(seconds=at_s)
    return {
        "@timestamp": moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "@message": message,
        "@logStream": stream,
    }


def invoked(*rows: dict[str, str], function: str = "", as_json: bool = False) -> list[Invocation]:
    """The invocations that the toolkit finds in these rows."""
    return list(build_table([rows], function, as_json).rows)
