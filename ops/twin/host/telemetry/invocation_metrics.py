"""The figures of an invocation: how it ended, how long each part took, what it is billed as."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from ops.twin.host.clock import wall
from ops.twin.host.lifecycle_phase import PhaseFailure
from ops.twin.host.process.launch_spec import MEGABYTE
from ops.twin.host.reply import Reply
from ops.twin.host.telemetry import telemetry_events


@dataclass
class Timing:
    """``clock.now()`` moments of one invocation. ``runtime_done`` is its end where the runtime was never done."""

    start: float
    runtime_done: float
    end: float

    def spans(self, reply: Reply | None) -> telemetry_events.Spans:
        """Latency to the response's first byte, its transfer, and the runtime's way from there to its next call."""
        if reply is None:
            return []
        return [
            telemetry_events.span("responseLatency", wall(self.start), reply.first_byte - self.start),
            telemetry_events.span("responseDuration", wall(reply.first_byte), reply.last_byte - reply.first_byte),
            telemetry_events.span("runtimeOverhead", wall(reply.last_byte), self.runtime_done - reply.last_byte),
        ]

    def overhead(self) -> telemetry_events.Spans:
        """What extensions took after the runtime was done."""
        return [telemetry_events.span("extensionOverhead", wall(self.runtime_done), self.end - self.runtime_done)]


@dataclass(frozen=True)
class InvocationEnd:
    """How an invocation ended. ``lines`` are what the platform writes to the log about it, before END."""

    status: str  # success | error | timeout
    error_type: str
    payload: bytes
    function_error: str = ""
    lines: tuple[str, ...] = ()


def judge(
    request_id: str, reply: Reply | None, failure: PhaseFailure | None, timeout: float, end: float
) -> InvocationEnd:
    """How an invocation ended, from the runtime's response and from what went wrong. ``timeout`` in seconds, ``end`` a
    ``clock.now()`` moment."""
    if reply is not None and reply.error_type:
        return InvocationEnd("error", reply.error_type, reply.payload, "Unhandled")
    if failure is None:
        return InvocationEnd("success", "", reply.payload if reply else b"")
    if failure.payload:  # the runtime reported what kept it from starting
        return InvocationEnd(failure.status, failure.error_type, failure.payload, "Unhandled")
    if failure.status == "timeout":
        what = f"Task timed out after {timeout:.2f} seconds"
        lines: tuple[str, ...] = (f"{telemetry_events.stamp(wall(end))} {request_id} {what}\n",)
    else:
        what = failure.message
        lines = (f"RequestId: {request_id} Error: {what}", failure.error_type)
    payload = {"errorType": failure.error_type, "errorMessage": f"RequestId: {request_id} Error: {what}"}
    return InvocationEnd(failure.status, failure.reported_type, json.dumps(payload).encode(), "Unhandled", lines)


@dataclass(frozen=True)
class InvocationMetrics:
    """An invocation's figures, as REPORT and platform.report give them. Milliseconds and MB."""

    duration_ms: float
    init_ms: float | None
    memory_mb: int
    used_mb: int

    @classmethod
    def of(cls, seconds: float, init_seconds: float | None, memory_mb: int, used_bytes: int) -> InvocationMetrics:
        init_ms = None if init_seconds is None else telemetry_events.milliseconds(init_seconds)
        return cls(telemetry_events.milliseconds(seconds), init_ms, memory_mb, math.ceil(used_bytes / MEGABYTE))

    @property
    def billed_ms(self) -> int:
        """Duration and init, rounded up together.

        INIT is billed since 2025-08-01 (AWS Compute Blog); for images it always was. Seen: 133.61 + 80.00 → 214.
        """
        return math.ceil(round(self.duration_ms + (self.init_ms or 0.0), 3))

    def as_record(self) -> dict[str, Any]:
        """The ``metrics`` member of ``platform.report``."""
        figures: dict[str, Any] = {
            "durationMs": self.duration_ms,
            "billedDurationMs": self.billed_ms,
            "memorySizeMB": self.memory_mb,
            "maxMemoryUsedMB": self.used_mb,
        }
        if self.init_ms is not None:
            figures["initDurationMs"] = self.init_ms
        return figures
