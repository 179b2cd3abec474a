"""Failures: what fails, how slow the rest is, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from ops import formatting
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports import alarms
from ops.insight.rules import alarm_rules, duration_counts, error_counts, failed_work, totals_frames
from ops.insight.rules.failed_work import FailedWork
from ops.insight.rules.findings import Observation, summarize
from ops.insight.sources import invocations, metric_queries, metrics
from ops.insight.sources.log_totals import LogTotals, TotalsAnswer, read_totals_of

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

SHOWN_COLUMNS = (
    "started",
    "request_id",
    "version",
    "status",
    "error_type",
    "cold",
    "duration_ms",
    "memory_used_mb",
    "memory_size_mb",
    "trace",
)


@dataclass(frozen=True)
class FailuresReport:
    """``errors``: failed invocations per period, one column per error type, the most frequent first. ``jobs``: the
    handler's own counts per period: jobs_failed (returned to the queue), jobs_rejected (sent to the DLQ); no columns
    where the function does not count. ``durations``: p50_ms, p95_ms, p99_ms, INIT excluded. ``duration_counts``:
    invocations per period, one column per upper edge (ms). ``memory``: memory_used_mb (the maximum) and memory_size_mb.
    ``end_to_end``: e2e_p50_ms, e2e_p95_ms, e2e_p99_ms from sending to completion, for jobs that succeeded.
    ``by_version``: version, invocations, failed, share (0–1), p50_ms, p95_ms, p99_ms. ``by_type``: error_type,
    invocations, share (of the failed), first, last. ``invocations``: one row each (``SHOWN_COLUMNS``), oldest first."""

    finding: Finding
    errors: pd.DataFrame
    error_lines: tuple[Threshold, ...]
    jobs: pd.DataFrame
    durations: pd.DataFrame
    duration_lines: tuple[Threshold, ...]
    duration_counts: pd.DataFrame
    memory: pd.DataFrame
    end_to_end: pd.DataFrame
    by_version: pd.DataFrame
    by_type: pd.DataFrame
    invocations: pd.DataFrame
    failed: float | None
    total: float | None
    p95_ms: float | None
    jobs_failed: float | None  # in the range, with the unfinished period; None where the function does not count
    jobs_rejected: float | None
    e2e_p95_ms: float | None
    memory_share: float | None  # the highest use of its size, 0–1
    look: QueryCost
    memory_now: bool = False
    """Whether ``memory_share`` is of the size that the function has now, and the range is over."""
    p95_of_all: bool = True
    """Whether ``p95_ms`` is of all invocations; otherwise it is the highest of a period."""
    peak_p95_ms: float | None = None
    """The highest p95 of a period, by the metrics."""
    unread: str = ""
    """What may not be read, as a clause, so that there may be invocations without a row here; empty otherwise."""
    is_outline: bool = False
    """Log lines are not read yet: the numbers are those of the metrics alone."""


def read_metrics(aws: Aws, workload: Workload, window: Window) -> Readings:
    """One GetMetricData call. Raises what ``ops.aws`` raises."""
    queries = [
        *failed_work.queries(workload.function),
        *metric_queries.durations(workload.function, "p50", "p99"),
        *metric_queries.end_to_end(workload.function),
    ]
    return metrics.read(aws, queries, window)


def outline(aws: Aws, workload: Workload, readings: Readings) -> FailuresReport | None:
    """The part of the report that needs no log lines, if a sample of them must be read; else None. One DescribeAlarms
    call."""
    logged = invocations.await_sample(aws, workload, readings.window, readings.total("invocations"))
    if logged is None:
        return None
    return replace(_made(workload, readings, logged, alarms.read(aws, workload), TotalsAnswer()), is_outline=True)


def report(aws: Aws, workload: Workload, window: Window, readings: Readings | None = None) -> FailuresReport:
    """One GetMetricData call (none with ``readings``), one DescribeAlarms and one Logs Insights query; for a busy range those
    of a sample, and two aggregates where the budget allows them. Raises what ``ops.aws`` raises."""
    readings = readings or read_metrics(aws, workload, window)
    window = readings.window
    logged = invocations.read(aws, workload, window, readings.total("invocations"))
    answer = TotalsAnswer()
    if logged.sample is not None:
        has_records = readings.has("memory_used_mb")
        answer = read_totals_of(aws, workload, window, has_records=has_records, with_outcomes=True)
    return _made(workload, readings, logged, alarms.read(aws, workload), answer)


def _made(
    workload: Workload,
    readings: Readings,
    logged: Invocations,
    alarms_read: tuple[tuple[Alarm, ...], tuple[str, ...]],
    answer: TotalsAnswer,
) -> FailuresReport:
    window, totals, (known_alarms, missing) = readings.window, answer.totals, alarms_read
    frame = logged.frame
    failed_rows = frame[~frame["status"].isin(("success", ""))]
    longest_s = workload.function.timeout_s if workload.function else 0.0
    if logged.sample is None:
        errors = error_counts.errors_by_type(failed_rows, readings, window, longest_s)
    elif totals is not None:
        errors = error_counts.errors_of_totals(totals, readings, window, longest_s)
    else:
        errors = error_counts.all_errors(readings, window)
    memory = _memory(frame, window)
    if logged.sample is not None and readings.has("memory_used_mb"):
        memory["memory_used_mb"] = readings.frame["memory_used_mb"].reindex(memory.index)
        memory["memory_size_mb"] = memory["memory_size_mb"].ffill().bfill()  # as of the nearest moment before
    shares = (frame["memory_used_mb"] / frame["memory_size_mb"].where(frame["memory_size_mb"] > 0)).dropna()
    memory_share = float(shares.max()) if len(shares) else None
    durations = readings.frame.reindex(columns=["p50_ms", "p95_ms", "p99_ms"])
    work = _work(failed_work.by_metrics(workload, readings), logged, failed_rows, memory_share)
    p95 = float(frame["duration_ms"].quantile(0.95)) if _has_all_durations(logged) else work.p95_ms
    end_to_end = readings.frame.reindex(columns=["e2e_p50_ms", "e2e_p95_ms", "e2e_p99_ms"])
    by_type = totals_frames.by_type(totals) if totals else _by_type(failed_rows, work.failed if logged.sample else None)
    return FailuresReport(
        finding=_finding(workload, readings, known_alarms, work, by_type, p95, logged, totals),
        errors=errors,
        error_lines=_lines(workload, known_alarms, "Errors", window),
        jobs=readings.to_frame(
            {
                name: readings.with_unfinished(name)
                for name in ("jobs_failed", "jobs_rejected")
                if name in readings.columns
            }
        ),
        durations=durations,
        duration_lines=(*_lines(workload, known_alarms, "Duration", window), *_timeout(workload, window)),
        duration_counts=duration_counts.scaled(logged, readings)
        if logged.sample
        else duration_counts.counted(frame, window),
        memory=memory,
        end_to_end=end_to_end,
        by_version=logged.named_versions(
            totals_frames.by_version(totals) if totals else _by_version(frame, logged.scale)
        ),
        by_type=by_type,
        invocations=logged.named_versions(frame[list(SHOWN_COLUMNS)]),
        failed=work.failed,
        total=work.total,
        p95_ms=p95,
        jobs_failed=_counted("jobs_failed", readings, work),
        jobs_rejected=_counted("jobs_rejected", readings, work),
        e2e_p95_ms=_highest(end_to_end["e2e_p95_ms"]),
        memory_share=work.memory,
        memory_now=work.memory_now,
        p95_of_all=_has_all_durations(logged),
        peak_p95_ms=failed_work.highest(readings, "p95_ms"),
        unread=logged.unread,
        look=QueryCost(
            readings.look.metrics_requested,
            readings.look.usd + logged.look.usd + answer.usd,
            logged.look.partial + answer.notes + readings.look.partial + missing,
        ),
    )


def _counted(column: str, readings: Readings, work: FailedWork) -> float | None:
    """A count's silence means zero only where there were invocations."""
    known = column in readings.columns and work.total is not None
    return (readings.total(column) or 0.0) if known else None


