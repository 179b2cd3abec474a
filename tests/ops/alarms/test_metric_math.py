"""Metric math against the user guide's descriptions and tables (using-metric-math, copies of 2023 and 2026-11)."""

from __future__ import annotations

import math
from typing import Any

import pytest

from ops.alarms.evaluate import AlarmError
from ops.alarms.evaluate.metric_math.functions import Grid
from ops.alarms.evaluate.metric_math.program import program
from ops.alarms.evaluate.metric_math.syntax import MathError

SUNDAY = 1_780_185_600.0  # 2026-05-31 00:00 UTC
Values = list[float | None]


def queries(expression: str, *metrics: str, **more: str) -> list[dict[str, Any]]:
    return [
        *({"Id": name, "MetricStat": {}, "ReturnData": False} for name in metrics),
        *({"Id": name, "Expression": each, "ReturnData": False} for name, each in more.items()),
        {"Id": "result", "Expression": expression},
    ]


def values(text: str) -> Values:
    return [None if each == "-" else float(each) for each in text.split()]


def result(expression: str, **series: str) -> Values:
    inputs = {name: values(each) for name, each in series.items()}
    places = len(next(iter(inputs.values())))
    grid = Grid([SUNDAY + 300 * at for at in range(places)], 300)
    return program(queries(expression, *inputs)).series(inputs, grid)


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ("(metric1 < metric2)", "0 0 1 0"),
        ("(metric1 >= 30)", "1 0 0 0"),
        ("(metric1 > 15 AND metric2 > 15)", "1 0 0 0"),
    ],
)
def test_the_guides_comparisons(expression: str, series: str) -> None:
    assert result(expression, metric1="30 20 0 0", metric2="20 - 20 -") == values(series)


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ("IF(metric1, metric2, metric3)", "30 0 20 - -"),
        ("IF(metric1, 5, metric3)", "5 5 20 - -"),
        ("IF(metric1, metric2, 5)", "30 0 5 5 -"),
        ("IF(metric1, metric2)", "30 0 - - -"),
        ("IF(1, metric2, metric3)", "30 - 0 0 30"),
        ("IF(0, metric2, metric3)", "0 0 20 - 20"),
        ("IF(0, metric2)", "- - - - -"),
        ("IF(metric1 > 0.5, 10, 2)", "10 10 2 2 -"),
    ],
)
def test_the_guides_examples(expression: str, series: str) -> None:
    of = {"metric1": "1 1 0 0 -", "metric2": "30 - 0 0 30", "metric3": "0 0 20 - 20"}
    assert result(expression, **of) == values(series)


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ("m1 + m2", "5 2 3 -"),
        ("m1 - m2", "-3 2 -3 -"),
        ("m1 / m2", "0.25 - 0 -"),
        ("m1 + 1", "2 3 - -"),
        ("1 - m1", "0 -1 - -"),
        ("-m1", "-1 -2 - -"),
        ("2 + 3 * m1 ^ 2", "5 14 - -"),
        ("-m1 ^ 2", "-1 -4 - -"),
        ("2 ^ m1 ^ 2", "2 16 - -"),
        ("(2 + 3) * m1", "5 10 - -"),
        ("10 / 0 * m1", "- - - -"),
        ("m1 == 1 || m1 == 2 && 0", "1 0 - -"),
        ("m1 != 1 OR 1 == 2", "0 1 - -"),
        ("SUM([m1, m2])", "5 2 3 -"),
        ("SUM(100 / [m1, m2])", "125 50 33.3333333 -"),
        ("SUM(-[m1, m2])", "-5 -2 -3 -"),
        ("AVG([m1, m2])", "2.5 1 1.5 -"),
        ("MAX([m1, m2])", "4 2 3 -"),
        ("MIN([m1, m2])", "1 2 3 -"),
        ("STDDEV([m1, m2])", "1.5 0 0 -"),
        ("DATAPOINT_COUNT([m1, m2])", "2 1 1 -"),
        ("m1 / METRIC_COUNT([m1, m2])", "0.5 1 - -"),
        ("m1 - MIN(m1)", "0 1 - -"),
        ("m1 - MAX(m1)", "-1 0 - -"),
        ("m1 - AVG(m1)", "0.25 1.25 - -"),
        ("m1 + SUM(m2)", "8 9 - -"),
        ("m1 + STDDEV(m2)", "1.5 2.5 - -"),
        ("m1 + DATAPOINT_COUNT(m2)", "3 4 - -"),
        ("ABS(m1 - m2)", "3 2 3 -"),
        ("CEIL(m1 / 3)", "1 1 - -"),
        ("FLOOR(m1 / 2)", "0 1 - -"),
        ("LOG10(m1 * 50)", "1.69897 2 - -"),
        ("LOG(m1 - 1)", "- 0 - -"),
        ("DIFF(m2)", "- - -1 -"),
        ("DIFF_TIME(m2)", "- - 600 -"),
        ("RATE(m2)", "- - -0.0016666667 -"),
        ("RUNNING_SUM(m2)", "4 - 7 -"),
        ("FILL(m2, 0)", "4 0 3 0"),
        ("FILL(m2, REPEAT)", "4 4 3 3"),
        ("FILL(m2, LINEAR)", "4 3.5 3 -"),
        ("FILL(m2, m1)", "4 2 3 -"),
        ("FILL(m2, MIN(m1))", "4 1 3 1"),
        ("m1 / PERIOD(m1)", "0.0033333333 0.0066666667 - -"),
        ("TIME_SERIES(5)", "5 5 5 5"),
        ("TIME_SERIES(MAX(m1))", "2 2 2 2"),
        ("MINUTE(m1)", "0 5 10 15"),
        ("HOUR(m1)", "0 0 0 0"),
        ("DAY(m1)", "7 7 7 7"),
        ("DATE(m1) + MONTH(m1) / 100", "31.05 31.05 31.05 31.05"),
        ("YEAR(m1)", "2026 2026 2026 2026"),
        ("EPOCH(m1) - 1780185600", "0 300 600 900"),
        ("FIRST([m1, m2])", "1 2 - -"),
        ("LAST([m1, m2])", "4 - 3 -"),
        ("FIRST(SORT([m1, m2], MAX, DESC))", "4 - 3 -"),
        ("FIRST(SORT([m2, m1], AVG, ASC, 1))", "1 2 - -"),
        ("LAST(SLICE([m1, m2], 0, 1))", "1 2 - -"),
        ("FIRST(SLICE([m1, m2], 1))", "4 - 3 -"),
        ("m1 / METRIC_COUNT(REMOVE_EMPTY([m1, m2, LOG(0 * m1)]))", "0.5 1 - -"),
    ],
)
def test_each_operator_and_function(expression: str, series: str) -> None:
    computed = result(expression, m1="1 2 - -", m2="4 - 3 -")
    for mine, expected in zip(computed, values(series), strict=True):
        assert (mine is None) == (expected is None), computed
        assert expected is None or math.isclose(mine or 0.0, expected, rel_tol=1e-6, abs_tol=1e-9), computed


