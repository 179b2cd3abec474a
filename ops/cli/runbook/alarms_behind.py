"""The metric alarms behind a composite alarm: those that its rule names, also by way of other composite alarms."""

from __future__ import annotations

from dataclasses import dataclass

from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.aws import Aws
from ops.aws.cloudwatch import Alarm, CompositeAlarm
from ops.aws.cloudwatch.alarms import alarms_named


@dataclass(frozen=True)
class AlarmsBehind:
    """``alarms``: in the order of the rule. ``note``: what could not be followed, as sentences that begin with a space."""

    alarms: tuple[Alarm, ...] = ()
    note: str = ""

    @property
    def firing(self) -> tuple[Alarm, ...]:
        return tuple(alarm for alarm in self.alarms if alarm.state == "ALARM")

    def chosen(self, has_own: bool) -> tuple[Alarm, ...]:
        """The alarms in ALARM; all of them if none is, unless the composite alarm has a runbook of its own."""
        return self.firing or (() if has_own else self.alarms)

    def shown(self, chosen: tuple[Alarm, ...]) -> str:
        """The chosen alarms as a heading; empty without any."""
        if not chosen:
            return ""
        if self.firing:
            return "The alarms in its rule that are in ALARM now:"
        return "No alarm in its rule is in ALARM now. All of them:"


def find_behind(aws: Aws, composite: CompositeAlarm) -> AlarmsBehind:
    """One DescribeAlarms call for each level of composite alarms, and 100 names."""
    seen, found, notes = {composite.name}, dict[str, Alarm](), ""
    level = [composite]
    while level:
        wanted: list[str] = []
        for each in level:
            names, note = _named(each)
            notes += note
            wanted += [name for name in names if name not in seen]
            seen.update(names)
        known = alarms_named(aws, wanted)
        found |= {name: alarm for name, alarm in known.items() if isinstance(alarm, Alarm)}
        level = [alarm for alarm in known.values() if isinstance(alarm, CompositeAlarm)]
        if gone := [name for name in wanted if name not in known]:
            notes += f" No longer there, or not a metric or composite alarm: {', '.join(gone)}."
    return AlarmsBehind(tuple(found.values()), notes)


def _named(composite: CompositeAlarm) -> tuple[tuple[str, ...], str]:
    try:
        return alarm_rule(composite.rule).alarms, ""
    except AlarmError as error:
        return (), f" The rule of {composite.name} cannot be read: {error}"
