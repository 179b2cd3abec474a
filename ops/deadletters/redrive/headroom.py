"""Headroom: how fast messages may be sent without slowing the work that is already there.

Without pressure the rate grows by half at each reading, up to the plan's cap; under pressure it falls by a quarter or
by half; near a limit it stays; far beyond one it is 0. The highest pressure is the reason that is shown.
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
from ops.insight.rules.concurrency import concurrency_limits
from ops.insight.sources import metric_queries, metrics

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Pace, Plan
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.transfer.rate_limiter import RateLimiter
    from ops.workload import Workload

START_PER_S = 20.0
FLOOR_PER_S = 1.0
MAX_PER_S = 10_000.0
"""The highest rate where the plan sets no limit."""
GROWTH_FACTOR, SLOW_FACTOR, HALVE_FACTOR = 1.5, 0.75, 0.5
HOLD_PRESSURE, HALVE_PRESSURE, PAUSE_PRESSURE = 0.7, 2.0, 10.0
"""Pressures from which the rate stays, is halved, and is 0. From 1 on it falls by a quarter."""
MAX_WAIT_S = 30.0
"""Pressure 1: the age of the queue's oldest message, or the time that the waiting work takes."""
GROWTH_SHARE, BACKLOG_S = 0.2, 2.0
"""A queue is filling up when it grows by this share of the rate, and holds so many seconds of it."""
MAX_IN_FLIGHT = 120_000
"""A standard queue's quota of messages in flight (botocore 1.44.5 model, 2026-11)."""
FULL_SHARE = 0.9
"""Share of a limit that counts as full (AWS recommends concurrency alarms at about 90%)."""
READ_EVERY_S = 5.0
METRICS_WINDOW_MIN = 5.0


@dataclass(frozen=True)
class WorkloadReading:
    """The destination queue and its function; None: not known. ``metrics_at``: the latest period with metrics."""

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
    """Growth of the queue since the last reading: the first sign, long before CloudWatch shows it."""


@dataclass(frozen=True)
class Pressure:
    """``measured``: by CloudWatch, which takes a minute or more to show the effect of a slower rate."""

    size: float
    why: str
    measured: bool = False


