"""Actions: disabled, suppressed as in the user guide's six examples, and muted as in its scenarios."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ops.alarms.evaluate import CompositeDefinition, Metric, composite_alarm, point, simulate
from ops.alarms.evaluate.actions import Windows, actions
from tests.ops.alarms.oracle.worked import SUPPRESSION, changes
from tests.ops.alarms.test_composite_alarms import T0, metric

TOPIC = "arn:aws:sns:eu-west-1:123456789012:page"
PAGES: dict[str, Any] = {"AlarmActions": [TOPIC], "OKActions": [TOPIC]}
# The guide's examples: a wait of 2 time units, an extension of 3.
SUPPRESSED = composite_alarm(
    {
        "AlarmName": "it",
        "AlarmRule": "ALARM(a)",
        "ActionsSuppressor": "maintenance",
        "ActionsSuppressorWaitPeriod": 2,
        "ActionsSuppressorExtensionPeriod": 3,
        **PAGES,
    }
)


def performed(
    own: str, suppressor: str = "", muted: Windows = (), alarm: CompositeDefinition = SUPPRESSED, end: float = 100
) -> str:
    made = actions(alarm, changes("it", own), changes("maintenance", suppressor), muted, end)
    return " ".join(f"{each.at:g}:{each.state}" for each in made if not each.withheld)


@pytest.mark.parametrize(("own", "suppressor", "done"), SUPPRESSION)
def test_the_guides_examples_of_suppression(own: str, suppressor: str, done: str) -> None:
    assert performed(own, suppressor) == done


@pytest.mark.parametrize(
    ("own", "suppressor", "done"),
    [
        ("2:ALARM", "4:ALARM", ""),  # at the very end of the wait
        ("2:ALARM", "5:ALARM 7:OK", "4:ALARM"),  # nothing is pending when the suppressor leaves
        ("2:ALARM", "3:ALARM 6:OK 8:ALARM 20:OK", "23:ALARM"),  # back in ALARM within the extension
        ("2:ALARM 4:OK", "1:ALARM 9:INSUFFICIENT_DATA", "12:OK"),
        ("2:ALARM 10:OK", "", "4:ALARM 12:OK"),
    ],
)
def test_more_of_suppression(own: str, suppressor: str, done: str) -> None:
    assert performed(own, suppressor) == done


def test_a_wait_that_is_not_over_at_the_end_leaves_no_action() -> None:
    assert performed("2:ALARM", end=3) == ""
    assert performed("2:ALARM", end=4) == "4:ALARM"


def test_what_is_withheld_says_why() -> None:
    made = actions(SUPPRESSED, changes("it", "2:ALARM 5:OK"), changes("maintenance", "3:ALARM"), (), 50)
    assert [each.withheld for each in made] == ["waiting for the suppressor (WaitPeriod)", "suppressed by maintenance"]
    off = actions(replace(SUPPRESSED, actions_enabled=False), changes("it", "2:ALARM"), [], (), 50)
    assert [(each.at, each.withheld) for each in off] == [(2, "its actions are disabled")]


FREE = replace(SUPPRESSED, suppressor="")


@pytest.mark.parametrize(
    ("own", "muted", "done"),
    [
        ("2:ALARM", [(1, 5)], "5:ALARM"),
        ("2:ALARM 7:OK", [(1, 5)], "5:ALARM 7:OK"),
        ("2:ALARM", [(1, 8)], "8:ALARM"),
        ("0:OK 9:ALARM", [(1, 5)], "0:OK 9:ALARM"),
        ("5:ALARM", [(1, 5)], "5:ALARM"),
        ("2:ALARM", [(1, 200)], ""),
    ],
)
def test_muted_actions_are_made_up_for_when_the_mute_ends(own: str, muted: Windows, done: str) -> None:
    assert performed(own, muted=muted, alarm=FREE) == done


def test_an_alarm_that_recovered_while_muted_does_not_page_afterwards() -> None:
    only_alarm = replace(FREE, actions=(("ALARM", (TOPIC,)),))
    assert performed("2:ALARM 4:OK", muted=[(1, 5)], alarm=only_alarm) == ""


def test_states_without_actions_are_left_out() -> None:
    outcome = simulate([metric("a", AlarmActions=[TOPIC])], {Metric("T", "a"): [point(T0 + 60, 1)]}, T0, T0 + 900)
    assert [(each.at - T0, each.alarm, each.state, each.targets) for each in outcome.actions] == [
        (120, "a", "ALARM", (TOPIC,))
    ]
    assert len(outcome.transitions) == 3


def test_a_mute_rule_holds_an_alarms_page_back() -> None:
    rule = {
        "Name": "deploy",
        "MuteTargets": {"AlarmNames": ["a"]},
        "Rule": {"Schedule": {"Expression": "at(2026-06-01T00:00)", "Duration": "PT10M"}},
    }
    points = {Metric("T", "a"): [point(T0 + 60 * minute, 1) for minute in range(5, 20)]}
    outcome = simulate([metric("a", **PAGES)], points, T0, T0 + 3600, [rule])
    assert [((each.at - T0) / 60, each.state, each.withheld) for each in outcome.actions] == [
        (0, "OK", "muted"),
        (6, "ALARM", "muted"),
        (10, "ALARM", ""),
        (23, "OK", ""),
    ]


@pytest.mark.parametrize(("whole", "first"), [(True, 10), (False, 4)])
def test_a_new_alarm_warms_up(whole: bool, first: int) -> None:
    warm_up = {"WarmUpPeriodDurationInMinutes": 10, "OnlyStartEvaluatingAfterWarmUpPeriodEnds": whole}
    alarm = metric("a", WarmUpConfiguration=warm_up, EvaluationPeriods=2)
    points = {Metric("T", "a"): [point(T0 + 60 * minute, 1) for minute in range(2, 20)]}
    outcome = simulate([alarm], points, T0, T0 + 1200, created=T0)
    assert [((each.at - T0) / 60, each.new) for each in outcome.transitions] == [(first, "ALARM")]
