"""The alarms of a workload: their rows, a week of their states, the chart of one, and the sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops.alarms import catalogue
from ops.alarms.catalogue.definitions import description
from ops.aws.cloudwatch import StateChange
from ops.insight.report_types import Level
from ops.insight.reports import alarms, overview
from ops.insight.reports.alarms_page import report as alarms_page
from ops.insight.reports.alarms_page.chart import drawn_period
from ops.insight.reports.alarms_page.report import AlarmsReport, with_clauses
from ops.insight.rules import alarm_rules, levels
from ops.insight.rules.alarm_rules import alarm_words
from ops.insight.rules.alarm_rules.alarm_receivers import AlarmReceivers
from ops.insight.sources.alarm_history import StateSpan, state_spans
from ops.workload import Workload
from tests.fakes.aws import Refusal
from tests.fakes.regional_prices import priced
from tests.ops.insight.world import END, FUNCTION, WINDOW, WORKLOAD, Stage, without, world

TOPIC = "arn:aws:sns:eu-west-1:1:oncall"
DEAD = {
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
    "AlarmActions": [TOPIC],
    "MetricName": "ApproximateNumberOfMessagesVisible",
}
SHARE = {
    "MetricName": "",
    "Namespace": "",
    "Dimensions": [],
    "Threshold": 50.0,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Metrics": [
        {"Id": "e1", "Expression": "100 * m1 / m2", "ReturnData": True},
        *(
            {
                "Id": name,
                "ReturnData": False,
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/Lambda", "MetricName": metric, "Dimensions": []},
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for name, metric in (("m1", "Errors"), ("m2", "Invocations"))
        ),
    ],
}
PAGER = {"AlarmName": "page-me", "AlarmRule": 'ALARM("shop-age") OR ALARM("another")', "AlarmActions": [TOPIC]}


def report(stage: Stage, workload: Workload = WORKLOAD, chosen: str = "", **of_the_world: Any) -> AlarmsReport:
    with world(stage, of_the_world.pop("metrics", {}), **of_the_world) as (aws, fake):
        made = alarms_page.report(aws, workload, of_the_world.get("window", WINDOW), chosen)
    assert fake.count("GetMetricData") <= 1, "one call per refresh"
    return made


def test_what_fires_comes_first_and_makes_the_sentence(stage: Stage) -> None:
    found = report(stage, firing=["shop-dead"], definitions={"shop-dead": DEAD})
    assert found.finding.text == "Critical: 1 of 2 alarms is in ALARM: follow runbooks/dead-letters.md."
    first, other = found.rows
    assert (first.label, first.state, first.watches) == ("dead", "ALARM", "Messages visible, dead")
    assert first.condition == "> 0 messages, 2 of 3 × 60 s"
    assert (first.runbook, first.monthly_usd) == ("runbooks/dead-letters.md", 0.1)
    assert other.label == "age"
    assert found.chosen == "shop-dead"


def test_the_chart_has_the_threshold_and_the_periods_that_decide(stage: Stage) -> None:
    points = [0, 0, 0, 0, 0, 1, 0, 4, 5]
    metrics = {"QueueName=dead ApproximateNumberOfMessagesVisible": points}
    chart = report(stage, chosen="shop-dead", definitions={"shop-dead": DEAD}, metrics=metrics).chart
    assert chart is not None
    assert list(chart.frame["value"]) == points
    assert list(chart.frame["breaching"].dropna()) == [1, 4, 5]
    assert (chart.threshold, chart.sign, chart.threshold_text) == (0, ">", "0 messages")
    assert chart.evaluated == (WINDOW.start + timedelta(minutes=6), WINDOW.start + timedelta(minutes=9))
    assert (chart.breaching, chart.to_alarm, chart.periods) == (2, 2, 3)


def test_metric_math_is_drawn_as_the_alarm_computes_it(stage: Stage) -> None:
    metrics = {"Errors": [1, 2, None], "Invocations": [4, 2, 2]}
    found = report(stage, without(alarms=("shop-share",)), definitions={"shop-share": SHARE}, metrics=metrics)
    assert found.chart is not None
    assert list(found.chart.frame["value"].dropna()) == [25, 100, 0]
    assert list(found.chart.frame["breaching"].dropna()) == [100]
    assert (found.rows[0].watches, found.rows[0].monthly_usd) == ("100 * m1 / m2", 0.2)


def test_a_promql_alarm_is_shown_with_its_query(stage: Stage) -> None:
    query = 'sum({"Errors", FunctionName="worker"}) > 0'
    criteria = {"PromQLCriteria": {"Query": query, "PendingPeriod": 300, "RecoveryPeriod": 300}}
    no_metric = {"MetricName": "", "Namespace": "", "Dimensions": []}
    own = {"EvaluationCriteria": criteria, "EvaluationInterval": 60, "AlarmActions": [TOPIC], **no_metric}
    found = report(stage, firing=["shop-dead"], chosen="shop-dead", definitions={"shop-dead": own})
    row = found.rows[0]
    assert (row.state, row.watches, row.monthly_usd) == ("ALARM", f"PromQL: {query}", None)
    assert row.missing_data == "", "TreatMissingData does not apply"
    assert found.chart is None
    assert "PromQL alarms are not modeled" in found.no_chart


def test_an_alarm_that_cannot_be_drawn_says_why(stage: Stage) -> None:
    strange = {**DEAD, "ComparisonOperator": "GreaterThanUpperThreshold", "ThresholdMetricId": "band"}
    found = report(stage, chosen="shop-dead", definitions={"shop-dead": strange})
    assert found.chart is None
    assert "anomaly detection is not modeled" in found.no_chart


@pytest.mark.parametrize(
    ("firing", "level"), [(("shop-age",), Level.WARNING), (("shop-age", "shop-dead"), Level.CRITICAL)]
)
def test_an_alarm_that_can_wait_is_a_warning_here_and_on_the_overview(
    stage: Stage, firing: tuple[str, ...], level: Level
) -> None:
    """As the catalogue describes alarms of severity ticket."""
    (ticket,) = (row for row in catalogue.rows() if row.id == "cold-start-share")
    defined = {"shop-age": {"AlarmDescription": description(ticket)}}
    found = report(stage, definitions=defined, firing=firing)
    with world(stage, {}, definitions=defined, firing=firing) as (aws, _):
        claims = alarm_rules.firing(alarms.read(aws, WORKLOAD)[0], WINDOW, "shop")
    assert found.finding.level is levels.worst(*(claim.level for claim in claims)) is level


def test_a_composite_alarm_tells_for_those_in_its_rule(stage: Stage) -> None:
    other = {"AlarmName": "elsewhere", "AlarmRule": 'ALARM("another")'}
    found = report(stage, composites=[{**PAGER, "StateValue": "ALARM"}, other], chosen="page-me")
    rows = {row.name: row for row in found.rows}
    assert set(rows) == {"page-me", "shop-age", "shop-dead"}
    assert rows["page-me"].children == (("shop-age", "OK"), ("another", ""))
    assert rows["shop-age"].receivers.text == "through page-me"
    assert rows["shop-dead"].receivers == AlarmReceivers(True, "no action")
    assert rows["page-me"].monthly_usd == 0.5
    assert found.chart is None
    assert found.finding.level is Level.CRITICAL


def test_actions_that_are_disabled_tell_no_one(stage: Stage) -> None:
    found = report(stage, definitions={"shop-dead": {**DEAD, "ActionsEnabled": False}})
    receivers = next(row.receivers for row in found.rows if row.name == "shop-dead")
    assert receivers == AlarmReceivers(True, "actions disabled")


def test_a_week_of_states(stage: Stage) -> None:
    changes = [(5.0, "shop-dead", "ALARM", "OK"), (2.0, "shop-dead", "OK", "ALARM")]
    found = report(stage, alarm_changes=changes)
    row = next(row for row in found.rows if row.name == "shop-dead")
    assert [span.state for span in row.spans] == ["OK", "ALARM", "OK"]
    assert row.spans[1].seconds == 180
    assert row.spans[0].start == found.history.start == END - timedelta(days=7)
    assert [change.after for change in row.changes] == ["OK", "ALARM"], "the newest first"


def test_what_of_the_week_was_not_read_is_said(stage: Stage) -> None:
    found = report(stage, alarm_changes=[(2.0, "shop-dead", "OK", "ALARM")], more_history=True)
    assert any("Earlier changes of alarms" in note for note in found.look.partial)
    row = next(row for row in found.rows if row.name == "shop-dead")
    assert row.spans[0].state == ""


def test_deployments_of_the_week_are_marked(stage: Stage) -> None:
    at = END - timedelta(days=6)
    assert [event.start for event in report(stage, without(function=replace(FUNCTION, deployed_at=at))).events] == [at]


@pytest.mark.parametrize("operation", ["DescribeAlarms", "DescribeAlarmHistory", "ListVersionsByFunction"])
def test_a_denied_call_leaves_the_rest(stage: Stage, operation: str) -> None:
    found = report(stage, refuse={operation: Refusal("AccessDenied", "", 403)})
    assert any(operation in note for note in found.look.partial)
    assert bool(found.rows) == (operation != "DescribeAlarms")


def test_denied_metrics_leave_the_states(stage: Stage) -> None:
    denied = {"GetMetricData": Refusal("AccessDenied", "", 403)}
    found = report(stage, chosen="shop-dead", definitions={"shop-dead": DEAD}, refuse=denied)
    assert len(found.rows) == 2
    assert "GetMetricData" in found.no_chart


def test_a_workload_without_alarms(stage: Stage) -> None:
    found = report(stage, without(alarms=()))
    assert found.finding.text == "No data: this workload has no alarms: no one is notified when it fails."
    assert (found.rows, found.chart, found.monthly_usd) == ((), None, None)


def test_states_are_not_of_a_range_that_is_over(stage: Stage) -> None:
    past = replace(WINDOW, past=True)
    with world(stage, {}, firing=["shop-dead"], alarm_changes=[(2.0, "shop-age", "OK", "ALARM")]) as (aws, _):
        found = alarms_page.report(aws, WORKLOAD, past)
    assert found.finding.level is Level.NO_DATA
    assert found.finding.text.startswith("No data: 1 of 2 alarms were in ALARM in this range; states are current")


@pytest.mark.parametrize("firing", [(), ("shop-dead",), ("shop-age", "shop-dead")])
def test_the_overview_is_not_better(stage: Stage, firing: tuple[str, ...]) -> None:
    level = report(stage, firing=firing).finding.level
    with world(stage, {"QueueName=jobs NumberOfMessagesSent": 60}, firing=firing) as (aws, _):
        assert overview.report(aws, WORKLOAD, WINDOW).finding.level is level


def test_clauses_stand_beside_the_sentence(stage: Stage) -> None:
    finding = with_clauses(report(stage).finding, ("1 reaches no one",))
    assert finding.text == "OK: none of 2 alarms is in ALARM; 1 reaches no one."
    assert (finding.headline, finding.chips) == ("OK: none of 2 alarms is in ALARM.", ("1 reaches no one",))


@pytest.mark.parametrize(("own", "days", "period"), [(60, 0.1, 60), (60, 7, 420), (300, 1, 300), (60, 30, 1_740)])
def test_periods_of_a_chart(own: int, days: float, period: int) -> None:
    window = replace(WINDOW, start=END - timedelta(days=days))
    assert drawn_period(own, window) == period


def test_states_before_the_first_known_change() -> None:
    start, end = WINDOW.start, WINDOW.end
    at = start + timedelta(minutes=1)
    assert state_spans("OK", at, (), start, end, start) == (StateSpan(start, at, ""), StateSpan(at, end, "OK"))
    assert state_spans("OK", None, (), start, end, start) == (StateSpan(start, end, ""),)
    change = StateChange(at, "a", "ALARM", "OK")
    assert state_spans("OK", at, (change,), start, end, start) == (
        StateSpan(start, at, "ALARM"),
        StateSpan(at, end, "OK"),
    )


def test_the_sentence_leads_to_the_page_with_the_cause(stage: Stage) -> None:
    assert report(stage, firing=("shop-dead",)).finding.page == "dead_letters"
    assert report(stage, firing=("shop-age",)).finding.page == "queue"
    assert report(stage).finding.page == ""


@pytest.mark.parametrize(
    ("rule", "children", "words"),
    [
        ('ALARM("a") OR ALARM("b c") OR ALARM(d)', ("a", "b c", "d"), "Any of 3 alarms in ALARM"),
        ('ALARM("a")', ("a",), 'ALARM("a")'),
        ('ALARM("a") AND ALARM("b")', ("a", "b"), 'ALARM("a") AND ALARM("b")'),
        ('ALARM("a") OR OK("b")', ("a", "b"), 'ALARM("a") OR OK("b")'),
        ('NOT ALARM("a") OR ALARM("b")', ("a", "b"), 'NOT ALARM("a") OR ALARM("b")'),
    ],
)
def test_a_composite_alarm_is_put_in_words_only_where_they_say_all(
    rule: str, children: tuple[str, ...], words: str
) -> None:
    assert alarm_words.composite_words(rule, children) == words


def test_prices_are_those_of_the_workloads_region(stage: Stage) -> None:
    with priced("af-south-1", alarm_month=0.2, composite_alarm_month=0.7):
        found = report(stage, without(region="af-south-1"), composites=[PAGER], definitions={"shop-dead": DEAD})
    assert found.price_region == "af-south-1"
    assert {row.name: row.monthly_usd for row in found.rows} == {"page-me": 0.7, "shop-age": 0.2, "shop-dead": 0.2}
    assert report(stage, without(region="af-south-1")).price_region == "us-east-1", "it has no prices of its own"
