"""All alarms of an account over a stretch of time: every change of state, and every action."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ops.alarms.evaluate.actions import AlarmAction, actions
from ops.alarms.evaluate.composite.composite_alarm import (
    CompositeDefinition,
    composite_alarm,
    composite_states,
    in_order,
)
from ops.alarms.evaluate.definition.fields import Definition
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_alarm import MetricAlarm, metric_alarm
from ops.alarms.evaluate.metric_states import Transition, metric_states
from ops.alarms.evaluate.mute_rules import MuteRule, mute_rule, muted_windows
from ops.alarms.evaluate.points import Metrics
from ops.alarms.evaluate.quotas import NO_QUOTAS, Quotas

Alarm = MetricAlarm | CompositeDefinition


@dataclass(frozen=True)
class Simulation:
    transitions: tuple[Transition, ...]  # of all alarms, in order of time
    actions: tuple[AlarmAction, ...]


def simulate(
    alarms: Iterable[Definition],
    metrics: Metrics,
    start: float,
    end: float,
    mute_rules: Iterable[Definition] = (),
    created: float | None = None,
    quotas: Quotas = NO_QUOTAS,
    publication: int = 0,
) -> Simulation:
    """``alarms`` are metric and composite alarms as PutMetricAlarm and PutCompositeAlarm take them; all of them are in
    INSUFFICIENT_DATA at ``start`` (epoch seconds, as ``end``). ``created``: when they were, for their warm-up; None: long
    ago. ``quotas``: for SERVICE_QUOTA. ``publication``: seconds until points are seen. Raises AlarmError for the first one
    that cannot be evaluated."""
    read = [composite_alarm(each) if each.get("AlarmRule") else metric_alarm(each, quotas) for each in alarms]
    by_name: dict[str, Alarm] = {}
    for alarm in read:
        if alarm.name in by_name:
            raise AlarmError(f'There are two alarms named "{alarm.name}".')
        by_name[alarm.name] = alarm
    single = [each for each in read if isinstance(each, MetricAlarm)]
    composites = [each for each in read if isinstance(each, CompositeDefinition)]
    changes: dict[str, list[Transition]] = {}
    for each in single:
        changes[each.name] = metric_states(each, metrics, start, end, created=created, publication=publication)
    for composite in in_order(composites, [each.name for each in single]):
        changes[composite.name] = composite_states(composite, changes, start)
    rules = [mute_rule(each) for each in mute_rules]
    performed = [action for alarm in read for action in _actions(alarm, changes, rules, start, end)]
    return Simulation(
        tuple(sorted((change for each in changes.values() for change in each), key=lambda change: change.at)),
        tuple(sorted(performed, key=lambda action: action.at)),
    )


def _actions(
    alarm: Alarm, changes: dict[str, list[Transition]], rules: list[MuteRule], start: float, end: float
) -> list[AlarmAction]:
    suppressor = changes[alarm.suppressor] if isinstance(alarm, CompositeDefinition) and alarm.suppressor else []
    return actions(alarm, changes[alarm.name], suppressor, muted_windows(rules, alarm.name, start, end), end)
