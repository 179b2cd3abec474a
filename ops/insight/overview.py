"""Overview: is the workload healthy, and if not, where to look first?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from ops.aws import sqs
from ops.insight import alarms, costing, dead_letters, limits, metrics, prices, queue, setup, sources, words
from ops.insight.findings import Claim, conclude
from ops.insight.metrics import Readings
from ops.insight.reports import (
    AlarmState,
    Assumptions,
    Card,
    Level,
    Line,
    Look,
    OverviewReport,
    PathRates,
    Window,
)

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

NEAR = 0.9
"""Share of a limit from which it is called near: AWS recommends alarms at about 90% of the concurrency quotas."""
SLOW_AGE_S = 300.0
"""Age of the oldest message worth a second look where no alarm says better: a guess, so it only ever says Watch."""
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
    states = alarms.states(known)
    oldest_line = alarms.threshold(known, "ApproximateAgeOfOldestMessage", workload.queue.name)
    path = _path(readings, now, dead_now)
    claims = [
        *setup.reading(workload),
        *dead_letters.claim(dead_now, dead_letters.arrived(readings), window),
        *setup.dead_lettering(workload),
        *setup.visibility(workload),
        *_alarms(states, workload),
        *_queue(readings, workload, path, queue.age_lines(workload, readings, oldest_line)),
        *_function(readings, window),
    ]
    if not claims:
        claims.append(_quiet(readings, path))
    look = readings.look
    return OverviewReport(
        finding=conclude(claims, _deployed(workload, window)),
        cards=_cards(readings, workload, now, dead_now, oldest_line),
        path=path,
        alarms=states,
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
        recent = rises.loc[rises.index.intersection(readings.recent().index)]
        died = float(recent.fillna(0).mean()) * 60 / readings.window.period if len(recent) else None
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


def _alarms(states: tuple[AlarmState, ...], workload: Workload) -> list[Claim]:
    """Alarms that fire, but for those about dead letters, whose number the sentence gives already."""
    claims = []
    for alarm in states:
        if alarm.state == "ALARM" and not alarm.runbook.endswith("dead-letters.md"):
            name = alarm.name.removeprefix(f"{workload.stack}-")
            todo = f": follow {alarm.runbook}" if alarm.runbook else ""
            claims.append(Claim(Level.ACT, f"alarm {name} fires{todo}"))
    return claims


def _queue(readings: Readings, workload: Workload, path: PathRates, lines: tuple[Line, ...]) -> list[Claim]:
    if not path.waiting:
        return []
    late = queue.age_claims(readings, workload, lines)
    age = readings.latest("oldest_s")
    growing = path.accepted is not None and path.finished is not None and path.accepted > path.finished * queue.EVEN
    if late or not growing or age is None or age <= SLOW_AGE_S:
        return late
    text = (
        f"work arrives faster ({words.rate(path.accepted or 0)}) than it is done "
        f"({words.rate(path.finished or 0)}); {words.count(path.waiting)} wait, the oldest for {words.duration(age)}"
    )
    return [Claim(Level.WATCH, text, "queue")]


def _function(readings: Readings, window: Window) -> list[Claim]:
    claims = []
    over = words.duration(window.length.total_seconds())
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


def _cards(
    readings: Readings, workload: Workload, now: sqs.Depth, dead_now: float | None, oldest: Line | None
) -> tuple[Card, ...]:
    frame = readings.frame

    def spark(column: str) -> pd.Series:
        return frame[column] if column in frame else pd.Series(dtype=float, index=frame.index)

    age = 0.0 if not now.visible and not readings.has("oldest_s") else readings.latest("oldest_s")
    age_level = _level(age, oldest.value if oldest else None)
    cold, recorded = readings.total("cold"), readings.total("recorded")
    share = (cold or 0.0) / recorded if recorded else None
    cold_spark = spark("cold") / spark("recorded")
    assumptions = Assumptions()
    spend = costing.spend(readings, workload, assumptions, prices.load())
    done = costing.successes(readings)
    per_1000 = costing.per_1000(float(spend.sum().sum()), float(done.sum()))
    without_init = workload.function is not None and not readings.has("billed_ms") and readings.has("duration_ms")
    return (
        Card(
            "depth", "Waiting", float(now.visible), "messages", spark("visible"), Level.OK, f"{now.in_flight} in flight"
        ),
        Card(
            "age",
            "Oldest message",
            age,
            "s",
            spark("oldest_s"),
            age_level,
            f"alarm at {words.duration(oldest.value)}" if oldest else "no alarm on it",
        ),
        _concurrency_card(readings, workload, now),
        Card(
            "cold_share",
            "Cold starts",
            share * 100 if share is not None else None,
            "%",
            cold_spark * 100,
            Level.OK if share is not None else Level.UNKNOWN,
            f"{words.count(cold or 0)} of {words.count(recorded)} invocations"
            if recorded
            else "no invocation records: see the Cold starts page",
        ),
        Card(
            "cost",
            "Per 1,000 successes",
            per_1000,
            "USD",
            spend.sum(axis=1) / done.where(done > 0) * 1000,
            Level.OK if per_1000 is not None else Level.UNKNOWN,
            "INIT not included (no invocation records)"
            if without_init
            else f"{words.count(float(done.sum()))} successes",
        ),
        Card(
            "dead",
            "Dead letters",
            dead_now,
            "messages",
            spark("dead"),
            Level.UNKNOWN if dead_now is None else Level.ACT if dead_now else Level.OK,
            "no dead-letter queue" if workload.dlq is None else workload.dlq.name,
        ),
    )


def _concurrency_card(readings: Readings, workload: Workload, now: sqs.Depth) -> Card:
    used = readings.latest("concurrency", quiet=0.0)
    lowest = next(iter(limits.concurrency(workload)), None)
    near = used is not None and lowest is not None and used >= NEAR * lowest.value
    spark = readings.frame["concurrency"] if "concurrency" in readings.frame else pd.Series(dtype=float)
    return Card(
        "concurrency",
        "Concurrency",
        used,
        "environments",
        spark,
        Level.UNKNOWN if used is None else Level.WATCH if near and now.visible else Level.OK,
        f"of {words.count(lowest.value)} allowed by the {lowest.name}" if lowest else "no known limit",
    )


def _level(age: float | None, threshold: float | None) -> Level:
    if age is None:
        return Level.UNKNOWN
    if threshold is not None and age >= threshold:
        return Level.ACT
    near = threshold * NEAR if threshold is not None else SLOW_AGE_S
    return Level.WATCH if age >= near else Level.OK
