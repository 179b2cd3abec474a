"""How fast letters may go without slowing the work that is already there: the law (pure), and what it is told.

The law: while nothing presses, the rate grows by half a look up to the plan's cap; under pressure it falls, by a
quarter or by half; near a limit it stays; far beyond, it pauses. What presses most is the reason that is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.aws import sqs
from ops.deadletters.plans import consumers
from ops.errors import AwsError
from ops.insight import time_window as windows
from ops.insight.rules import concurrency_limits
from ops.insight.sources import metric_queries, metrics

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Pace, Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.transfer.rate_limiter import RateLimiter
    from ops.workload import Workload

START_PER_S = 20.0
FLOOR_PER_S = 1.0
MAX_PER_S = 10_000.0
"""Without a cap: above this a limiter is no more than a formality."""
GROWTH_FACTOR, SLOW_FACTOR, HALVE_FACTOR = 1.5, 0.75, 0.5
HOLD_PRESSURE, HALVE_PRESSURE, PAUSE_PRESSURE = 0.7, 2.0, 10.0
"""Pressures from which the rate stays, is halved, and is 0. From 1 on it falls."""
MAX_WAIT_S = 30.0
"""Pressure 1: the queue's oldest message, or the work that waits in it, is that old (or long)."""
GROWTH_SHARE, BACKLOG_S = 0.2, 2.0
"""A queue that takes in this share of the rate more than is done, and holds so many seconds of it, is filling up."""
MAX_IN_FLIGHT = 120_000
"""Messages in flight that a standard queue allows (botocore 1.44.5 model, 2026-11)."""
FULL_SHARE = 0.9
"""Share of a limit that counts as full (AWS recommends concurrency alarms at about 90%)."""
READ_EVERY_S = 5.0
METRICS_WINDOW_MIN = 5.0


@dataclass(frozen=True)
class WorkloadReading:
    """Of the queue that letters go to, and of the function on it; None: not known. ``metrics_at``: the newest period
    that CloudWatch spoke of."""

    visible: int
    in_flight: int
    oldest_s: float | None = None
    done_per_s: float | None = None
    concurrency: float | None = None
    limit: float | None = None
    claimed: float | None = None
    quota: float | None = None
    throttles: float = 0.0
    metrics_at: datetime | None = None
    growth_per_s: float = 0.0
    """By how much more waits than at the look before, a second: the first sign, long before CloudWatch shows it."""


@dataclass(frozen=True)
class Pressure:
    """``measured``: by CloudWatch, so that it takes a minute or more to show what a slower rate does."""

    size: float
    why: str
    measured: bool = False


def pressures(now: WorkloadReading, rate: float) -> Iterator[Pressure]:
    if now.visible:
        if now.oldest_s is not None:
            old = formatting.duration(now.oldest_s)
            yield Pressure(now.oldest_s / MAX_WAIT_S, f"the queue's oldest message is {old} old", measured=True)
        waiting = formatting.count(now.visible, "message waits", "messages wait")
        # What is not sent by us is left out, so that without metrics less seems to be done than is.
        done_per_s = now.done_per_s or max(rate - now.growth_per_s, FLOOR_PER_S)
        work_s = now.visible / done_per_s
        yield Pressure(work_s / MAX_WAIT_S, f"{waiting}, {formatting.duration(work_s)} of work")
        if now.growth_per_s > GROWTH_SHARE * rate and now.visible > BACKLOG_S * rate:
            yield Pressure(1.0, f"{waiting}, {formatting.count(now.growth_per_s)} more each second")
        if now.concurrency is not None and now.limit:
            busy = f"{formatting.count(now.concurrency)} of {formatting.count(now.limit)} environments are busy"
            yield Pressure(min(1.0, now.concurrency / (FULL_SHARE * now.limit)), busy, measured=True)
    flying = f"{formatting.count(now.in_flight)} of {formatting.count(MAX_IN_FLIGHT)} messages in flight"
    yield Pressure(
        now.in_flight / (0.8 * MAX_IN_FLIGHT) if now.in_flight < 0.95 * MAX_IN_FLIGHT else PAUSE_PRESSURE, flying
    )
    if now.claimed is not None and now.quota:
        used = (
            f"the account uses {formatting.count(now.claimed)} of {formatting.count(now.quota)} concurrent executions"
        )
        size = now.claimed / (FULL_SHARE * now.quota)
        yield Pressure(1.5 if size >= 1 else min(size, HOLD_PRESSURE), used, measured=True)
    if now.throttles:
        text = formatting.count(now.throttles, "invocation was", "invocations were")
        yield Pressure(HALVE_PRESSURE, f"{text} throttled", measured=True)


