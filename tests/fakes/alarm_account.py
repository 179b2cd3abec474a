"""An account with alarms, topics, keys and subscribers, as AWS answers about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from tests.fakes.aws import Refusal

REGION, ACCOUNT = "eu-west-1", "111122223333"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:oncall"
KEY = "0f0e0d0c-0000-4000-8000-000000000001"
ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
DEFAULT_POLICY = {
    "Statement": [
        {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe"],
            "Resource": TOPIC,
            "Condition": {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        }
    ]
}
"""What SNS gives a new topic."""


def alarm_arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


def alarm(name: str, actions: Sequence[str] = (TOPIC,), **more: Any) -> dict[str, Any]:
    own = {"AlarmName": name, "AlarmArn": alarm_arn(name), "StateValue": "OK", "AlarmActions": list(actions)}
    watched = {"Namespace": "AWS/SQS", "MetricName": "M", "Dimensions": [{"Name": "QueueName", "Value": "orders"}]}
    return {**own, **watched, "Statistic": "Maximum", "Period": 60, "Threshold": 0.0, **more}


def composite(name: str, rule: str, actions: Sequence[str] = (TOPIC,), **more: Any) -> dict[str, Any]:
    own = {"AlarmName": name, "AlarmArn": alarm_arn(name), "StateValue": "OK", "AlarmActions": list(actions)}
    return {**own, "AlarmRule": rule, **more}


def action(name: str, state: str, error: str = "", target: str = TOPIC, at: float = 1_795_500_000) -> dict[str, Any]:
    """An item of an alarm's history."""
    done = "Successfully executed" if state == "Succeeded" else "Failed to execute"
    data = {"actionState": state, "notificationResource": target, "publishedMessage": "{}", "error": error or None}
    item = {"AlarmName": name, "AlarmType": "MetricAlarm", "Timestamp": at, "HistoryItemType": "Action"}
    return {**item, "HistorySummary": f"{done} action {target}", "HistoryData": json.dumps(data)}


