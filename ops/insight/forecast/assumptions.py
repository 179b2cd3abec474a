"""The numbers that a forecast rests on, each with where it comes from: observed, of an earlier day, or typed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ops import formatting
from ops.errors import UsageError
from ops.insight import time_window
from ops.insight.forecast import observed_rates
from ops.insight.forecast.chance import Array, Chance
from ops.insight.forecast.drain_model import ArrivalProfile
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.scaling_laws import Environments
from ops.insight.forecast.what_if import Changes
from ops.insight.rules import alarm_rules, backlog
from ops.insight.sources import metric_queries, metrics

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.insight.forecast.observed_rates import ObservedRates
    from ops.insight.forecast.scaling_laws import ScalingSettings
    from ops.insight.report_types import QueryCost, Window
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload

WARM_S = 300.0
"""An environment that ran so lately is taken as still there: an assumption, since Lambda does not say how long it keeps
one."""
AHEAD = timedelta(hours=24)
"""Of an earlier day's arrivals; after that they repeat."""
PROFILE_STEP_S = 900
MAX_NUMBER = 1e12
"""Messages, messages a minute and seconds: more is a slip of the finger."""
SUDDEN = 1.5
"""Arrivals of now this many times those of the range, or the other way round, are said."""


@dataclass(frozen=True)
class Assumed:
    """Assumptions of the user, which replace observed values. ``days_ago``: take the arrivals of the hours after the
    same time of day, that many days ago. ``busiest_group``: share (0 to 1) of the messages in the largest message
    group."""

    backlog: float | None = None
    arrivals_per_min: float | None = None
    days_ago: int | None = None
    seconds_per_message: float | None = None
    deadline_s: float | None = None
    within_s: float | None = None
    groups: int | None = None
    busiest_group: float | None = None
    changes: Changes = field(default_factory=Changes)
    """In place of the settings of the workload."""

    def __post_init__(self) -> None:
        """Raises UsageError for numbers that cannot be."""
        for name, value in (
            ("The backlog", self.backlog),
            ("The arrivals per minute", self.arrivals_per_min),
            ("The deadline", self.deadline_s),
            ("The time within which it is to be drained", self.within_s),
        ):
            if value is not None and not 0 <= value <= MAX_NUMBER:
                raise UsageError(f"{name} cannot be {value:,g}.", f"Give a number from 0 to {MAX_NUMBER:g}.")
        if self.seconds_per_message is not None and not 0 < self.seconds_per_message <= MAX_NUMBER:
            raise UsageError(
                f"The time per message cannot be {self.seconds_per_message:,g} s.",
                f"Give a number above 0, up to {MAX_NUMBER:g}.",
            )
        if self.arrivals_per_min is not None and self.days_ago is not None:
            raise UsageError("Arrivals are either given or those of an earlier day.", "Choose one of them.")
        if self.busiest_group is not None and self.groups is None:
            raise UsageError("The busiest message group is one of how many?", "Give the number of groups, too.")


@dataclass(frozen=True)
class SourcedNumber:
    """A number and where it comes from."""

    value: float
    source: str
    typed: bool = False


def arrivals(
    aws: Aws, workload: Workload, seen: ObservedRates, assumed: Assumed, readings: Readings
) -> tuple[ArrivalProfile, str, Array, QueryCost]:
    """The arrivals, where they come from, samples of how far they may be off, and what it cost to know."""
    window, look, certain = readings.window, readings.look, np.empty(0)
    if assumed.arrivals_per_min is not None:
        return ArrivalProfile((assumed.arrivals_per_min,)), "as given", certain, look
    if assumed.days_ago is not None:
        profile, look = _of_earlier_day(aws, workload, assumed.days_ago, window, look)
        ago = formatting.count(assumed.days_ago, "day")
        return profile, f"as in the same hours {ago} ago ({formatting.rate(profile.mean_per_minute)})", certain, look
    if seen.arrivals_per_min is None:
        return ArrivalProfile((0.0,)), "none observed, taken as 0", certain, look
    source = f"observed, mean of {formatting.stretch(window.length.total_seconds())}"
    lately = readings.per_minute("sent")
    if lately is not None and not 1 / SUDDEN <= (lately + 1) / (seen.arrivals_per_min + 1) <= SUDDEN:
        source += f"; lately {formatting.rate(lately)}: choose a shorter range (--minutes) to go by that"
    return ArrivalProfile((seen.arrivals_per_min,)), source, factors(seen.arrival_samples), look


def _of_earlier_day(
    aws: Aws, workload: Workload, days_ago: int, window: Window, look: QueryCost
) -> tuple[ArrivalProfile, QueryCost]:
    now = window.end if window.past else datetime.now(UTC)
    start = now - timedelta(days=days_ago)
    then = metrics.read(
        aws,
        metric_queries.queue(workload.queue, "sent"),
        time_window.between(start, min(start + AHEAD, now), finest=PROFILE_STEP_S),
    )
    if not then.has("sent"):
        raise UsageError(
            f"CloudWatch has no arrivals of {formatting.clock(start, window.end)} and the day after it.",
            "Leave the day out: the arrivals of the time range are used.",
        )
    rates = tuple(count * 60 / then.window.period for count in then.counts("sent", then.finished))
    return ArrivalProfile(rates, then.window.period), look.plus(then.look)


