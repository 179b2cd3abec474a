"""What the alarms on errors and durations look at is asked for, beside all else, in one call."""

from __future__ import annotations

import pytest

from ops.insight import cold_starts
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, world


def test_errors_and_durations_come_with_the_page(stage: Stage) -> None:
    points = [3.0]
    with world(stage, {"Errors": points, "Duration": points}) as (aws, fake):
        found = cold_starts.report(aws, WORKLOAD, WINDOW)
    assert fake.count("GetMetricData") == 1
    assert found.health.iloc[0].to_dict() == pytest.approx({"errors": 3.0, "p50_ms": 3.0, "p95_ms": 3.0})
    assert [line.name for line in found.duration_lines] == ["timeout"]
