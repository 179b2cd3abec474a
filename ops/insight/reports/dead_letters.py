"""Dead letters: how many there are, since when, and how many are new. Their causes take a scan (ops.deadletters)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.aws.cloudwatch import MetricQuery, Points
from ops.aws.parallel_calls import both
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports import alarms
from ops.insight.reports.alarms import AlarmState
from ops.insight.rules import alarm_rules, expired_arrivals, setting_claims
from ops.insight.rules.findings import Observation, of_now, summarize
from ops.insight.sources import metric_queries, metrics, queue_depths, watched_queues
from ops.insight.sources.metrics import Readings
from ops.insight.sources.queue_depths import Depths

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws import Aws
    from ops.aws.sqs import Queue
    from ops.workload import Workload

LEAVING_SOON = 0.8
"""Share of the dead-letter queue's retention at which its oldest message expires soon."""
SILENT_PERIODS = 3
"""Fine periods without a point at the window's start, from which the queue was silent before its first point."""
SOME_LEFT = "some have left since"
"""Beside more arrivals than there are dead letters, so that the two numbers need no comparing."""
RATE_WINDOW = timedelta(minutes=5)
"""Over how long the rate of new ones is taken."""


@dataclass(frozen=True)
class DeadLettersReport:
    """``depth``: dead (messages, held ones included). ``arrived``: how many arrived in the window (rises of the depth);
    ``arrived_at_least``: there may have been more before the first point. ``held``: those in flight, which another
    process holds. ``at``: the end of a past range, None for now.
    ``depth_lines``: thresholds of the alarms on the depth."""

    finding: Finding
    depth: pd.DataFrame
    count: float | None
    alarms: tuple[AlarmState, ...]
    look: QueryCost
    arrived: float | None = None
    arrived_at_least: bool = False
    held: float | None = None
    oldest_s: float | None = None
    at: datetime | None = None
    depth_lines: tuple[Threshold, ...] = ()
    alarms_unread: str = ""
    """Why it is not known which alarms there are, or their states; empty where it is known."""


_ROUNDING = 1e-6
"""How far the sum of two averages may be above a whole number by the way it is computed."""


@dataclass(frozen=True)
class NewMessages:
    """``count``: how many arrived. ``at_least``: more of them may have, before the first point."""

    count: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'at least ' if self.at_least else ''}{formatting.count(self.count)}"


def report(aws: Aws, workload: Workload, window: Window) -> DeadLettersReport:
    """One GetMetricData call, one DescribeAlarms and the queue's depth now: no message is received."""
    queries = [*metric_queries.dead(workload, window), *oldest_age_query(workload)]
    (readings, there), (known, missing) = both(
        lambda: queue_depths.read_dead_with_metrics(aws, workload, queries, window),
        lambda: alarms.read(aws, workload),
    )
    about = tuple(a for a in known if workload.dlq and workload.dlq.name in a.resources)
    new = arrived(readings, workload.dlq, there)
    return DeadLettersReport(
        finding=summarize(observe_dead_letters(workload, readings, there, new)),
        depth_lines=alarm_rules.thresholds(
            known, watched_queues.DEPTH_METRIC, workload.dlq.name if workload.dlq else "", window
        ),
        depth=readings.to_frame({"dead": depth_series(readings)}),
        count=there.dead_count,
        alarms=() if window.past else alarms.states(about),
        look=QueryCost(readings.look.metrics_requested, readings.look.usd, readings.look.partial + missing),
        arrived=None if new is None else new.count,
        arrived_at_least=new is not None and new.at_least,
        held=None if there.dead is None else float(there.dead.in_flight),
        oldest_s=oldest_s(readings, there),
        at=there.at,
        alarms_unread=alarms.unread_reason(workload, missing),
    )


def depth(readings: Readings) -> Points:
    """Messages in the dead-letter queue at the fine period, including those in flight: a scan, a redrive or a
    consumer hides messages and shows them again, and none of that is a new one."""
    in_flight, held, points = dict(readings.fine.get("dead_in_flight", ())), 0.0, []
    for time, visible in readings.fine.get("dead_visible", ()):
        held = in_flight.get(time, held)
        points.append((time, visible + held))
    return tuple(points)