def seconds_per_message(seen: ObservedRates, assumed: Assumed, window: Window) -> SourcedNumber | None:
    """None where it is neither observed nor given."""
    if assumed.seconds_per_message is not None:
        return SourcedNumber(assumed.seconds_per_message, "as given", typed=True)
    if not seen.seconds_per_message:
        return None
    fill = f" at {formatting.count(seen.messages_per_batch, 'message')} per batch" if seen.messages_per_batch else ""
    times = f", times {seen.receives_per_message:.2g} receives" if seen.receives_per_message >= 1.05 else ""
    gap = f" and {formatting.latency(seen.gap_s * 1000)} until the next batch is there" if seen.gap_s >= 0.001 else ""
    over = formatting.stretch(window.length.total_seconds())
    when = f"while messages waited in the last {over}" if seen.backlogged else f"observed over {over}"
    source = f"{formatting.duration(seen.seconds_per_message)}{fill}{gap}{times}, {when}"
    return SourcedNumber((seen.seconds_per_message + seen.gap_s) * seen.receives_per_message, source)


def environments(readings: Readings) -> Environments:
    """Running and warm environments, and the INIT time of a new one, from the extension's records."""
    cold, init_ms = (readings.total(name) or 0.0 for name in ("cold", "init_ms"))
    lately = readings.columns.get("concurrency", ())[-max(1, round(WARM_S / readings.window.period)) :]
    return Environments(
        running=readings.latest("concurrency", quiet=0.0) or 0.0,
        warm=max((value for value in lately if not math.isnan(value)), default=0.0),
        init_s=init_ms / 1000 / cold if cold else 0.0,
    )


def deadline(workload: Workload, known: tuple[Alarm, ...], assumed: Assumed) -> SourcedNumber | None:
    if assumed.deadline_s is not None:
        return SourcedNumber(assumed.deadline_s, f"{formatting.duration(assumed.deadline_s)}, as given", typed=True)
    alarm = alarm_rules.find_alarm(known, backlog.AGE_METRIC, workload.queue.name)
    if alarm is None or alarm.threshold is None:
        return None
    return SourcedNumber(alarm.threshold, f"{formatting.duration(alarm.threshold)}, the threshold of {alarm.name}")


def message_groups(
    workload: Workload, readings: Readings, assumed: Assumed
) -> tuple[MessageGroups | None, tuple[str, ...]]:
    """Active message groups of a FIFO queue, given or observed in flight, and the source of the number."""
    if assumed.groups is not None:
        if not workload.queue.fifo:
            raise UsageError(
                f"{workload.queue.name} is a standard queue: message groups do not limit its concurrency.",
                "Leave the number of groups out.",
            )
        groups = MessageGroups(assumed.groups, assumed.busiest_group, batch_variation(readings))
        busiest = (
            "all alike" if assumed.busiest_group is None else f"the busiest with {formatting.percent(groups.largest)}"
        )
        return groups, (f"message groups: {groups.number:,}, as given, {busiest}",)
    if not workload.queue.fifo:
        return None, ()
    seen = max((value for _, value in readings.points("groups")), default=0.0)
    if seen >= 1:
        groups = MessageGroups(round(seen), None, batch_variation(readings))
        return groups, (
            f"message groups: {groups.number:,} in flight at most in the range, taken as all alike (--groups)",
        )
    return None, ("assumed: enough message groups are active; a FIFO queue runs one invocation for each (--groups)",)


def batch_variation(readings: Readings) -> float:
    """Standard deviation over mean of an invocation's duration, by p50 and p95 of a lognormal one (z of 95%: 1.645)."""
    pairs = zip(readings.columns.get("p50_ms", ()), readings.columns.get("p95_ms", ()), strict=True)
    widths = sorted(math.log(high / low) / 1.645 for low, high in pairs if low > 0 and high >= low)
    width = widths[len(widths) // 2] if widths else 0.0
    return math.sqrt(math.expm1(min(width, 2.0) ** 2))


def chance(seen: ObservedRates, assumed: Assumed) -> Chance:
    """Dispersion of arrivals and work in the range. A given arrival rate counts as a Poisson process."""
    return Chance(seen.arrival_chance if assumed.arrivals_per_min is None else 1.0, seen.work_chance)


def notes(settings: ScalingSettings, seen: ObservedRates, there: Environments, assumed: Assumed) -> tuple[str, ...]:
    """Further assumptions, as sentences."""
    found = ["assumed: messages are taken about in order, and the backlog arrived evenly"]
    if there.init_s:
        found.append(
            f"INIT: {formatting.duration(there.init_s)} for each environment above {formatting.count(there.warm)}, the most that "
            f"ran in the last {formatting.duration(WARM_S)}"
        )
    else:
        found.append("not counted: INIT of new environments, of which there is no record in the range")
    if not seen.backlogged:
        found.append("time between batches not counted: messages seldom waited in the range, so it was not seen")
    if settings.reserved is None and settings.account is not None:
        found.append("assumed: no other function uses the account's concurrency")
    given = assumed.seconds_per_message is not None
    if given or assumed.arrivals_per_min is not None:
        found.append(
            "interval: takes what is given as exact; arrivals at a given rate come independently of each other"
        )
    if not given and not seen.second_samples.size:
        found.append(f"no interval: fewer than {observed_rates.MIN_PERIODS} periods were observed")
    return tuple(found)


def factors(samples: Array) -> Array:
    """The samples as multiples of their mean."""
    mean = float(samples.mean()) if samples.size else 0.0
    return samples / mean if mean > 0 else np.empty(0)


def with_groups(settings: ScalingSettings, groups: MessageGroups | None) -> ScalingSettings:
    return settings if groups is None else replace(settings, groups=groups.number)
