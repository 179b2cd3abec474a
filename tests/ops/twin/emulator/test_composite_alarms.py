"""Composite alarms of the emulator, end to end."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ops.twin.emulator.conftest import Emulator, eventually, received


def child(emulator: Emulator, name: str, state: str = "OK") -> None:
    """An alarm that keeps the state it is set to: its metric never has data, and it ignores that."""
    cloudwatch = emulator.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name, Namespace="Never", MetricName="Recorded", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=0.0, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore",
    )  # fmt: skip
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def state_of(emulator: Emulator, name: str) -> str:
    found = emulator.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    return str(found["CompositeAlarms"][0]["StateValue"])


def topic(emulator: Emulator) -> tuple[str, str]:
    """A topic, and the URL of a queue that hears it."""
    _, url, arn = emulator.queue()
    sns = emulator.client("sns")
    made = str(sns.create_topic(Name=f"page-{uuid.uuid4().hex[:8]}")["TopicArn"])
    sns.subscribe(TopicArn=made, Protocol="sqs", Endpoint=arn)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return made, url


def suppressed(rule: str, suppressor: str, wait: int, extension: int, **more: Any) -> dict[str, Any]:
    return {
        "AlarmRule": rule,
        "ActionsSuppressor": suppressor,
        "ActionsSuppressorWaitPeriod": wait,
        "ActionsSuppressorExtensionPeriod": extension,
        **more,
    }


def test_a_composite_of_a_template_follows_its_children(emulator: Emulator) -> None:
    child(emulator, "t1")
    child(emulator, "t2")
    cloudformation = emulator.client("cloudformation")
    properties = {"AlarmName": "both", "AlarmRule": "ALARM(t1) AND AT_LEAST(1, NOT OK, (t1, t2))"}
    template = {"Resources": {"Both": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": properties}}}
    cloudformation.create_stack(StackName="composite", TemplateBody=json.dumps(template))
    eventually(
        lambda: cloudformation.describe_stacks(StackName="composite")["Stacks"][0]["StackStatus"], "CREATE_COMPLETE"
    )
    assert state_of(emulator, "both") == "OK"
    emulator.client("cloudwatch").set_alarm_state(AlarmName="t1", StateValue="ALARM", StateReason="test")
    eventually(lambda: state_of(emulator, "both"), "ALARM")
    cloudformation.delete_stack(StackName="composite")
    describe = emulator.client("cloudwatch").describe_alarms
    eventually(lambda: describe(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"], [])


def test_its_actions_wait_for_the_suppressor(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    child(emulator, "failing")
    child(emulator, "maintenance", "ALARM")
    page, inbox = topic(emulator)
    settings = suppressed("ALARM(failing)", "maintenance", 1, 1, AlarmActions=[page])
    cloudwatch.put_composite_alarm(AlarmName="page", **settings)
    cloudwatch.set_alarm_state(AlarmName="failing", StateValue="ALARM", StateReason="test")
    eventually(lambda: state_of(emulator, "page"), "ALARM")
    time.sleep(2.5)  # longer than the wait
    assert "Messages" not in emulator.client("sqs").receive_message(QueueUrl=inbox)
    cloudwatch.set_alarm_state(AlarmName="maintenance", StateValue="OK", StateReason="test")
    notice = json.loads(json.loads(received(emulator, inbox)["Body"])["Message"])
    assert (notice["AlarmName"], notice["NewStateValue"], notice["OldStateValue"]) == ("page", "ALARM", "OK")


def test_without_its_suppressor_it_acts_after_the_wait(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    child(emulator, "breaking")
    child(emulator, "quiet")
    page, inbox = topic(emulator)
    cloudwatch.put_composite_alarm(
        AlarmName="waits", **suppressed("ALARM(breaking)", "quiet", 1, 1, AlarmActions=[page])
    )
    cloudwatch.set_alarm_state(AlarmName="breaking", StateValue="ALARM", StateReason="test")
    assert json.loads(json.loads(received(emulator, inbox)["Body"])["Message"])["NewStateValue"] == "ALARM"
    described = cloudwatch.describe_alarms(AlarmNames=["waits"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert described["ActionsSuppressorWaitPeriod"] == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"AlarmRule": "ALARM(t1) AND"}, "position 14"),
        ({"AlarmRule": "ALARM(gone-for-good)"}, "do not exist"),
        (suppressed("TRUE", "gone-for-good", 1, 1), "gone-for-good does not exist"),
        ({"AlarmRule": "TRUE", "ActionsSuppressor": "t1"}, "required"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(emulator: Emulator, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ClientError, match=says) as refused:
        emulator.client("cloudwatch").put_composite_alarm(AlarmName="refused", **settings)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