def depth_series(readings: Readings) -> list[float]:
    """The depth for a chart: the most of each of the window's periods, or of the fine one that it is in. Whole messages,
    as an average in which there was one at some time is not none."""
    whole = tuple((time, float(math.ceil(count - _ROUNDING))) for time, count in depth(readings))
    highest = dict(metrics.peaks(whole, readings.window.period))
    periods_in_fine = max(1, readings.window.fine // readings.window.period)
    values, since = [math.nan] * len(readings.times), periods_in_fine
    for at, time in enumerate(readings.times):
        since = 0 if time in highest else since + 1
        if since < periods_in_fine:
            values[at] = highest[time] if since == 0 else values[at - 1]
    return values


def arrived(readings: Readings, dlq: Queue | None, there: Depths) -> NewMessages | None:
    """Messages that arrived in the window: the rises of the depth, since AWS counts no automatic moves. Of a range up to
    now the last rise is the one to the present depth, which metrics reach a minute or more later.

    By the same fine period whatever the window, so that what leaves in between hides as few of them as can be. The
    messages of the first point are new as well where the queue was created in the window, and where the first point is
    well after the window's start: a queue that held messages, or was used, has points (SQS developer guide,
    monitoring-using-cloudwatch). Elsewhere some of them may be, so the count is a lower bound.
    """
    created = dlq.created if dlq is not None else None
    started_empty = created is not None and readings.window.start <= created < readings.window.end
    fine = depth(readings)
    if created is not None and started_empty:
        # An earlier queue of the same name has its points in the same metric.
        earliest = created - timedelta(seconds=readings.window.fine)
        fine = tuple((time, value) for time, value in fine if time > earliest)
    if not fine:
        return None
    start, first = fine[0]
    all_new = started_empty or start - readings.window.start > timedelta(seconds=SILENT_PERIODS * readings.window.fine)
    points = fine if there.at or there.dead_count is None else (*fine, (readings.window.end, there.dead_count))
    rises = math.fsum(rise for _, rise in _rises(points)) + (first if all_new else 0.0)
    return NewMessages(float(round(rises)), at_least=not all_new and first > 0)


def _rises(points: Points) -> list[tuple[datetime, float]]:
    """Increase of each point over the previous one, at least 0; the first point has none."""
    return [(time, max(0.0, value - before)) for (_, before), (time, value) in pairwise(points)]


def rate(readings: Readings, least_s: float) -> float | None:
    """New messages per minute, recently; None before ``least_s`` seconds can be compared."""
    rises, period = _rises(depth(readings)), readings.window.fine
    if not rises or len(rises) * period < least_s:
        return None
    recent = [rise for time, rise in rises if time > rises[-1][0] - RATE_WINDOW]
    return math.fsum(recent) * 60 / (len(recent) * period)


def observe_depth(there: Depths, new: NewMessages | None, window: Window) -> list[Observation]:
    """An observation that there are some, in the same words on every page."""
    if not there.dead or not there.dead_count:
        return []
    dead = formatting.count(there.dead_count, "dead letter")
    fresh = f", {new} arrived {queue_depths.range_text(window)}" if new and new.count else ""
    if new and new.count > there.dead_count:  # each arrival counts, and more of them than there are dead letters
        fresh += f" ({SOME_LEFT})"
    when = f" {there.label}" if there.label else ""
    return [
        Observation(Level.CRITICAL, f"{dead}{when}{_held(there.dead)}{fresh}: review failure causes", "dead_letters")
    ]


def _held(depth: sqs.Depth) -> str:
    """A clause that says that none of them can be received now."""
    if not depth.in_flight or depth.visible or depth.delayed:
        return ""
    every = "all in flight" if depth.in_flight > 1 else "in flight"
    return f" ({every}, received by another process)"


def oldest_age_query(workload: Workload) -> list[MetricQuery]:
    """``dead_oldest_s``: the age of the oldest message in the dead-letter queue; and that of the queue itself, where
    it decides whether messages expire on arrival."""
    dlq = workload.dlq
    if dlq is None:
        return []
    at = (("QueueName", dlq.name),)
    own = metric_queries.queue(workload.queue, "oldest_s") if expired_arrivals.may_expire(workload.queue, dlq) else []
    return [MetricQuery("dead_oldest_s", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", at), *own]


def oldest_s(readings: Readings, there: Depths) -> float | None:
    """The age of the oldest dead letter by the metric's last point; None where there is no dead letter, or no point."""
    points = readings.points("dead_oldest_s") if there.dead_count else ()
    return points[-1][1] if points else None


def observe_dead_letters(
    workload: Workload, readings: Readings, there: Depths, new: NewMessages | None
) -> list[Observation]:
    """Observations for the page, its card and the headline."""
    if workload.dlq is None:
        none = Observation(Level.OK, f"{workload.queue.name} has no dead-letter queue")
        return setting_claims.dead_lettering(workload, readings.window) or [none]
    if there.dead is None:
        return [Observation(Level.NO_DATA, f"number of dead letters {there.label} unknown: no metrics")]
    claims = observe_depth(there, new, readings.window)
    age = oldest_s(readings, there)
    if claims and age is not None:
        left = workload.dlq.retention_s - age
        oldest = f"the oldest has been there for {formatting.duration(age)}"
        if age > LEAVING_SOON * workload.dlq.retention_s and not readings.window.past:
            oldest += f" and expires in {formatting.duration(max(0.0, left))} at the latest"
        claims.append(Observation(Level.CRITICAL, oldest, "dead_letters"))
    expired = expired_arrivals.observe_now(workload.queue, workload.dlq, readings.latest("oldest_s"))
    if not claims:
        gone = f"; {new} arrived and left in this time range" if new and new.count else ""
        claims.append(Observation(Level.OK, f"no dead letters{' ' + there.label if there.label else ''}{gone}"))
    return [*claims, *of_now(expired, readings.window)]
