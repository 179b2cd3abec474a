"""The alarm's rule against the tables of the CloudWatch user guide (alarms-and-missing-data, read 2026-11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.alarms.evaluate.reasons import reason as sentence
from ops.alarms.evaluate.threshold import TREATMENTS, Datapoint, ThresholdRule, decide
from tests.ops.alarms.oracle.worked import PREMATURE, TABLES, judged


@pytest.mark.parametrize(("data", "to_alarm", "states"), TABLES)
def test_missing_data_is_treated_as_in_the_guides_tables(data: str, to_alarm: int, states: tuple[str, ...]) -> None:
    assert tuple(judged(data, to_alarm, missing) for missing in TREATMENTS) == states


@pytest.mark.parametrize(("data", "state"), PREMATURE)
def test_a_fresh_breach_alone_does_not_alarm_early(data: str, state: str) -> None:
    assert judged(data, 3, "missing") == state


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [
        ("GreaterThanThreshold", 5.0, "OK"),
        ("GreaterThanThreshold", 5.1, "ALARM"),
        ("GreaterThanOrEqualToThreshold", 5.0, "ALARM"),
        ("GreaterThanOrEqualToThreshold", 4.9, "OK"),
        ("LessThanThreshold", 5.0, "OK"),
        ("LessThanThreshold", 4.9, "ALARM"),
        ("LessThanOrEqualToThreshold", 5.0, "ALARM"),
        ("LessThanOrEqualToThreshold", 5.1, "OK"),
    ],
)
def test_every_comparison(comparison: str, value: float, state: str) -> None:
    assert decide(ThresholdRule(comparison, 5.0, 1, 1), [Datapoint(0.0, value)]).state == state


def test_the_reason_is_in_cloudwatchs_words() -> None:
    begins = datetime(2026, 11, 23, 19, 4, tzinfo=UTC).timestamp()
    rule = ThresholdRule("GreaterThanThreshold", 0.0, 2, 1)
    reason = sentence(rule, decide(rule, [Datapoint(begins - 60, 0.0), Datapoint(begins, 5.0)]))
    assert reason == (
        "Threshold Crossed: 1 out of the last 2 datapoints [5.0 (23/11/26 19:04:00)] was greater than the threshold "
        "(0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    calm = sentence(rule, decide(rule, [Datapoint(begins - 60, 0.0), Datapoint(begins, 0.0)]))
    assert calm == (
        "Threshold Crossed: 2 out of the last 2 datapoints [0.0 (23/11/26 19:04:00), 0.0 (23/11/26 19:03:00)] were not "
        "greater than the threshold (0.0) (minimum 2 datapoints for ALARM -> OK transition)."
    )
