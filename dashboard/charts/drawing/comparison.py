"""Comparison with the range a day or a week before, drawn as faint lines behind the current one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from dashboard.time_range import TimeRange

COMPARISONS: Mapping[str, timedelta] = {"day before": timedelta(days=1), "week before": timedelta(days=7)}
"""Name, also in the address → how much earlier."""


OPACITY = 0.6


def faint_line(colour: str, step: bool) -> dict[str, Any]:
    """The style of an earlier line: thin and dotted, with ``OPACITY``."""
    return {"color": colour, "width": 1.4, "dash": "dot", "shape": "hv" if step else "linear"}


@dataclass(frozen=True)
class EarlierLines:
    """``frame``: of the earlier range, its times moved onto the present one's."""

    frame: pd.DataFrame
    label: str


@dataclass(frozen=True)
class EarlierReport:
    report: Any
    label: str
    shift: timedelta

    def lines(self, frame_of: Callable[[Any], pd.DataFrame]) -> EarlierLines:
        """``frame_of``: the frame of a report that a chart draws."""
        frame = frame_of(self.report)
        return EarlierLines(frame.set_axis(pd.DatetimeIndex(frame.index) + self.shift), self.label)


def earlier_range(span: TimeRange, shift: timedelta, every_s: int, now: datetime) -> TimeRange:
    """The range ``shift`` before ``span``. One that ends now is cut to ``every_s``, so that a report is kept as long."""
    if span.start is not None and span.end is not None:
        return replace(span, start=span.start - shift, end=span.end - shift)
    end = datetime.fromtimestamp(now.timestamp() // every_s * every_s, UTC) - shift
    return TimeRange(None, end - timedelta(minutes=span.minutes or 0), end)
