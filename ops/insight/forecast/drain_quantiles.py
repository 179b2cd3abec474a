"""Drain time of a backlog as a median and an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ops import formatting
from ops.insight.forecast.drain_model import HORIZON_S

WIDE = 1.5
"""Times the interval's beginning from which its end makes it wide."""
MIN_WIDTH_S = 60
"""Seconds: a shorter interval is not wide, however its ends compare. An almost empty queue may be drained in 0 s or in 1 s."""


@dataclass(frozen=True)
class DrainQuantiles:
    """``mid``: the median. ``low`` to ``high`` are the 10th and 90th percentile; equal to ``mid`` where nothing is known of the spread. A
    ``high`` of infinity: in more than a tenth of the samples it is not drained within SQS's longest retention. ``either``: where
    there are two times about which it is drained, and none between them is likely, such as before arrivals rise and after that:
    which of them it is decides chance, and ``mid`` may be far from both."""

    mid: float
    low: float
    high: float
    either: tuple[float, float] | None = None

    @property
    def span(self) -> str:
        """``2 min 50 s to 3 min 32 s``; empty where nothing is known of the spread."""
        if self.low == self.high:
            return ""
        most = formatting.duration(self.high) if math.isfinite(self.high) else f"over {formatting.duration(HORIZON_S)}"
        return f"{formatting.duration(self.low)} to {most}"

    @property
    def wide(self) -> bool:
        """Whether one time alone would say more than is known."""
        return self.high > WIDE * self.low and self.high - self.low >= MIN_WIDTH_S

    @property
    def text(self) -> str:
        """``3 min 5 s (2 min 50 s to 3 min 32 s)``, or ``2 min to 40 min (median 12 min)`` where the interval is wide."""
        median = formatting.duration(self.mid)
        if self.wide:
            return f"{self.span} (median {median})"
        return f"{median} ({self.span})" if self.span else median