def test_expressions_build_on_each_other_in_any_order() -> None:
    made = program(queries("rate * 100", "errors", "all", rate="errors / total", total="FILL(all, 1)"))
    assert made.series({"errors": [1.0, 1.0], "all": [4.0, None]}, Grid([0.0, 60.0], 60)) == [25.0, 100.0]


def test_metrics_stands_for_the_metrics_of_the_alarm() -> None:
    assert result("SUM(METRICS())", m1="1 2", m2="10 20") == [11.0, 22.0]
    assert result("SUM(METRICS('err')) / SUM(METRICS())", err1="1", err2="2", other="3") == [0.5]
    assert not program(queries("SUM(METRICS())", "m1", "m2")).depends_on_range


def test_hundreds_of_operations_in_a_row_are_fine() -> None:
    assert result(" + ".join(["m1"] * 400), m1="1") == [400.0]


@pytest.mark.parametrize(
    ("expression", "at", "says"),
    [
        ("m1 +", 4, "Expected a value, not the end"),
        ("m1 m2", 3, "Unexpected m2"),
        ("(m1 + m2", 8, "Expected ) instead of the end"),
        ("m1 $ m2", 3, "Unexpected character $"),
        ("SUM([m1, m2)", 11, "Expected , or ] instead of )"),
        ("m1 > AND m2", 5, "Expected a value, not AND"),
        ("", 0, "Expected a value, not the end"),
        ("m1 + m9", 5, "no query with the ID m9"),
        ("MEDIAN(m1)", 0, "MEDIAN is not a function"),
        ("m1 + sum(m1)", 5, "sum is not a function"),
        ("SEARCH('{AWS/SQS}', 'Sum')", 0, "An alarm cannot use SEARCH"),
        ("SUM(METRICS(m1))", 4, "METRICS takes nothing, or a text"),
        ("SUM(METRICS('x'))", 4, 'No metric has an ID that contains "x"'),
        ("ANOMALY_DETECTION_BAND(m1)", 0, "Anomaly detection is not modeled"),
        ("m1 / SERVICE_QUOTA(m1)", 5, "The quota of m1 is not known"),
        ("SERVICE_QUOTA(m1 + m2)", 17, "SERVICE_QUOTA takes the ID of a metric"),
        ("ABS(m1, m2)", 0, "ABS takes one argument, not 2"),
        ("ABS(5) * m1", 4, "ABS takes a time series, not a number"),
        ("PERIOD(m1 + m2)", 10, "PERIOD takes the ID of a metric"),
        ("IF(m1)", 0, "IF takes two or three arguments"),
        ("IF([m1], m1, m2)", 0, "not arrays"),
        ("IF(1, 2, m1)", 6, "chooses between time series"),
        ("[m1, m2] > 3", 9, "> does not combine an array of time series and a number"),
        ("[m1] + [m2]", 5, "does not combine"),
        ("SORT(m1, AVG, ASC)", 0, "SORT takes an array"),
        ("SLICE([m1])", 0, "SLICE takes 2 or 3 arguments"),
        ("LAST(SLICE([m1], 1e400))", 17, "1e400 is too large a number"),
        ("FIRST(m1)", 6, "FIRST takes an array"),
        ("[5]", 1, "An array holds time series"),
        ("m1 + 'text'", 5, "A text is not a value"),
        ("(" * 60 + "m1" + ")" * 60, 41, "levels of nesting"),
    ],
)
def test_a_mistake_is_named_with_its_position(expression: str, at: int, says: str) -> None:
    with pytest.raises(MathError, match=r"position \d+") as refused:
        program(queries(expression or " ", "m1", "m2"))
    assert says in str(refused.value)
    assert refused.value.at == at


