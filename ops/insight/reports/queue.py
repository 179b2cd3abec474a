"""Queue: backlog and throughput, and when the backlog is drained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ops.aws.parallel_calls import both
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports import alarms
from ops.insight.rules import backlog
from ops.insight.rules.findings import summarize
from ops.insight.sources import metric_queries, queue_depths

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws import Aws
    from ops.workload import Workload


@dataclass(frozen=True)
class QueueReport:
    """``depth``: visible, in_flight, delayed (messages). ``age``: oldest_s. ``rates``: sent, deleted, received,
    empty_receives (per minute)."""

    finding: Finding
    depth: pd.DataFrame
    age: pd.DataFrame
    age_lines: tuple[Threshold, ...]
    rates: pd.DataFrame
    drain_s: float | None  # None: it is not being drained
    arrivals_per_min: float | None
    completions_per_min: float | None
    look: QueryCost
    sent: float | None = None  # messages in the range, with the unfinished period
    waiting: float | None = None  # messages visible: now, or at ``at``; in one sample with ``in_flight``
    in_flight: float | None = None
    oldest_s: float | None = None
    at: datetime | None = None  # the end of a past range
    rates_over: tuple[datetime, datetime] | None = None  # of what time the two rates are the mean


def report(aws: Aws, workload: Workload, window: Window) -> QueueReport:
    """One GetMetricData call, one DescribeAlarms and the queue's depth now. Raises what ``ops.aws`` raises."""
    queue = workload.queue
    names = ("visible", "in_flight", "delayed", "oldest_s", "sent", "received", "deleted", "empty_receives")
    queries = metric_queries.queue(queue, *names)
    (readings, there), (known, missing) = both(
        lambda: queue_depths.read_with_metrics(aws, replace(workload, dlq=None), queries, window),
        lambda: alarms.read(aws, workload),
    )
    now = there.work
    arrivals, completions = readings.per_minute("sent"), readings.per_minute("deleted")
    claims = backlog.observe_queue(workload, readings, there, known)
    balance = backlog.balance(workload, there, readings)
    if not any(claim.level is Level.CRITICAL for claim in claims):
        claims += balance
    frame = readings.frame
    rates = frame[["sent", "deleted", "received", "empty_receives"]] * (60 / window.period)
    return QueueReport(
        finding=readings.dated(
            summarize(
                claims,
                "; ".join(claim.text for claim in balance if claim.level is Level.WARNING and claim not in claims),
            )
        ),
        depth=frame[["visible", "in_flight", "delayed"]],
        age=frame[["oldest_s"]],
        age_lines=backlog.age_lines(workload, readings, known),
        rates=rates,
        drain_s=backlog.drain_s(now.visible + now.in_flight, arrivals, completions),
        arrivals_per_min=arrivals,
        completions_per_min=completions,
        look=QueryCost(readings.look.metrics_requested, readings.look.usd, readings.look.partial + missing),
        sent=readings.total("sent"),
        waiting=None if there.queue is None else float(now.visible),
        in_flight=None if there.queue is None else float(now.in_flight),
        oldest_s=backlog.oldest_age(readings, there),
        at=there.at,
        rates_over=readings.rates_over,
    )
