"""Overview: is the workload healthy, and if not, where to look first?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ops.aws import sqs
from ops.insight import alarms, cards, costing, dead_letters, metrics, queue, setup, sources, words
from ops.insight.findings import Claim, conclude
from ops.insight.metrics import Readings
from ops.insight.path import stops
from ops.insight.reports import (
    Level,
    Look,
    OverviewReport,
    PathRates,
    Window,
)

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.workload import Workload

RATE_LEAST_S = 60
"""Seconds between the first and the last point of a gauge from which its rises make a rate."""
NEW_DEPLOY = timedelta(hours=24)


def report(aws: Aws, workload: Workload, window: Window) -> OverviewReport:
    """One GetMetricData call, one DescribeAlarms, and the depths of the queues now. Raises what ``ops.aws`` raises."""
    function = workload.function
    queries = [
        *sources.queue(workload.queue, "visible", "in_flight", "oldest_s"),
        *sources.dead(workload),
        *sources.function(function, "errors", "throttles", "concurrency"),
        *sources.records(function, "cold", "recorded"),
        *costing.queries(workload),
    ]
    readings = metrics.read(aws, queries, window)
    now = sqs.depth(aws, workload.queue)
    dead_now = dead_letters.count_now(aws, workload)
    known, missing = alarms.read(aws, workload)
    oldest_line = alarms.threshold(known, queue.AGE, workload.queue.name)
    late = queue.age_claims(readings, workload, queue.age_lines(workload, readings, oldest_line), now, known)
    path = _path(readings, now, dead_now)
    claims = [
        *setup.reading(workload, readings, now),
        *dead_letters.claim(dead_now, dead_letters.arrived(readings), window),
        *setup.dead_lettering(workload),
        *setup.visibility(workload),
        *_alarms(known, workload, dead_now),
        *alarms.unknown(workload, known, missing),
        *_queue(readings, path, late),
        *_function(readings, window),
    ]
    if not claims:
        claims.append(_quiet(readings, path))
    look = readings.look
    return OverviewReport(
        finding=conclude(claims, _deployed(workload, window)),
        cards=cards.make(readings, workload, now, dead_now, oldest_line, late[0].level if late else None),
        path=path,
        stops=stops(workload),
        alarms=alarms.states(known),
        look=Look(look.metrics_requested, look.usd, look.partial + missing),
    )


def _path(readings: Readings, now: sqs.Depth, dead_now: float | None) -> PathRates:
    per_minute = readings.per_minute
    received, deleted = per_minute("received"), per_minute("deleted")
    jobs = readings.has("jobs_succeeded") or readings.has("jobs_failed") or readings.has("jobs_rejected")
    if jobs:
        finished = (per_minute("jobs_succeeded") or 0.0) + (per_minute("jobs_repeated") or 0.0)
        failed: float | None = (per_minute("jobs_failed") or 0.0) + (per_minute("jobs_rejected") or 0.0)
    else:
        finished = deleted if deleted is not None else 0.0
        failed = max(0.0, received - deleted) if received is not None and deleted is not None else None
    died = None
    if readings.has("dead"):
        rises = readings.frame["dead"].ffill().diff().clip(lower=0)
        recent = rises.loc[rises.index.intersection(readings.recent.index)]
        # Letters that lay there at the first point came before it: no rate until there is a minute to compare.
        if len(recent) and int(rises.notna().sum()) * readings.window.period >= RATE_LEAST_S:
            died = float(recent.fillna(0).mean()) * 60 / readings.window.period
    return PathRates(
        accepted=per_minute("sent"),
        started=received,
        finished=finished if jobs or deleted is not None else None,
        failed=failed,
        died=died,
        waiting=float(now.visible),
        in_flight=float(now.in_flight),
        dead=dead_now,
    )


def _alarms(known: tuple[Alarm, ...], workload: Workload, dead: float | None) -> list[Claim]:
    """Alarms that fire, but for those about letters whose number the sentence gives already."""
    told = {workload.dlq.name} if workload.dlq and dead else set()
    firing = {
        alarm.name for alarm in known if alarm.state == "ALARM" and not told & set(dict(alarm.dimensions).values())
    }
    claims = []
    for alarm in alarms.states(known):
        if alarm.name in firing:
            name = alarm.name.removeprefix(f"{workload.stack}-")
            todo = f": follow {alarm.runbook}" if alarm.runbook else ""
            claims.append(Claim(Level.ACT, f"alarm {name} fires{todo}"))
    return claims


def _queue(readings: Readings, path: PathRates, late: list[Claim]) -> list[Claim]:
    age = readings.latest("oldest_s")
    arriving, leaving = path.accepted or 0.0, readings.per_minute("deleted") or 0.0
    if late or not path.waiting or arriving <= leaving * queue.EVEN or age is None or age <= cards.SLOW_AGE_S:
        return late
    text = (
        f"work arrives faster ({words.rate(arriving)}) than it is done "
        f"({words.rate(leaving)}); {words.count(path.waiting)} wait, the oldest for {words.duration(age)}"
    )
    return [Claim(Level.WATCH, text, "queue")]


def _function(readings: Readings, window: Window) -> list[Claim]:
    claims = []
    over = words.stretch(window.length.total_seconds())
    if throttles := readings.total("throttles"):
        text = f"{words.count(throttles, 'invocation was', 'invocations were')} throttled in the last {over}"
        claims.append(Claim(Level.WATCH, text, "concurrency"))
    if errors := readings.total("errors"):
        text = (
            f"{words.count(errors, 'invocation')} crashed, timed out or ran out of memory in the last {over} "
            f"({words.percent(errors / max(errors, readings.total('invocations') or 0))} of all)"
        )
        claims.append(Claim(Level.WATCH, text, "cold_starts"))
    return claims


def _deployed(workload: Workload, window: Window) -> str:
    """When the function was last changed, if that may have to do with it."""
    moment = workload.function.deployed_at if workload.function else None
    if moment is None or not timedelta(0) <= window.end - moment <= NEW_DEPLOY:
        return ""
    return f"last deploy {words.clock(moment, window.end)}"


def _quiet(readings: Readings, path: PathRates) -> Claim:
    if path.accepted is None and path.started is None and not readings.has("invocations"):
        return Claim(
            Level.UNKNOWN,
            "no metrics in this time range: either nothing was sent (SQS falls silent after hours without use), "
            "or the range lies before the workload was made",
        )
    if not path.accepted and not path.waiting and not path.in_flight:
        return Claim(Level.OK, "nothing is waiting and nothing arrives")
    age = readings.latest("oldest_s")
    waited = f", the oldest for {words.duration(age)}" if age is not None and path.waiting else ""
    return Claim(
        Level.OK,
        f"{words.rate(path.accepted or 0)} arrive and {words.rate(path.finished or 0)} are done; "
        f"{words.count(path.waiting or 0)} wait{waited}; no dead letters",
    )
