"""Concurrency: what limits throughput now."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd

from ops.aws.parallel_calls import both
from ops.insight.report_types import Finding, QueryCost, Threshold, Window
from ops.insight.reports import alarms
from ops.insight.rules import alarm_rules
from ops.insight.rules.concurrency import concurrency_limits, concurrency_use, ramp
from ops.insight.rules.concurrency.ramp import RampPeriod
from ops.insight.rules.findings import summarize
from ops.insight.sources import metric_queries, queue_depths

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

FILL_S, FILL_TIMEOUTS = 120, 3
"""Over how long messages per invocation are averaged: seconds at least, and function timeouts."""


@dataclass(frozen=True)
class ConcurrencyReport:
    """``concurrency``: observed, law (what ESM scaling allows). ``ramp``: each of its periods, and what held work up.
    ``throttles``: throttles (per period).
    ``batch``: fill (messages per invocation), share (0–1 of the batch size)."""

    finding: Finding
    concurrency: pd.DataFrame
    limits: tuple[Threshold, ...]
    binding: str  # the limiting factor by name, or empty
    throttles: pd.DataFrame
    batch: pd.DataFrame
    batch_size: int | None
    backlog: float | None
    arrivals_per_min: float | None
    seconds_per_message: float | None  # observed: duration ÷ messages per invocation
    look: QueryCost
    sent: float | None = None  # messages in the range, as of ``throttled`` with the unfinished period
    throttled: float | None = None
    running: float | None = None  # most at once in the newest period, as on the Overview's card
    ramp: tuple[RampPeriod, ...] = ()
    alarm_lines: tuple[Threshold, ...] = ()
    throttle_lines: tuple[Threshold, ...] = ()
    """Thresholds of the alarms on concurrent executions and on throttles."""
    at: datetime | None = None  # the end of a past range, of which ``binding``, ``backlog`` and ``running`` are


def report(aws: Aws, workload: Workload, window: Window) -> ConcurrencyReport:
    """One GetMetricData call, one DescribeAlarms and the queue's depth now. Raises what ``ops.aws`` raises."""
    queries = [
        *metric_queries.queue(workload.queue, "visible", "in_flight", "delayed", "sent", "received", "deleted"),
        *concurrency_use.queries(workload),
        *metric_queries.function(workload.function, "invocations", "duration_ms"),
        *metric_queries.mapping(workload.mapping),
    ]
    (readings, there), (known_alarms, missing) = both(
        lambda: queue_depths.read_with_metrics(aws, replace(workload, dlq=None), queries, window),
        lambda: alarms.read(aws, workload),
    )
    frame = readings.frame.reindex(columns=["received", "invoked", "invocations", "throttles"])
    ran = concurrency_use.idle_as_zero(readings, "concurrency")
    course = ramp.course(workload, readings, ran)
    function = workload.function.name if workload.function else ""
    claims = concurrency_use.observe_concurrency(workload, readings, there, known_alarms)
    fired = alarm_rules.firing(known_alarms, window, workload.stack, "concurrency")
    batch_size = workload.mapping.batch_size if workload.mapping else None
    fill = _fill(frame, workload, window.period)
    return ConcurrencyReport(
        finding=readings.dated(summarize(claims, alarm_rules.beside(claims, fired))),
        concurrency=readings.to_frame({"observed": ran, "law": [period.law for period in course]}),
        limits=tuple(line.read_now(window) for line in concurrency_limits.concurrency(workload)),
        binding=concurrency_use.limiting_factor(workload, readings, there.work),
        alarm_lines=alarm_rules.thresholds(known_alarms, "ConcurrentExecutions", function, window),
        throttle_lines=alarm_rules.thresholds(known_alarms, "Throttles", function, window),
        throttles=readings.to_frame({"throttles": concurrency_use.idle_as_zero(readings, "throttles")}),
        batch=pd.DataFrame({"fill": fill, "share": fill / batch_size if batch_size else float("nan")}),
        batch_size=batch_size,
        ramp=course,
        backlog=float(there.work.visible),
        arrivals_per_min=readings.per_minute("sent"),
        seconds_per_message=_seconds_per_message(readings),
        look=QueryCost(readings.look.metrics_requested, readings.look.usd, readings.look.partial + missing),
        sent=readings.total("sent"),
        throttled=readings.total("throttles"),
        running=concurrency_use.running(readings),
        at=there.at,
    )


def _fill(frame: pd.DataFrame, workload: Workload, period: int) -> pd.Series:
    """Messages an invocation, over a stretch of several function timeouts.

    A message is counted when it is received or handed over, an invocation at another moment: period by period the two
    do not belong together. What the mapping handed over is the better count, where it is published. A batch has one
    message or more: less than one an invocation means that they still do not, or that others invoke the function too.
    """
    if workload.function is None or workload.mapping is None:
        return pd.Series(float("nan"), index=frame.index)
    given = frame["invoked"] if frame["invoked"].notna().any() else frame["received"]
    periods = math.ceil(max(FILL_S, FILL_TIMEOUTS * workload.function.timeout_s) / period)
    messages = given.fillna(0).rolling(periods, min_periods=1).sum()
    invocations = frame["invocations"].fillna(0).rolling(periods, min_periods=1).sum()
    ran = (invocations > 0) & (messages > 0) & frame["invocations"].notna()
    return (messages / invocations.where(ran)).clip(1, workload.mapping.batch_size)


def _seconds_per_message(readings: Readings) -> float | None:
    """Observed over the window: the function's time ÷ the messages it was given."""
    invoked = readings.total("invoked")
    given = readings.total("received") if invoked is None else invoked
    duration = readings.total("duration_ms")
    return duration / 1000 / given if duration and given else None
