"""The fluid model: against the closed form, and where a drain never ends."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from ops.errors import UsageError
from ops.esm_scaling import ScalingObservation, ScalingPolicy, begin, step
from ops.insight.forecast.chance import SAMPLES, Chance
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw, course, empty_seconds, lowest, paths
from ops.insight.forecast.forecast import Goals, forecast
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import Environments, ScalingSettings

ONE, NONE = np.ones(1), np.empty(0)


def closed_form(backlog: float, arrivals_per_min: float, seconds: float, limit: int) -> float | None:
    """Of a mapping with a MaximumConcurrency: while ramping, work done by t is start·t + growth·t²/2."""
    start, growth = min(5.0, float(limit)), 300 / 60
    arriving = arrivals_per_min / 60 * seconds
    owed = backlog * seconds
    rising = start - arriving
    ramping = (-rising + math.sqrt(rising * rising + 2 * growth * owed)) / growth
    ramp_ends = (limit - start) / growth
    if ramping <= ramp_ends:
        return ramping
    if limit <= arriving:
        return None
    left = owed + arriving * ramp_ends - (start + limit) / 2 * ramp_ends
    return ramp_ends + left / (limit - arriving)


def drained(backlog: float, per_minute: float, law: ConcurrencyLaw, seconds: float) -> float:
    return float(empty_seconds(backlog, ArrivalProfile((per_minute,)), law, ONE * seconds, ONE)[0])


@pytest.mark.parametrize("seed", range(40))
def test_the_time_is_that_of_the_closed_form(seed: int) -> None:
    pick = random.Random(seed)
    limit, seconds = pick.randint(2, 1_000), pick.uniform(0.05, 5)
    arrivals = pick.uniform(0, 0.95) * limit / seconds * 60
    backlog = 10 ** pick.uniform(4, 8)
    law = ScalingSettings(maximum_concurrency=limit).law()
    expected = closed_form(backlog, arrivals, seconds, limit)
    assert expected is not None
    assert drained(backlog, arrivals, law, seconds) == pytest.approx(expected, rel=1e-3)


def test_it_agrees_with_stepping_through_the_law() -> None:
    chance = random.Random(3)
    for _ in range(8):
        most, seconds = chance.randint(2, 400), chance.choice([0.05, 0.4, 2.0])
        backlog, arrivals = chance.uniform(500, 50_000), chance.uniform(0, 60 * most / seconds * 0.7)
        found = drained(backlog, arrivals, ScalingSettings(maximum_concurrency=most).law(), seconds)
        assert found == pytest.approx(_stepped(backlog, arrivals, seconds, most), rel=0.02, abs=0.5)


def _stepped(backlog: float, arrivals: float, seconds: float, most: int) -> float:
    law = ScalingPolicy(maximum_concurrency=most)
    ramp, left, at, tick = begin(law), backlog, 0.0, 0.05
    while left > 0:
        left += arrivals / 60 * tick - ramp.allowed * tick / seconds
        ramp = step(law, ramp, ScalingObservation(tick, available=True))
        at += tick
    return at


def test_it_is_never_drained_where_more_arrives_than_the_limit_can_do() -> None:
    law = ScalingSettings(maximum_concurrency=10).law()
    assert drained(1_000, 1_300, law, 0.5) == math.inf
    assert math.isfinite(drained(1_000, 1_100, law, 0.5))


def test_no_backlog_takes_no_time() -> None:
    assert drained(0, 1_300, ScalingSettings(maximum_concurrency=10).law(), 0.5) == 0


def test_samples_are_independent_of_each_other() -> None:
    law = ScalingSettings(maximum_concurrency=20).law()
    seconds, factors = np.array([0.2, 0.5, 30.0]), np.array([1.0, 0.5, 1.0])
    together = empty_seconds(5_000, ArrivalProfile((600.0,)), law, seconds, factors)
    for number in range(2):
        alone = empty_seconds(5_000, ArrivalProfile((600.0 * factors[number],)), law, seconds[number : number + 1], ONE)
        assert together[number] == pytest.approx(alone[0], rel=2e-2)
    assert together[2] == math.inf, "10 a second arrive, and 20 environments do less than one"


def test_arrivals_by_the_hour_repeat() -> None:
    profile = ArrivalProfile((60.0, 0.0), step_s=100)
    assert profile.total(np.array([0.0, 50.0, 100.0, 150.0, 200.0, 250.0])) == pytest.approx(
        [0, 50, 100, 100, 100, 150]
    )
    assert profile.mean_per_minute == 30


def test_a_quiet_hour_drains_what_a_busy_one_left() -> None:
    law = ConcurrencyLaw(15, 0, 15, "limit")  # 15 a second
    busy_first = ArrivalProfile((1_200.0, 0.0), step_s=600)
    assert empty_seconds(1_000, busy_first, law, ONE, ONE)[0] == pytest.approx(600 + 4_000 / 15, rel=1e-2)
    path = course(1_000, 0, busy_first, law, 1.0, 1_400)
    assert path.depth.max() == pytest.approx(4_000, rel=1e-2)
    # The last message of the busy time waits for the 4,000 before it.
    assert path.age_s.max() == pytest.approx(4_000 / 15, rel=2e-2)
    assert path.depth[-1] == pytest.approx(1_000, rel=0.1), "after 200 s of the next busy time"


def test_the_oldest_message_ages_until_the_backlog_is_gone() -> None:
    law = ConcurrencyLaw(10, 0, 10, "limit")
    path = course(600, 300, ArrivalProfile((0.0,)), law, 1.0, 70)
    assert path.age_s[0] == pytest.approx(300)
    assert path.age_s.max() == pytest.approx(300), "taken faster than it arrived, each next one is younger"
    assert path.first_older_than(299) == 0
    assert path.first_older_than(301) is None
    slow = course(600, 30, ArrivalProfile((0.0,)), law, 1.0, 70)
    assert slow.first_older_than(45) == pytest.approx(30, rel=0.1), "the head ages by half a second each second"


def test_the_concurrency_that_would_drain_in_time() -> None:
    law = ScalingSettings(maximum_concurrency=5).law()
    load = Load(60_000, 0.0, ArrivalProfile((600.0,)), 0.5, NONE, NONE)
    needed = forecast(load, law, Goals(345_600.0, within_s=3_600)).needed
    assert needed is not None
    found = [drained(60_000, 600, ConcurrencyLaw(5, 300, limit, ""), 0.5) for limit in (needed - 1, needed)]
    assert found[0] > 3_600 >= found[1]
    endless = replace(load, backlog=1e12, seconds_per_message=10)
    assert forecast(endless, law, Goals(345_600.0, within_s=60)).needed is None


@pytest.mark.parametrize(("least", "found"), [(1, 1), (2, 2), (37, 37), (1_000, 1_000), (1_001, None)])
def test_the_lowest_number_that_suffices(least: int, found: int | None) -> None:
    assert lowest(lambda number: number >= least, 1_000) == found


@pytest.mark.parametrize(
    ("settings", "start", "per_minute", "limit", "name"),
    [
        (ScalingSettings(), 5, 300, 1_250, "ESM maximum"),
        (ScalingSettings(account=1_000), 5, 300, 1_000, "account quota"),
        (ScalingSettings(maximum_concurrency=2), 2, 300, 2, "ESM MaximumConcurrency"),
        (ScalingSettings(maximum_concurrency=50, reserved=20, account=10), 5, 300, 20, "reserved concurrency"),
        (ScalingSettings(pollers=(2, 200), account=5_000), 20, 1_000, 2_000, "provisioned pollers"),
        (ScalingSettings(groups=7), 5, 300, 7, "message groups"),
        (ScalingSettings(batch_size=10_000), 5, 300, 12, "in-flight quota"),
        (ScalingSettings(reserved=0), 0, 300, 0, "reserved concurrency"),
    ],
)
def test_the_lowest_limit_applies(
    settings: ScalingSettings, start: int, per_minute: int, limit: int, name: str
) -> None:
    law = settings.law()
    assert (law.start, law.per_minute, law.limit, law.limited_by) == (start, per_minute, limit, name)


def test_concurrency_grows_from_what_runs_already() -> None:
    assert ScalingSettings().law(Environments(running=120)).start == 120
    assert ScalingSettings(maximum_concurrency=50).law(Environments(running=120)).start == 50


def test_nothing_is_drained_by_a_function_that_may_not_run() -> None:
    assert drained(10, 0, ScalingSettings(reserved=0).law(), 0.5) == math.inf


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"maximum_concurrency": 1}, "A maximum concurrency is 2 to 1,000, not 1."),
        ({"maximum_concurrency": 1_001}, "A maximum concurrency is 2 to 1,000, not 1,001."),
        ({"pollers": (1, 20)}, "The number of provisioned pollers is 2 to 10,000, not 1."),
        ({"pollers": (20, 10)}, "The least pollers are more than the most."),
        ({"pollers": (2, 20), "maximum_concurrency": 5}, "either a maximum concurrency or provisioned pollers"),
    ],
)
def test_settings_that_lambda_rejects(given: dict[str, object], error: str) -> None:
    with pytest.raises(UsageError, match=error):
        ScalingSettings(**given)  # type: ignore[arg-type]


def test_capacity_that_finds_nothing_to_do_adds_no_chance() -> None:
    """27 a second could be done, with times that vary much, and 4 arrive: few messages wait, not as many as if all 27 were done."""
    law, ones = ConcurrencyLaw(3, 0, 3, "ESM MaximumConcurrency"), np.ones(SAMPLES)
    depth, _ = paths(0, 0, ArrivalProfile((240.0,)), law, ones / 9, ones, np.linspace(0, 60, 121), Chance(work=50))
    assert 1 < np.percentile(depth[:, -20:], 90) < 20
