"""Composite alarms: their rules, and their states over those of their children."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alarms.evaluate import AlarmError, Metric, point, simulate
from ops.alarms.evaluate.composite.alarm_rule import alarm_rule

T0 = 1_780_272_000.0
STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "with space": "ALARM"}


def metric(name: str, **more: Any) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "Namespace": "T",
        "MetricName": name,
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        **more,
    }


def composite(name: str, rule: str, **more: Any) -> dict[str, Any]:
    return {"AlarmName": name, "AlarmRule": rule, **more}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ("ALARM(a)", True),
        ("ALARM(b)", False),
        ('OK("b")', True),
        ("INSUFFICIENT_DATA(c)", True),
        ("ALARM(arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a)", True),
        ('ALARM("with space")', True),
        ("TRUE", True),
        ("FALSE", False),
        ("NOT ALARM(a)", False),
        ("NOT NOT ALARM(a)", True),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) OR ALARM(b) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(b)) AND ALARM(b)", False),
        ("ALARM(a) AND NOT (ALARM(b) OR ALARM(c))", True),
        ("AT_LEAST(1, ALARM, (a, b, c))", True),
        ("AT_LEAST(2, ALARM, (a, b, c))", False),
        ("AT_LEAST(2, NOT ALARM, (a, b, c))", True),
        ("AT_LEAST(50%, OK, (a, b))", True),
        ("AT_LEAST(51%, OK, (a, b))", False),
    ],
)
def test_a_rule_over_states(rule: str, holds: bool) -> None:
    assert alarm_rule(rule).holds(STATES) is holds


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "instead of the end, at position 1"),
        ("ALARM(a) AND", "instead of the end, at position 13"),
        ("ALARM(a) ALARM(b)", "Expected AND, OR or the end instead of ALARM, at position 10"),
        ("ALARM a", "Expected ( instead of a, at position 7"),
        ("ALARM()", "Expected the name or ARN of an alarm instead of ), at position 7"),
        ("BROKEN(a)", "instead of BROKEN, at position 1"),
        ("(ALARM(a)", "Expected ) instead of the end"),
        ("AT_LEAST(x, ALARM, (a))", "Expected a number or a percentage instead of x"),
        ("AT_LEAST(1, BAD, (a))", "Expected ALARM, OK or INSUFFICIENT_DATA instead of BAD"),
        ("(" * 120 + "TRUE" + ")" * 120, "levels of parentheses"),
        ("(" * 300 + "TRUE" + ")" * 300, "601 elements"),
        (" OR ".join(f"ALARM(a{number})" for number in range(101)), "101 alarms"),
    ],
)
def test_a_mistake_in_a_rule_is_named_with_its_position(rule: str, says: str) -> None:
    with pytest.raises(AlarmError) as refused:
        alarm_rule(rule)
    assert says in str(refused.value)


def test_a_composite_follows_its_children_at_once() -> None:
    points = {Metric("T", "a"): [point(T0 + 60, 1)], Metric("T", "b"): [point(T0 + 120, 1)]}
    outcome = simulate(
        [composite("both", "ALARM(a) AND ALARM(b)"), composite("page", "ALARM(both)"), metric("a"), metric("b")],
        points,
        T0,
        T0 + 600,
    )
    of = {name: [(each.at - T0, each.new) for each in outcome.transitions if each.alarm == name] for name in ("a", "b")}
    assert of == {"a": [(0, "OK"), (120, "ALARM"), (300, "OK")], "b": [(0, "OK"), (180, "ALARM"), (360, "OK")]}
    for name in ("both", "page"):
        changes = [(each.at - T0, each.new) for each in outcome.transitions if each.alarm == name]
        assert changes == [(0, "OK"), (180, "ALARM"), (300, "OK")]
    because = next(each.reason for each in outcome.transitions if each.alarm == "both" and each.new == "ALARM")
    assert because == "b transitioned to ALARM: ALARM(a) AND ALARM(b) evaluates to ALARM"


@pytest.mark.parametrize(
    ("alarms", "says"),
    [
        ([composite("it", "ALARM(a) OR OK(gone)"), metric("a")], '"it" refers to alarms that do not exist: gone'),
        (
            [
                metric("a"),
                composite(
                    "it",
                    "ALARM(a)",
                    ActionsSuppressor="gone",
                    ActionsSuppressorWaitPeriod=1,
                    ActionsSuppressorExtensionPeriod=1,
                ),
            ],
            "do not exist: gone",
        ),
        ([composite("x", "ALARM(y)"), composite("y", "OK(z)"), composite("z", "OK(x)")], "cycle: x → y → z → x"),
        ([composite("self", "NOT ALARM(self)")], "cycle: self → self"),
        ([metric("a"), metric("a")], 'two alarms named "a"'),
        ([composite("it", "ALARM(")], 'Alarm "it": Expected the name or ARN'),
        ([{"AlarmName": "it", "AlarmRule": {"Fn::Sub": "ALARM(${A})"}}], 'Alarm "it": AlarmRule is not resolved'),
        (
            [metric("a"), composite("it", "ALARM(a)", ActionsSuppressor="a")],
            "ActionsSuppressorExtensionPeriod are required",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_refused(alarms: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(AlarmError) as refused:
        simulate(alarms, {}, T0, T0 + 60)
    assert says in str(refused.value)
