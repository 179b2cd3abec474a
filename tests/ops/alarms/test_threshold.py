"""The alarm's rule against the tables of the CloudWatch user guide (alarms-and-missing-data, read 2026-11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.alarms.evaluate.reasons import reason as sentence
from ops.alarms.evaluate.threshold import Datapoint, Rule, decide

BREACH, FINE = 1.0, 0.0


def verdict(data: str, to_alarm: int, missing: str, periods: int = 3) -> str:
    """``data`` as the guide writes it: X breaches, 0 does not, - is missing; the newest is last."""
    values = {"X": BREACH, "0": FINE, "-": None}
    datapoints = [Datapoint(60.0 * at, values[each]) for at, each in enumerate(data.split())]
    rule = Rule("GreaterThanThreshold", 0.5, periods, to_alarm, missing)
    return decide(rule, datapoints).state or "unchanged"


TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("data", "to_alarm", "states"),
    [
        ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
        ("0 - - - -", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - -", 3, ("INSUFFICIENT_DATA", "unchanged", "ALARM", "OK")),
        ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", 3, ("ALARM", "unchanged", "ALARM", "OK")),
        ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", 2, ("ALARM", "unchanged", "ALARM", "OK")),
    ],
)
def test_missing_data_is_treated_as_in_the_guides_tables(data: str, to_alarm: int, states: tuple[str, ...]) -> None:
    assert tuple(verdict(data, to_alarm, missing) for missing in TREATMENTS) == states


@pytest.mark.parametrize("data", ["- - - - X", "- - - X -"])
def test_a_fresh_breach_alone_does_not_alarm_early(data: str) -> None:
    assert verdict(data, 3, "missing") == "OK"


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
    assert decide(Rule(comparison, 5.0, 1, 1), [Datapoint(0.0, value)]).state == state


def test_the_reason_is_in_cloudwatchs_words() -> None:
    begins = datetime(2026, 11, 23, 19, 4, tzinfo=UTC).timestamp()
    rule = Rule("GreaterThanThreshold", 0.0, 2, 1)
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
