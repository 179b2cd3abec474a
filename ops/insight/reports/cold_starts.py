"""Cold starts: how much latency and money are they, of which version, and where does the time go?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ops import formatting, pricing
from ops.insight.report_types import Finding, QueryCost, Window
from ops.insight.rules import cold_share
from ops.insight.rules.findings import summarize
from ops.insight.sources import invocations, metric_queries, metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

SHOWN_COLUMNS = (
    "started",
    "request_id",
    "version",
    "cold",
    "init_ms",
    "duration_ms",
    "billed_ms",
    "memory_used_mb",
    "memory_size_mb",
    "status",
    "error_type",
    "cost_usd",
    "runtime_init_ms",
    "response_latency_ms",
    "extension_overhead_ms",
    "init_type",
    "restore_ms",
)
PHASES = (
    ("Runtime and function init", "runtime_init_ms"),
    ("Extensions and platform", "other_init_ms"),
    ("Handler (time to first byte)", "response_latency_ms"),
    ("Response", "response_duration_ms"),
    ("Runtime overhead", "runtime_overhead_ms"),
    ("Extension overhead", "extension_overhead_ms"),
)
RESTORE_PHASE = ("Restore from snapshot", "restore_ms")
"""With SnapStart, in place of INIT."""


@dataclass(frozen=True)
class ColdStartReport:
    """``invocations``: one row each: started, request_id, version, cold (bool), init_ms, duration_ms, billed_ms,
    memory_used_mb, memory_size_mb, status, error_type, cost_usd, runtime_init_ms, response_latency_ms,
    extension_overhead_ms. ``by_version``: version, invocations, cold, share, init_p50_ms, init_p95_ms, init_p99_ms.
    ``phases``: of the latest cold start: phase, start_ms, duration_ms."""

    finding: Finding
    invocations: pd.DataFrame
    by_version: pd.DataFrame
    phases: pd.DataFrame
    share: float | None  # 0–1
    init_p50_ms: float | None
    init_p95_ms: float | None
    init_p99_ms: float | None
    init_cost_usd: float | None
    look: QueryCost
    cold: float | None = None  # of ``recorded`` invocations: by the metrics, where the function has them
    recorded: float | None = None


def report(aws: Aws, workload: Workload, window: Window) -> ColdStartReport:
    """One Logs Insights query, and one GetMetricData call for shares that are exact even when rows are cut off."""
    found = invocations.read(aws, workload, window)
    queries = [*cold_share.queries(workload.function), *metric_queries.records(workload.function, "init_ms")]
    readings = metrics.read(aws, queries, window)
    frame = found.frame
    inits = init_times_ms(frame)
    starts, init_usd = cold_share.count_cold(readings, found), _init_usd(found, readings, workload)
    p50, p95, p99 = (float(inits.quantile(q)) if len(inits) else None for q in (0.5, 0.95, 0.99))
    return ColdStartReport(
        finding=summarize([cold_share.observe_cold_starts(starts, _details(frame, p95, init_usd))]),
        invocations=frame[list(SHOWN_COLUMNS)],
        by_version=by_version(frame),
        phases=phases(frame),
        cold=starts.cold if starts else None,
        recorded=starts.recorded if starts else None,
        share=starts.share if starts else None,
        init_p50_ms=p50,
        init_p95_ms=p95,
        init_p99_ms=p99,
        init_cost_usd=init_usd,
        look=QueryCost(
            readings.look.metrics_requested,
            readings.look.usd + found.look.usd,
            found.look.partial + readings.look.partial,
        ),
    )


def init_times_ms(frame: pd.DataFrame) -> pd.Series:
    """What each cold invocation waited for (ms): its INIT, or its restore from a snapshot."""
    cold = frame[frame["cold"]]
    return cold["init_ms"].fillna(cold["restore_ms"]).dropna()


def by_version(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per version: invocations, cold, share (0–1), init_p50_ms, init_p95_ms, init_p99_ms."""
    rows = []
    for version, some in frame.groupby("version", sort=True):
        inits = init_times_ms(some)
        p50, p95, p99 = (float(inits.quantile(q)) if len(inits) else float("nan") for q in (0.5, 0.95, 0.99))
        cold = int(some["cold"].sum())
        rows.append((version, len(some), cold, cold / len(some), p50, p95, p99))
    columns = ["version", "invocations", "cold", "share", "init_p50_ms", "init_p95_ms", "init_p99_ms"]
    return pd.DataFrame(rows, columns=columns)


def phases(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest cold start, one phase after the other: phase, start_ms, duration_ms. Empty when there was none.

    One that succeeded, if there is any, because a time-out would dwarf the phases. The extension starts beside the
    runtime: what init took beyond the runtime's share is drawn behind it.
    """
    every = frame[frame["cold"] & (frame["init_ms"].notna() | frame["restore_ms"].notna())]
    fine = every[every["status"].isin(("success", ""))]
    cold = fine if len(fine) else every
    rows = []
    if len(cold):
        latest = cold.iloc[-1].to_dict()
        latest["other_init_ms"] = float("nan")
        if pd.isna(latest["init_ms"]):
            latest["runtime_init_ms"] = float("nan")
        elif pd.notna(latest["runtime_init_ms"]):
            latest["other_init_ms"] = max(0.0, latest["init_ms"] - latest["runtime_init_ms"])
        else:
            latest["runtime_init_ms"] = latest["init_ms"]
        if pd.isna(latest["response_latency_ms"]):
            latest["response_latency_ms"] = latest["duration_ms"]
        at = 0.0
        for phase, column in (RESTORE_PHASE, *PHASES):
            lasted = latest[column]
            if pd.notna(lasted):
                rows.append((phase, at, float(lasted)))
                at += float(lasted)
    return pd.DataFrame(rows, columns=["phase", "start_ms", "duration_ms"])


def _init_usd(found: Invocations, readings: Readings, workload: Workload) -> float | None:
    """What INIT and restores cost in the window: they are billed like duration (INIT of all on-demand functions since
    2025-08). What ran ahead, with provisioned concurrency, is not in it."""
    if workload.function is None:
        return None
    price = pricing.load().gb_second(workload.function.architecture) * workload.function.memory_mb / 1024 / 1000
    if found.truncated or found.frame.empty:
        total = readings.total("init_ms")
        return total * price if total is not None else None
    return float(found.frame[["init_ms", "billed_restore_ms"]].fillna(0).sum().sum()) * price


def _details(frame: pd.DataFrame, p95: float | None, init_usd: float | None) -> str:
    restored = int((frame["cold"] & frame["restore_ms"].notna()).sum())
    snapshots = f", {formatting.count(restored, 'restore')} from a snapshot" if restored else ""
    latency = f", p95 init {formatting.latency(p95)}" if p95 is not None else ""
    cost = f", INIT cost {formatting.usd(init_usd)}" if init_usd is not None else ""
    return f"{snapshots}{latency}{cost}"
