"""Whom an alarm notifies by its own settings. Whether that reaches anyone, ``ops.alarms.delivery`` finds out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws.sqs import name_of

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm, CompositeAlarm

NO_ACTION, DISABLED, BELOW = "no action", "actions disabled", "the alarms below it"


@dataclass(frozen=True)
class AlarmReceivers:
    """``nobody``: certain, without a look at topics. ``text``: names, or why there are none."""

    nobody: bool
    text: str


def of_settings(
    alarm: Alarm | CompositeAlarm,
    composites: Iterable[CompositeAlarm],
    below: Iterable[Alarm | CompositeAlarm] = (),
) -> AlarmReceivers:
    """``composites``: those whose rule names the alarm. ``below``: those that its own rule names."""
    if alarm.actions and alarm.actions_enabled:
        return AlarmReceivers(False, ", ".join(dict.fromkeys(map(name_of, alarm.actions))))
    through = [composite.name for composite in composites if composite.actions and composite.actions_enabled]
    if through:
        return AlarmReceivers(False, f"through {', '.join(through)}")
    if not alarm.actions and any(alarm.actions and alarm.actions_enabled for alarm in below):
        return AlarmReceivers(False, BELOW)
    return AlarmReceivers(True, DISABLED if alarm.actions else NO_ACTION)
