"""Alarms before their rehearsal: what each reads of the workload, what its page would say, and which cannot be checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ops.alarms.evaluate import (
    NO_QUOTAS,
    AlarmError,
    CompositeDefinition,
    Metric,
    MetricAlarm,
    Quotas,
    composite_alarm,
    metric_alarm,
)
from ops.alarms.evaluate.definition.fields import Definition
from ops.alarms.incidents.page_kinds import kinds_of
from ops.alarms.rehearsal.roles import WorkloadRoles

PlaceOf = Callable[[str, str], str]
"""By an alarm's name and a field of its definition, or an empty one: the file and the line, or nothing."""


@dataclass(frozen=True)
class PreparedAlarm:
    """``reads``: the metrics of the workload, by "role.Metric". ``children``: of a composite alarm, its suppressor
    included. ``no_page``: why it would notify no one, else empty. ``not_checked``: why it cannot be, else empty."""

    name: str
    definition: Definition = field(repr=False)
    composite: bool = False
    reads: Mapping[str, Metric] = field(default_factory=dict)
    other_metrics: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    children: tuple[str, ...] = ()
    said_by: tuple[str, ...] = ()
    """The alarms in its rule: of those in ALARM, it says what they say."""
    window: int = 0
    """Seconds that it looks back."""
    no_page: str = ""
    not_checked: str = ""


def prepare(
    definitions: Iterable[Definition],
    roles: WorkloadRoles,
    unreadable: Mapping[str, str],
    quotas: Quotas = NO_QUOTAS,
    place_of: PlaceOf = lambda _name, _field: "",
) -> list[PreparedAlarm]:
    """``unreadable``: alarms of which no definition could be read, and why. ``place_of``: where an alarm's field is."""
    prepared: dict[str, PreparedAlarm] = {}
    twice: list[PreparedAlarm] = []
    for number, definition in enumerate(definitions, 1):
        name = str(definition.get("AlarmName") or f"alarm {number} (no name)")
        alarm = _prepared(name, definition, roles, quotas, place_of)
        if name in prepared:
            twice.append(PreparedAlarm(name, definition, not_checked="another alarm has the same name"))
        else:
            prepared[name] = alarm
    for name, why in unreadable.items():
        prepared.setdefault(name, PreparedAlarm(name, {}, not_checked=why))
    _exclude_unresolved(prepared)
    return [*prepared.values(), *twice]


def _prepared(
    name: str, definition: Definition, roles: WorkloadRoles, quotas: Quotas, place_of: PlaceOf
) -> PreparedAlarm:
    try:
        if definition.get("AlarmRule"):
            return _composite(composite_alarm(definition), definition)
        return _metric(metric_alarm(definition, quotas), definition, roles)
    except AlarmError as error:
        return PreparedAlarm(name, definition, not_checked=_reason(name, error, place_of))


def _reason(name: str, error: AlarmError, place_of: PlaceOf) -> str:
    reason = str(error).removeprefix(f'Alarm "{name}": ').removesuffix(".")
    place = place_of(name, error.field)
    return f"{reason} ({place})" if place else reason


def _metric(alarm: MetricAlarm, definition: Definition, roles: WorkloadRoles) -> PreparedAlarm:
    metrics = [stat.metric for _, stat in alarm.inputs]
    reads = {role: metric for metric in metrics if (role := roles.role_of(metric))}
    others = tuple(dict.fromkeys(f"{each.namespace} {each.name}" for each in metrics if not roles.role_of(each)))
    return PreparedAlarm(
        name=alarm.name,
        definition=definition,
        reads=reads,
        other_metrics=others,
        kinds=kinds_of(reads, alarm.rule.comparison.startswith("LessThan"), alarm.program is not None),
        window=alarm.period * alarm.rule.looks_at,
        no_page=_no_page(alarm),
    )


def _composite(alarm: CompositeDefinition, definition: Definition) -> PreparedAlarm:
    suppressor = (alarm.suppressor,) if alarm.suppressor else ()
    return PreparedAlarm(
        name=alarm.name,
        definition=definition,
        composite=True,
        children=(*alarm.rule.alarms, *suppressor),
        said_by=alarm.rule.alarms,
        no_page=_no_page(alarm),
    )


def _no_page(alarm: MetricAlarm | CompositeDefinition) -> str:
    if not alarm.actions_enabled:
        return "its actions are disabled"
    return "" if dict(alarm.actions).get("ALARM") else "it has no alarm action"


def _exclude_unresolved(prepared: dict[str, PreparedAlarm]) -> None:
    """Composite alarms whose rule leads to an alarm that is gone or not checked, or back to themselves."""
    settled = {each.name for each in prepared.values() if not each.composite and not each.not_checked}
    waiting = [each for each in prepared.values() if each.composite and not each.not_checked]
    while ready := [each for each in waiting if settled.issuperset(each.children)]:
        settled |= {each.name for each in ready}
        waiting = [each for each in waiting if each.name not in settled]
    refused = {each.name for each in prepared.values() if each.not_checked}
    for each in waiting:
        gone = [child for child in each.children if child not in prepared]
        unchecked = [child for child in each.children if child in refused]
        why = "its rule leads back to itself, or to such an alarm"
        if gone:
            why = f"its rule names alarms that do not exist: {', '.join(gone)}"
        elif unchecked:
            why = f"its rule names alarms that are not checked: {', '.join(unchecked)}"
        prepared[each.name] = PreparedAlarm(each.name, each.definition, composite=True, not_checked=why)


def affected(alarms: Iterable[PreparedAlarm]) -> list[PreparedAlarm]:
    """Alarms on the workload's metrics, composite alarms over them, and the other alarms in their rules."""
    by_name: dict[str, PreparedAlarm] = {}
    for each in alarms:
        if not each.not_checked:
            by_name.setdefault(each.name, each)
    touched = {name for name, each in by_name.items() if each.reads}
    composites = [each for each in by_name.values() if each.composite]
    while more := {
        each.name for each in composites if each.name not in touched and touched.intersection(each.children)
    }:
        touched |= more
    needed = set(touched)
    waiting = list(touched)
    while waiting:
        for child in by_name[waiting.pop()].children:
            if child not in needed:
                needed.add(child)
                waiting.append(child)
    return [each for each in by_name.values() if each.name in needed]
