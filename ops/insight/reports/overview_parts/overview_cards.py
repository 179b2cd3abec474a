"""The overview's six numbers with their recent history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Level
from ops.insight.reports import dead_letters
from ops.insight.rules import alarm_rules, backlog, levels
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.rules.cold_starts import cold_share
from ops.insight.rules.concurrency import concurrency_limits, concurrency_use
from ops.insight.rules.cost import cost_claims, cost_model, usage_readings
from ops.insight.rules.cost.function_cost import REPORT_COLUMNS
from ops.insight.rules.findings import Observation
from ops.workload.gaps import Part

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm, Points
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.insight.sources.queue_depths import Depths
    from ops.workload import Workload

PAGE_OF_CARD = {
    "depth": "queue",
    "age": "queue",
    "concurrency": "concurrency",
    "cold_share": "cold_starts",
    "cost": "cost",
    "dead": "dead_letters",
}
"""The page that each card leads to."""


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
    spent: Mapping[str, Sequence[float]],
    pages: Mapping[str, Sequence[Observation]],
    known: tuple[Alarm, ...],
    found: Invocations | None = None,
) -> tuple[Card, ...]:
    """The six cards in the order in which they are shown.

    ``spent``: of ``cost_model.spend``. ``pages``: what each page says, than which no card is better. ``found``: REPORT lines
    of a function without invocation records.
    """
    cards = (
        _depth(readings, workload, there),
        _age(readings, workload, there, known),
        _concurrency(readings, workload),
        _cold_share(readings, found),
        _cost(readings, workload, used, spent),
        Card(
            "dead",
            "Dead letters",
            there.dead_count,
            "messages",
            tuple(zip(readings.times, dead_letters.depth_series(readings), strict=True)),
            levels.dead(there.dead_count),
            _dead_letter_queue(workload, there, dead_letters.oldest_s(readings, there)),
        ),
    )
    findings = {page: levels.worst(*(claim.level for claim in claims)) for page, claims in pages.items()}
    return tuple(replace(card, level=levels.of_card(card.level, findings[PAGE_OF_CARD[card.key]])) for card in cards)


def _known(value: float | None) -> Level:
    return Level.NO_DATA if value is None else Level.OK


def _depth(readings: Readings, workload: Workload, there: Depths) -> Card:
    waiting = None if there.queue is None else float(there.queue.visible)
    note = (
        f"{_when(there)}{formatting.count(there.work.in_flight)} in flight"
        if there.queue
        else f"{_when(there)}no metrics"
    )
    level = backlog.backlog_level(workload, readings, there)
    return Card("depth", "Queued", waiting, "messages", readings.series("visible"), level, note)


def _age(readings: Readings, workload: Workload, there: Depths, known: tuple[Alarm, ...]) -> Card:
    age = backlog.oldest_age(readings, there)
    alarm = alarm_rules.find_alarm(known, backlog.AGE_METRIC, workload.queue.name)
    written = alarm_words.limit(alarm) if alarm else ""
    limit = f"{f'alarm {written}' if written else 'no alarm set'}{readings.window.now_mark}"
    spark = readings.series("oldest_s")
    return Card("age", "Age of oldest message", age, "s", spark, _known(age), f"{_when(there)}{limit}")


def _cold_share(readings: Readings, found: Invocations | None) -> Card:
    starts = cold_share.count_cold(readings, found)
    share = starts.share * 100 if starts else None
    few = ", too few to judge" if starts and starts.too_few else ""
    note = f"{starts}{few}" if starts else "no invocation records; see Cold starts"
    return Card("cold_share", "Cold starts", share, "%", _cold_shares(readings), _known(share), note)


def _cost(readings: Readings, workload: Workload, used: FunctionUsage, spent: Mapping[str, Sequence[float]]) -> Card:
    done = usage_readings.successes(readings, used)
    spend = cost_claims.Spend.of(workload, spent, done)
    trend = tuple(zip(readings.times, cost_model.per_1000_trend(spent, done), strict=False))
    note = spend.unknown or _cost_note(readings, workload, used, spend.successes)
    return Card("cost", "Cost per 1,000 jobs", spend.per_1000, "USD", trend, _known(spend.per_1000), note)


def _when(there: Depths) -> str:
    return f"{there.label}, " if there.label else ""


def _cold_shares(readings: Readings) -> Points:
    """The percentage of each period's invocations that were cold."""
    pairs = zip(readings.series("cold"), readings.series("recorded"), strict=True)
    return tuple((time, cold / count * 100 if count else math.nan) for (time, cold), (_, count) in pairs)


def _cost_note(readings: Readings, workload: Workload, used: FunctionUsage, done: float) -> str:
    """The number of successes, and caveats of the figure."""
    priced = readings.has("billed_ms") or readings.has(REPORT_COLUMNS[0])
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
        f"{formatting.count(held)} in flight" if held else "",
        f"oldest {formatting.duration(oldest_s)}" if oldest_s is not None and there.dead_count else "",
    )
    return "; ".join(filter(None, known))


def _concurrency(readings: Readings, workload: Workload) -> Card:
    used = concurrency_use.running(readings)
    lowest = next(iter(concurrency_limits.concurrency(workload)), None)
    peak = f"peak ({formatting.duration(readings.window.period)})"
    ran = tuple(zip(readings.times, concurrency_use.idle_as_zero(readings, "concurrency"), strict=True))
    spark = ran if "concurrency" in readings.columns else ()
    limit = (
        f"limit {formatting.count(lowest.value)}{readings.window.now_mark} ({lowest.name})"
        if lowest
        else "no known limit"
    )
    return Card("concurrency", "Concurrency", used, "executions", spark, _known(used), f"{peak}; {limit}")
