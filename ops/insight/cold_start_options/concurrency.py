"""Number of environments busy at the same time, from the invocations that were read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from handler.extension.records import rules

GRID = 200_000
"""Moments at most at which concurrency is counted."""
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Concurrency:
    """Times in seconds since 1970. Of each invocation: ``at_arrival``, how many were at work with it; ``cold`` and
    ``suppressed``, whether it waited for INIT, and whether that ran again after a failure. ``busy``: how many were at work at
    each of ``moments``."""

    arrivals: Numbers
    at_arrival: npt.NDArray[np.int64]
    cold: npt.NDArray[np.bool_]
    suppressed: npt.NDArray[np.bool_]
    moments: Numbers
    busy: npt.NDArray[np.int64]

    def needed(self, share: float) -> int:
        """Environments with which that share of the invocations finds one free."""
        return int(np.quantile(self.at_arrival, share, method="higher")) if len(self.at_arrival) else 0

    def still_cold(self, number: int) -> float:
        """Share of the cold starts that so many environments ready in advance would leave: those that would have found
        none free, and those in which INIT ran again after a failure."""
        left = self.cold & ((self.at_arrival > number) | self.suppressed)
        return float(left.sum() / self.cold.sum()) if self.cold.any() else 0.0

    def above(self, number: int) -> float:
        """Share of the invocations that find none free of so many environments."""
        return float(np.mean(self.at_arrival > number)) if len(self.at_arrival) else 0.0

    def at_hour(self, hour: int) -> Concurrency:
        """The concurrency of this hour of the day (UTC)."""
        mine, then = _hours(self.arrivals) == hour, _hours(self.moments) == hour
        return Concurrency(
            self.arrivals[mine],
            self.at_arrival[mine],
            self.cold[mine],
            self.suppressed[mine],
            self.moments[then],
            self.busy[then],
        )

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours of the day in which invocations began."""
        return tuple(int(hour) for hour in np.unique(_hours(self.arrivals)))


def measure(frame: pd.DataFrame, start: datetime, hours: float) -> Concurrency:
    """``frame``: of the invocation table, all of a range that begins at ``start``, in which nothing else ran."""
    starts: Any = frame["started"].astype("datetime64[us, UTC]").astype("int64").to_numpy() / 1e6
    lasted = frame[["duration_ms", "init_ms", "restore_ms"]].fillna(0.0).sum(axis=1).to_numpy(dtype=float) / 1000
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.sort(starts + lasted)
    at_arrival = np.arange(1, len(starts) + 1) - np.searchsorted(ends, starts, "right")
    step = max(1.0, hours * 3600 / GRID)
    moments = start.timestamp() + np.arange(0.0, hours * 3600, step) if len(starts) else np.empty(0)
    busy = np.searchsorted(starts, moments, "right") - np.searchsorted(ends, moments, "right")
    cold = frame["cold"].to_numpy(dtype=bool)[order]
    suppressed = cold & (frame["phase"] == rules.SUPPRESSED).to_numpy(dtype=bool)[order]
    return Concurrency(starts, at_arrival.astype(np.int64), cold, suppressed, moments, busy.astype(np.int64))


def _hours(moments: Numbers) -> npt.NDArray[np.int64]:
    hours: npt.NDArray[np.int64] = (moments // 3600 % 24).astype(np.int64)
    return hours
