"""Metrics that are published some time after their period: what an evaluation sees of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ops.alarms.evaluate import Metric, Point, metric_alarm, metric_states, point, simulate

M = Metric("Own", "m")
START = 1_800_000_000 // 86_400 * 86_400
STAT = {"Metric": {"Namespace": "Own", "MetricName": "m"}, "Period": 60, "Stat": "Sum"}


def alarm(**more: Any) -> dict[str, Any]:
    base = {"AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 4, "EvaluationPeriods": 3}
    single = {"Namespace": "Own", "MetricName": "m", "Statistic": "Sum", "Period": 60}
    return {**base, **({} if "Metrics" in more else single), "TreatMissingData": "notBreaching", **more}


def math(expression: str, period: int = 60) -> list[dict[str, Any]]:
    return [
        {"Id": "e", "Expression": expression},
        {"Id": "m", "MetricStat": STAT | {"Period": period}, "ReturnData": False},
    ]


def points(seed: int, cell: int = 60) -> list[Point]:
    chance = random.Random(seed)
    values = [each for _ in range(15) for each in [chance.choice([0, 0.2])] * 10]
    return [point(START + cell * at, each, samples=40) for at, each in enumerate(values) if chance.random() < 0.8]


@pytest.mark.parametrize("publication", [30, 60, 150])
@pytest.mark.parametrize(
    "definition",
    [
        alarm(DatapointsToAlarm=1),
        alarm(TreatMissingData="missing", DatapointsToAlarm=2),
        alarm(Period=300, Statistic="Maximum", EvaluationPeriods=2, Threshold=0.1),
        alarm(Period=600, EvaluationPeriods=1, Threshold=20),
        alarm(Period=10, EvaluationPeriods=4, DatapointsToAlarm=1),
        alarm(
            Statistic=None,
            ExtendedStatistic="p90",
            EvaluateLowSampleCountPercentile="ignore",
            Period=300,
            Threshold=0.1,
        ),
        alarm(Period=300, EvaluationWindow={"WallClockWindow": {"Timezone": "UTC"}}, EvaluationPeriods=1),
        alarm(Metrics=math("m * 2"), Threshold=6, DatapointsToAlarm=2),
        alarm(Metrics=math("FILL(m, 0) + DIFF(m)", 300), Threshold=6, EvaluationPeriods=1),
    ],
    ids=lambda each: str(each.get("Metrics", each)),
)
def test_it_is_as_if_each_point_arrived_so_late(definition: dict[str, Any], publication: int) -> None:
    cell = 10 if definition.get("Period") == 10 else 60
    publication = publication * cell // 60
    known = points(publication, cell)
    late = [each._replace(arrived=each.timestamp // cell * cell + cell + publication) for each in known]
    read = metric_alarm(definition)
    end = START + 150 * cell
    of_all = metric_states(read, {M: known}, START, end, publication=publication)
    assert of_all == metric_states(read, {M: late}, START, end)
    assert {each.reason for each in of_all} == {each.reason for each in metric_states(read, {M: late}, START, end)}
    assert len([each for each in of_all if each.new == "ALARM"]) > 1


def test_a_fill_of_what_is_not_published_yet_holds_an_alarm_in_ok() -> None:
    """As the CloudWatch user guide warns (using-metric-math, FILL), with its way out: M of N."""
    failing = {M: [point(START + 60 * at, 9) for at in range(60)]}
    stuck, free = (
        alarm(AlarmName=f"of-{n}", Metrics=math("FILL(m, 0)"), EvaluationPeriods=n, DatapointsToAlarm=3) for n in (3, 4)
    )
    for publication, fired in ((0, {"of-3", "of-4"}), (60, {"of-4"})):
        changes = simulate([stuck, free], failing, START, START + 3600, publication=publication).transitions
        assert {each.alarm for each in changes if each.new == "ALARM"} == fired
