"""Changes to existing alarms: their state, for a test, and whether their actions are enabled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_NAMES = 100
"""Limit of EnableAlarmActions and DisableAlarmActions (botocore 1.44.5 model, 2026-11)."""


def set_alarm_state(aws: Aws, name: str, state: str, reason: str) -> None:
    """``state``: OK | ALARM | INSUFFICIENT_DATA. Its actions follow if the state was another one. A metric alarm is back
    in its own state at the next evaluation, a composite alarm when one of its children changes (SetAlarmState, API
    reference, 2026-11). Needs cloudwatch:SetAlarmState."""
    chosen: Any = state
    with aws.translate_errors("cloudwatch", f"alarm {name}"):
        aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=chosen, StateReason=reason[:1023])


def disable_alarm_actions(aws: Aws, names: Sequence[str]) -> None:
    """Needs cloudwatch:DisableAlarmActions."""
    with aws.translate_errors("cloudwatch", "the actions of alarms"):
        for start in range(0, len(names), MAX_NAMES):
            aws.cloudwatch.disable_alarm_actions(AlarmNames=list(names[start : start + MAX_NAMES]))


def enable_alarm_actions(aws: Aws, names: Sequence[str]) -> None:
    """An alarm that is in ALARM already does not act for that. Needs cloudwatch:EnableAlarmActions."""
    with aws.translate_errors("cloudwatch", "the actions of alarms"):
        for start in range(0, len(names), MAX_NAMES):
            aws.cloudwatch.enable_alarm_actions(AlarmNames=list(names[start : start + MAX_NAMES]))
