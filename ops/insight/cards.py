"""The overview's six numbers with their recent course."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ops.insight import costing, limits, prices, queue, words
from ops.insight.reports import Assumptions, Card, Level, Line
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws import sqs
    from ops.insight.metrics import Readings
    from ops.workload import Workload

NEAR = 0.9
"""Share of a limit from which it is called near: AWS recommends alarms at about 90% of the concurrency quotas."""
SLOW_AGE_S = 300.0
"""Age of the oldest message worth a second look where no alarm says better: a guess, so it only ever says Watch."""


def make(
    readings: Readings,
    workload: Workload,
    now: sqs.Depth,
    dead_now: float | None,
    oldest: Line | None,
    late: Level | None,
) -> tuple[Card, ...]:
    """The six cards in the order in which they are shown.

    ``oldest``: the age alarm's threshold, if there is one. ``late``: how bad the oldest message's age is, where the
    sentence says something about it.
    """
    frame = readings.frame

    def spark(column: str) -> pd.Series:
        return frame[column] if column in frame else pd.Series(dtype=float, index=frame.index)

    age = 0.0 if not now.visible and not readings.has("oldest_s") else readings.latest("oldest_s")
    age_level = late or _level(age, oldest.value if oldest else None)
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
            _dead_letter_queue(workload),
        ),
    )


def _dead_letter_queue(workload: Workload) -> str:
    if gap := workload.gap(Part.DLQ):
        return f"{gap.name} {gap.verb}"
    return workload.dlq.name if workload.dlq else "no dead-letter queue"


def _concurrency_card(readings: Readings, workload: Workload, now: sqs.Depth) -> Card:
    used = readings.latest("concurrency", quiet=0.0)
    lowest = next(iter(limits.concurrency(workload)), None)
    near = used is not None and lowest is not None and used >= NEAR * lowest.value
    most = f"most in {words.duration(readings.window.period)}"
    spark = readings.frame["concurrency"] if "concurrency" in readings.frame else pd.Series(dtype=float)
    return Card(
        "concurrency",
        "Concurrency",
        used,
        "environments",
        spark,
        Level.UNKNOWN if used is None else Level.WATCH if near and queue.pressing(readings, now) else Level.OK,
        f"{most}; {words.count(lowest.value)} by the {lowest.name}" if lowest else f"{most}; no known limit",
    )


def _level(age: float | None, threshold: float | None) -> Level:
    """Of an age that the sentence says nothing about."""
    if age is None:
        return Level.UNKNOWN
    near = threshold * NEAR if threshold is not None else SLOW_AGE_S
    return Level.WATCH if age >= near else Level.OK