def pressures(now: WorkloadReading, rate: float) -> Iterator[Pressure]:
    """Each reason to send more slowly, with its size, which ``next_rate`` weighs. ``rate``: messages sent per second now."""
    if now.visible:
        if now.oldest_s is not None:
            age = formatting.duration(now.oldest_s)
            yield Pressure(now.oldest_s / MAX_WAIT_S, f"the queue's oldest message is {age} old", measured=True)
        waiting = formatting.count(now.visible, "message waits", "messages wait")
        # Without metrics this counts only what this run sends, so that the estimate is on the low side.
        done_per_s = now.done_per_s or max(rate - now.growth_per_s, FLOOR_PER_S)
        work_s = now.visible / done_per_s
        yield Pressure(work_s / MAX_WAIT_S, f"{waiting}, {formatting.duration(work_s)} of work")
        if now.growth_per_s > GROWTH_SHARE * rate and now.visible > BACKLOG_S * rate:
            yield Pressure(1.0, f"{waiting}, {formatting.count(now.growth_per_s)} more per second")
        if now.concurrency is not None and now.limit:
            busy = f"{formatting.count(now.concurrency)} of {formatting.count(now.limit)} environments are busy"
            yield Pressure(min(1.0, now.concurrency / (FULL_SHARE * now.limit)), busy, measured=True)
    in_flight = f"{formatting.count(now.in_flight)} of {formatting.count(MAX_IN_FLIGHT)} messages in flight"
    yield Pressure(
        now.in_flight / (0.8 * MAX_IN_FLIGHT) if now.in_flight < 0.95 * MAX_IN_FLIGHT else PAUSE_PRESSURE, in_flight
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
    """The next rate (messages per second) and its reason. ``acted_on``: the period whose metrics last made the rate
    fall: it does not fall for the same metrics twice."""
    max_rate = cap if cap is not None else MAX_PER_S
    floor = min(FLOOR_PER_S, max_rate)
    worst = max(pressures(now, rate), key=lambda pressure: pressure.size)
    if worst.size >= PAUSE_PRESSURE:
        return 0.0, f"{worst.why}: paused"
    if worst.size >= 1 and rate > floor:
        if worst.measured and acted_on is not None and acted_on == now.metrics_at:
            return rate, f"{worst.why}: waiting for the effect of the slower rate"
        factor = HALVE_FACTOR if worst.size >= HALVE_PRESSURE else SLOW_FACTOR
        return max(floor, rate * factor), f"{worst.why}, slowing"
    if worst.size >= HOLD_PRESSURE:
        return max(floor, rate), f"{worst.why}, holding"
    if rate >= max_rate:
        return max_rate, "the plan's cap; the workload keeps up" if cap is not None else "no cap; the workload keeps up"
    return min(max_rate, max(floor, rate * GROWTH_FACTOR)), "the workload keeps up, rising"


def cap_reason(pace: Pace) -> str:
    """The reason for a rate that does not follow headroom."""
    return "the plan's cap" if pace.max_per_s is not None else "no cap"


class HeadroomGauge:
    """A run's ``RateGauge``: reads the queue every few seconds, and the metrics once per period."""

    def __init__(self, source: DeadLetterQueue, workload: Workload, cap: float | None) -> None:
        self._source = source
        self._workload = workload
        self._cap = cap
        self.rate = START_PER_S if cap is None else min(cap, START_PER_S)
        self._next_reading = self._next_metrics = 0.0
        self._metrics: Callable[[sqs.Depth], WorkloadReading] = lambda depth: WorkloadReading(
            depth.visible, depth.in_flight
        )
        self._acted_on: datetime | None = None
        self._last: tuple[float, int] | None = None  # time, visible messages

    def adjust(self, limiter: RateLimiter) -> None:
        """Sets the rate when a reading is due; it stays as it is when headroom cannot be read."""
        if time.monotonic() < self._next_reading:
            return
        self._next_reading = time.monotonic() + READ_EVERY_S
        try:
            reading = self._read()
        except AwsError as error:
            limiter.set(self.rate, f"held: headroom could not be read: {error}")
            return
        rate, why = next_rate(self.rate, reading, self._cap, self._acted_on)
        if rate < self.rate:
            self._acted_on = reading.metrics_at
        self.rate = rate
        limiter.set(rate, why)

    def _read(self) -> WorkloadReading:
        depth = sqs.queue_depth(self._source.aws, self._workload.queue)
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
        workload = self._workload
        queries = [
            *metric_queries.queue(workload.queue, "oldest_s", "deleted"),
            *metric_queries.function(workload.function, "concurrency", "throttles"),
            *metric_queries.account(),
        ]
        values = metrics.read(self._source.aws, queries, windows.last(METRICS_WINDOW_MIN, finest=period))
        done = values.per_minute("deleted")
        limits = concurrency_limits.concurrency(workload)
        published = values.published(values.columns)

        def reading(depth: sqs.Depth) -> WorkloadReading:
            return WorkloadReading(
                depth.visible,
                depth.in_flight,
                oldest_s=values.latest("oldest_s"),
                done_per_s=done / 60 if done else None,
                concurrency=values.latest("concurrency"),
                limit=limits[0].value if limits else None,
                claimed=values.latest("claimed"),
                quota=workload.account_concurrency,
                throttles=sum(values.counts("throttles", values.recent[-1:])),
                metrics_at=values.times[published[-1]] if published else datetime.now(UTC),
            )

        return reading


def make_gauge(source: DeadLetterQueue, plan: Plan) -> HeadroomGauge | None:
    """None when the plan's rate does not follow headroom, or no consumer of the destination queue is known."""
    if not plan.pace.headroom:
        return None
    workload = consumers.consumer_of_plan(source, plan)
    return HeadroomGauge(source, workload, plan.pace.max_per_s) if workload else None
