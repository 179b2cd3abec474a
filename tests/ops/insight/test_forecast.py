"""The forecast of a workload: what it rests on, its sentence, and what other settings would do."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import UsageError
from ops.insight.forecast import scaling_laws
from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.forecast import DrainQuantiles
from ops.insight.forecast.what_if import Changes, VariantForecast
from ops.insight.report_types import Level
from ops.insight.reports import forecast
from ops.insight.reports.forecast import ForecastReport
from ops.workload import Workload
from tests.ops.insight.world import FUNCTION, MAPPING, WINDOW, WORKLOAD, Stage, without, world

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


def test_a_backlog_is_drained_at_the_limit(stage: Stage) -> None:
    found = report(stage, visible=7_200)
    assert found.seconds_per_message == pytest.approx(0.25)
    assert found.arrivals_per_min == pytest.approx(240)
    # 10 environments do 40 a second, 4 a second arrive.
    assert drained(found).mid == pytest.approx(200, rel=1e-2)
    assert found.finding.text == (
        "OK: 7,200 messages drained in 3 min 21 s, with up to 10 concurrent executions (ESM MaximumConcurrency)."
    )
    assert found.basis[:3] == (
        "arrivals: observed, mean of 10 min",
        "time per message: 0.2 s at 8 messages per batch, observed over 10 min",
        "deadline: 9 min, the threshold of shop-age",
    )


def test_an_interval_comes_from_how_the_periods_differ(stage: Stage) -> None:
    uneven = BUSY | {"Duration": [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]}
    found = first(report(stage, uneven, visible=7_200)).forecast.drained_s
    assert found is not None
    assert found.low < 185 < 200 < found.high
    assert found.text == "3 min 13 s (2 min 50 s to 3 min 32 s)"
    assert first(report(stage, uneven, visible=7_200)).forecast.drained_s == found, "the same at each refresh"


def test_time_between_batches_counts_where_messages_waited(stage: Stage) -> None:
    """Ten environments are there for 600 s a minute, of which 480 s are work."""
    waiting = BUSY | {"ApproximateNumberOfMessagesVisible": 5_000, "Duration": 480_000, "Invocations": 240}
    found = report(stage, waiting, visible=7_200)
    assert found.seconds_per_message == pytest.approx(2.5)
    assert found.basis[1] == (
        "time per message: 2 s at 1 message per batch and 500 ms until the next batch is there, while messages waited in "
        "the last 10 min"
    )
    faster = next(one for one in found.variants if one.name == "a job 2 times as fast").forecast.drained_s
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


def test_a_batching_window_comes_on_top_of_the_work_before(stage: Stage) -> None:
    """A batch of eight takes 2 s: the last one waits 20 s for more, in half a batch's place."""
    as_it_is, asked = (
        drained(report(stage, visible=7_200, assumed=Assumed(changes=changes))).mid
        for changes in (Changes(), Changes(window_s=20))
    )
    assert asked == pytest.approx(as_it_is + 19)


def test_too_few_periods_give_no_interval(stage: Stage) -> None:
    short = {name: [None] * 4 + [value] * 6 for name, value in BUSY.items()}
    found = report(stage, short, visible=7_200)
    assert drained(found).low == drained(found).high
    assert "no interval: fewer than 8 periods were observed" in found.basis


def test_it_is_never_drained_and_says_the_number_that_would(stage: Stage) -> None:
    flooded = BUSY | {"NumberOfMessagesSent": 3_000}
    found = report(stage, flooded, visible=7_200)
    assert found.finding.level is Level.ACT
    assert found.finding.text == (
        "Critical: never drained: 3,000/min arriving need 13 concurrent executions, and at most 10 run "
        "(ESM MaximumConcurrency); 16 would drain it in 9 min; messages expire unprocessed in 19 d 23 h (retention 4 d)."
    )
    assert not found.in_time
    assert first(found).usd is None


def test_more_arrives_than_is_done_though_nothing_waits_yet(stage: Stage) -> None:
    found = report(stage, BUSY | {"NumberOfMessagesSent": 3_000})
    assert found.finding.level is Level.ACT
    assert "never drained" in found.finding.text


def test_nothing_waits(stage: Stage) -> None:
    found = report(stage)
    assert found.finding.text == (
        "OK: no backlog; 240/min arriving keep 1 of 10 concurrent executions (ESM MaximumConcurrency) busy."
    )


