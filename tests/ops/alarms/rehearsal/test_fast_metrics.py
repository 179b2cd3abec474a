"""Alarms of the twin, whose metrics come every ten seconds, as they are rehearsed."""

from __future__ import annotations

from ops.alarms.rehearsal import by_minute


def test_periods_below_a_minute_become_minutes_and_others_stay() -> None:
    stat = {"Metric": {"Namespace": "AWS/SQS", "MetricName": "x"}, "Period": 20, "Stat": "Sum"}
    math = {"AlarmName": "m", "Metrics": [{"Id": "e", "Expression": "a"}, {"Id": "a", "MetricStat": stat}]}
    fast, day = {"AlarmName": "f", "Period": 10}, {"AlarmName": "d", "Period": 86_400}
    made, note = by_minute([fast, day, math], 10)
    assert [one.get("Period") for one in made] == [60, 86_400, None]
    assert [one.get("MetricStat", {}).get("Period") for one in made[2]["Metrics"]] == [None, 120]
    assert "every 10 s" in note
    assert by_minute([fast, day], 60) == ((fast, day), "")
