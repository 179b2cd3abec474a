"""The metrics of a page's outline, for the report that follows it: both together make one GetMetricData call."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.time_range import TimeRange
    from ops.insight.sources.metrics import Readings

KEPT_S = 15.0
"""The report is asked for right after its outline was drawn."""


class OutlineMetrics:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, TimeRange], tuple[float, Readings]] = {}

    def keep(self, name: str, span: TimeRange, readings: Readings) -> None:
        """Keep the readings of the report ``name``."""
        now = time.monotonic()
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if kept[0] > now}
            self._kept[name, span] = now + KEPT_S, readings

    def take(self, name: str, span: TimeRange) -> Readings | None:
        """Once only; None where there are none, or they are old."""
        with self._lock:
            until, readings = self._kept.pop((name, span), (0.0, None))
        return readings if time.monotonic() < until else None
