"""The forecast of a workload: when it is drained, and its sentence."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.chance import SAMPLES, Chance
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.drain_quantiles import DrainQuantiles
from ops.insight.forecast.forecast import Forecast, Goals, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.load import Load
from ops.insight.forecast.sentences import drain, why_wide
from ops.insight.report_types import Level
from tests.ops.insight.forecast_report import BUSY, drained, first, report
from tests.ops.insight.world import MAPPING, Stage, without


def test_a_backlog_is_drained_at_the_limit(stage: Stage) -> None:
    found = report(stage, visible=7_200)
    assert found.seconds_per_message == pytest.approx(0.25)
    assert found.arrivals_per_min == pytest.approx(240)
    # 10 environments do 40 a second, 4 a second arrive.
    assert drained(found).mid == pytest.approx(200, rel=1e-2)
    assert found.finding.text == (
        "OK: 7,200 messages drained in 3 min 21 s (3 min 20 s to 3 min 22 s), with up to 10 concurrent executions "
        "(ESM MaximumConcurrency)."
    )
    assert found.basis[:3] == (
        "arrivals: observed, mean of 10 min",
        "time per message: 0.2 s at 8 messages per batch, observed over 10 min",
        "deadline: 9 min, the threshold of shop-age",
    )


def test_it_is_never_drained_and_says_the_number_that_would(stage: Stage) -> None:
    flooded = BUSY | {"NumberOfMessagesSent": 3_000}
    found = report(stage, flooded, visible=7_200)
    assert found.finding.level is Level.CRITICAL
    assert found.finding.text == (
        "Critical: never drained: 3,000/min arriving need 13 concurrent executions, and at most 10 run "
        "(ESM MaximumConcurrency); 16 would drain it in 9 min; messages expire unprocessed in 19 d 23 h (retention 4 d)."
    )
    assert not found.in_time
    assert first(found).usd is None


def test_more_arrives_than_is_done_though_nothing_waits_yet(stage: Stage) -> None:
    found = report(stage, BUSY | {"NumberOfMessagesSent": 3_000})
    assert found.finding.level is Level.CRITICAL
    assert "never drained" in found.finding.text
    assert first(found).forecast.drained_text == "never"


def test_nothing_waits(stage: Stage) -> None:
    found = report(stage)
    assert found.finding.text == (
        "OK: no backlog; 240/min arriving keep 1 of 10 concurrent executions (ESM MaximumConcurrency) busy."
    )


def test_without_a_backlog_and_arrivals_nothing_is_said_to_be_busy(stage: Stage) -> None:
    assert report(stage, assumed=Assumed(arrivals_per_min=0)).finding.text == "OK: no backlog, and no message arrives."


def test_a_backlog_that_may_never_be_drained_is_a_warning(stage: Stage) -> None:
    """At the mean, 2,400 a minute can be processed; the periods differ, and in some of the samples fewer than arrive."""
    durations = [20_000, 100_000, 50_000, 70_000, 30_000, 90_000, 60_000, 60_000, 40_000, 80_000]
    uneven = BUSY | {"Duration": durations}
    found = report(stage, uneven, visible=7_200, assumed=Assumed(arrivals_per_min=2_300, deadline_s=90_000))
    assert drained(found).high == math.inf
    assert found.finding.level is Level.WARNING
    assert "drained in 15 min to over 14 d (median 37 min), with up to" in found.finding.text
    late = report(stage, uneven, visible=7_200, assumed=Assumed(arrivals_per_min=2_300, deadline_s=10)).finding
    assert "the oldest message is older than 10 s" in late.text
    assert late.text.count("7,200 messages drained") == 1, "said once"
    assert "arrivals alone need 92% of the limit, so a small change moves the end far" in found.finding.text
    assert "small change" not in found.finding.headline and "small change" in found.finding.chips[0]


def test_an_almost_empty_queue_has_one_time_and_no_wide_interval() -> None:
    assert not DrainQuantiles(0.02, 0.0, 0.1).wide
    assert DrainQuantiles(0.02, 0.0, 0.1).text == "0 s (0 s to 0.1 s)"
    assert DrainQuantiles(300, 120, 400).wide


def test_given_rates_near_the_capacity_give_a_wide_interval(stage: Stage) -> None:
    """8 environments do 16 a second, and chance decides when the queue is empty, however exactly the rates are known."""
    near = Assumed(backlog=500, arrivals_per_min=930, seconds_per_message=0.625)
    found = report(stage, assumed=near)
    assert drained(found).wide
    assert any(line.startswith("interval: takes what is given as exact") for line in found.basis)
    calm = report(stage, assumed=replace(near, arrivals_per_min=100))
    assert not drained(calm).wide
    assert drained(calm).high < 1.2 * drained(calm).low


def nearly_empty(backlog: float) -> tuple[Load, Forecast]:
    """15 a second are done: after ten minutes a few messages wait, give or take 100, and then 6,000 more arrive than are done."""
    arrivals = ArrivalProfile((600.0, 1_500.0, 0.0, 0.0), step_s=600)
    load = Load(backlog, 0.0, arrivals, 1.0, np.ones(SAMPLES), np.ones(SAMPLES), batch=1.0)
    return load, forecast(load, ConcurrencyLaw(15, 0, 15, "ESM MaximumConcurrency"), Goals(345_600.0))


def test_a_queue_that_may_be_empty_before_it_fills_again_is_said() -> None:
    """Of 20,000 random walks, 46% have no message waiting within the first ten minutes."""
    load, found = nearly_empty(3_015)
    assert found.drained_s is not None
    assert found.drained_s.wide
    assert found.drained_s.low < 620 and found.drained_s.high > 1_500
    assert why_wide(load, found) == "arrivals vary, and the queue may be empty before it fills again"
    assert found.drained_s.either is not None
    before, after = found.drained_s.either
    assert before < 620 and after > 1_500
    assert "a rough estimate: the queue may be empty after about " in (drain(load, found).whole)


def test_the_median_is_after_the_refill_where_most_drains_are() -> None:
    """Of 20,000 random walks, 39% have no message waiting within the first ten minutes."""
    _, found = nearly_empty(3_030)
    assert found.drained_s is not None
    assert found.drained_s.low < 620 and 1_580 < found.drained_s.mid < found.drained_s.high


@pytest.mark.parametrize(
    ("backlog", "quantiles"), [(3, (0.3, 0.35, 1.0)), (10, (0.5, 1.0, 3.8)), (50, (3.5, 6.9, 14.4))]
)
def test_a_few_messages_of_arrivals_in_bursts(backlog: float, quantiles: tuple[float, float, float]) -> None:
    """Quantiles of 4,000 random walks, and 0.3 s for the last message. Nothing waits almost at once, or after one more burst."""
    one = np.ones(SAMPLES)
    load = Load(backlog, 0.0, ArrivalProfile((219.0,)), 0.3, one, one, batch=1.0, chance=Chance(20.0, 5.0))
    found = forecast(load, ConcurrencyLaw(3, 0, 3, "ESM MaximumConcurrency"), Goals(345_600.0)).drained_s
    assert found is not None
    assert (found.low, found.mid, found.high) == pytest.approx(quantiles, rel=0.15, abs=0.3)


def test_the_last_of_groups_with_a_few_messages_each_near_the_capacity() -> None:
    """The median of 4,000 simulated drains is 3,071 s, give or take 1.3%."""
    groups = MessageGroups(28, batch_variation=0.2)
    one, chance = np.ones(SAMPLES), Chance(1.0, groups.batch_variation**2)
    load = Load(150, 0.0, ArrivalProfile((180.354,)), 8.6057, one, one, batch=1.0, chance=chance, groups=groups)
    found = forecast(load, ConcurrencyLaw(5, 300, 28, "message groups"), Goals(345_600.0)).drained_s
    assert found is not None
    assert found.mid == pytest.approx(3_071, rel=0.03)


def test_message_groups_that_a_burst_catches_half_the_time_have_two_times() -> None:
    """Of 400 simulated drains 40% end by 450 s, before the last group waits behind the burst, and 60% after 541 s."""
    arrivals = ArrivalProfile((1_733.0,) * 4 + (3_188.0,) + (1_733.0,) * 3, step_s=37.64)
    groups = MessageGroups(26, batch_variation=0.2)
    chance = Chance(1.0, groups.batch_variation**2 * 5)
    load = Load(
        3_452, 0.0, arrivals, 0.6274, np.ones(SAMPLES), np.ones(SAMPLES), batch=5.0, chance=chance, groups=groups
    )
    found = forecast(load, ConcurrencyLaw(5, 300, 26, "message groups"), Goals(345_600.0))
    assert found.drained_s is not None
    assert found.drained_s.either is not None
    assert list(found.drained_s.either) == pytest.approx([452, 540], rel=0.02)


def test_a_backlog_that_takes_longer_than_any_retention_is_not_called_never(stage: Stage) -> None:
    found = report(stage, BUSY | {"NumberOfMessagesSent": 10}, visible=90_000_000)
    assert first(found).forecast.drained_text == "not within 14 d"
    assert found.finding.text.startswith(
        "Critical: 90,000,000 messages are not drained within 14 d, with up to 10 concurrent executions "
        "(ESM MaximumConcurrency)"
    )


def test_a_deadline_that_is_missed_on_the_way(stage: Stage) -> None:
    found = report(stage, visible=7_200, assumed=Assumed(deadline_s=90))
    assert found.finding.level is Level.WARNING
    assert found.finding.text.startswith("Warning: the oldest message is older than 90 s in ")
    assert "drained" not in found.finding.headline, "a phone shows the headline in a few lines"
    assert found.finding.chips[0].startswith("7,200 messages drained in ")


def test_a_mapping_that_is_off(stage: Stage) -> None:
    found = report(stage, visible=7_200, workload=without(mapping=replace(MAPPING, state="Disabled")))
    assert found.finding.level is Level.CRITICAL
    assert found.finding.text == (
        "Critical: the event source mapping is off: nothing is drained until it is on; "
        "the oldest message expires in 3 d 23 h (retention 4 d)."
    )
    too_slow = report(
        stage,
        BUSY | {"NumberOfMessagesSent": 10},
        visible=90_000_000,
        workload=without(mapping=replace(MAPPING, state="Disabled")),
    )
    assert "; if it were on now: 90,000,000 messages are not drained within 14 d" in too_slow.finding.text
    assert too_slow.finding.text.count("expire") == 1, "only what is true while the mapping is off"


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_a_mapping_that_may_be_off(stage: Stage, state: str) -> None:
    found = report(stage, visible=7_200, workload=without(mapping=replace(MAPPING, state=state)))
    assert f"the event source mapping is {state}: it may be off" in found.finding.text
    assert found.finding.level is not Level.OK


def test_a_few_slow_messages_take_at_least_the_time_of_one(stage: Stage) -> None:
    slow = Assumed(backlog=5, arrivals_per_min=0.0, seconds_per_message=900.0)
    assert drained(report(stage, assumed=slow)).mid == pytest.approx(900, rel=0.05)
