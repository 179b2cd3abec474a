"""Dead letters: how many lie there, since when, and whether more come. Their causes take a look (ops.deadletters)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.aws.cloudwatch import MetricQuery
from ops.insight import alarms, metrics, setup, sources, words
from ops.insight.findings import Claim, conclude
from ops.insight.metrics import Readings
from ops.insight.reports import DeadLettersReport, Level, Look, Window

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

LEAVING_SOON = 0.8
"""Share of the dead-letter queue's retention at which its oldest letter is about to be lost."""


def report(aws: Aws, workload: Workload, window: Window) -> DeadLettersReport:
    """One GetMetricData call, one DescribeAlarms and the queue's depth now: no message is received."""
    readings = metrics.read(aws, [*sources.dead(workload), *_age(workload)], window)
    count = count_now(aws, workload)
    known, missing = alarms.read(aws, workload)
    about = tuple(a for a in known if workload.dlq and workload.dlq.name in dict(a.dimensions).values())
    new = arrived(readings)
    depth = readings.frame[["dead"]] if "dead" in readings.frame else readings.frame.assign(dead=float("nan"))
    return DeadLettersReport(
        finding=conclude(_claims(workload, readings, count, new, window)),
        depth=depth,
        count=count,
        alarms=alarms.states(about),
        look=Look(readings.look.metrics_requested, readings.look.usd, readings.look.partial + missing),
        arrived=new,
    )


def count_now(aws: Aws, workload: Workload) -> float | None:
    """Letters in the dead-letter queue now, those that somebody looks at included; None without such a queue."""
    if workload.dlq is None:
        return None
    depth = sqs.depth(aws, workload.dlq)
    return float(depth.visible + depth.in_flight + depth.delayed)


def arrived(readings: Readings) -> float | None:
    """Letters that came in the window, at least: the rises of the depth, since AWS counts no automatic moves."""
    if not readings.has("dead"):
        return None
    return float(readings.frame["dead"].dropna().diff().clip(lower=0).sum())


def claim(dead: float | None, new: float | None, window: Window) -> list[Claim]:
    """That there are letters, the same words on every page."""
    if not dead:
        return []
    fresh = f", {words.count(new)} new in the last {words.stretch(window.length.total_seconds())}" if new else ""
    return [Claim(Level.ACT, f"{words.count(dead, 'dead letter')}{fresh}: look at their causes", "dead_letters")]


def _age(workload: Workload) -> list[MetricQuery]:
    if workload.dlq is None:
        return []
    return [
        MetricQuery(
            "dead_oldest_s", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", (("QueueName", workload.dlq.name),)
        )
    ]


def _claims(
    workload: Workload, readings: Readings, count: float | None, new: float | None, window: Window
) -> list[Claim]:
    if workload.dlq is None:
        none = Claim(Level.OK, f"{workload.queue.name} has no dead-letter queue")
        return setup.dead_lettering(workload) or [none]
    claims = claim(count, new, window)
    age = readings.latest("dead_oldest_s")
    if claims and age is not None:
        left = workload.dlq.retention_s - age
        lies = f"the oldest has lain there for {words.duration(age)}"
        if age > LEAVING_SOON * workload.dlq.retention_s:
            lies += f" and is deleted in {words.duration(max(0.0, left))} at the latest"
        claims.append(Claim(Level.ACT, lies))
    if not claims:
        gone = f"; {words.count(new)} came and went in this time range" if new else ""
        claims.append(Claim(Level.OK, f"no dead letters{gone}"))
    return claims