@dataclass(frozen=True)
class Subscriber:
    """``attributes``: FilterPolicy and the like."""

    protocol: str = "email"
    endpoint: str = "oncall@example.com"
    pending: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class AlarmAccount:
    """``topics``: policies by ARN. ``keys`` and ``queues``: policies by ID and by name; ``functions``: by name.
    ``denied``: operations that are refused. ``encrypted``: the key of each topic or queue that has one, by ARN."""

    alarms: Sequence[Mapping[str, Any]] = (alarm("dead"),)
    composites: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = ()
    topics: Mapping[str, Any] = field(default_factory=lambda: {TOPIC: DEFAULT_POLICY})
    subscribers: Sequence[Subscriber] = (Subscriber(),)
    keys: Mapping[str, Any] = field(default_factory=dict)
    key_state: str = "Enabled"
    encrypted: Mapping[str, str] = field(default_factory=dict)
    queues: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    mute_rules: Mapping[str, Sequence[str]] | None = None
    """Active ones, with their alarms; None: the endpoint does not have them."""

    def answer(self, service: str, operation: str, asked: dict[str, Any]) -> Any:
        if service == "lambda":
            return self._lambda(operation.strip("/").split("/"))
        if operation in self.denied:
            raise Refusal("AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:user/oncall is not authorized to perform", 403)
        answered = getattr(self, f"_{operation}", None)
        assert answered is not None, f"something asks {operation}"
        return answered(asked)

    # CloudWatch

    def _DescribeAlarms(self, asked: dict[str, Any]) -> Any:
        names, kinds = asked.get("AlarmNames"), asked.get("AlarmTypes", ["MetricAlarm"])
        metric = [alarm for alarm in self.alarms if names is None or alarm["AlarmName"] in names]
        over = [composite for composite in self.composites if names is None or composite["AlarmName"] in names]
        return {
            "MetricAlarms": metric if "MetricAlarm" in kinds else [],
            "CompositeAlarms": over if "CompositeAlarm" in kinds else [],
        }

    def _DescribeAlarmHistory(self, asked: dict[str, Any]) -> Any:
        return {"AlarmHistoryItems": [item for item in self.history if item["AlarmName"] == asked["AlarmName"]]}

    def _ListAlarmMuteRules(self, asked: dict[str, Any]) -> Any:
        if self.mute_rules is None:
            raise Refusal("InvalidAction", "Unknown action: ListAlarmMuteRules")
        arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm-mute-rule:"
        return {"AlarmMuteRuleSummaries": [{"AlarmMuteRuleArn": arn + name} for name in self.mute_rules]}

    def _GetAlarmMuteRule(self, asked: dict[str, Any]) -> Any:
        name = asked["AlarmMuteRuleName"]
        schedule = {"Expression": "at(2026-11-29T04:00)", "Duration": "PT20M"}
        targets = {"AlarmNames": list((self.mute_rules or {})[name])}
        return {"Name": name, "Status": "ACTIVE", "Rule": {"Schedule": schedule}, "MuteTargets": targets}

    # SNS

    def _GetTopicAttributes(self, asked: dict[str, Any]) -> str:
        self._topic(asked)
        arn = asked["TopicArn"]
        return _entries({"Policy": json.dumps(self.topics[arn]), "KmsMasterKeyId": self.encrypted.get(arn, "")})

    def _ListSubscriptionsByTopic(self, asked: dict[str, Any]) -> str:
        self._topic(asked)
        first = int(asked.get("NextToken", 0))
        more = first + 100 < len(self.subscribers)
        members = (
            f"<member><SubscriptionArn>{'PendingConfirmation' if subscriber.pending else f'{TOPIC}:{number}'}</SubscriptionArn>"
            f"<Protocol>{subscriber.protocol}</Protocol><Endpoint>{subscriber.endpoint}</Endpoint></member>"
            for number, subscriber in list(enumerate(self.subscribers))[first : first + 100]
        )
        token = f"<NextToken>{first + 100}</NextToken>" if more else ""
        return f"<Subscriptions>{''.join(members)}</Subscriptions>{token}"

    def _GetSubscriptionAttributes(self, asked: dict[str, Any]) -> str:
        return _entries(self.subscribers[int(asked["SubscriptionArn"].rpartition(":")[2])].attributes)

    def _topic(self, asked: dict[str, Any]) -> None:
        if asked["TopicArn"] not in self.topics:
            raise Refusal("NotFound", "Topic does not exist", 404)

    # KMS, SQS and Lambda

    def _DescribeKey(self, asked: dict[str, Any]) -> Any:
        if asked["KeyId"] not in self.keys:
            raise Refusal("NotFoundException", "no such key")
        return {"KeyMetadata": {"KeyId": asked["KeyId"], "KeyState": self.key_state}}

    def _GetKeyPolicy(self, asked: dict[str, Any]) -> Any:
        return {"Policy": json.dumps(self.keys[asked["KeyId"]])}

    def _GetQueueUrl(self, asked: dict[str, Any]) -> Any:
        if asked["QueueName"] not in self.queues:
            raise Refusal("AWS.SimpleQueueService.NonExistentQueue")
        return {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{asked['QueueName']}"}

    def _GetQueueAttributes(self, asked: dict[str, Any]) -> Any:
        name = asked["QueueUrl"].rpartition("/")[2]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        key = {"KmsMasterKeyId": self.encrypted[arn]} if arn in self.encrypted else {}
        policy = {"Policy": json.dumps(self.queues[name])} if self.queues[name] else {}
        return {"Attributes": {"QueueArn": arn, **policy, **key}}

    def _lambda(self, path: Sequence[str]) -> Any:
        name = path[2].partition("%3Afunction%3A")[2] or path[2]
        if name not in self.functions:
            raise Refusal("ResourceNotFoundException", status=404)
        if path[3] == "policy":
            return {"Policy": json.dumps(self.functions[name])}
        return {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}


def _entries(values: Mapping[str, str]) -> str:
    """As SNS's query protocol has a map."""
    pairs = (f"<entry><key>{key}</key><value>{escape(value)}</value></entry>" for key, value in values.items() if value)
    return f"<Attributes>{''.join(pairs)}</Attributes>"
