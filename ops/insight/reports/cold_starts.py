"""Cold starts: their latency and cost, by version, and where the time goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from ops import formatting
from ops.insight.cold_start_options.options import ColdStartOptions
from ops.insight.imports.model import ImportRecord
from ops.insight.report_types import Finding, Level, QueryCost, Window
from ops.insight.reports.cold_start_changes import read_imports, read_options
from ops.insight.reports.cold_start_reasons import explain_logged, reasons, usd_per_ms
from ops.insight.rules.cold_starts import cold_share, versions
from ops.insight.rules.cold_starts.reasons import ColdReason
from ops.insight.rules.findings import Observation, summarize
from ops.insight.sources import invocations, metric_queries, metrics
from ops.insight.sources.log_totals import TotalsAnswer, read_totals_of

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.cold_start_options.memory_sweep import MemorySweep
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
"""The phase that replaces INIT with SnapStart."""
NOT_COUNTED = "cold starts have no metric here, and log lines are not read yet"


@dataclass(frozen=True)
class ColdStartReport:
    """``invocations``: one row each: started, request_id, version, cold (bool), init_ms, duration_ms, billed_ms,
    memory_used_mb, memory_size_mb, status, error_type, cost_usd, runtime_init_ms, response_latency_ms,
    extension_overhead_ms. ``by_version``: as of ``versions.by_version``; ``reasons``: as of ``reasons()``. ``phases``: of
    the latest cold start: phase, start_ms, duration_ms."""

    finding: Finding
    invocations: pd.DataFrame
    by_version: pd.DataFrame
    reasons: pd.DataFrame
    phases: pd.DataFrame
    share: float | None  # 0–1
    init_p50_ms: float | None
    init_p95_ms: float | None
    init_p99_ms: float | None
    init_cost_usd: float | None
    look: QueryCost
    cold: float | None = None  # of ``recorded`` invocations: by the metrics, where the function has them
    recorded: float | None = None
    unread: str = ""
    """What may not be read, as a clause, so that there may be invocations without a row here; empty otherwise."""
    init_of: str = ""
    """The version whose percentiles the ``init_*_ms`` are; empty: of all."""
    options: ColdStartOptions = field(default_factory=lambda: ColdStartOptions(""))
    imports: ImportRecord | None = None
    """What the handler imports in INIT, where ``ops imports`` has recorded it."""
    is_outline: bool = False
    """Log lines are not read yet: the numbers are those of the metrics alone."""
    too_few: bool = False
    """The invocations are a sample with too few cold starts for a distribution or for reasons."""


def read_metrics(aws: Aws, workload: Workload, window: Window) -> Readings:
    """One GetMetricData call. Raises what ``ops.aws`` raises."""
    queries = [
        *cold_share.queries(workload.function),
        *metric_queries.records(workload.function, "init_ms"),
        *metric_queries.function(workload.function, "invocations"),
    ]
    return metrics.read(aws, queries, window)


def outline(aws: Aws, workload: Workload, readings: Readings) -> ColdStartReport | None:
    """The part of the report that needs no log lines, if a sample of them must be read; else None."""
    logged = invocations.await_sample(aws, workload, readings.window, readings.total("invocations"))
    if logged is None:
        return None
    starts, frame = cold_share.count_cold(readings, None), logged.frame
    found = cold_share.observe_cold_starts(starts) if starts else Observation(Level.NO_DATA, NOT_COUNTED)
    return ColdStartReport(
        finding=summarize([found]),
        invocations=frame[list(SHOWN_COLUMNS)],
        by_version=versions.by_version(frame),
        reasons=reasons([], workload),
        phases=phases(frame),
        share=starts.share if starts else None,
        init_p50_ms=None,
        init_p95_ms=None,
        init_p99_ms=None,
        init_cost_usd=_init_usd(logged, readings, workload),
        look=readings.look,
        cold=starts.cold if starts else None,
        recorded=starts.recorded if starts else None,
        is_outline=True,
    )


def report(
    aws: Aws,
    workload: Workload,
    window: Window,
    readings: Readings | None = None,
    sweep: MemorySweep | None = None,
) -> ColdStartReport:
    """One GetMetricData call (none with ``readings``), for shares that are exact even when rows are cut off, and one Logs
    Insights query; for a busy range those of a sample, and an aggregate where the budget allows it. ``sweep``: the last one of memory
    sizes, where one is saved."""
    readings = readings or read_metrics(aws, workload, window)
    window = readings.window
    logged = invocations.read(aws, workload, window, readings.total("invocations"))
    frame = logged.frame
    sampled = logged.sample is not None
    has_records = bool(readings.total("recorded"))
    answer = read_totals_of(aws, workload, window, has_records=has_records) if sampled else TotalsAnswer()
    totals = answer.totals
    compared = versions.of_totals(totals, logged.measured.versions) if totals else _by_version(logged)
    too_few = sampled and int(frame["cold"].sum()) < versions.MIN_COLD_STARTS
    starts_read = [] if too_few else explain_logged(aws, logged, workload)
    explained = _scaled(reasons(starts_read, workload), ("inferred_cold", "cold", "usd"), logged.scale)
    starts, init_usd = cold_share.count_cold(readings, logged, totals), _init_usd(logged, readings, workload)
    init = versions.init_latency(frame, totals, logged.measured.versions)
    imports, imports_unread = read_imports(aws, workload)
    return ColdStartReport(
        finding=summarize([_observe(starts, _details(frame, compared, explained, init_usd, init), logged.unread)]),
        invocations=logged.named_versions(frame[list(SHOWN_COLUMNS)]),
        by_version=logged.named_versions(compared),
        reasons=explained,
        phases=phases(frame),
        cold=starts.cold if starts else None,
        recorded=starts.recorded if starts else None,
        unread=logged.unread,
        share=starts.share if starts else None,
        init_p50_ms=init.p50,
        init_p95_ms=init.p95,
        init_p99_ms=init.p99,
        init_of=init.version,
        too_few=too_few,
        init_cost_usd=init_usd,
        look=QueryCost(
            readings.look.metrics_requested,
            readings.look.usd + logged.look.usd + answer.usd,
            (
                *logged.look.partial,
                *answer.notes,
                *readings.look.partial,
                *(note for note in (cold_share.unlike_the_metric(starts, readings, logged), imports_unread) if note),
            ),
        ),
        options=read_options(logged, starts, workload, window, imports, sweep, explained),
        imports=imports,
    )


def _by_version(logged: Invocations) -> pd.DataFrame:
    return _scaled(versions.by_version(logged.frame, logged.measured.versions), ("invocations", "cold"), logged.scale)


def _scaled(frame: pd.DataFrame, columns: Sequence[str], scale: float) -> pd.DataFrame:
    """``frame``, if it is of a sample, with these counts and sums scaled to all invocations."""
    if scale == 1.0 or frame.empty:
        return frame
    whole = {name: (frame[name] * scale).round() if name != "usd" else frame[name] * scale for name in columns}
    return frame.assign(**{name: column.astype("int64") if name != "usd" else column for name, column in whole.items()})


def phases(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest cold start, one phase after the other: phase, start_ms, duration_ms. Empty when there was none.

    One that succeeded, if there is any, because a timeout would dwarf the phases. The extension starts beside the
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


def _init_usd(logged: Invocations, readings: Readings, workload: Workload) -> float | None:
    """Cost of INIT and restores in the window, which are billed like duration (INIT of all on-demand functions since
    2025-08). INIT of provisioned concurrency is not included."""
    price = usd_per_ms(workload)
    if price is None:
        return None
    if logged.truncated or logged.frame.empty:
        total = readings.total("init_ms")
        return total * price if total is not None else None
    return float(logged.frame[["init_ms", "billed_restore_ms"]].fillna(0).sum().sum()) * price


def _observe(starts: cold_share.ColdStarts | None, details: str, unread: str) -> Observation:
    if starts is None and unread:
        return Observation(Level.NO_DATA, f"cold starts are unknown: {unread}")
    return cold_share.observe_cold_starts(starts, details)


def _details(
    frame: pd.DataFrame,
    compared: pd.DataFrame,
    explained: pd.DataFrame,
    init_usd: float | None,
    init: versions.InitLatency,
) -> str:
    restored = int((frame["cold"] & frame["restore_ms"].notna()).sum())
    snapshots = f", {formatting.count(restored, 'restore')} from a snapshot" if restored else ""
    version = f" (version {init.version})" if init.version else ""
    latency = f", p95 init {formatting.latency(init.p95)}{version}" if init.p95 is not None else ""
    cost = f", INIT cost {formatting.usd(init_usd)}" if init_usd is not None else ""
    regressed = list(compared["version"][compared["slower"] == versions.SLOWER])
    late = f"; version {regressed[-1]} starts slower than the one before" if regressed else ""
    return f"{snapshots}{_why(explained)}{latency}{cost}{late}"


def _why(explained: pd.DataFrame) -> str:
    """The reason of most cold starts, where there is one, and whether it is a conclusion."""
    known = explained[explained["reason"] != ColdReason.UNKNOWN.value]
    if known.empty or known["cold"].iloc[0] * 2 <= explained["cold"].sum():
        return ""
    return f", mostly {known['reason'].iloc[0]}{' (inferred)' if known['inferred'].iloc[0] else ''}"
