"""When jobs arrive: at random (a Poisson process, as of many independent senders) at a rate that follows a pattern."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Final

Pattern = Callable[[float], float]
"""Seconds since the start → factor on the mean rate. Each averages to about 1 over its period."""

BURST_PERIOD = 60.0
BURST_LENGTH = 10.0
DAY = 600.0
"""Ten minutes stand for a day, so that a demo sees the morning's rise and the night's quiet."""


def steady(_second: float) -> float:
    return 1.0


def burst(second: float) -> float:
    """Ten seconds of every minute bring five parts of six of the jobs."""
    return 5.0 if second % BURST_PERIOD < BURST_LENGTH else 0.2


def day(second: float) -> float:
    """Quiet at night, most in the afternoon."""
    return 1.0 - 0.9 * math.cos(2 * math.pi * second / DAY)


def mixed(second: float) -> float:
    """What a demo needs in its first minutes: bursts on a swelling base, and a pause in which environments go cold."""
    phase = second % 180.0
    if phase >= 150.0:
        return 0.0
    return (0.6 + 0.4 * math.sin(2 * math.pi * phase / 75.0)) + (4.0 if phase % 50.0 < 6.0 else 0.0)


PATTERNS: Final[dict[str, Pattern]] = {"steady": steady, "burst": burst, "day": day, "mixed": mixed}
_PEAK = 5.0


def arrivals(pattern: Pattern, per_second: float, seconds: float, rng: random.Random) -> Iterator[float]:
    """Offsets in seconds from the start, ascending: thinning of a Poisson process at the pattern's peak rate."""
    at = 0.0
    while True:
        at += rng.expovariate(per_second * _PEAK)
        if at >= seconds:
            return
        if rng.random() * _PEAK < pattern(at):
            yield at
