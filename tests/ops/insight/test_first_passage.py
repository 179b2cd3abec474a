"""When a random walk is at zero first: against the closed form, and against simulated drains."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from ops.insight.forecast.chance import SAMPLES, Array, Chance, levels
from ops.insight.forecast.drain_model import ArrivalProfile, ConcurrencyLaw
from ops.insight.forecast.first_passage import Walk, last_seconds, normal
from ops.insight.forecast.forecast import Forecast, Goals, forecast
from ops.insight.forecast.group_drain import MessageGroups
from ops.insight.forecast.load import Load
from tests.bench._drain_simulation import Case, Drain

MEDIAN = np.array([0.5])


def walk(samples: int = 1) -> Walk:
    """1,000 messages, of which one more is done than arrives each second; their number varies by 9 a second."""
    ones = np.ones(samples)
    return Walk(1_000, ArrivalProfile((60.0,)), ConcurrencyLaw(2, 0, 2, ""), ones, ones, 0.0, Chance(9.0, 0.0))


def drawn(number: int) -> Array:
    """The last of so many inverse Gaussian times: the closed form for steady arrivals."""
    times = np.random.default_rng(5).wald(1_000, 1_000**2 / 9, size=(20_000, number)).max(axis=1)
    return np.asarray(times, dtype=np.float64)


@pytest.mark.parametrize("number", [1, 20, 400])
def test_steady_arrivals_give_the_inverse_gaussian_distribution(number: int) -> None:
    expected = drawn(number) if number < 400 else drawn(20)[: 20_000 // 20 * 20].reshape(-1, 20).max(axis=1)
    assert last_seconds([(number, walk())], MEDIAN)[0] == pytest.approx(np.median(expected), rel=0.005)
    low, high = np.percentile(last_seconds([(number, walk(SAMPLES))], levels()), (10, 90))
    assert [low, high] == pytest.approx(np.percentile(expected, (10, 90)), rel=0.01)


def test_the_last_of_two_kinds() -> None:
    expected = np.median(np.maximum(drawn(1), drawn(3)[::-1]))
    assert last_seconds([(1, walk()), (3, walk())], MEDIAN)[0] == pytest.approx(expected, rel=0.005)


def test_the_normal_distribution() -> None:
    exact = [statistics.NormalDist().cdf(at) for at in (-5, -1.3, 0, 0.2, 3)]
    assert normal(np.array([-5, -1.3, 0, 0.2, 3])) == pytest.approx(exact, abs=1e-7)


def foretold(case: Case) -> Forecast:
    sure = np.ones(SAMPLES)
    groups = MessageGroups(case.groups, None, case.spread) if case.groups else None
    load = Load(
        case.backlog,
        case.oldest_s,
        ArrivalProfile(case.per_minute, case.step_s),
        case.seconds,
        sure,
        sure,
        batch=float(case.batch),
        groups=groups,
        chance=Chance(1.0, case.spread**2 * case.batch),
    )
    return forecast(load, ConcurrencyLaw(case.start, case.growth, case.limit, ""), Goals(1_209_600.0))


CASES = {
    "near capacity": Case("", 150, 60.0, (0.93 * 300,), 3_600.0, 5, 0.0, 5, 1, 1.0, 0.2),
    "nearly empty": Case("", 620, 60.0, (60.0, 320.0, 0.0), 150.0, 5, 0.0, 5, 1, 1.0, 0.2),
    "groups, near capacity": Case("", 200, 60.0, (0.8 * 300,), 3_600.0, 5, 0.0, 5, 1, 1.0, 0.2, 5),
    "groups, day": Case("", 500, 60.0, (60.0, 200.0, 340.0, 200.0, 60.0, 20.0), 100.0, 5, 0.0, 5, 1, 1.0, 0.2, 5),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_interval_has_four_fifths_of_the_drains(case: Case) -> None:
    """And half of them are done by the forecast's time, even where one drain says nothing of the next."""
    seen = [Drain(case, seed).run().drained_s for seed in range(200)]
    found = foretold(case).drained_s
    assert found is not None
    inside = statistics.fmean(found.low <= seconds <= found.high for seconds in seen)
    assert 0.7 <= inside <= 0.9
    assert 0.4 <= statistics.fmean(seconds <= found.mid for seconds in seen) <= 0.6
