"""The forecast of a stage, and how to read it."""

from __future__ import annotations

from typing import Any

from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.drain_quantiles import DrainQuantiles
from ops.insight.forecast.what_if import VariantForecast
from ops.insight.reports import forecast
from ops.insight.reports.forecast import ForecastReport
from ops.workload import Workload
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world

BUSY = {
    "ConcurrentExecutions": 10,
    "Invocations": 30,
    "Duration": 60_000,
    "NumberOfMessagesReceived": 240,
    "NumberOfMessagesSent": 240,
    "NumberOfMessagesDeleted": 240,
    "ApproximateNumberOfMessagesVisible": 9,
    "ApproximateAgeOfOldestMessage": 60,
}
"""Each minute 240 messages of 0.25 s: one environment is busy, and ten are allowed."""


def report(
    stage: Stage,
    metrics: dict[str, Any] | None = None,
    visible: int = 0,
    workload: Workload = WORKLOAD,
    assumed: Assumed | None = None,
) -> ForecastReport:
    with world(stage, BUSY if metrics is None else metrics, depths={"jobs": (visible, 0)}) as (aws, _):
        return forecast.report(aws, workload, WINDOW, assumed)


def first(found: ForecastReport) -> VariantForecast:
    assert found.now is not None
    return found.now


def drained(found: ForecastReport) -> DrainQuantiles:
    interval = first(found).forecast.drained_s
    assert interval is not None
    return interval