@pytest.mark.parametrize(
    ("listed", "says"),
    [
        (queries("a + 1", "m1", a="b + 1", b="a + m1"), "cycle: a → b → a"),
        (queries("result + m1", "m1"), "cycle: result → result"),
        (queries("MAX(m1)", "m1"), "returns a number, not one time series"),
        (queries("[m1, m1]", "m1"), "returns an array"),
        (queries("SELECT SUM(M) FROM Test", "m1"), "Metrics Insights"),
        (queries("m1", *(f"m{number}" for number in range(11))), "11 metrics; at most 10"),
        ([*queries("m1", "m1"), {"Id": "m1", "MetricStat": {}}], "m1 is used twice"),
        ([{"Id": "M1", "MetricStat": {}}, *queries("1")], '"M1" is not an ID'),
        ([{"Id": "m1", "MetricStat": {}}, {"Id": "e1", "Expression": "m1"}], "2 queries are returned (m1, e1)"),
        (queries("m1 + " * 500 + "m1", "m1"), "at most 2048"),
    ],
)
def test_what_an_alarm_cannot_watch_is_refused(listed: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(AlarmError) as refused:
        program(listed)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("expression", "depends"),
    [
        ("m1 / m2 * 100", False),
        ("SUM([m1, FILL(m2, 0)])", False),
        ("IF(HOUR(m1) > 8, m1)", False),
        ("m1 - AVG(m1)", True),
        ("RATE(m1)", True),
        ("FILL(m1, REPEAT)", True),
        ("m1 > 0 AND DIFF(m2) > 0", True),
    ],
)
def test_what_depends_on_how_much_was_retrieved(expression: str, depends: bool) -> None:
    assert program(queries(expression, "m1", "m2")).depends_on_range is depends
