"""Alarms against an incident: who pages, when, and what is said of those that cannot."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alarms.incidents import Incident, IncidentError, parse
from ops.alarms.rehearsal import PageOutcome, Rehearsal, WorkloadRoles, rehearse
from tests.ops.alarms.rehearsal.alarms import ROLES, alarm, composite

AGE, SENT = "ApproximateAgeOfOldestMessage", "NumberOfMessagesSent"
INCIDENT = """title = "t"
start = 2026-03-02T10:00:00Z
length = "2h"

[[series]]
metric = "queue.ApproximateAgeOfOldestMessage"
phases = [
  {from = "0m", to = "1h", value = 5},
  {from = "1h", to = "1h40m", line = [60, 2400]},
  {from = "1h40m", to = "2h", value = 5},
]

[[series]]
metric = "queue.NumberOfMessagesSent"
phases = [{from = "0m", to = "2h", value = 30}]

[[must_page]]
says = ["oldest-age"]
from = "1h"
within = "15m"
because = "messages wait"
"""


def incident(more: str = "") -> Incident:
    return parse(INCIDENT + more, "case.toml")


def one(definition: dict[str, Any], *others: dict[str, Any], more: str = "", roles: WorkloadRoles = ROLES) -> Rehearsal:
    return rehearse([definition, *others], [incident(more)], roles)


@pytest.mark.parametrize(
    ("threshold", "outcome", "minutes"),
    [
        (500, PageOutcome.PAGED, 10),
        (1500, PageOutcome.LATE, 27),
        (3000, PageOutcome.NEVER, None),
        (3, PageOutcome.WRONG, 0),
    ],
)
def test_outcomes_by_threshold(threshold: float, outcome: str, minutes: float | None) -> None:
    result = one(alarm("age", AGE, threshold))
    row = result.incidents[0].alarms[0]
    assert row.outcome == outcome
    assert row.minutes == minutes
    assert result.passed is (outcome == PageOutcome.PAGED)
    required = result.incidents[0].required[0]
    assert (required.outcome is PageOutcome.PAGED) is (outcome == PageOutcome.PAGED)


def test_a_page_for_something_else_does_not_count() -> None:
    result = one(alarm("busy", SENT, 20))
    assert result.incidents[0].alarms[0].outcome is PageOutcome.WRONG and result.wrong == 1
    assert result.missed == 1


def test_who_notifies_no_one_does_not_page() -> None:
    without, disabled = alarm("age", AGE, 500, AlarmActions=[]), alarm("off", AGE, 500, ActionsEnabled=False)
    result = one(without, disabled)
    assert [(each.outcome, each.why) for each in result.incidents[0].alarms] == [
        (PageOutcome.NO_PAGE, "it has no alarm action"),
        (PageOutcome.NO_PAGE, "its actions are disabled"),
    ]
    assert result.missed == 1 and not result.passed


def test_others_alarms_and_refused_ones_are_said() -> None:
    result = one(
        alarm("theirs", AGE, 500, Dimensions=[{"Name": "QueueName", "Value": "other"}]),
        alarm("band", AGE, 500, ThresholdMetricId="ad1"),
        alarm("age", AGE, 500),
        alarm("age", AGE, 600),
        alarm("silence", "NumberOfMessagesDeleted", 500),
    )
    assert [(each.outcome, each.why) for each in result.incidents[0].alarms] == [
        (PageOutcome.UNAFFECTED, "it reads AWS/SQS ApproximateAgeOfOldestMessage"),
        (PageOutcome.NOT_CHECKED, "anomaly detection is not modeled"),
        (PageOutcome.PAGED, ""),
        (PageOutcome.NO_DATA, "the incident has no values of queue.NumberOfMessagesDeleted"),
        (PageOutcome.NOT_CHECKED, "another alarm has the same name"),
    ]


def test_a_composite_says_what_its_alarms_say() -> None:
    result = one(
        composite("page-me", 'ALARM(age) OR ALARM("sent")'),
        alarm("age", AGE, 500, AlarmActions=[]),
        alarm("sent", SENT, 100, AlarmActions=[]),
    )
    assert [each.outcome for each in result.incidents[0].alarms] == [
        PageOutcome.PAGED,
        PageOutcome.NO_PAGE,
        PageOutcome.SILENT,
    ]
    assert result.incidents[0].required[0].alarm == "page-me"


def test_composites_of_alarms_that_are_gone_refused_or_cyclic() -> None:
    result = one(
        composite("gone", "ALARM(nowhere)"),
        composite("a", "ALARM(b)"),
        composite("b", "ALARM(a)"),
        composite("on-band", "ALARM(band)"),
        alarm("band", AGE, 500, ThresholdMetricId="ad1"),
        composite("odd", "ALARM(age) AND"),
        alarm("age", AGE, 500),
    )
    why = {each.alarm: each.why for each in result.incidents[0].alarms}
    assert why["gone"] == "its rule names alarms that do not exist: nowhere"
    assert why["a"] == why["b"] == "its rule leads back to itself, or to such an alarm"
    assert why["on-band"] == "its rule names alarms that are not checked: band"
    assert why["odd"].startswith("Expected an alarm's state")
    assert result.passed


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("m1 +", "Expected a value"),
        ("SEARCH('{AWS/SQS,QueueName} jobs', 'Sum', 60)", "SEARCH"),
        ("e1 * 2", "cycle"),
    ],
)
def test_math_that_cannot_alarm_is_not_checked(expression: str, why: str) -> None:
    metric = {"Namespace": "AWS/SQS", "MetricName": AGE, "Dimensions": [{"Name": "QueueName", "Value": "jobs"}]}
    math = {
        "AlarmName": "math",
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "e1", "Expression": expression},
        ],
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
    }
    row = one(math).incidents[0].alarms[0]
    assert row.outcome is PageOutcome.NOT_CHECKED and why.lower() in row.why.lower()


def test_expected_states_of_named_alarms() -> None:
    states = """
