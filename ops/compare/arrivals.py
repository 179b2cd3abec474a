"""When the jobs of a comparison arrive: seeded, so that each form gets the same ones, and bounded in count and time.

The shape of a day is derived, not a replay. Microsoft's note on the Azure Functions Invocation Trace 2021 (revision 1,
2021-11-30) publishes no hourly figures. An analysis of the trace by others (read 2026-11) counts 1,980,951 invocations in
14 days, fewest in the early morning and most in the evening; that Azure Functions as a whole keep a constant baseline of
about half of their invocations, so that the peak is twice the lowest rate, is from "Serverless in the Wild" (USENIX ATC 2020,
trace of 2019). The curve between them is ours: a cosine with its peak at 20:00.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

from ops.errors import UsageError
from ops.twin.workload import arrivals as process

HOURS = 24
PEAK_HOUR = 20.0
PEAK_TO_LOW = 2.0
BURST_START, BURST_SHARE = 1 / 3, 1 / 6
"""Start and length of the burst, as shares of the run's time."""
SECONDS_RANGE = (5.0, 900.0)
RATE_RANGE = (0.1, 50.0)
MAX_JOBS = 5_000


def day(hour: float) -> float:
    """Factor on the mean rate at this hour of a day; its mean over the day is 1."""
    swing = (PEAK_TO_LOW - 1) / (PEAK_TO_LOW + 1)
    return 1.0 + swing * math.cos(2 * math.pi * (hour - PEAK_HOUR) / HOURS)


def burst(share: float) -> float:
    """A sixth of the time brings five sixths of the jobs."""
    return 5.0 if BURST_START <= share < BURST_START + BURST_SHARE else 0.2


_SHAPES: Final[dict[str, process.Pattern]] = {
    "steady": lambda _share: 1.0,
    "burst": burst,
    "day": lambda share: day(share * HOURS),
}
"""The share of the run's time that has passed → factor on the mean rate."""
SHAPES = tuple(_SHAPES)
PEAK_FACTOR: Final = {
    "steady": 1.0,
    "burst": 5.0,
    "day": 2 * PEAK_TO_LOW / (PEAK_TO_LOW + 1),
}
"""The highest rate of a shape, as a multiple of its mean."""


@dataclass(frozen=True)
class Arrivals:
    """``per_second`` jobs on average over ``seconds``, in which a ``day`` passes once."""

    shape: str = "burst"
    per_second: float = 2.0
    seconds: float = 60.0
    seed: int = 1

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise UsageError(f"There are no arrivals called {self.shape!r}.", f"Choose one of: {', '.join(SHAPES)}.")
        _ensure_in("The time", self.seconds, SECONDS_RANGE, "seconds")
        _ensure_in("The rate", self.per_second, RATE_RANGE, "jobs per second")
        if self.per_second * self.seconds > MAX_JOBS:
            raise UsageError(
                f"{self.per_second:g} jobs per second for {self.seconds:g} s are more than {MAX_JOBS:,} jobs.",
                "Choose a lower rate or a shorter time.",
            )

    def offsets(self) -> list[float]:
        """Seconds from the start, ascending: a Poisson process, the same for the same seed."""
        pattern = _SHAPES[self.shape]
        rng = random.Random(self.seed)  # noqa: S311 - arrivals, not secrets
        return list(process.arrivals(lambda second: pattern(second / self.seconds), self.per_second, self.seconds, rng))


def _ensure_in(what: str, value: float, allowed: tuple[float, float], unit: str) -> None:
    low, high = allowed
    if not low <= value <= high:
        raise UsageError(f"{what} must be between {low:g} and {high:g} {unit}, not {value:g}.")
