"""The states of a metric alarm over time: when it is evaluated, over which window, with which points."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alarms.evaluate import AlarmError, Metric, Point, metric_alarm, metric_states, point

MINUTE = 60
T0 = 1_780_272_000.0  # midnight UTC
METRIC = Metric("Test", "M")


def definition(**settings: Any) -> dict[str, Any]:
    return {
        "AlarmName": "it",
        "Namespace": "Test",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        **settings,
    }


def changes(points: list[Point], minutes: float, start: float = T0, **settings: Any) -> list[tuple[float, str]]:
    """Minutes since T0 and new states."""
    states = metric_states(metric_alarm(definition(**settings)), {METRIC: points}, start, T0 + minutes * MINUTE)
    return [((each.at - T0) / MINUTE, each.new) for each in states]


def at(minute: float, value: float = 1.0, **more: Any) -> Point:
    return point(T0 + minute * MINUTE, value, **more)


def test_a_period_counts_when_it_has_ended() -> None:
    assert changes([at(0, 0), at(1, 0), at(2.5, 5)], 4) == [(1, "OK"), (3, "ALARM")]


def test_an_alarm_looks_back_over_older_points_until_they_leave_its_range() -> None:
    assert changes([at(0, 5)], 10) == [(1, "ALARM"), (4, "INSUFFICIENT_DATA")]
    assert changes([at(0, 5)], 10, TreatMissingData="notBreaching") == [(0, "OK"), (1, "ALARM"), (4, "OK")]


def test_an_alarm_on_a_metric_that_never_existed_has_no_data() -> None:
    alarm = metric_alarm(definition())
    assert metric_states(alarm, {}, T0, T0 + 3600) == []
    never = metric_states(metric_alarm(definition(TreatMissingData="breaching")), {}, T0, T0 + 3600)
    assert [each.new for each in never] == ["ALARM"]
    assert "no datapoints were received for 1 period" in never[0].reason


def test_windows_of_five_minutes_slide_by_the_minute() -> None:
    points = [at(minute, 1) for minute in range(30)] + [at(7.5, 2)]
    assert changes(points, 20, T0 + 5 * MINUTE, Period=300, Threshold=6) == [(5, "OK"), (8, "ALARM"), (13, "OK")]


def test_wall_clock_windows_do_not_slide() -> None:
    points = [at(minute, 1) for minute in range(30)] + [at(7.5, 2)]
    window: dict[str, Any] = {"EvaluationWindow": {"WallClockWindow": {}}}
    aligned = changes(points, 20, T0 + 5 * MINUTE, Period=300, Threshold=6, **window)
    assert aligned == [(5, "OK"), (10, "ALARM"), (15, "OK")]


def test_periods_below_a_minute_are_evaluated_every_ten_seconds() -> None:
    points = [point(T0 + second, 1.0 if second == 20 else 0.0) for second in range(0, 120, 10)]
    states = changes(points, 2, Period=10)
    assert [(round(when * MINUTE), state) for when, state in states] == [(10, "OK"), (30, "ALARM"), (40, "OK")]


def test_an_alarm_over_days_is_evaluated_once_an_hour_with_the_data_up_to_then() -> None:
    hour = 60
    points = [at(day * 24 * hour + 10 * hour, 0) for day in range(3)] + [at(3 * 24 * hour + 10 * hour + 2, 1)]
    settings: dict[str, Any] = {
        "Period": 86_400,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "ignore",
    }
    states = changes(points, 3 * 24 * hour + 14 * hour, **settings)
    assert states[-1] == (3 * 24 * hour + 11 * hour, "ALARM")


def test_a_point_that_arrives_late_counts_from_then_on() -> None:
    steady = [at(minute, 0) for minute in range(10)]
    late = at(3, 5, arrived=T0 + 6.5 * MINUTE)
    assert changes([*steady, late], 10, EvaluationPeriods=5, DatapointsToAlarm=1) == [
        (1, "OK"),
        (7, "ALARM"),
        (9, "OK"),
    ]


def test_points_that_are_always_late_are_judged_by_the_older_ones() -> None:
    points = [at(minute, 5 if minute == 3 else 0, arrived=T0 + (minute + 2.5) * MINUTE) for minute in range(10)]
    assert changes(points, 10) == [(3, "OK"), (6, "ALARM"), (7, "OK")]


def test_the_unit_must_match() -> None:
    points = [at(0, 5, unit="Seconds"), at(1, 5, unit="Count")]
    assert changes(points, 3, Unit="Count") == [(2, "ALARM")]


def test_too_few_samples_for_a_percentile_change_nothing_when_told_so() -> None:
    few, many = [at(minute, 9) for minute in range(3)], [at(3, 9, samples=100)]
    settings: dict[str, Any] = {
        "Statistic": None,
        "ExtendedStatistic": "p90",
        "EvaluateLowSampleCountPercentile": "ignore",
    }
    assert changes(few + many, 4, **settings) == [(4, "ALARM")]
    assert changes(few + many, 4, **settings | {"EvaluateLowSampleCountPercentile": "evaluate"})[0] == (1, "ALARM")


def test_the_reason_names_the_data() -> None:
    states = metric_states(metric_alarm(definition()), {METRIC: [at(0, 5)]}, T0, T0 + 60)
    assert states[0].reason.startswith(
        "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (01/06/26 00:00:00)] was"
    )
    assert (states[0].old, states[0].new, states[0].alarm) == ("INSUFFICIENT_DATA", "ALARM", "it")


QUERY: dict[str, Any] = {
    "Id": "m1",
    "MetricStat": {"Metric": {"Namespace": "T", "MetricName": "M"}, "Period": 60, "Stat": "Sum"},
}
MATH = dict.fromkeys(("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic"))
"""Without the fields of an alarm on one metric."""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"EvaluationCriteria": {"PromQLCriteria": {}}}, "PromQL"),
        ({"ThresholdMetricId": "e1"}, "anomaly detection"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly detection"),
        ({"ComparisonOperator": "Above"}, "Above is not a comparison"),
        ({"Threshold": None}, "threshold is missing"),
        ({"EvaluationPeriods": 0}, "EvaluationPeriods"),
        ({"EvaluationPeriods": "many"}, "EvaluationPeriods is not a number: many"),
        ({"EvaluationPeriods": 1.5}, "EvaluationPeriods is not a whole number: 1.5"),
        ({"Threshold": "high"}, "Threshold is not a number: high"),
        ({"Metrics": "m1"}, "Metrics is not a list: m1"),
        ({"Metrics": ["m1"]}, "An entry of Metrics is not a structure of fields: m1"),
        ({"Dimensions": [{"Name": "QueueName"}]}, "a dimension has no Name or no Value"),
        ({"WarmUpConfiguration": 5}, "WarmUpConfiguration is not a structure"),
        ({"ScheduledQueryConfiguration": {"QueryString": "stats count(*)"}}, "log alarms are not modeled"),
        ({"Threshold": {"Ref": "Limit"}}, "Threshold is not resolved: {'Ref': 'Limit'}"),
        (
            {"Dimensions": [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}]},
            "Dimensions[0].Value is not resolved",
        ),
        ({"DatapointsToAlarm": 2}, "not between 1 and EvaluationPeriods"),
        ({"TreatMissingData": "zero"}, "zero is not a treatment"),
        ({"Period": 45}, "45 seconds"),
        ({"Period": 60, "EvaluationPeriods": 1441}, "longer than an alarm may look back"),
        ({"Statistic": "Median"}, "Statistic is Median: it takes SampleCount"),
        ({"Statistic": "p90"}, "Statistic is p90: it takes"),
        ({"Statistic": "Sum", "ExtendedStatistic": "p90"}, "it has Statistic and ExtendedStatistic"),
        (
            {"Statistic": None, "ExtendedStatistic": "Sum"},
            "ExtendedStatistic is Sum, which is not an extended statistic",
        ),
        ({"Statistic": None, "ExtendedStatistic": "p101"}, '"p101" is not a statistic'),
        ({"Statistic": None, "ExtendedStatistic": "P90"}, '"P90" is not a statistic'),
        ({"Statistic": None, "ExtendedStatistic": "TM(5%:95%)"}, "percentages between 10 and 90"),
        ({"EvaluateLowSampleCountPercentile": "skip"}, "EvaluateLowSampleCountPercentile is skip"),
        ({"Unit": "Furlongs"}, "Furlongs is not a unit"),
        ({"Namespace": ":own"}, "begins with a colon"),
        ({"Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]}, "dimension a is given twice"),
        ({"Dimensions": [{"Name": f"d{each}", "Value": "1"} for each in range(31)]}, "31 entries; at most 30"),
        ({"AlarmDescription": "x" * 1025}, "1,025 characters; at most 1,024"),
        ({"AlarmActions": [f"arn:aws:sns:eu-west-1:1:t{each}" for each in range(6)]}, "6 entries; at most 5"),
        ({"EvaluationInterval": 60}, "for alarms with EvaluationCriteria"),
        ({"EvaluationWindow": {"WallClockWindow": {}, "SlidingWindow": {}}}, "several windows"),
        ({"WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 2881}}, "a warm-up of 2881 minutes is not allowed"),
        ({"Period": 3_600, "EvaluationPeriods": 169}, "longer than an alarm may look back"),
        ({"Period": 50}, "50 seconds"),
        ({"Metrics": [QUERY]}, "MetricName is not allowed beside Metrics"),
        (MATH | {"Period": 60, "Metrics": [QUERY]}, "Period is not allowed beside Metrics"),
        (
            MATH | {"Metrics": [QUERY], "EvaluationCriteria": {"PromQLCriteria": {}}},
            "it has Metrics and EvaluationCriteria",
        ),
        (MATH | {"Metrics": [QUERY | {"Expression": "m1"}]}, "Expression or MetricStat, and not both"),
        (MATH | {"Metrics": [{"Id": "m1"}]}, "query m1 must have Expression or MetricStat"),
        (MATH | {"Metrics": [QUERY, QUERY | {"Id": "m2"}]}, "2 queries are returned (m1, m2)"),
        (MATH | {"Metrics": [QUERY | {"ReturnData": False}, QUERY | {"Id": "m2", "ReturnData": False}]}, "0 queries"),
        (MATH | {"Metrics": [QUERY, {"Id": "e", "Expression": "m1" + " + m1" * 500}]}, "longer than 2,048"),
        ({"Statistic": None}, "statistic is missing"),
        ({"MetricName": None}, "names no metric"),
        ({"EvaluationWindow": {"WallClockWindow": {"Timezone": "Europe/Berlin"}}}, "wall clock"),
    ],
)
def test_what_cloudwatch_refuses_or_is_not_modeled_is_refused_by_name(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(AlarmError, match=r'^Alarm "it": ') as refused:
        metric_alarm(definition(**settings))
    assert says in str(refused.value)


def test_what_does_not_decide_about_the_state_may_be_unresolved() -> None:
    alarm = metric_alarm(
        definition(AlarmActions=[{"Ref": "Topic"}], Tags=[{"Key": "a", "Value": {"Ref": "b"}}], ActionsEnabled="false")
    )
    assert not alarm.actions_enabled


def test_a_refusal_names_the_field() -> None:
    for settings, field in (
        ({"Statistic": "Sum", "ExtendedStatistic": "p90"}, "ExtendedStatistic"),
        ({"Period": 45}, "Period"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
    ):
        with pytest.raises(AlarmError) as refused:
            metric_alarm(definition(**settings))
        assert refused.value.field == field
