"""The arrivals of a comparison: seeded, bounded, and of the shape that they are named after."""

from __future__ import annotations

import pytest

from ops.compare import arrivals
from ops.compare.arrivals import SHAPES, Arrivals
from ops.errors import UsageError


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_makes_the_same_arrivals_within_the_time(shape: str) -> None:
    found = Arrivals(shape, 10.0, 100.0, seed=3).offsets()
    assert found == Arrivals(shape, 10.0, 100.0, seed=3).offsets()
    assert found != Arrivals(shape, 10.0, 100.0, seed=4).offsets()
    assert found == sorted(found)
    assert found[0] > 0 and found[-1] < 100
    assert len(found) == pytest.approx(1_000, rel=0.12)


def test_a_sixth_of_the_time_brings_five_sixths_of_a_burst() -> None:
    found = Arrivals("burst", 20.0, 240.0).offsets()
    within = [at for at in found if 80 <= at < 120]
    assert len(within) / len(found) == pytest.approx(5 / 6, abs=0.02)


def test_a_day_has_its_peak_in_the_evening_and_twice_its_lowest_rate() -> None:
    hours = [arrivals.day(hour) for hour in range(24)]
    assert hours.index(max(hours)) == 20
    assert max(hours) / min(hours) == pytest.approx(2.0)
    assert sum(hours) / 24 == pytest.approx(1.0)
    assert max(hours) == pytest.approx(arrivals.PEAK_FACTOR["day"])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("tide", 1.0, 60.0), "There are no arrivals called 'tide'."),
        (("steady", 0.0, 60.0), "The rate must be between 0.1 and 50 jobs per second, not 0."),
        (("steady", float("nan"), 60.0), "The rate must be between"),
        (("steady", 1.0, 4.0), "The time must be between 5 and 900 seconds, not 4."),
        (("steady", 50.0, 900.0), "50 jobs per second for 900 s are more than 5,000 jobs."),
    ],
)
def test_what_cannot_be_is_refused(given: tuple[str, float, float], error: str) -> None:
    with pytest.raises(UsageError, match=error.replace(".", r"\.")):
        Arrivals(*given)
