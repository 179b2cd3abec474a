"""The horizontal or vertical axis of a preview: where a value is on it, and its ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

MOST_TICKS = 6
MARGIN = 0.05
"""Share of the axis beyond the highest value."""
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
"""Between times, in seconds; beyond the longest, whole days."""


@dataclass(frozen=True)
class Axis:
    """``low`` and ``high``: its ends, as ``floats`` returns values. ``settings``: Plotly's, of the axis."""

    low: float
    high: float
    settings: Mapping[str, Any]

    def shares(self, values: Any) -> np.ndarray[Any, Any]:
        """0 at the low end, 1 at the high end."""
        return (floats(values, self.settings) - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """The share of each, and its label."""
        if not self.settings.get("showticklabels", True):
            return []
        values, labels = self._labelled()
        shares = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return [
            (share, text) for share, text in zip(shares.tolist(), labels, strict=True) if -1e-9 <= share <= 1 + 1e-9
        ]

    def _labelled(self) -> tuple[Sequence[float], Sequence[str]]:
        if self.settings.get("tickvals") is not None:
            values = floats(self.settings["tickvals"], self.settings).tolist()
            return values, [str(text) for text in self.settings.get("ticktext") or self.settings["tickvals"]]
        if self.settings.get("type") == "log":
            values = list(range(math.ceil(self.low), math.floor(self.high) + 1))
            return values, [f"{10.0**value:g}" for value in values]
        if self.settings.get("type") == "date":
            return _times(self.low, self.high)
        step = self.settings.get("dtick") or _step(self.high - self.low)
        values = [place * step for place in range(math.ceil(self.low / step), math.floor(self.high / step + 1e-9) + 1)]
        return values, [_written(value, step, self.settings) for value in values]


def axis(settings: Mapping[str, Any], values: Iterable[Any]) -> Axis | None:
    """The axis of all ``values``, a column for each trace; None where they do not make one."""
    if settings.get("range") is not None:
        ends = np.asarray(settings["range"])
        low, high = (ends.astype(float) if settings.get("type") == "log" else floats(ends, settings)).tolist()
    else:
        columns = [floats(column, settings) for column in values]
        known = np.concatenate([column[np.isfinite(column)] for column in columns]) if columns else np.array([])
        if not known.size:
            return None
        low, high = float(known.min()), float(known.max())
        if settings.get("rangemode") == "tozero":
            low = min(0.0, low)
            high += (high - low) * MARGIN
    return Axis(low, high, settings) if high > low else None


def floats(values: Any, settings: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Seconds since 1970 of times, which have no zone; logarithms on a logarithmic axis; NaN for what is missing."""
    if settings.get("type") == "date":
        times = pd.DatetimeIndex(pd.to_datetime(pd.Index(values)))
        seconds: np.ndarray[Any, Any] = ((times - pd.Timestamp(0)) / pd.Timedelta(seconds=1)).to_numpy(dtype=float)
        return seconds
    numbers = np.asarray(values, dtype=float)
    if settings.get("type") == "log":
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(numbers > 0, np.log10(numbers), np.nan)
    return numbers


def _step(length: float) -> float:
    """1, 2 or 5 times a power of ten."""
    least = length / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def _times(low: float, high: float) -> tuple[list[float], list[str]]:
    """The first label, and each of another day, has the date below the time."""
    least = (high - low) / MOST_TICKS
    step = next((size for size in _STEPS_S if size >= least), 86_400 * math.ceil(least / 86_400))
    values = [place * float(step) for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
    times = [datetime.fromtimestamp(value, UTC) for value in values]
    clock = "%H:%M:%S" if step < 60 else "%H:%M"
    days = [None, *(time.date() for time in times)]
    labels = [
        f"{time:{clock}}" + (f"\n{time.day} {time:%b}" if time.date() != before else "")
        for time, before in zip(times, days, strict=False)
    ]
    return values, labels


def _written(value: float, step: float, settings: Mapping[str, Any]) -> str:
    """A tick's text, by the stop of ``tickformatstops`` (``base.value_ticks``) that this distance of ticks has."""
    for stop in settings.get("tickformatstops", ()):
        low, high = stop["dtickrange"]
        if low <= step and (high is None or step <= high):
            written: str = stop["value"]
            prefix = "$" if written.startswith("$") else ""
            if written.endswith("s"):
                return prefix + _short(value)
            return prefix + format(value, written.removeprefix("$"))
    return f"{value:,g}"


def _short(value: float) -> str:
    """``1M`` and ``250k``."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:g}"
