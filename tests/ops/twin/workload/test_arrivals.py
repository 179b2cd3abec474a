"""Arrivals: as many as asked, when the pattern says."""

from __future__ import annotations

import random

import pytest

from ops.twin.workload import arrivals


def arrive(name: str, per_second: float = 5.0, seconds: float = 1800.0, seed: int = 3) -> list[float]:
    return list(arrivals.arrivals(arrivals.PATTERNS[name], per_second, seconds, random.Random(seed)))


@pytest.mark.parametrize("name", sorted(arrivals.PATTERNS))
def test_the_mean_rate_is_kept(name: str) -> None:
    # mixed gives a sixth of its time to a pause
    assert len(arrive(name)) == pytest.approx(9000, rel=0.15)


@pytest.mark.parametrize("name", sorted(arrivals.PATTERNS))
def test_no_pattern_exceeds_the_peak_that_thinning_relies_on(name: str) -> None:
    assert all(0 <= arrivals.PATTERNS[name](second / 4) <= 5.0 for second in range(4 * 1800))


def test_arrivals_ascend_within_the_time_and_follow_the_seed() -> None:
    times = arrive("steady", seconds=60)
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] < 60
    assert times == arrive("steady", seconds=60) != arrive("steady", seconds=60, seed=4)


def test_bursts_bring_most_of_the_jobs() -> None:
    times = arrive("burst")
    assert sum(at % 60 < 10 for at in times) / len(times) == pytest.approx(5 / 6, abs=0.03)


def test_the_mixed_pattern_pauses_so_that_environments_go_cold() -> None:
    assert not [at for at in arrive("mixed") if at % 180 >= 150]