def _work(work: FailedWork, logged: Invocations, failed: pd.DataFrame, memory: float | None) -> FailedWork:
    """Failed work by the metrics, as on the Overview; by the log lines where there is no metric, or none yet."""
    failures = work.failed or float(len(failed))
    total = work.total or float(len(logged.frame))
    if work.p95_ms is None and _has_all_durations(logged):
        work = replace(work, p95_ms=float(logged.frame["duration_ms"].quantile(0.95)), p95_name="p95 duration")
    known = work.total is not None or len(logged.frame)
    return replace(
        work,
        failed=failures if known else None,
        total=max(total, failures) if known else None,
        memory=memory if work.memory is None else work.memory,
    )


def _by_type(failed: pd.DataFrame, counted: float | None = None) -> pd.DataFrame:
    """``counted``: all failures by the metric, where ``failed`` are those of a sample."""
    scale = counted / len(failed) if counted and len(failed) else 1.0
    rows = [
        (
            error_type,
            round(len(group) * scale),
            len(group) / len(failed),
            group["started"].min(),
            group["started"].max(),
        )
        for error_type, group in failed.assign(
            error_type=failed["error_type"].replace("", error_counts.UNTYPED_ERROR)
        ).groupby("error_type")
    ]
    frame = pd.DataFrame(rows, columns=["error_type", "invocations", "share", "first", "last"])
    return frame.sort_values(["invocations", "error_type"], ascending=[False, True], ignore_index=True)


