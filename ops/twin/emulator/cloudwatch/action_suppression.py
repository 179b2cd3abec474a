"""Patch: the actions of a composite alarm wait for its suppressor.

Stands for: ActionsSuppressor with its WaitPeriod and ExtensionPeriod (CloudWatch user guide,
Create_Composite_Alarm_Suppression, read 2026-11), by the rules of ``ops.alarms.evaluate``. MiniStack acts at once.

Leaves out: ActionsSuppressedBy and ActionsSuppressedReason in DescribeAlarms. A suppressor's change is noticed with the
next look at the alarms.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.services import cloudwatch

from ops.alarms.evaluate import Transition, composite_alarm
from ops.alarms.evaluate.actions import actions
from ops.twin.emulator import account_context
from ops.twin.emulator.cloudwatch.composite_alarms import state_of_alarm
from ops.twin.emulator.patch import Patch

Dispatch = Callable[[dict[str, Any], str, str, str], None]


@dataclass
class _Record:
    suppressor: str
    changes: list[Transition] = field(default_factory=list)  # of the composite alarm
    held: list[Transition] = field(default_factory=list)  # of the suppressor
    done_until: float = 0.0  # of the last action that was performed


class ActionSuppression:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str, str], _Record] = {}
        self._dispatch: Dispatch | None = None

    def patches(self) -> list[Patch]:
        return [Patch("services.cloudwatch", "_dispatch_alarm_actions", self._delayed, "actions wait for a suppressor")]

    def perform(self, _: float) -> None:
        """What has waited long enough."""
        for (account, region, _name), alarm in cloudwatch._composite_alarms.all_items():
            if alarm.get("ActionsSuppressor"):
                with account_context.acting_for(account, region):
                    self._perform(alarm)

    def _delayed(self, original: Dispatch) -> Dispatch:
        self._dispatch = original

        def dispatch(alarm: dict[str, Any], old: str, new: str, reason: str) -> None:
            if not alarm.get("ActionsSuppressor"):
                original(alarm, old, new, reason)
                return
            with self._lock:
                self._record(alarm).changes.append(Transition(time.time(), alarm["AlarmName"], old, new))

        return dispatch

    def _record(self, alarm: dict[str, Any]) -> _Record:
        """The record, updated to the suppressor's state. Another suppressor starts afresh, as in the guide."""
        key = (*account_context.current(), alarm["AlarmName"])
        record = self._records.get(key)
        if record is None or record.suppressor != alarm["ActionsSuppressor"]:
            record = self._records[key] = _Record(alarm["ActionsSuppressor"], done_until=time.time())
        state = state_of_alarm(record.suppressor)
        before = record.held[-1].new if record.held else ""
        if state != before:
            record.held.append(Transition(time.time(), record.suppressor, before, state))
        return record

    def _perform(self, alarm: dict[str, Any]) -> None:
        with self._lock:
            record = self._record(alarm)
            made = actions(composite_alarm(alarm), record.changes, record.held, (), time.time())
            due = [each for each in made if not each.withheld and each.at > record.done_until]
            if due:
                record.done_until = due[-1].at
        for each in due:
            old = next(change.old for change in reversed(record.changes) if change.new == each.state)
            if self._dispatch is not None:
                self._dispatch(alarm, old, each.state, alarm["StateReason"])
