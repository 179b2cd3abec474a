"""Patch: an alarm's actions pass the policies of the topic and its key, are written to its history, and can be muted.

Stands for: the history items of kind Action, with CloudWatch's words of a refusal (CloudWatch user guide and re:Post,
cloudwatch-receive-sns-for-alarm-trigger, read 2026-11); a topic's policy and its key's must let CloudWatch in. MiniStack
publishes past all policies, and writes no such item.

Leaves out: actions other than SNS, of which nothing is written.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.services import cloudwatch, kms, sns

from ops.twin.emulator import account_context
from ops.twin.emulator.cloudwatch.composite_alarms import state_of_alarm
from ops.twin.emulator.cloudwatch.mute_rules import MuteRules
from ops.twin.emulator.patch import Patch

Dispatch = Callable[[dict[str, Any], str, str, str], None]
SERVICE = "cloudwatch.amazonaws.com"
FIELDS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


class AlarmActions:
    def __init__(self, mute_rules: MuteRules) -> None:
        self._mute_rules = mute_rules
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str, str], tuple[str, str, str]] = {}  # the last change that was muted
        self._dispatch: Dispatch | None = None

    def patches(self) -> list[Patch]:
        return [Patch("services.cloudwatch", "_dispatch_alarm_actions", self._checked, "policies, history, mute rules")]

    def make_up(self, _: float) -> None:
        """The actions of alarms whose muting is over, for the state that they are in."""
        with self._lock:
            held = list(self._held.items())
        for (account, region, name), (old, new, reason) in held:
            with account_context.acting_for(account, region):
                if self._mute_rules.muted(name):
                    continue
                with self._lock:
                    self._held.pop((account, region, name), None)
                alarm = cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name)
                if alarm and state_of_alarm(name) == new and self._dispatch:
                    self._dispatch(alarm, old, new, reason)

    def _checked(self, original: Dispatch) -> Dispatch:
        def dispatch(alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
            if not alarm.get("ActionsEnabled", True) or new not in FIELDS:
                return
            key = (*account_context.current(), alarm["AlarmName"])
            if self._mute_rules.muted(alarm["AlarmName"]):
                with self._lock:
                    self._held[key] = old, new, reason
                return
            with self._lock:
                self._held.pop(key, None)
            topics = [arn for arn in alarm.get(FIELDS[new]) or [] if cloudwatch._is_sns_action_arn(arn)]
            allowed = [arn for arn in topics if _attempt(alarm, arn)]
            if allowed:
                original({**alarm, FIELDS[new]: allowed}, old, new, reason)

        self._dispatch = dispatch
        return dispatch


def _attempt(alarm: dict[str, Any], topic_arn: str) -> bool:
    """Whether the topic takes it; written to the history."""
    error = _refusal(alarm["AlarmArn"], topic_arn)
    done = f'Failed to execute action {topic_arn}. Received error: "{error}"' if error else (
        f"Successfully executed action {topic_arn}"
    )  # fmt: skip
    data = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": int(time.time() * 1000),
        "notificationResource": topic_arn,
        "publishedMessage": None,
        "error": error or None,
    }
    cloudwatch._history_entries().append(
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmType": "CompositeAlarm" if alarm.get("AlarmRule") else "MetricAlarm",
            "Timestamp": cloudwatch._ts_iso(time.time()),
            "HistoryItemType": "Action",
            "HistorySummary": done[:255],
            "HistoryData": json.dumps(data),
        }
    )
    return not error


def _refusal(alarm_arn: str, topic_arn: str) -> str:
    topic = sns._topic_by_arn_any_scope(topic_arn)
    if topic is None:
        return "Topic does not exist"
    account, _ = account_context.current()
    if not sns.topic_policy_allows(topic_arn, SERVICE, alarm_arn, account):
        return f"Resource: {alarm_arn} is not authorized to perform: SNS:Publish on resource: {topic_arn}"
    key = topic.get("attributes", {}).get("KmsMasterKeyId", "")
    if key and not _key_allows(key, alarm_arn):
        return "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
    return ""


def _key_allows(key: str, alarm_arn: str) -> bool:
    record = kms._resolve_key(key)
    if record is None or key.startswith("alias/aws/"):
        return False
    account, region = account_context.current()
    context = {"aws:sourcearn": alarm_arn, "aws:sourceaccount": account}

    def allowed(action: str) -> bool:
        asked = EvalContext(
            principal_arn=SERVICE,
            principal_type="Service",
            principal_account="",
            action=action,
            resource_arn=str(record["Arn"]),
            region=region,
            service_context=context,
        )
        return bool(evaluate_resource_policy(record.get("Policy") or "", asked, service=SERVICE).decision == "Allow")

    return allowed("kms:Decrypt") and allowed("kms:GenerateDataKey")
