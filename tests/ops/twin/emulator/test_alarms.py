"""The alarm rule against the tables of the CloudWatch user guide, and alarms end to end."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from ops.twin.emulator.cloudwatch.alarm_evaluation import Rule, Slot, decide
from tests.ops.twin.emulator.conftest import Emulator, eventually, received

BREACH, FINE = 1.0, 0.0


def verdict(data: str, to_alarm: int, missing: str, periods: int = 3) -> str:
    """``data`` as the guide writes it: X breaches, 0 does not, - is missing; the newest is last."""
    values = {"X": BREACH, "0": FINE, "-": None}
    slots = [Slot(60.0 * at, values[each]) for at, each in enumerate(data.split())]
    rule = Rule("GreaterThanThreshold", 0.5, periods, to_alarm, missing)
    return decide(rule, slots).state or "unchanged"


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
    assert decide(Rule(comparison, 5.0, 1, 1), [Slot(0.0, value)]).state == state


def test_the_reason_is_in_cloudwatchs_words() -> None:
    begins = datetime(2026, 11, 23, 19, 4, tzinfo=UTC).timestamp()
    rule = Rule("GreaterThanThreshold", 0.0, 2, 1)
    reason = decide(rule, [Slot(begins - 60, 0.0), Slot(begins, 5.0)]).reason
    assert reason == (
        "Threshold Crossed: 1 out of the last 2 datapoints [5.0 (23/11/26 19:04:00)] was greater than the threshold "
        "(0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    calm = decide(rule, [Slot(begins - 60, 0.0), Slot(begins, 0.0)]).reason
    assert calm == (
        "Threshold Crossed: 2 out of the last 2 datapoints [0.0 (23/11/26 19:04:00), 0.0 (23/11/26 19:03:00)] were not "
        "greater than the threshold (0.0) (minimum 2 datapoints for ALARM -> OK transition)."
    )


def put_alarm(emulator: Emulator, name: str, dimensions: dict[str, str], **settings: Any) -> None:
    emulator.client("cloudwatch").put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "Test",
            "MetricName": "M",
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Statistic": "Maximum",
            "Period": 10,
            "EvaluationPeriods": 1,
            "Threshold": 0.0,
            "ComparisonOperator": "GreaterThanThreshold",
            **settings,
        }
    )


def put_value(emulator: Emulator, value: float, ago: float = 0.0, **dimensions: str) -> None:
    datum = {
        "MetricName": "M",
        "Dimensions": [{"Name": key, "Value": each} for key, each in dimensions.items()],
        "Timestamp": datetime.fromtimestamp(time.time() - ago, UTC),
        "Value": value,
    }
    emulator.client("cloudwatch").put_metric_data(Namespace="Test", MetricData=[datum])


def test_a_dead_letter_alarms_for_its_own_queue_and_tells_the_topics_subscriber(emulator: Emulator) -> None:
    sqs, sns = emulator.client("sqs"), emulator.client("sns")
    dead, dead_url, _ = emulator.queue()
    fine, _, _ = emulator.queue()
    _, inbox_url, inbox_arn = emulator.queue()
    topic = sns.create_topic(Name=f"alarms-{dead}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=inbox_arn)
    allow = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
             "Resource": inbox_arn}
        ],
    }  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=inbox_url, Attributes={"Policy": json.dumps(allow)})
    for queue in (dead, fine):
        put_alarm(
            emulator,
            f"alarm-{queue}",
            {"QueueName": queue},
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Period=60,
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
    sqs.send_message(QueueUrl=dead_url, MessageBody="a letter")
    eventually(lambda: emulator.alarm(f"alarm-{dead}")["StateValue"], "ALARM")
    notice = json.loads(json.loads(received(emulator, inbox_url)["Body"])["Message"])
    assert notice["AlarmName"] == f"alarm-{dead}"
    assert notice["NewStateValue"] == "ALARM"
    assert "[1.0 (" in notice["NewStateReason"]
    assert emulator.alarm(f"alarm-{fine}")["StateValue"] != "ALARM"
    history = emulator.client("cloudwatch").describe_alarm_history(
        AlarmName=f"alarm-{dead}", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]
    assert any("to ALARM" in item["HistorySummary"] for item in history)


def test_m_of_n_waits_for_enough_periods(emulator: Emulator) -> None:
    put_alarm(
        emulator,
        "two-of-three",
        {"case": "mn"},
        Period=60,  # so long that no value leaves its window while a busy machine stands still
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        TreatMissingData="notBreaching",
    )
    put_value(emulator, 1.0, ago=150, case="mn")
    time.sleep(1)
    assert emulator.alarm("two-of-three")["StateValue"] != "ALARM"
    put_value(emulator, 1.0, ago=90, case="mn")
    eventually(lambda: emulator.alarm("two-of-three")["StateValue"], "ALARM")
    assert "minimum 2 datapoints for OK -> ALARM" in emulator.alarm("two-of-three")["StateReason"]


def test_an_alarm_without_any_data_does_what_it_was_told(emulator: Emulator) -> None:
    expected = {"missing": "INSUFFICIENT_DATA", "notBreaching": "OK", "breaching": "ALARM"}
    for missing in expected:
        put_alarm(emulator, f"none-{missing}", {"case": "none"}, TreatMissingData=missing)

    def state_of(missing: str) -> str:
        return str(emulator.alarm(f"none-{missing}")["StateValue"])

    for missing, state in expected.items():
        eventually(partial(state_of, missing), state)


def test_it_recovers_once_a_newer_period_is_fine(emulator: Emulator) -> None:
    put_alarm(emulator, "recovers", {"case": "back"}, Period=300)
    put_value(emulator, 1.0, ago=660, case="back")
    eventually(lambda: emulator.alarm("recovers")["StateValue"], "ALARM")
    put_value(emulator, 0.0, ago=360, case="back")
    eventually(lambda: emulator.alarm("recovers")["StateValue"], "OK")
    assert "was not greater than the threshold (0.0)" in emulator.alarm("recovers")["StateReason"]


def test_the_period_under_way_counts_only_when_it_cannot_be_undone(emulator: Emulator) -> None:
    put_alarm(emulator, "sum", {"case": "now"}, Period=3600, Statistic="Sum", Threshold=10.0)
    put_alarm(emulator, "average", {"case": "now"}, Period=3600, Statistic="Average", Threshold=10.0)
    put_value(emulator, 11.0, case="now")
    eventually(lambda: emulator.alarm("sum")["StateValue"], "ALARM")
    assert emulator.alarm("average")["StateValue"] == "INSUFFICIENT_DATA"


def test_percentiles_and_units(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    long_ago = datetime.fromtimestamp(time.time() - 450, UTC)
    for unit, values in (("Milliseconds", [10.0] * 95 + [900.0] * 5), ("Seconds", [5_000.0])):
        cloudwatch.put_metric_data(
            Namespace="Test",
            MetricData=[
                {"MetricName": "M", "Dimensions": [{"Name": "case", "Value": "p"}], "Timestamp": long_ago,
                 "Values": sorted(set(values)), "Counts": [values.count(v) for v in sorted(set(values))], "Unit": unit}
            ],
        )  # fmt: skip
    common = {"Statistic": None, "Threshold": 100.0, "Unit": "Milliseconds", "TreatMissingData": "notBreaching"}
    for percentile in ("p90", "p99"):
        settings = {key: value for key, value in common.items() if value is not None}
        cloudwatch.put_metric_alarm(
            AlarmName=percentile, Namespace="Test", MetricName="M", Dimensions=[{"Name": "case", "Value": "p"}],
            ExtendedStatistic=percentile, Period=300, EvaluationPeriods=3, DatapointsToAlarm=1,
            ComparisonOperator="GreaterThanThreshold", **settings,
        )  # fmt: skip
    eventually(lambda: emulator.alarm("p99")["StateValue"], "ALARM")
    assert emulator.alarm("p90")["StateValue"] == "OK"
