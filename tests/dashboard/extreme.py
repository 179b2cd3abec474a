"""Workloads with very few data, with nothing but zeros, or with very large numbers and very long names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from dashboard.time_range import TimeRange
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.overview import OverviewReport
from tests.dashboard.samples import Sample

LONG = "-of-a-workload-with-a-name-as-long-as-aws-allows-it"


class Young(Sample):
    """Seven days by five minutes, of which only the last ``points`` have data."""

    def __init__(self, points: int = 4) -> None:
        super().__init__(minutes=7 * 1_440, period=300)
        self.young = self.n - points

    def _frame(self, **columns: Any) -> pd.DataFrame:
        whole = super()._frame(**columns)
        whole.iloc[: self.young] = np.nan
        return whole

    def overview(self, span: TimeRange) -> OverviewReport:
        full = super().overview(span)
        assert full.timeline is not None
        columns = {
            name: [np.nan] * self.young + list(values)[self.young :]
            for name, values in full.timeline.readings.columns.items()
        }
        fine = {name: points[self.young - self.n :] for name, points in full.timeline.readings.fine.items()}
        readings = replace(full.timeline.readings, columns=columns, fine=fine)
        return replace(full, timeline=replace(full.timeline, readings=readings, events=()))

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        full = super().cold_starts(span)
        since = pd.Timestamp.now("UTC") - pd.Timedelta(minutes=20)
        started = since + (full.invocations["started"] - full.invocations["started"].min()) / 1_000
        return replace(full, invocations=full.invocations.assign(started=started))


class Idle(Sample):
    """Metrics of which every value is 0: there is a queue, and nothing happens."""

    def __init__(self) -> None:
        super().__init__(trouble=False)
        zeros: Any = np.zeros(self.n)
        self.sent = self.done = self.depth = self.in_flight = self.age = self.dead = zeros
        self.timeouts = self.out_of_memory = self.executions = self.cold = zeros
        self.arriving = self.processed = 0.0


class Heavy(Sample):
    """Millions of messages, and thousands of failed invocations, of a workload with long names."""

    factor = 10_000

    def __init__(self) -> None:
        super().__init__(foreign=LONG)
        self.sent, self.done = self.sent * self.factor, self.done * self.factor
        self.depth, self.in_flight = self.depth * self.factor, self.in_flight * self.factor
        self.dead = self.dead * self.factor
        self.age = self.age * 1_000
        self.arriving, self.processed = self.arriving * self.factor, self.processed * self.factor
