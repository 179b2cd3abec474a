"""How many batches an SQS event source mapping runs at once: Lambda's scaling law as plain functions.

Both sides use it: the twin's emulator lets a mapping run no more than this, and the concurrency chart draws it as
"what the mapping's law allows". Standard queues without provisioned mode.

Documented (Lambda developer guide, services-sqs-scaling, read 2026-11): a mapping starts with 5 concurrent
invocations; while messages are available it adds up to 300 a minute; its ceiling is 1,250 unless MaximumConcurrency
sets a lower one; idle, it falls back to 5 and then to 2 to save requests, the latter not when MaximumConcurrency is
set. After function errors and throttles it reduces its concurrency gradually (services-sqs-errorhandling). Item
failures that the function reports in its response are no function error.

Not documented, so fields with a default of our choosing: how fast it falls (``down_per_minute``), after how long idle
it drops to 2 (``idle_after``), and how much one failure takes (``failure_factor``). Older pages say +60 a minute and a
ceiling of 1,000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ScalingPolicy:
    """The law's numbers. Concurrency in batches being processed, rates a minute, times in seconds."""

    start: int = 5
    per_minute: float = 300.0
    ceiling: int = 1_250
    maximum_concurrency: int | None = None  # the mapping's ScalingConfig, 2 to 1,000
    idle: int = 2
    down_per_minute: float = 300.0
    idle_after: float = 60.0
    failure_factor: float = 0.9

    @property
    def limit(self) -> int:
        return self.ceiling if self.maximum_concurrency is None else min(self.ceiling, self.maximum_concurrency)

    @property
    def base(self) -> int:
        """The concurrency at which it starts, and to which it falls back first."""
        return min(self.start, self.limit)

    @property
    def floor(self) -> int:
        """The lowest concurrency that a long idle time or failures reduce it to."""
        return self.base if self.maximum_concurrency is not None else min(self.idle, self.base)


@dataclass(frozen=True)
class ScalingState:
    """The state of a mapping. ``allowed`` is fractional so that short steps add up; ``concurrency`` is what may run."""

    allowed: float
    idle_for: float = 0.0  # seconds without available messages

    @property
    def concurrency(self) -> int:
        return int(self.allowed + 1e-9)


@dataclass(frozen=True)
class ScalingObservation:
    """What happened in one stretch of time."""

    seconds: float
    available: bool  # messages were waiting while everything allowed was in use
    failures: int = 0  # invocations that ended in a function error or were throttled


def begin(law: ScalingPolicy) -> ScalingState:
    return ScalingState(float(law.base))


def step(law: ScalingPolicy, ramp: ScalingState, seen: ScalingObservation) -> ScalingState:
    """The state after one stretch of time. Failures first: they end growth for that stretch."""
    if seen.failures:
        reduced = ramp.allowed * law.failure_factor**seen.failures
        return ScalingState(min(float(law.limit), max(float(min(law.idle, law.limit)), reduced)))
    if seen.available:
        grown = max(ramp.allowed, float(law.floor)) + law.per_minute * seen.seconds / 60
        return ScalingState(min(float(law.limit), grown))
    idle_for = ramp.idle_for + seen.seconds
    lowest = law.floor if idle_for >= law.idle_after else law.base
    fallen = ramp.allowed - law.down_per_minute * seen.seconds / 60
    return ScalingState(min(float(law.limit), max(float(min(lowest, ramp.allowed)), fallen)), idle_for)


def course(
    law: ScalingPolicy, observed: Iterable[ScalingObservation], start: ScalingState | None = None
) -> Iterator[int]:
    """The concurrency allowed at the end of each stretch, for a chart's line."""
    ramp = start or begin(law)
    for seen in observed:
        ramp = step(law, ramp, seen)
        yield ramp.concurrency
