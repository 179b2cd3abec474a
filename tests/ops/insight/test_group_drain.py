"""Message groups of a FIFO queue: the last one governs, by share and by chance."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from ops.errors import UsageError
from ops.insight.forecast import group_drain, group_turns
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.forecast import Goals, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import ScalingSettings
from tests.bench._drain_simulation import Case, Drain

NONE = np.empty(0)


def drained(groups: MessageGroups, arrivals: float = 0.0, limit: int | None = None, backlog: float = 6_000) -> float:
    load = Load(backlog, 0.0, ArrivalProfile((arrivals,)), 0.5, NONE, NONE, batch=10.0, groups=groups)
    law = ScalingSettings(maximum_concurrency=limit, groups=groups.number).law()
    found = forecast(load, law, Goals(345_600.0)).drained_s
    return math.inf if found is None else found.mid


def test_the_expected_largest_above_a_floor() -> None:
    drawn = np.maximum(50.0, np.random.default_rng(5).normal(45, 10, size=(20_000, 8)).max(axis=1)).mean()
    assert group_drain.largest_above(50.0, 45.0, 10.0, 8) == pytest.approx(drawn, rel=0.02)
    assert group_drain.largest_above(50.0, 10.0, 0.0, 8) == pytest.approx(50)


def test_one_group_is_one_invocation() -> None:
    assert drained(MessageGroups(1)) == pytest.approx(3_000, rel=0.01)


def test_groups_that_are_alike_end_a_little_after_their_mean() -> None:
    mean = 6_000 / 20 * 0.5
    assert mean < drained(MessageGroups(20)) < 1.25 * mean


def test_the_busiest_group_governs() -> None:
    assert drained(MessageGroups(20, 0.5)) == pytest.approx(1_500, rel=0.02)
    assert drained(MessageGroups(20, 0.5), arrivals=120) == pytest.approx(1_500 / (1 - 0.5), rel=0.03), (
        "1 a second of its own"
    )


def test_more_groups_than_may_run_are_drained_as_one() -> None:
    assert drained(MessageGroups(500), limit=10) == pytest.approx(6_000 / 10 * 0.5, rel=0.03)


@pytest.mark.parametrize(
    ("limit", "number", "batch", "per_minute"),
    [
        (20, 21, 5, 0.0),
        (20, 22, 10, 300.0),
        (20, 23, 1, 0.0),
        (30, 38, 1, 600.0),
        (10, 15, 5, 300.0),
        (12, 24, 1, 200.0),
    ],
)
def test_the_last_of_a_few_more_groups_is_drained_alone(limit: int, number: int, batch: int, per_minute: float) -> None:
    """Chance gives a group more messages than others, and in the end it has environments idle around it."""
    backlog = 60 * number * batch
    case = Case("", backlog, 300.0, (per_minute,), 3_600.0, limit, 0.0, limit, batch, 1.0, 0.2, number)
    simulated = statistics.fmean(Drain(case, seed).run().drained_s for seed in range(20))
    load = Load(
        backlog, 300.0, ArrivalProfile((per_minute,)), 1.0, NONE, NONE, float(batch), MessageGroups(number, None, 0.2)
    )
    law = ConcurrencyLaw(limit, 0.0, limit, "ESM MaximumConcurrency")
    found = forecast(load, law, Goals(1_209_600.0)).drained_s
    assert found is not None
    assert found.mid == pytest.approx(simulated, rel=0.04)


@pytest.mark.parametrize(
    ("limit", "number", "per_group", "load"), [(10, 17, 6, 0.83), (12, 36, 4, 0.75), (8, 14, 10, 0.8)]
)
def test_a_group_of_few_messages_is_drained_before_the_fluid_is(
    limit: int, number: int, per_group: int, load: float
) -> None:
    """At high load chance empties each group once, long before all of them are empty at the same time."""
    case = Case("", per_group * number, 60.0, (load * limit * 60,), 3_600.0, limit, 0.0, limit, 1, 1.0, 0.2, number)
    simulated = statistics.fmean(Drain(case, seed).run().drained_s for seed in range(60))
    waiting = Load(
        case.backlog, 60.0, ArrivalProfile(case.per_minute), 1.0, NONE, NONE, 1.0, MessageGroups(number, None, 0.2)
    )
    found = forecast(waiting, ConcurrencyLaw(limit, 0.0, limit, "ESM MaximumConcurrency"), Goals(1_209_600.0)).drained_s
    assert found is not None
    assert found.mid == pytest.approx(simulated, rel=0.07)


def test_no_more_than_the_groups_run_at_once_whatever_the_limit() -> None:
    """The concurrency that would drain sooner: 6,000 messages of 0.5 s need 30 at once to be done in about 100 s."""
    load = Load(6_000, 0.0, ArrivalProfile((0.0,)), 0.5, NONE, NONE, 10.0, MessageGroups(20))
    law = ScalingSettings(maximum_concurrency=5, groups=20).law()
    soon, later = (forecast(load, law, Goals(345_600.0, within_s=within_s)) for within_s in (100, 400))
    assert soon.goal_s == 3_600, "not within 100 s"
    assert later.goal_s == 400
    assert later.needed in range(8, 12)


def test_more_groups_are_needed_where_they_are_the_limit() -> None:
    load = Load(6_000, 0.0, ArrivalProfile((0.0,)), 0.5, NONE, NONE, 10.0, MessageGroups(5, 0.6))
    needed = forecast(load, ScalingSettings(groups=5).law(), Goals(345_600.0, within_s=300)).needed
    assert needed is not None and 10 <= needed <= 16
    assert drained(MessageGroups(needed)) <= 300 < drained(MessageGroups(needed - 1))


@pytest.mark.parametrize("busiest", [0.06, 0.09, 0.2, 0.5, 1.0])
def test_the_course_ends_when_the_backlog_is_drained_where_one_group_is_the_busiest(busiest: float) -> None:
    """Ten of twenty groups at once: the busiest has its share, and the others what it leaves."""
    load = Load(6_000, 600.0, ArrivalProfile((300.0,)), 0.5, NONE, NONE, 10.0, MessageGroups(20, busiest))
    found = forecast(load, ScalingSettings(maximum_concurrency=10, groups=20).law(), Goals(345_600.0))
    if found.drained_s is None:
        assert load.overloads(found.law)
        return
    assert found.course.concurrency.max() <= 10 + 1e-6
    empty_s = found.course.seconds[found.course.depth > 60][-1]
    assert found.drained_s.mid == pytest.approx(empty_s, rel=0.08)


def test_a_group_that_gets_more_than_it_does_is_never_drained() -> None:
    assert drained(MessageGroups(20, 0.9), arrivals=240) == math.inf
    assert drained(MessageGroups(20, 0.9), arrivals=240, backlog=0) == math.inf
    assert math.isfinite(drained(MessageGroups(20), arrivals=240))


@pytest.mark.parametrize(
    ("number", "busiest", "error"),
    [
        (0, None, "has at least one message group"),
        (4, 0.1, "has 25% to 100% of the messages"),
        (4, 1.1, "has 25% to 100% of the messages"),
        (4, -0.5, "has 25% to 100% of the messages"),
    ],
)
def test_groups_that_cannot_be(number: int, busiest: float | None, error: str) -> None:
    with pytest.raises(UsageError, match=error):
        MessageGroups(number, busiest)


@pytest.mark.parametrize("size", [1, 3, 10])
def test_the_batches_that_a_group_has_started_are_those_of_chance(size: int) -> None:
    messages = np.array([0.0, 0.5, 4.0, 60.0])
    drawn = np.random.default_rng(5).poisson(messages, size=(40_000, 4))
    found = group_turns.batches_taken(messages, size)
    assert found == pytest.approx(np.ceil(drawn / size).mean(axis=0), rel=0.02, abs=0.01)


def oldest(groups: MessageGroups, limit: int, seconds_per_message: float = 1.0, batch: float = 10.0) -> float:
    """The peak age of 20,000 messages, the first of which was sent 4,400 s ago."""
    load = Load(20_000, 4_400.0, ArrivalProfile((0.0,)), seconds_per_message, NONE, NONE, batch, groups)
    law = ScalingSettings(maximum_concurrency=limit, groups=groups.number).law()
    return forecast(load, law, Goals(1_209_600.0)).peak_age_s


def test_a_message_grows_older_until_it_is_its_groups_turn() -> None:
    """Five of twenty groups at once, ten seconds each: the last group's first turn is the fourth, after 30 s. Its oldest
    message was sent 5 to 15 s after the queue's first one, as chance has it."""
    assert 4_415 < oldest(MessageGroups(20), limit=5) < 4_425
    assert oldest(MessageGroups(20), limit=20) == pytest.approx(4_400, abs=5), "all at once"


