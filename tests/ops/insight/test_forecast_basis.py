"""What a forecast rests on: times, arrivals, intervals, and what is said where they are not known."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ops.errors import UsageError
from ops.insight.forecast import scaling_laws
from ops.insight.forecast.assumptions import Assumed
from ops.insight.report_types import Level
from tests.ops.insight.forecast_report import BUSY, drained, first, report
from tests.ops.insight.world import FUNCTION, MAPPING, WORKLOAD, Stage, without


def test_an_interval_comes_from_how_the_periods_differ(stage: Stage) -> None:
    uneven = BUSY | {"Duration": [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]}
    found = first(report(stage, uneven, visible=7_200)).forecast.drained_s
    assert found is not None
    assert found.low < 185 < 200 < found.high
    assert found.text == "3 min 12 s (2 min 49 s to 3 min 39 s)"
    assert first(report(stage, uneven, visible=7_200)).forecast.drained_s == found, "the same at each refresh"


def test_too_few_periods_give_no_interval(stage: Stage) -> None:
    short = {name: [None] * 4 + [value] * 6 for name, value in BUSY.items()}
    found = report(stage, short, visible=7_200)
    assert drained(found).low == drained(found).high
    assert "no interval: fewer than 8 periods were observed" in found.basis


def test_the_band_holds_the_line(stage: Stage) -> None:
    uneven = BUSY | {"Duration": [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]}
    path = report(stage, uneven, visible=7_200).course
    assert (path["depth_low"] <= path["depth"]).all()
    assert (path["depth"] <= path["depth_high"]).all()
    assert (path["age_high"] >= path["age_s"]).all()
    assert (path["depth_high"] > path["depth_low"]).any()


def test_time_between_batches_counts_where_messages_waited(stage: Stage) -> None:
    """Ten environments are there for 600 s a minute, of which 480 s are work."""
    waiting = BUSY | {"ApproximateNumberOfMessagesVisible": 5_000, "Duration": 480_000, "Invocations": 240}
    found = report(stage, waiting, visible=7_200)
    assert found.seconds_per_message == pytest.approx(2.5)
    assert found.basis[1] == (
        "time per message: 2 s at 1 message per batch and 500 ms until the next batch is there, while messages waited in "
        "the last 10 min"
    )
    faster = next(variant for variant in found.variants if variant.name == "a job 2 times as fast").forecast.drained_s
    assert faster is not None
    assert faster.mid == pytest.approx(7_200 / (10 / 1.5 - 4), rel=1e-2), "the gap stays"


def test_throttled_pollers_wait_longer(stage: Stage) -> None:
    """Reserved concurrency below what the mapping asks for: 5 environments are there for 300 s a minute, 240 s of it work."""
    waiting = BUSY | {
        "ApproximateNumberOfMessagesVisible": 5_000,
        "Duration": 240_000,
        "Invocations": 240,
        "ConcurrentExecutions": 5,
        "Throttles": 3,
    }
    throttled = without(function=replace(FUNCTION, reserved=5))
    alone = report(stage, waiting, visible=7_200, workload=throttled, assumed=Assumed(arrivals_per_min=0))
    assert drained(alone).mid == pytest.approx(7_200 * 1.25 / 5, rel=1e-2)
    unseen = report(stage, BUSY, visible=7_200, workload=throttled)
    assert first(unseen).note.startswith("the mapping asks for more than the limit and is throttled")


def test_time_between_batches_is_not_told_from_another_queues_work(stage: Stage) -> None:
    waiting = BUSY | {"ApproximateNumberOfMessagesVisible": 5_000, "Duration": 480_000, "Invocations": 240}
    found = report(stage, waiting, visible=7_200, workload=replace(WORKLOAD, other_mappings=(MAPPING,)))
    assert found.seconds_per_message == pytest.approx(2.0)


def test_new_environments_begin_with_their_init(stage: Stage) -> None:
    """Six environments ran lately; the other four start with ten seconds of INIT, and 4 a second arrive meanwhile."""
    cold = BUSY | {"ConcurrentExecutions": 6, "ColdStarts": 1, "InitDuration": 10_000}
    lost = drained(report(stage, cold, visible=7_200)).mid - drained(report(stage, visible=7_200)).mid
    assert lost == pytest.approx(4 * 10 / 0.25 / 36, rel=0.06)


def test_messages_that_are_received_twice_take_twice_the_time(stage: Stage) -> None:
    found = report(stage, BUSY | {"NumberOfMessagesDeleted": 120})
    assert found.seconds_per_message == pytest.approx(0.5)
    assert found.basis[1].endswith("times 2 receives, observed over 10 min")


def test_nothing_was_processed(stage: Stage) -> None:
    idle = {"NumberOfMessagesSent": 10}
    found = report(stage, idle, visible=10)
    assert found.now is None
    assert found.finding.level is Level.NO_DATA
    assert "the time per message is not known" in found.finding.text
    given = report(stage, idle, visible=10, assumed=Assumed(seconds_per_message=2.0))
    assert given.basis[1] == "time per message: as given"
    assert first(given).forecast.drained_s is not None


def test_nothing_reads_the_queue() -> None:
    assert scaling_laws.of_workload(without(mapping=None)) is None


def test_arrivals_of_an_earlier_day(stage: Stage) -> None:
    with pytest.raises(UsageError, match="CloudWatch has no arrivals of"):
        report(stage, visible=7_200, assumed=Assumed(days_ago=7))


def test_arrivals_of_now_that_are_not_those_of_the_range_are_said(stage: Stage) -> None:
    burst = BUSY | {"NumberOfMessagesSent": [0, 0, 0, 0, 0, 600, 600, 600, 600, 600]}
    found = report(stage, burst, visible=7_200)
    assert found.basis[0].startswith("arrivals: observed, mean of 10 min; lately 480/min: choose")


def test_metrics_with_gaps_and_late_points(stage: Stage) -> None:
    """Gaps are periods in which nothing happened, and the newest periods are not published yet."""
    gaps = {name: [value, None, value, value, None, value, value, value, None, None] for name, value in BUSY.items()}
    found = report(stage, gaps, visible=7_200)
    assert found.seconds_per_message == pytest.approx(0.25)
    assert found.arrivals_per_min == pytest.approx(240 * 6 / 8)
    assert math.isfinite(drained(found).mid)


def test_how_a_function_runs_changes_what_its_numbers_mean(stage: Stage) -> None:
    plain = report(stage, visible=7_200)
    durable = report(stage, visible=7_200, workload=replace(WORKLOAD, function=replace(FUNCTION, durable=True)))
    assert [text for text in durable.basis if "durable" in text]
    assert not [text for text in plain.basis if "durable" in text]
    managed = report(stage, visible=7_200, workload=replace(WORKLOAD, function=replace(FUNCTION, managed=True)))
    before, after = (first(one).usd for one in (plain, managed))
    assert before is not None and after is not None
    assert after == pytest.approx(7_200 / 8 * 2e-7 + 2 * 7_200 * 4e-7, rel=0.2), "requests of Lambda and SQS alone"
    assert before > 3 * after
