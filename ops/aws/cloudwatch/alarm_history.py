"""The history of alarms, which CloudWatch keeps for 30 days (DescribeAlarmHistory, API reference, 2026-11)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.aws.clients import Aws

MAX_HISTORY_PAGES = 3
MAX_ACTIONS = 100
_EXECUTED = re.compile(
    r"(?P<how>Successfully executed|Failed to execute) action (?P<target>\S+?)\.?(?: Received error: (?P<error>.*))?"
)
_STATE_UPDATE = re.compile(r"Alarm updated from (?P<before>[A-Z_]+) to (?P<after>[A-Z_]+)")


@dataclass(frozen=True)
class StateChange:
    """An alarm that went from one state (OK | ALARM | INSUFFICIENT_DATA) into another."""

    at: datetime
    alarm: str
    before: str
    after: str
    reason: str = ""
    reason_data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """``stateReasonData`` of the new state: the datapoints that were evaluated. Empty where the history has none."""


def alarm_state_changes(
    aws: Aws, names: Iterable[str], start: datetime, end: datetime
) -> tuple[tuple[StateChange, ...], bool]:
    """The state changes of these alarms from ``start`` to ``end``, oldest first; and whether more were left unread.

    Reads the newest ``MAX_HISTORY_PAGES`` pages: of one alarm its own, of several all alarms' history. CloudWatch keeps
    it for 30 days (DescribeAlarmHistory, API reference, 2026-11).
    """
    wanted, changes, token = set(names), [], ""
    own: Any = {"AlarmName": next(iter(wanted))} if len(wanted) == 1 else {}
    with aws.translate_errors("cloudwatch", "alarm history"):
        for _ in range(MAX_HISTORY_PAGES):
            more: Any = {"NextToken": token} if token else {}
            page: Any = aws.cloudwatch.describe_alarm_history(
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                HistoryItemType="StateUpdate",
                StartDate=start,
                EndDate=end,
                MaxRecords=100,
                ScanBy="TimestampDescending",
                **own,
                **more,
            )
            changes += [_state_change(item) for item in page["AlarmHistoryItems"] if item["AlarmName"] in wanted]
            token = page.get("NextToken") or ""
            if not token:
                break
    return tuple(sorted((change for change in changes if change), key=lambda change: change.at)), bool(token)


def _state_change(item: Any) -> StateChange | None:
    """The summary reads ``Alarm updated from OK to ALARM``; None where it does not."""
    update = _STATE_UPDATE.fullmatch(item.get("HistorySummary", ""))
    if not update:
        return None
    state = _new_state(item)
    data = state.get("stateReasonData")
    return StateChange(
        item["Timestamp"],
        item["AlarmName"],
        update["before"],
        update["after"],
        str(state.get("stateReason") or ""),
        data if isinstance(data, dict) else {},
    )


def _new_state(item: Any) -> Mapping[str, Any]:
    """Empty where the history has none that can be read; its data is cut at 4,095 characters."""
    try:
        state = json.loads(item.get("HistoryData") or "{}")["newState"]
    except (ValueError, TypeError, KeyError):
        return {}
    return state if isinstance(state, dict) else {}


@dataclass(frozen=True)
class AlarmActionRecord:
    """An action that CloudWatch carried out or failed to. ``target``: its ARN. ``error``: CloudWatch's words."""

    at: datetime
    alarm: str
    target: str
    succeeded: bool
    error: str = ""


def alarm_actions(aws: Aws, name: str) -> tuple[AlarmActionRecord, ...]:
    """The newest actions of one alarm, newest first. Items that are neither a success nor a failure are left out."""
    with aws.translate_errors("cloudwatch", f"history of alarm {name}"):
        page: Any = aws.cloudwatch.describe_alarm_history(
            AlarmName=name,
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            HistoryItemType="Action",
            MaxRecords=MAX_ACTIONS,
            ScanBy="TimestampDescending",
        )
    return tuple(action for item in page["AlarmHistoryItems"] if (action := _action(item)))


def _action(item: Any) -> AlarmActionRecord | None:
    """The data has the whole error, which the summary cuts at 255 characters; the data itself is cut at 4,095."""
    summary = _EXECUTED.match(item.get("HistorySummary", ""))
    try:
        data = json.loads(item.get("HistoryData") or "{}")
    except ValueError:
        data = {}
    if not isinstance(data, dict):
        data = {}
    target = str(data.get("notificationResource") or (summary["target"] if summary else ""))
    state = data.get("actionState") or (summary["how"].partition(" ")[0] if summary else "")
    if not target or state not in ("Succeeded", "Successfully", "Failed"):
        return None
    error = str(data.get("error") or (summary["error"] if summary else "") or "").strip('"')
    return AlarmActionRecord(item["Timestamp"], item["AlarmName"], target, state != "Failed", error)
