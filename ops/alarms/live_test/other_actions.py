"""Actions of an alarm that a test would trigger besides notifications: they stop, scale or run something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.aws.cloudwatch import Alarm, CompositeAlarm, composite_alarms

if TYPE_CHECKING:
    from ops.aws import Aws

STATES = ("AlarmActions", "OKActions", "InsufficientDataActions")
"""All of them: a test changes the state twice."""


def other_actions(aws: Aws, alarm: Alarm | CompositeAlarm) -> tuple[str, ...]:
    """The actions that are not topics, of the alarm and of the composite alarms above it, which may follow it: each an ARN
    with its alarm where that is another one."""
    above = _above(alarm.name, composite_alarms(aws))
    found = [(arn, acting.name) for acting in (alarm, *above) if acting.actions_enabled for arn in _not_topics(acting)]
    return tuple(dict.fromkeys(arn if name == alarm.name else f"{arn} (of {name})" for arn, name in found))


def _above(name: str, composites: Sequence[CompositeAlarm]) -> list[CompositeAlarm]:
    reached, over = [name], {}
    for below in reached:  # grows
        for composite in composites:
            if composite.name not in reached and _names(composite, below):
                reached.append(composite.name)
                over[composite.name] = composite
    return list(over.values())


def _names(composite: CompositeAlarm, alarm: str) -> bool:
    try:
        return alarm in alarm_rule(composite.rule).alarms
    except AlarmError:  # CloudWatch may read what is not read here
        return alarm in composite.rule


def _not_topics(alarm: Alarm | CompositeAlarm) -> list[str]:
    every = [arn for state in STATES for arn in alarm.definition.get(state) or ()]
    return [arn for arn in every if arn.split(":")[2:3] != ["sns"]]
