"""One attempt of an invocation, and the names of its columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime


@dataclass(frozen=True)
class Invocation:
    """One attempt of an invocation. Times in ms, memory in MB; None when unknown. ``started`` is aware UTC."""

    request_id: str
    started: datetime
    version: str = ""
    cold: bool = False
    init_ms: float | None = None
    duration_ms: float | None = None
    billed_ms: float | None = None
    memory_used_mb: float | None = None
    memory_size_mb: float | None = None
    status: str = ""  # success | failure | error | timeout
    error_type: str = ""
    architecture: str = ""
    runtime_init_ms: float | None = None
    response_latency_ms: float | None = None
    response_duration_ms: float | None = None
    runtime_overhead_ms: float | None = None
    extension_overhead_ms: float | None = None
    init_type: str = (
        ""  # on-demand | provisioned-concurrency | snap-start | lambda-managed-instances | …; empty: unknown
    )
    restore_ms: float | None = None  # SnapStart; its billed part is in billed_ms
    billed_restore_ms: float | None = None
    cost_usd: float | None = None
    environment: str = ""  # the log stream: each execution environment has one of its own
    phase: str = ""  # "invoke" for a suppressed INIT
    trace: str = ""  # the trace header, or a trace ID: see ops.insight.sources.traces
    tenant: str = ""  # of a function with tenant isolation


COLUMNS = tuple(field.name for field in fields(Invocation))
NUMBERS = tuple(name for name in COLUMNS if name.endswith(("_ms", "_mb", "_usd")))
"""Columns of numbers: float, NaN for None."""
TEXTS = tuple(name for name in COLUMNS if name not in (*NUMBERS, "started", "cold"))