def next_rate(rate: float, now: WorkloadReading, cap: float | None, acted_on: datetime | None) -> tuple[float, str]:
    """The next rate (messages a second) and its reason. ``acted_on``: the period whose metrics the rate fell for last:
    it does not fall for the same ones again."""
    most = cap if cap is not None else MAX_PER_S
    floor = min(FLOOR_PER_S, most)
    worst = max(pressures(now, rate), key=lambda pressure: pressure.size)
    if worst.size >= PAUSE_PRESSURE:
        return 0.0, f"{worst.why}: paused"
    if worst.size >= 1 and rate > floor:
        if worst.measured and acted_on is not None and acted_on == now.metrics_at:
            return rate, f"{worst.why}: waiting to see what the slower rate does"
        factor = HALVE_FACTOR if worst.size >= HALVE_PRESSURE else SLOW_FACTOR
        return max(floor, rate * factor), f"{worst.why}, slowing"
    if worst.size >= HOLD_PRESSURE:
        return max(floor, rate), f"{worst.why}, holding"
    if rate >= most:
        return most, "the plan's cap; the workload keeps up" if cap is not None else "no cap; the workload keeps up"
    return min(most, max(floor, rate * GROWTH_FACTOR)), "the workload keeps up, rising"


def cap_reason(pace: Pace) -> str:
    """The reason for a rate that follows nothing."""
    return "the plan's cap" if pace.max_per_s is not None else "no cap"


class HeadroomGauge:
    """The ``course.Gauge`` of a run: looks at the queue every few seconds, at the metrics once a period."""

    def __init__(self, source: DeadLetterQueue, reader: Workload, most: float | None) -> None:
        self._source = source
        self._reader = reader
        self._most = most
        self.rate = START_PER_S if most is None else min(most, START_PER_S)
        self._next_look = self._next_metrics = 0.0
        self._metrics: Callable[[sqs.Depth], WorkloadReading] = lambda depth: WorkloadReading(
            depth.visible, depth.in_flight
        )
        self._acted_on: datetime | None = None
        self._last: tuple[float, int] | None = None  # when, visible

    def adjust(self, limiter: RateLimiter) -> None:
        """Sets the rate when it is time to. What cannot be read is the reason for a rate that stays as it is."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + READ_EVERY_S
        try:
            reading = self._read()
        except AwsError as error:
            limiter.set(self.rate, f"held, because headroom cannot be seen: {error}")
            return
        rate, why = next_rate(self.rate, reading, self._most, self._acted_on)
        if rate < self.rate:
            self._acted_on = reading.metrics_at
        self.rate = rate
        limiter.set(rate, why)

    def _read(self) -> WorkloadReading:
        depth = sqs.queue_depth(self._source.aws, self._reader.queue)
        if time.monotonic() >= self._next_metrics:
            period = self._source.aws.target.finest_period
            self._next_metrics = time.monotonic() + period
            self._metrics = self._measure(period)
        now, before = time.monotonic(), self._last
        self._last = now, depth.visible
        growth = (depth.visible - before[1]) / max(now - before[0], 1.0) if before else 0.0
        return replace(self._metrics(depth), growth_per_s=growth)

    def _measure(self, period: int) -> Callable[[sqs.Depth], WorkloadReading]:
        """One GetMetricData call, about seven metrics ($0.00007)."""
        reader = self._reader
        queries = [
            *metric_queries.queue(reader.queue, "oldest_s", "deleted"),
            *metric_queries.function(reader.function, "concurrency", "throttles"),
            *metric_queries.account(),
        ]
        found = metrics.read(self._source.aws, queries, windows.last(METRICS_WINDOW_MIN, finest=period))
        done = found.per_minute("deleted")
        known = concurrency_limits.concurrency(reader)
        published = found.published(found.columns)

        def reading(depth: sqs.Depth) -> WorkloadReading:
            return WorkloadReading(
                depth.visible,
                depth.in_flight,
                oldest_s=found.latest("oldest_s"),
                done_per_s=done / 60 if done else None,
                concurrency=found.latest("concurrency"),
                limit=known[0].value if known else None,
                claimed=found.latest("claimed"),
                quota=reader.account_concurrency,
                throttles=sum(found.counts("throttles", found.recent[-1:])),
                metrics_at=found.times[published[-1]] if published else datetime.now(UTC),
            )

        return reading


def make_gauge(source: DeadLetterQueue, plan: Plan) -> HeadroomGauge | None:
    """None when the plan's pace does not follow headroom, or nobody is known to read where the letters go."""
    if not plan.pace.headroom:
        return None
    reader = consumers.consumer_of_plan(source, plan)
    return HeadroomGauge(source, reader, plan.pace.max_per_s) if reader else None