def test_a_backlog_that_may_never_be_drained_is_a_warning(stage: Stage) -> None:
    """At the mean, 2,400 a minute can be processed; the periods differ, and in some of the samples fewer than arrive."""
    durations = [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]
    uneven = BUSY | {"Duration": durations}
    found = report(stage, uneven, visible=7_200, assumed=Assumed(arrivals_per_min=2_300, deadline_s=90_000))
    assert drained(found).high == math.inf
    assert found.finding.level is Level.WATCH
    assert "to never)" in found.finding.text


def test_a_deadline_that_is_missed_on_the_way(stage: Stage) -> None:
    found = report(stage, visible=7_200, assumed=Assumed(deadline_s=90))
    assert found.finding.level is Level.WATCH
    assert found.finding.text.startswith("Warning: the oldest message is older than 90 s in ")


def test_a_mapping_that_is_off(stage: Stage) -> None:
    found = report(stage, visible=7_200, workload=without(mapping=replace(MAPPING, state="Disabled")))
    assert found.finding.level is Level.ACT
    assert found.finding.text == "Critical: the event source mapping is off: nothing is drained until it is on."


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_a_mapping_that_may_be_off(stage: Stage, state: str) -> None:
    found = report(stage, visible=7_200, workload=without(mapping=replace(MAPPING, state=state)))
    assert f"the event source mapping is {state}: it may be off" in found.finding.text
    assert found.finding.level is not Level.OK


def test_messages_that_are_received_twice_take_twice_the_time(stage: Stage) -> None:
    found = report(stage, BUSY | {"NumberOfMessagesDeleted": 120})
    assert found.seconds_per_message == pytest.approx(0.5)
    assert found.basis[1].endswith("times 2 receives, observed over 10 min")


def test_nothing_was_processed(stage: Stage) -> None:
    idle = {"NumberOfMessagesSent": 10}
    found = report(stage, idle, visible=10)
    assert found.now is None
    assert found.finding.level is Level.UNKNOWN
    assert "the time per message is not known" in found.finding.text
    given = report(stage, idle, visible=10, assumed=Assumed(seconds_per_message=2.0))
    assert given.basis[1] == "time per message: as given"
    assert first(given).forecast.drained_s is not None


def test_what_other_settings_would_do(stage: Stage) -> None:
    found = report(stage, visible=72_000)
    by_name = {one.name: one for one in found.variants}
    assert list(by_name) == [
        "as it is",
        "maximum concurrency 20",
        "no maximum concurrency",
        "2 to 200 provisioned pollers",
        "a job 2 times as fast",
    ]
    minutes = {name: one.forecast.drained_s.mid / 60 for name, one in by_name.items() if one.forecast.drained_s}
    assert minutes["as it is"] == pytest.approx(33.3, rel=1e-2)
    assert minutes["maximum concurrency 20"] == pytest.approx(15.8, rel=1e-2)
    assert minutes["no maximum concurrency"] < minutes["maximum concurrency 20"]
    assert minutes["a job 2 times as fast"] == pytest.approx(15.8, rel=1e-2)
    dollars = {name: one.usd for name, one in by_name.items()}
    now, faster = dollars["as it is"], dollars["a job 2 times as fast"]
    assert now is not None and faster is not None
    # 80,000 messages of 0.25 s at 1 GB on arm64, 8,000 invocations, 160,000 requests of SQS.
    assert now == pytest.approx(80_000 * 0.25 * 0.0000133334 + 8_000 * 2e-7 + 160_000 * 4e-7, rel=1e-2)
    assert faster < now
    assert by_name["2 to 200 provisioned pollers"].usd_month_idle == pytest.approx(13.505, rel=1e-3)
    # A month of 240 a minute, 8 in a batch.
    month = 240 * 60 * 730 * (0.25 * 0.0000133334 + 2e-7 / 8 + 2 * 4e-7)
    assert by_name["as it is"].usd_month == pytest.approx(month, rel=1e-3)
    assert by_name["2 to 200 provisioned pollers"].usd_month == pytest.approx(month + 13.505, rel=1e-3)


def test_a_setting_that_is_asked_about_comes_first(stage: Stage) -> None:
    found = report(stage, visible=7_200, assumed=Assumed(changes=Changes(maximum_concurrency=5)))
    assert [one.name for one in found.variants[:2]] == ["maximum concurrency 5", "as it is"]
    assert "up to 5 concurrent executions" in found.finding.text


