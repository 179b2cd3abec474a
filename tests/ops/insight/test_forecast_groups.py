"""Message groups of a FIFO queue in the forecast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.errors import UsageError
from ops.insight.forecast.assumptions import Assumed
from tests.ops.insight.forecast_report import BUSY, drained, first, report
from tests.ops.insight.world import WORKLOAD, Stage, without


def test_a_fifo_queue_says_what_it_assumes(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, visible=7_200, workload=fifo)
    assert any("enough message groups are active" in line for line in found.basis)


def test_the_busiest_group_governs_a_fifo_queue(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    alike, skewed = (
        drained(report(stage, BUSY | {"NumberOfMessagesSent": 1}, 7_200, fifo, Assumed(groups=10, busiest_group=share)))
        for share in (None, 0.5)
    )
    assert alike.mid == pytest.approx(720 * 0.25, rel=0.15), "a tenth of the messages, one at a time"
    assert skewed.mid == pytest.approx(3_600 * 0.25, rel=0.05), "half of them"


def test_a_busiest_group_that_gets_more_than_it_does_is_never_drained(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, BUSY, 7_200, fifo, Assumed(groups=5, busiest_group=1.0, arrivals_per_min=300))
    assert (
        "never drained: of 300/min arriving, the busiest message group gets more than one invocation can do"
        in found.finding.text
    )
    assert "the job would have to be more than 1.2 times as fast" in found.finding.text


def test_groups_in_flight_are_observed(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, BUSY | {"ApproximateNumberOfGroupsWithInflightMessages": 4}, 7_200, fifo)
    assert first(found).forecast.law.limited_by == "message groups"
    assert any(line.startswith("message groups: 4 in flight at most") for line in found.basis)


def test_message_groups_of_a_standard_queue_are_refused(stage: Stage) -> None:
    with pytest.raises(UsageError, match="jobs is a standard queue"):
        report(stage, visible=10, assumed=Assumed(groups=4))
