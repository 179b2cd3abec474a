"""A workload with data of the day before, for a comparison."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pandas as pd

from dashboard.time_range import TimeRange
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.overview import OverviewReport
from ops.insight.reports.queue import QueueReport
from tests.dashboard.samples import Sample

DAY = timedelta(days=1)


class WithEarlier(Sample):
    """A day before there was less work, and no trouble."""

    def __init__(self) -> None:
        super().__init__()
        self._before = Sample(trouble=False)

    def overview(self, span: TimeRange) -> OverviewReport:
        full = super().overview(span)
        earlier = self._before.overview(span).timeline if not span.moves else None
        if earlier is None:
            return full
        window = earlier.readings.window
        moved = replace(window, start=window.start - DAY, end=window.end - DAY)
        return replace(full, timeline=replace(earlier, readings=replace(earlier.readings, window=moved)))

    def queue(self, span: TimeRange) -> QueueReport:
        return super().queue(span) if span.moves else _day_before(self._before.queue(span))

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        return super().concurrency(span) if span.moves else _day_before(self._before.concurrency(span))

    def failures(self, span: TimeRange) -> FailuresReport:
        return super().failures(span) if span.moves else _day_before(self._before.failures(span))


def _day_before(report: Any) -> Any:
    """With each frame over time a day earlier."""
    frames = {field.name: getattr(report, field.name) for field in fields(report)}
    moved = {
        name: frame.set_axis(frame.index - DAY)
        for name, frame in frames.items()
        if isinstance(frame, pd.DataFrame) and isinstance(frame.index, pd.DatetimeIndex)
    }
    return replace(report, **moved)
