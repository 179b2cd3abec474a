"""Alarm mute rules and the history of actions, through the API."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ops.twin.emulator.conftest import ACCOUNT, REGION, Emulator, eventually

SCHEDULE = {"Expression": "cron(* * * * *)", "Duration": "PT2M"}


def quiet_alarm(emulator: Emulator, **settings: Any) -> tuple[str, str, str]:
    """An alarm on a metric without data, which keeps the state it is set to; its topic, and the subscribed queue's URL."""
    name = f"quiet-{uuid.uuid4().hex[:8]}"
    _, url, arn = emulator.queue()
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = emulator.client("sns").create_topic(Name=name)["TopicArn"]
    emulator.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    emulator.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="Test", MetricName=name, Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", AlarmActions=[topic], **settings,
    )  # fmt: skip
    return name, topic, url


def actions(emulator: Emulator, name: str) -> list[dict[str, Any]]:
    answer = emulator.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="Action")
    return [json.loads(item["HistoryData"]) for item in answer["AlarmHistoryItems"]]


def set_state(emulator: Emulator, name: str, state: str) -> None:
    emulator.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")


def mute(emulator: Emulator, rule: str, *alarms: str, schedule: dict[str, str] = SCHEDULE) -> None:
    emulator.client("cloudwatch").put_alarm_mute_rule(
        Name=rule, Rule={"Schedule": schedule}, MuteTargets={"AlarmNames": list(alarms)}
    )


def test_a_muted_alarm_acts_when_its_rule_is_deleted(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    name, topic, _ = quiet_alarm(emulator)
    mute(emulator, name, name)
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)["Status"] == "ACTIVE"
    found = cloudwatch.list_alarm_mute_rules(AlarmName=name, Statuses=["ACTIVE"])["AlarmMuteRuleSummaries"]
    assert found[0]["AlarmMuteRuleArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:{name}"
    set_state(emulator, name, "ALARM")
    assert actions(emulator, name) == []
    cloudwatch.delete_alarm_mute_rule(AlarmMuteRuleName=name)
    eventually(lambda: [one["notificationResource"] for one in actions(emulator, name)], [topic])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName=name)


def test_a_state_that_is_over_when_the_muting_ends_is_not_made_up_for(emulator: Emulator) -> None:
    name, _, _ = quiet_alarm(emulator)
    mute(emulator, name, name)
    set_state(emulator, name, "ALARM")
    set_state(emulator, name, "OK")
    emulator.client("cloudwatch").delete_alarm_mute_rule(AlarmMuteRuleName=name)
    other, _, _ = quiet_alarm(emulator)
    mute(emulator, other, other)
    set_state(emulator, other, "ALARM")
    emulator.client("cloudwatch").delete_alarm_mute_rule(AlarmMuteRuleName=other)
    eventually(lambda: len(actions(emulator, other)), 1)
    assert actions(emulator, name) == []


def test_schedules(emulator: Emulator) -> None:
    cloudwatch = emulator.client("cloudwatch")
    past = {"Expression": "at(2020-01-01T00:00)", "Duration": "PT5M"}
    mute(emulator, "past", "x", schedule=past)
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="past")["Status"] == "EXPIRED"
    now = {"Expression": f"at({datetime.now(UTC):%Y-%m-%dT%H:%M})", "Duration": "PT5M"}
    mute(emulator, "past", "x", schedule=now)
    assert cloudwatch.get_alarm_mute_rule(AlarmMuteRuleName="past")["Status"] == "ACTIVE"
    with pytest.raises(ClientError, match="ValidationError"):
        mute(emulator, "wrong", "x", schedule={"Expression": "at(tomorrow)", "Duration": "PT5M"})


def test_a_refused_action_is_in_the_history_and_not_published(emulator: Emulator) -> None:
    name, topic, url = quiet_alarm(emulator)
    emulator.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue='{"Version": "2012-10-17", "Statement": []}'
    )
    set_state(emulator, name, "ALARM")
    (failed,) = actions(emulator, name)
    assert failed["actionState"] == "Failed"
    assert "is not authorized to perform: SNS:Publish" in failed["error"]
    assert "Messages" not in emulator.client("sqs").receive_message(QueueUrl=url)
    key = emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]
    encrypted, topic, _ = quiet_alarm(emulator)
    emulator.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    set_state(emulator, encrypted, "ALARM")
    assert "encryption key" in actions(emulator, encrypted)[0]["error"]
