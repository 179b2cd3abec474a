"""Alarms of the emulator, end to end."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ops.twin.emulator.conftest import Emulator, eventually, received


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


def test_a_percentile_of_too_few_samples_changes_nothing_when_told_so(emulator: Emulator) -> None:
    put_value(emulator, 9.0, ago=450, case="few")
    for told in ("evaluate", "ignore"):
        emulator.client("cloudwatch").put_metric_alarm(
            AlarmName=f"few-{told}", Namespace="Test", MetricName="M", Dimensions=[{"Name": "case", "Value": "few"}],
            ExtendedStatistic="p90", Period=300, EvaluationPeriods=2, DatapointsToAlarm=1, Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold", EvaluateLowSampleCountPercentile=told,
        )  # fmt: skip
    eventually(lambda: emulator.alarm("few-evaluate")["StateValue"], "ALARM")
    assert emulator.alarm("few-ignore")["StateValue"] == "INSUFFICIENT_DATA"


def error_rate(threshold: float, expression: str = "100 * errors / invocations") -> dict[str, Any]:
    def query(name: str) -> dict[str, Any]:
        dimensions = [{"Name": "case", "Value": name}]
        metric = {"Namespace": "Test", "MetricName": "M", "Dimensions": dimensions}
        return {"Id": name, "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}}

    return {
        "Metrics": [query("errors"), query("invocations"), {"Id": "rate", "Expression": expression}],
        "EvaluationPeriods": 2,
        "DatapointsToAlarm": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
    }


def test_metric_math_alarms_on_the_ratio_of_two_metrics(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    put_value(emulator, 3.0, ago=450, case="errors")
    put_value(emulator, 50.0, ago=450, case="invocations")
    for threshold in (5, 7):
        cloudwatch.put_metric_alarm(AlarmName=f"above-{threshold}", **error_rate(threshold))
    eventually(lambda: emulator.alarm("above-5")["StateValue"], "ALARM")
    eventually(lambda: emulator.alarm("above-7")["StateValue"], "OK")
    assert "[6.0 (" in emulator.alarm("above-5")["StateReason"]
    assert emulator.alarm("above-5")["Metrics"][2]["Expression"] == "100 * errors / invocations"
    assert "MetricName" not in emulator.alarm("above-5")


def test_an_alarm_that_cannot_be_evaluated_is_refused_when_it_is_put(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    refused_ones = (
        ("SUM(SEARCH('x', 'Sum'))", "SEARCH"),
        ("errors +", "position 9"),
        ("m7", "no query"),
        ("errors / SERVICE_QUOTA(errors)", "quota of errors is not known"),
    )
    for expression, says in refused_ones:
        with pytest.raises(ClientError, match=says) as refused:
            cloudwatch.put_metric_alarm(AlarmName="refused", **error_rate(5, expression))
        assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert not cloudwatch.describe_alarms(AlarmNames=["refused"])["MetricAlarms"]


def test_a_percentile_of_a_template_has_no_other_statistic(emulator: Emulator) -> None:
    cloudformation = emulator.client("cloudformation")
    properties = {
        "AlarmName": "percentile-of-a-template", "Namespace": "Test", "MetricName": "M", "ExtendedStatistic": "p90",
        "EvaluateLowSampleCountPercentile": "ignore", "Period": 60, "EvaluationPeriods": 1, "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    template = {"Resources": {"Slow": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}
    cloudformation.create_stack(StackName="percentile", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="percentile")
    found = emulator.alarm("percentile-of-a-template")
    assert (found.get("Statistic"), found["ExtendedStatistic"]) == (None, "p90")
    assert found["EvaluateLowSampleCountPercentile"] == "ignore"


def test_a_template_may_declare_an_alarm_on_metric_math(emulator: Emulator) -> None:
    cloudformation = emulator.client("cloudformation")
    properties = {"AlarmName": "of-a-template", **error_rate(5), "TreatMissingData": "notBreaching"}
    template = {"Resources": {"Rate": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}
    cloudformation.create_stack(StackName="math", TemplateBody=json.dumps(template))
    eventually(lambda: cloudformation.describe_stacks(StackName="math")["Stacks"][0]["StackStatus"], "CREATE_COMPLETE")
    assert emulator.alarm("of-a-template")["Metrics"][2]["Id"] == "rate"
