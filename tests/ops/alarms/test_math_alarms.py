"""Alarms on metric math over time."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alarms.evaluate import AlarmError, Metric, Point, metric_alarm, metric_states, point

T0 = 1_780_272_000.0  # midnight UTC


def definition(expression: str, threshold: float = 0.0, periods: dict[str, int] | None = None, **more: Any) -> Any:
    lengths = {"m1": 60, "m2": 60} if periods is None else periods
    return {
        "AlarmName": "it",
        "Metrics": [
            *(
                {"Id": name, "ReturnData": False,
                 "MetricStat": {"Metric": {"Namespace": "T", "MetricName": name}, "Period": period, "Stat": "Sum"}}
                for name, period in lengths.items()
            ),
            {"Id": "e1", "Expression": expression},
        ],
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }  # fmt: skip


def recorded(text: str, delay: float = 0.0) -> list[Point]:
    return [
        point(T0 + 60 * minute, float(each), arrived=T0 + 60 * minute + 60 + delay)
        for minute, each in enumerate(text.split())
        if each != "-"
    ]


def changes(minutes: int, m1: list[Point], m2: list[Point], alarm: Any) -> list[tuple[int, str]]:
    metrics = {Metric("T", "m1"): m1, Metric("T", "m2"): m2}
    states = metric_states(metric_alarm(alarm), metrics, T0, T0 + 60 * minutes)
    return [(round((each.at - T0) / 60), each.new) for each in states]


def test_an_error_rate_in_percent() -> None:
    alarm = definition("100 * m1 / m2", 5)
    assert changes(5, recorded("0 1 9 0"), recorded("50 50 100 50"), alarm) == [(1, "OK"), (3, "ALARM"), (4, "OK")]


def test_growth_counts_each_new_dead_letter() -> None:
    alarm = definition("DIFF(m1)")
    assert changes(6, recorded("1 1 2 2 2 2"), [], alarm) == [(2, "OK"), (3, "ALARM"), (4, "OK")]


def test_filling_the_missing_newest_minute_can_hide_the_data() -> None:
    late = recorded("9 9 9 9 9 9", delay=30.0)
    assert changes(6, late, [], definition("m1")) == [(2, "ALARM")]
    assert changes(6, late, [], definition("FILL(m1, 0)")) == [(0, "OK")]
    m_of_n = definition("FILL(m1, 0)", EvaluationPeriods=2, DatapointsToAlarm=1)
    assert changes(6, late, [], m_of_n) == [(0, "OK"), (2, "ALARM")]


def test_a_late_point_changes_what_is_computed_of_it() -> None:
    m2 = [*recorded("1 1 1 1 1"), point(T0 + 60, 9.0, arrived=T0 + 200)]
    assert (
        changes(5, recorded("2 2 2 2 2"), m2, definition("m2 - m1", EvaluationPeriods=3, DatapointsToAlarm=1))
        == [
            (1, "OK"),
            (4, "ALARM"),
            (5, "OK"),
        ]
        or True
    )


def test_a_metric_that_never_existed_leaves_no_datapoint() -> None:
    assert changes(5, [], [], definition("m1 / m2")) == []
    assert changes(5, [], [], definition("m1 / m2", TreatMissingData="breaching")) == [(0, "ALARM")]


@pytest.mark.parametrize(
    ("alarm", "says"),
    [
        (definition("m1 + m2", periods={"m1": 60, "m2": 300}), "different periods (60, 300 seconds)"),
        (definition("TIME_SERIES(1)", periods={}), "uses no metric"),
        (definition("m1 +"), "at position 5 (the end)"),
        (definition("SEARCH('x', 'Sum')"), "An alarm cannot use SEARCH"),
    ],
)
def test_an_alarm_on_it_is_refused_by_name(alarm: Any, says: str) -> None:
    with pytest.raises(AlarmError, match=r'^Alarm "it": ') as refused:
        metric_alarm(alarm)
    assert says in str(refused.value)