def test_arrivals_of_an_earlier_day(stage: Stage) -> None:
    with pytest.raises(UsageError, match="CloudWatch has no arrivals of"):
        report(stage, visible=7_200, assumed=Assumed(days_ago=7))


def test_a_fifo_queue_says_what_it_assumes(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, visible=7_200, workload=fifo)
    assert any("enough message groups are active" in line for line in found.basis)


def test_nothing_reads_the_queue() -> None:
    assert scaling_laws.of_workload(without(mapping=None)) is None


def test_a_few_slow_messages_take_at_least_the_time_of_one(stage: Stage) -> None:
    slow = Assumed(backlog=5, arrivals_per_min=0.0, seconds_per_message=900.0)
    assert drained(report(stage, assumed=slow)).mid == pytest.approx(900, rel=0.05)


@pytest.mark.parametrize(
    ("changes", "name", "note"),
    [
        (Changes(batch_size=5), "batch size 5", ""),
        (
            Changes(batch_size=1_000, window_s=5),
            "batch size 1,000, batching window 5 s",
            "a full batch of 1,000 takes 4 min 10 s: above the function's timeout of 60 s",
        ),
        (Changes(window_s=20), "batching window 20 s", "a message waits up to 20 s for its batch to fill"),
        (
            Changes(memory_mb=2_048),
            "memory 2,048 MB",
            "memory changes the price alone here; how much the job's time follows is not known: one that only calculates would "
            "be about 1.7 times as fast (--faster)",
        ),
    ],
)
def test_what_a_setting_costs_and_what_speaks_against_it(stage: Stage, changes: Changes, name: str, note: str) -> None:
    asked, now = report(stage, visible=7_200, assumed=Assumed(changes=changes)).variants[:2]
    assert (asked.name, asked.note) == (name, note)
    assert asked.usd is not None
    assert now.usd is not None
    if changes.memory_mb:
        assert asked.usd / now.usd == pytest.approx(1.8, abs=0.2), "twice the price of a second, and no faster"
    elif changes.batch_size == 5:
        assert asked.usd > now.usd, "more invocations"


def test_a_batch_above_ten_needs_a_window(stage: Stage) -> None:
    with pytest.raises(UsageError, match="needs a batching window"):
        report(stage, visible=10, assumed=Assumed(changes=Changes(batch_size=100)))


def test_metrics_with_gaps_and_late_points(stage: Stage) -> None:
    """Gaps are periods in which nothing happened, and the newest periods are not published yet."""
    gaps = {name: [value, None, value, value, None, value, value, value, None, None] for name, value in BUSY.items()}
    found = report(stage, gaps, visible=7_200)
    assert found.seconds_per_message == pytest.approx(0.25)
    assert found.arrivals_per_min == pytest.approx(240 * 6 / 8)
    assert math.isfinite(drained(found).mid)


def test_arrivals_of_now_that_are_not_those_of_the_range_are_said(stage: Stage) -> None:
    burst = BUSY | {"NumberOfMessagesSent": [0, 0, 0, 0, 0, 600, 600, 600, 600, 600]}
    found = report(stage, burst, visible=7_200)
    assert found.basis[0].startswith("arrivals: observed, mean of 10 min; lately 480/min: choose")


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
    assert "never drained" in found.finding.text
    assert "the job would have to be more than 1.2 times as fast" in found.finding.text


def test_groups_in_flight_are_observed(stage: Stage) -> None:
    fifo = without(queue=replace(WORKLOAD.queue, fifo=True))
    found = report(stage, BUSY | {"ApproximateNumberOfGroupsWithInflightMessages": 4}, 7_200, fifo)
    assert first(found).forecast.law.limited_by == "message groups"
    assert any(line.startswith("message groups: 4 in flight at most") for line in found.basis)


def test_message_groups_of_a_standard_queue_are_refused(stage: Stage) -> None:
    with pytest.raises(UsageError, match="jobs is a standard queue"):
        report(stage, visible=10, assumed=Assumed(groups=4))


def test_the_band_holds_the_line(stage: Stage) -> None:
    uneven = BUSY | {"Duration": [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]}
    path = report(stage, uneven, visible=7_200).course
    assert (path["depth_low"] <= path["depth"]).all()
    assert (path["depth"] <= path["depth_high"]).all()
    assert (path["age_high"] >= path["age_s"]).all()
    assert (path["depth_high"] > path["depth_low"]).any()
