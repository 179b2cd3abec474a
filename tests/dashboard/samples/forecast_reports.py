"""Made-up forecasts, by the real model."""

from __future__ import annotations

import numpy as np

from dashboard.time_range import TimeRange
from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.drain_model import ArrivalProfile
from ops.insight.forecast.forecast import Goals
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import Environments, of_workload
from ops.insight.report_types import Finding, Level
from ops.insight.reports import forecast
from ops.insight.reports.forecast import ForecastReport
from tests.dashboard.samples.series import ALARM_AGE_S, SampleSeries
from tests.ops.insight.world import WORKLOAD

RETENTION_S = 345_600.0
SECONDS = 1.4


class ForecastReports(SampleSeries):
    def forecast(self, span: TimeRange, assumed: Assumed) -> ForecastReport:
        self.calls.append("forecast")
        settings = of_workload(WORKLOAD)
        assert settings is not None
        waiting = float(self.depth[-1] + self.in_flight[-1]) if assumed.backlog is None else assumed.backlog
        arrivals = self.arriving if assumed.arrivals_per_min is None else assumed.arrivals_per_min
        seconds = assumed.seconds_per_message or SECONDS
        deadline = assumed.deadline_s or ALARM_AGE_S
        goals = Goals(RETENTION_S, deadline)
        made = ForecastReport(
            finding=Finding(Level.NO_DATA, "No data: no message was processed in this time range."),
            backlog=waiting,
            arrivals_per_min=arrivals,
            arrivals_from="as given" if assumed.arrivals_per_min is not None else "observed, mean of 60 min",
            seconds_per_message=seconds,
            variants=(),
            course=forecast.NO_COURSE,
            deadline_s=deadline,
            retention_s=RETENTION_S,
            basis=(
                "arrivals: observed, mean of 60 min; lately 90/min: choose a shorter range (--minutes) to go by that",
                "time per message: 1.4 s, observed over 60 min",
                f"deadline: 2 min, the threshold of scilearn-oldest-message-age{self.foreign}",
            ),
            look=self.look_cost,
            age_lines=forecast.age_lines(goals),
            settings=settings,
            memory_mb=1_024,
        )
        arrival_factors, second_factors = np.random.default_rng(3).normal(1, 0.08, (2, 100))
        load = Load(
            waiting,
            float(self.age[-1]),
            ArrivalProfile((arrivals,)),
            seconds,
            arrival_factors,
            second_factors,
            batch=10.0,
        )
        return forecast.forecast_load(
            made, WORKLOAD, load, goals, settings, assumed.changes.variant(settings), Environments(4.0)
        )