[[expect_state]]
alarm = "age"
at = "30m"
state = "OK"
[[expect_state]]
alarm = "age"
at = "1h30m"
state = "OK"
"""
    result = one(alarm("age", AGE, 500), more=states).incidents[0]
    assert [(each.holds, each.actual) for each in result.states] == [(True, "OK"), (False, "ALARM")]
    assert not result.passed and result.covered
    with pytest.raises(IncidentError, match=r"case.toml:23: There is no alarm age"):
        one(alarm("others", AGE, 500), more=states)


def test_values_scale_with_the_workloads_own_limit() -> None:
    text = INCIDENT.replace("[[series]]", "[workload]\nconcurrency = 10\n\n[[series]]", 1) + (
        '\n[[series]]\nmetric = "function.ConcurrentExecutions"\nrelative_to = "concurrency"\n'
        'phases = [{from = "0m", to = "1h", value = 1}, {from = "1h", to = "2h", value = 10}]\n'
    )
    pinned = alarm("pinned", "ConcurrentExecutions", 99, Namespace="AWS/Lambda") | {
        "Dimensions": [{"Name": "FunctionName", "Value": "worker"}]
    }
    case = parse(text, "case.toml")
    known = WorkloadRoles(queue=ROLES.queue, function=ROLES.function, limits={"concurrency": 100})
    assert rehearse([pinned], [case], known).incidents[0].alarms[0].outcome is PageOutcome.ALSO
    unknown = rehearse([pinned], [case], ROLES).incidents[0]
    assert unknown.alarms[0].outcome is PageOutcome.SILENT and unknown.unscaled == ("concurrency",)


def test_a_share_of_the_accounts_quota_is_known_where_the_quota_is() -> None:
    stat = {
        "Metric": {"Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions"},
        "Period": 60,
        "Stat": "Maximum",
    }
    share = composite("share", "") | {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 90,
        "Metrics": [
            {"Id": "e", "Expression": "100 * m / SERVICE_QUOTA(m)"},
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
        ],
    }
    series = '\n[[series]]\nmetric = "account.ConcurrentExecutions"\nphases = [{from = "0m", to = "2h", value = 46}]\n'
    unknown = parse(INCIDENT + series, "unknown.toml")
    small = parse(
        INCIDENT.replace("[[series]]", "[workload]\naccount_concurrency = 50\n\n[[series]]", 1) + series, "small.toml"
    )
    first, second = rehearse([share], [unknown, small], ROLES).incidents
    assert "The quota of m is not known" in first.alarms[0].why
    assert second.alarms[0].states[-1].state == "ALARM", "46 of 50"
    raised = WorkloadRoles(queue=ROLES.queue, limits={"account_concurrency": 1000})
    assert [each.alarms[0].states[-1].state for each in rehearse([share], [unknown, small], raised).incidents] == [
        "OK"
    ] * 2


def test_the_metrics_of_an_inactive_queue_come_later_and_an_incident_may_say_how_late() -> None:
    dead = alarm(
        "dead", "ApproximateNumberOfMessagesVisible", 0, Dimensions=[{"Name": "QueueName", "Value": "jobs-dlq"}]
    )
    series = '\n[[series]]\nmetric = "dlq.ApproximateNumberOfMessagesVisible"\n'
    arrives = 'phases = [{from = "1h", to = "2h", value = 3}]\n'
    active = 'phases = [{from = "0m", to = "1h", value = 0}, {from = "1h", to = "2h", value = 3}]\n'

    def fires_at(text: str) -> float:
        states = rehearse([dead], [parse(text, "case.toml")], ROLES).incidents[0].alarms[0].states
        return next(each.at for each in states if each.state == "ALARM") / 60 - 60

    assert fires_at(INCIDENT + series + active) == 2, "the end of its minute, and one until it is published"
    assert fires_at(INCIDENT + series + arrives) == 15
    assert fires_at('wake = "0m"\n' + INCIDENT + series + arrives) == 2
    assert fires_at(INCIDENT + series + 'published = "2m"\n' + active) == 3
    assert fires_at(INCIDENT + series + 'published = "0m"\n' + active) == 1


def test_an_alarm_that_clears_itself_is_not_enough() -> None:
    text = INCIDENT.replace('within = "15m"', 'within = "15m"\nuntil = "1h30m"')
    clears = alarm("clears", AGE, 500, ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1)
    stays = rehearse([clears], [parse(text, "a.toml")], ROLES).incidents[0].required[0]
    assert stays.outcome is PageOutcome.PAGED
    spike = text.replace("line = [60, 2400]}", "steps = [600, 600, 5, 5]}")
    cleared = rehearse([clears], [parse(spike, "a.toml")], ROLES).incidents[0].required[0]
    assert (cleared.outcome, cleared.minutes) == (PageOutcome.CLEARED, 22)


@pytest.mark.parametrize("value", [None, "", 0, "x", [], {}, {"Ref": "a"}, [{"Name": 1}], float("nan"), 10**400])
def test_definitions_of_any_shape_are_said_not_raised(value: Any) -> None:
    for key in ("Threshold", "EvaluationPeriods", "Dimensions", "Period", "AlarmActions", "Statistic", "Metrics"):
        row = one(alarm("odd", AGE, 500) | {key: value}).incidents[0].alarms[0]
        assert row.outcome is not PageOutcome.NOT_CHECKED or row.why