def _by_version(frame: pd.DataFrame, scale: float) -> pd.DataFrame:
    rows = []
    for version, group in frame.groupby("version", sort=True):
        failed = int((~group["status"].isin(("success", ""))).sum())
        durations = group["duration_ms"].dropna()
        quantiles = [float(durations.quantile(q)) if len(durations) else float("nan") for q in (0.5, 0.95, 0.99)]
        counts = (round(len(group) * scale), round(failed * scale))
        rows.append((version, *counts, failed / len(group), *quantiles))
    return pd.DataFrame(rows, columns=["version", "invocations", "failed", "share", "p50_ms", "p95_ms", "p99_ms"])


def _memory(frame: pd.DataFrame, window: Window) -> pd.DataFrame:
    periods = frame["started"].dt.floor(pd.Timedelta(seconds=window.period))
    highest = frame.groupby(periods)[["memory_used_mb", "memory_size_mb"]].max()
    return highest.reindex(error_counts.time_index(window)).rename_axis("time")


def _has_all_durations(logged: Invocations) -> bool:
    """Whether the log lines give the p95 of all invocations; otherwise the highest p95 of a period has to do."""
    return not logged.truncated and bool(logged.frame["duration_ms"].notna().any())


def _highest(points: pd.Series) -> float | None:
    known = points.dropna()
    return float(known.max()) if len(known) else None


def _lines(workload: Workload, known: Sequence[Alarm], metric: str, window: Window) -> tuple[Threshold, ...]:
    return alarm_rules.thresholds(tuple(known), metric, workload.function.name, window) if workload.function else ()


def _timeout(workload: Workload, window: Window) -> tuple[Threshold, ...]:
    return (Threshold("timeout", workload.function.timeout_s * 1000.0).read_now(window),) if workload.function else ()


def _finding(
    workload: Workload,
    readings: Readings,
    known: tuple[Alarm, ...],
    work: FailedWork,
    by_type: pd.DataFrame,
    p95: float | None,
    logged: Invocations,
    totals: LogTotals | None,
) -> Finding:
    if work.total is None:
        nothing = "no invocation in this time range left a metric, a record or a REPORT line"
        unread = f"failures are unknown: {logged.unread}" if logged.unread else nothing
        return summarize([Observation(Level.NO_DATA, unread)])
    details = _most_frequent(by_type, readings.window.end, logged, totals)
    name = "p95 duration" if _has_all_durations(logged) else failed_work.HIGHEST_P95
    latency = (
        f"; {name} {formatting.latency(p95)}{failed_work.of_timeout(workload, readings.window)}"
        if p95 is not None
        else ""
    )
    fine = Observation(Level.OK, f"none of {formatting.count(work.total, 'invocation')} failed{latency}")
    claims = failed_work.observe_failures(workload, readings, known, work, details) or [fine]
    fired = alarm_rules.firing(known, readings.window, workload.stack, "failures")
    finding = summarize(claims, alarm_rules.beside(claims, fired))
    return replace(finding, page="dead_letters") if work.failed else finding


def _most_frequent(by_type: pd.DataFrame, end: datetime, logged: Invocations, totals: LogTotals | None) -> str:
    if not len(by_type):
        return ""
    first = by_type.iloc[0]
    # A share, not a count: the logs may have a failure that CloudWatch counts in another range, or the reverse.
    source = "failures in the newest log lines" if logged.truncated else "logged failures"
    if logged.sample is not None:
        source = "logged failures" if totals else "sampled failures"
    frequent = f", most often with {first['error_type']} ({formatting.percent(first['share'])} of {source})"
    if logged.truncated:  # an earlier one may be among the log lines that were not read
        return frequent
    return f"{frequent}, first at {formatting.clock(first['first'], end)}"
