"""The cost report of a stage, and how to read it."""

from __future__ import annotations

from typing import Any

from ops.insight.reports import cost
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost.cost_model import Assumptions
from ops.workload import Workload
from tests.ops.insight.world import MINUTES, WINDOW, WORKLOAD, Stage, world

USE = {
    "NumberOfMessagesSent": 60,
    "NumberOfMessagesReceived": 60,
    "NumberOfMessagesDeleted": 60,
    "NumberOfEmptyReceives": 3,
    "SentMessageSize": 1_000,
    "Invocations": 10,
    "Duration": 9_000,
    "BilledDuration": 10_000,
    "InitDuration": 1_000,
    "JobsSucceeded": 50,
    "JobsRejected": 10,
}


FULL = MINUTES - 1
"""Minutes that are over."""


def report(
    stage: Stage,
    metrics: dict[str, Any],
    workload: Workload = WORKLOAD,
    assumptions: Assumptions | None = None,
    lines: tuple[str, ...] = (),
) -> CostReport:
    with world(stage, metrics, log_lines=lines) as (aws, fake):
        found = cost.report(aws, workload, WINDOW, assumptions)
    assert fake.count("GetMetricData") <= 2, "the range, and a week before"
    return found


def part(found: CostReport, component: str) -> float:
    return float(found.parts.set_index("component")["usd"][component])
