"""A rehearsal's alarm with other periods and levels: what it then is, and what is said of that."""

from __future__ import annotations

from typing import Any

import pytest

from ops.cli.app import run
from ops.errors import OpsError
from ops.rehearsals import library
from ops.rehearsals.alarm_change import AlarmAdjustment, changed

DIMENSIONS = [{"Name": "QueueName", "Value": "jobs"}]
HIDDEN = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesNotVisible", "Dimensions": DIMENSIONS}
MATH: dict[str, Any] = {
    "AlarmName": "s-in-flight",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:1:alarm:s-in-flight",
    "StateValue": "OK",
    "Metrics": [
        {"Id": "watched", "Expression": "IF(hidden > 24000, hidden + 3600 * RATE(hidden), hidden)", "ReturnData": True},
        {"Id": "hidden", "MetricStat": {"Metric": HIDDEN, "Period": "300", "Stat": "Maximum"}, "ReturnData": False},
    ],
    "EvaluationPeriods": 5,
    "Threshold": 108000.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "AlarmActions": ["arn:aws:sns:us-east-1:1:topic"],
    "OKActions": [],
}


def test_periods_threshold_and_expression() -> None:
    change = AlarmAdjustment(period=60, threshold=2000, expression={"hidden > 24000": "hidden > 50"})
    made = changed(MATH, change)
    assert made.changes == ["periods of 5 min → 60 s", "threshold 108000 → 2000", "hidden > 24000 → hidden > 50"]
    expression, metric = made.definition["Metrics"]
    assert expression["Expression"] == "IF(hidden > 50, hidden + 3600 * RATE(hidden), hidden)"
    assert metric["MetricStat"] == {"Metric": HIDDEN, "Period": 60, "Stat": "Maximum"}
    assert made.definition["AlarmActions"] == MATH["AlarmActions"]
    assert "StateValue" not in made.definition, "PutMetricAlarm takes none"
    assert MATH["Metrics"][1]["MetricStat"]["Period"] == "300", "the deployed definition stays as it is"


def test_an_alarm_of_one_metric() -> None:
    definition = {"AlarmName": "s-errors", "MetricName": "Errors", "Namespace": "AWS/Lambda", "Period": 3600}
    made = changed(definition, AlarmAdjustment(period=60))
    assert (made.definition["Period"], made.changes) == (60, ["periods of 60 min → 60 s"])


def test_text_that_the_expression_lacks_is_an_error() -> None:
    with pytest.raises(OpsError, match="The expression of s-in-flight has no hidden > 1: "):
        changed(MATH, AlarmAdjustment(expression={"hidden > 1": "hidden > 0"}))


@pytest.mark.parametrize("name", library.names())
def test_no_rehearsal_changes_what_the_alarm_compares(name: str) -> None:
    """Only numbers of an expression may differ, so that the rehearsed alarm is the deployed one on a smaller scale."""
    for before, after in library.load(name).alarm_change.expression.items():
        assert before.split()[:-1] == after.split()[:-1]
        assert float(after.split()[-1]) < float(before.split()[-1])


def test_the_list_says_what_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runbook", "rehearse", "--list"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "In the rehearsal its alarm has periods of 60 s; cost > 0.000001 instead of cost > 1." in shown
    assert AlarmAdjustment().text() == ""
