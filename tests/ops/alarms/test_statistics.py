"""Statistics of a period against CloudWatch's definitions of them (Statistics-definitions, read 2026-11)."""

from __future__ import annotations

import pytest

from ops.alarms.evaluate import AlarmError, Point, point
from ops.alarms.evaluate.statistics import low_sample_limit, statistic

ONE_TO_TEN = [point(0.0, float(value)) for value in (7, 3, 1, 10, 5, 2, 9, 4, 8, 6)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 10.0),
        ("Sum", 55.0),
        ("Average", 5.5),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("p0", 1.0),
        ("p50", 5.5),
        ("p100", 10.0),
        ("p90", 9.1),
        ("tm90", 5.0),
        ("tc90", 9.0),
        ("ts90", 45.0),
        ("wm90", 5.4),
        ("TM(10%:90%)", 5.5),
        ("TM(20%:)", 6.5),
        ("TM(:80%)", 4.5),
        ("IQM", 5.5),
        ("TM(2:4)", 3.5),
        ("TC(2:4)", 2.0),
        ("TS(2:4)", 7.0),
        ("WM(10%:90%)", 5.5),
        ("PR(:3)", 30.0),
        ("PR(3:)", 70.0),
        ("PR(3:7)", 40.0),
    ],
)
def test_each_statistic_of_one_to_ten(name: str, value: float) -> None:
    assert statistic(name)(ONE_TO_TEN) == pytest.approx(value)


def test_a_value_recorded_many_times_counts_as_often() -> None:
    points = [point(0.0, 10.0, samples=95), point(0.0, 900.0, samples=5)]
    assert statistic("p90")(points) == 10.0
    assert statistic("p99")(points) == 900.0
    assert statistic("Average")(points) == pytest.approx(54.5)
    assert statistic("tm95")(points) == pytest.approx(10.0)


@pytest.mark.parametrize("name", ["p50", "tm90", "PR(:3)", "IQM"])
def test_there_is_no_percentile_of_negative_values_and_of_unknown_ones(name: str) -> None:
    assert statistic(name)([point(0.0, 1.0), point(0.0, -1.0)]) is None
    assert statistic(name)([Point(0.0, 2.0, 5.0, 1.0, 4.0)]) is None


def test_a_statistic_set_of_equal_values_has_percentiles() -> None:
    assert statistic("p99")([Point(0.0, 3.0, 12.0, 4.0, 4.0)]) == 4.0


def test_a_trimmed_mean_of_nothing_does_not_exist() -> None:
    assert statistic("TM(100:200)")(ONE_TO_TEN) is None
    assert statistic("TC(100:200)")(ONE_TO_TEN) == 0.0


@pytest.mark.parametrize(
    "name", ["Median", "p101", "p", "tm", "TM(90%:10%)", "TM(1:90%)", "PR(1%:2%)", "TM(:)", "PR(-:3)", "p99;"]
)
def test_a_statistic_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(AlarmError):
        statistic(name)


@pytest.mark.parametrize(
    ("name", "samples"), [("p99", 1000), ("p50", 20), ("p90", 100), ("p10", 100), ("p100", 0), ("Average", 0)]
)
def test_samples_below_which_a_percentile_means_little(name: str, samples: float) -> None:
    assert low_sample_limit(name) == pytest.approx(samples)