def test_the_deadline_is_missed_when_the_peak_age_is_above_it() -> None:
    load = Load(20_000, 4_400.0, ArrivalProfile((0.0,)), 1.0, NONE, NONE, 10.0, MessageGroups(20))
    law = ScalingSettings(maximum_concurrency=5, groups=20).law()
    peak = forecast(load, law, Goals(1_209_600.0)).peak_age_s
    missed, met = (forecast(load, law, Goals(1_209_600.0, deadline_s=peak + more)) for more in (-1.0, 1.0))
    assert missed.deadline_missed_s is not None and 0 < missed.deadline_missed_s < 60, (
        "before the last group's first turn"
    )
    assert met.deadline_missed_s is None
    assert missed.course.age_s.max() == pytest.approx(peak), "the chart's line goes as high"


def test_one_message_at_a_time_waits_for_its_group_too() -> None:
    """A group's next message may be the queue's next one while the one before is at work."""
    few, many = (oldest(MessageGroups(20), limit, limit / 5, batch=1.0) for limit in (2, 16))
    assert few < 4_400 + 16 / 5 < many, "the more of the groups are at work, the more often"


def test_the_other_group_of_two_waits_for_no_turn_of_its_own() -> None:
    assert drained(MessageGroups(2, 0.6), limit=2) == pytest.approx(6_000 * 0.6 * 0.5, rel=0.02)
    law = ConcurrencyLaw(1.0, 0.0, 1.0, "reserved concurrency")
    load = Load(6_000, 0.0, ArrivalProfile((0.0,)), 0.5, NONE, NONE, 10.0, MessageGroups(2, 0.6))
    found = forecast(load, law, Goals(345_600.0)).drained_s
    assert found is not None
    assert found.mid == pytest.approx(3_000, rel=0.02)
