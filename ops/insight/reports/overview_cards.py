"""The overview's six numbers with their recent history."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops import formatting, pricing
from ops.insight.report_types import Level, Threshold
from ops.insight.reports import dead_letters, queue
from ops.insight.rules import concurrency_limits, cost_model, levels
from ops.insight.rules.cost_model import Assumptions
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws import sqs
    from ops.aws.cloudwatch import Points
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.insight.sources.queue_depths import Depths
    from ops.workload import Workload

NEAR_LIMIT_SHARE = 0.9
"""Share of a limit from which it is called near: AWS recommends alarms at about 90% of the concurrency quotas."""
SLOW_AGE_S = 300.0
"""Age of the oldest message worth a warning where no alarm sets a threshold: a guess, so never Critical."""


@dataclass(frozen=True)
class Card:
    """A number with its recent history. ``value`` is None when there is nothing to count."""

    key: str  # depth | age | concurrency | cold_share | cost | dead
    title: str
    value: float | None
    unit: str  # messages | s | % | USD | executions
    spark: Points  # gaps as NaN
    level: Level
    note: str = ""  # such as "peak (10 s); limit 3 (ESM MaximumConcurrency)"


def make(
    readings: Readings,
    workload: Workload,
    there: Depths,
    used: FunctionUsage,
    oldest: Threshold | None,
    late: Level | None,
    found: Invocations | None = None,
) -> tuple[Card, ...]:
    """The six cards in the order in which they are shown.

    ``oldest``: the age alarm's threshold, if there is one. ``late``: how bad the oldest message's age is, where the
    sentence says something about it. ``found``: REPORT lines of a function without invocation records.
    """
    now, when = there.work, f"{there.label}, " if there.label else ""
    waiting = None if there.queue is None else float(now.visible)
    age = 0.0 if not now.visible and not readings.has("oldest_s") else readings.latest("oldest_s")
    near = oldest.value * NEAR_LIMIT_SHARE if oldest else SLOW_AGE_S
    cold, recorded = readings.total("cold"), readings.total("recorded")
    if not recorded and found is not None and not found.truncated and found.rows:
        cold, recorded = float(sum(row.cold for row in found.rows)), float(len(found.rows))
    share = (cold or 0.0) / recorded if recorded else None
    spend = cost_model.spend(readings, workload, Assumptions(), pricing.load(), used)
    done = cost_model.successes(readings, used)
    total, successes = math.fsum(map(math.fsum, spend.values())), math.fsum(done)
    unknown = cost_model.unpriced_reason(workload)
    per_1000 = None if unknown else cost_model.per_1000(total, successes)
    return (
        Card(
            "depth",
            "Queued",
            waiting,
            "messages",
            readings.series("visible"),
            levels.backlog(waiting, readings.per_minute("deleted"), age),
            f"{when}{now.in_flight} in flight" if there.queue else f"{when}no metrics",
        ),
        Card(
            "age",
            "Age of oldest message",
            age,
            "s",
            readings.series("oldest_s"),
            levels.age(age, near, late),
            f"{when}alarm ≥ {formatting.duration(oldest.value)}" if oldest else f"{when}no alarm set",
        ),
        _concurrency_card(readings, workload, now),
        Card(
            "cold_share",
            "Cold starts",
            share * 100 if share is not None else None,
            "%",
            _cold_shares(readings),
            Level.OK if share is not None else Level.UNKNOWN,
            f"{formatting.count(cold or 0)} of {formatting.count(recorded)} invocations"
            if recorded
            else "no invocation records; see Cold starts",
        ),
        Card(
            "cost",
            "Cost per 1,000 jobs",
            per_1000,
            "USD",
            tuple(zip(readings.times, cost_model.per_1000_trend(spend, done), strict=False)),
            Level.OK if per_1000 is not None else Level.UNKNOWN,
            unknown or _cost_note(readings, workload, used, successes),
        ),
        Card(
            "dead",
            "Dead letters",
            there.dead_count,
            "messages",
            tuple(zip(readings.times, dead_letters.depth_series(readings), strict=True)),
            levels.dead(there.dead_count),
            _dead_letter_queue(workload, there, readings.latest("dead_oldest_s")),
        ),
    )


def _cold_shares(readings: Readings) -> Points:
    """The percentage of each period's invocations that were cold."""
    pairs = zip(readings.series("cold"), readings.series("recorded"), strict=True)
    return tuple((time, cold / count * 100 if count else math.nan) for (time, cold), (_, count) in pairs)


def _cost_note(readings: Readings, workload: Workload, used: FunctionUsage, done: float) -> str:
    """How many successes, and what to know about the figure."""
    priced = readings.has("billed_ms") or readings.has(cost_model.REPORT_COLUMNS[0])
    unpriced = workload.function is not None and not priced and readings.has("duration_ms")
    first = "INIT not included (no invocation records)" if unpriced else f"{formatting.count(done, 'successful job')}"
    return "; ".join([first, *used.inferred[:1]])


def _dead_letter_queue(workload: Workload, there: Depths, oldest_s: float | None) -> str:
    if gap := workload.gap(Part.DLQ):
        return f"{gap.name} {gap.verb}"
    if workload.dlq is None:
        return "no dead-letter queue"
    held = there.dead.in_flight if there.dead else 0
    known = (
        workload.dlq.name,
        there.label,
        f"{held} in flight" if held else "",
        f"oldest {formatting.duration(oldest_s)}" if oldest_s is not None and there.dead_count else "",
    )
    return "; ".join(filter(None, known))


def _concurrency_card(readings: Readings, workload: Workload, now: sqs.Depth) -> Card:
    used = readings.latest("concurrency", quiet=0.0)
    lowest = next(iter(concurrency_limits.concurrency(workload)), None)
    near = used is not None and lowest is not None and used >= NEAR_LIMIT_SHARE * lowest.value
    peak = f"peak ({formatting.duration(readings.window.period)})"
    spark = readings.series("concurrency") if "concurrency" in readings.columns else ()
    return Card(
        "concurrency",
        "Concurrency",
        used,
        "executions",
        spark,
        Level.UNKNOWN if used is None else Level.WATCH if near and queue.pressing(readings, now) else Level.OK,
        f"{peak}; limit {formatting.count(lowest.value)} ({lowest.name})" if lowest else f"{peak}; no known limit",
    )
