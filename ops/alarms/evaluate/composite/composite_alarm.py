"""Composite alarms: their definitions, and their states over those of the alarms that they name.

PutCompositeAlarm (botocore 1.44.5): a composite alarm is INSUFFICIENT_DATA only before its first evaluation; then it is
ALARM or OK as its rule holds or not. CloudWatch stops evaluating a cycle; here it is refused, as is an alarm that is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ops.alarms.evaluate.composite.alarm_rule import AlarmRule, alarm_name, alarm_rule
from ops.alarms.evaluate.definition.fields import Definition, check_resolved, is_true, whole_number_of
from ops.alarms.evaluate.errors import AlarmError
from ops.alarms.evaluate.metric_alarm import actions_of
from ops.alarms.evaluate.metric_states import Transition
from ops.alarms.evaluate.threshold import ALARM, INSUFFICIENT_DATA, OK

Changes = Mapping[str, Sequence[Transition]]  # by alarm name, in order of time


@dataclass(frozen=True)
class CompositeDefinition:
    name: str
    rule: AlarmRule
    suppressor: str = ""  # an alarm's name
    wait: int = 0  # seconds
    extension: int = 0  # seconds
    actions_enabled: bool = True
    actions: tuple[tuple[str, tuple[str, ...]], ...] = ()  # by state


def composite_alarm(definition: Definition) -> CompositeDefinition:
    name = str(definition.get("AlarmName") or "(no name)")
    try:
        check_resolved(definition)
        return _read(name, definition)
    except AlarmError as error:
        raise AlarmError(f'Alarm "{name}": {error}', error.next_step) from error


def _read(name: str, definition: Definition) -> CompositeDefinition:
    suppressor = str(definition.get("ActionsSuppressor") or "")
    wait, extension = "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"
    if suppressor and (definition.get(wait) is None or definition.get(extension) is None):
        raise AlarmError(f"with ActionsSuppressor, {wait} and {extension} are required.")
    return CompositeDefinition(
        name=name,
        rule=alarm_rule(str(definition.get("AlarmRule") or "")),
        suppressor=alarm_name(suppressor),
        wait=whole_number_of(definition.get(wait), wait),
        extension=whole_number_of(definition.get(extension), extension),
        actions_enabled=is_true(definition.get("ActionsEnabled", True)),
        actions=actions_of(definition),
    )


def in_order(composites: Iterable[CompositeDefinition], others: Iterable[str]) -> list[CompositeDefinition]:
    """Each after those that its rule or its suppression needs. ``others``: the names of all metric alarms.

    Raises AlarmError for an alarm that does not exist and for a cycle of rules.
    """
    by_name = {each.name: each for each in composites}
    known = {*by_name, *others}
    done: dict[str, CompositeDefinition] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            cycle = " → ".join((*path[path.index(name) :], name))
            raise AlarmError(f"The composite alarms form a cycle: {cycle}.", "Change the rule of one of them to FALSE.")
        if name in done or name not in by_name:
            return
        alarm = by_name[name]
        gone = [each for each in (*alarm.rule.alarms, alarm.suppressor) if each and each not in known]
        if gone:
            raise AlarmError(f'Alarm "{name}" refers to alarms that do not exist: {", ".join(gone)}.')
        for needed in alarm.rule.alarms:
            visit(needed, (*path, name))
        done[name] = alarm

    for name in by_name:
        visit(name, ())
    return list(done.values())


def composite_states(alarm: CompositeDefinition, changes: Changes, start: float) -> list[Transition]:
    """State changes of a composite alarm from ``start`` on, at the times of its children's, which start as
    INSUFFICIENT_DATA."""
    children = sorted((each for name in alarm.rule.alarms for each in changes.get(name, ())), key=lambda each: each.at)
    states = dict.fromkeys(alarm.rule.alarms, INSUFFICIENT_DATA)
    made: list[Transition] = []
    state, at, because = INSUFFICIENT_DATA, start, ("its alarm rule", "was first evaluated")

    def settle() -> None:
        nonlocal state
        new = ALARM if alarm.rule.holds(states) else OK
        if new != state:
            made.append(Transition(at, alarm.name, state, new, partial(_worded, because, alarm.rule.text, new)))
            state = new

    for change in children:
        if change.at > at:
            settle()
        states[change.alarm] = change.new
        if change.at > start:
            at, because = change.at, (change.alarm, f"transitioned to {change.new}")
    settle()
    return made


def _worded(because: tuple[str, str], rule: str, state: str) -> str:
    return f"{because[0]} {because[1]}: {rule} evaluates to {state}"
