"""Actions that follow an alarm's state changes, and those withheld because they are disabled, suppressed or muted.

Suppression (CloudWatch user guide, Create_Composite_Alarm_Suppression, copies of 2023 and 2026-11): a composite alarm that
changes its state waits WaitPeriod for its suppressor; each further change starts the wait again. In ALARM the suppressor
withholds the action; when it leaves ALARM the action comes ExtensionPeriod later, for the state of then. Muting
(alarm-mute-rules-behaviour, read 2026-11): at the end of the last window that covers it, the action of the state that it
is still in is made up for.

⚠ Not published: of a change at the very end of a period, the suppressor's counts. Auto Scaling actions, which repeat each
minute, are counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ops.alarms.evaluate.composite.composite_alarm import CompositeDefinition
from ops.alarms.evaluate.metric_alarm import MetricAlarm
from ops.alarms.evaluate.metric_states import Transition
from ops.alarms.evaluate.threshold import ALARM

Windows = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class AlarmAction:
    at: float  # epoch seconds
    alarm: str
    state: str
    targets: tuple[str, ...]  # ARNs
    withheld: str = ""  # why nothing was done at this time; empty: performed


@dataclass(frozen=True)
class _Attempt:
    at: float
    state: str
    withheld: str = ""


def actions(
    alarm: MetricAlarm | CompositeDefinition,
    changes: Sequence[Transition],
    suppressor: Sequence[Transition],
    muted: Windows,
    end: float,
) -> list[AlarmAction]:
    """``changes``: the alarm's own; ``suppressor``: those of the alarm that suppresses it; ``muted``: its windows, apart
    from each other and in order. States without actions are left out."""
    attempts = [_Attempt(each.at, each.new) for each in changes]
    if not alarm.actions_enabled:
        attempts = [_Attempt(each.at, each.state, "its actions are disabled") for each in attempts]
    else:
        if isinstance(alarm, CompositeDefinition) and alarm.suppressor:
            attempts = list(_suppressed(alarm, attempts, suppressor, end))
        attempts = list(_muted(attempts, muted, end))
    targets = dict(alarm.actions)
    return [
        AlarmAction(each.at, alarm.name, each.state, targets[each.state], each.withheld)
        for each in attempts
        if each.state in targets
    ]


def _suppressed(
    alarm: CompositeDefinition, changes: Sequence[_Attempt], suppressor: Sequence[Transition], end: float
) -> Iterator[_Attempt]:
    events = sorted([(each.at, 0, each.new) for each in suppressor] + [(each.at, 1, each.state) for each in changes])
    state, suppressing, pending = "", False, False
    due: float | None = None
    for at, own, new in [*events, (end, 2, "")]:
        if due is not None and (due < at or (own == 2 and due <= at)):
            yield _Attempt(due, state)
            due, pending = None, False
        if own == 1:
            state, pending = new, True
            due = None if suppressing else at + alarm.wait
            if suppressing:
                yield _Attempt(at, state, f"suppressed by {alarm.suppressor}")
            elif alarm.wait:
                yield _Attempt(at, state, "waiting for the suppressor (WaitPeriod)")
        elif own == 0 and new == ALARM:
            suppressing, due = True, None
        elif own == 0 and suppressing:
            suppressing = False
            due = at + alarm.extension if pending else None


def _muted(attempts: Sequence[_Attempt], windows: Windows, end: float) -> Iterator[_Attempt]:
    waiting = list(attempts)
    for begins, ends in windows:
        while waiting and waiting[0].at < begins:
            yield waiting.pop(0)
        last: _Attempt | None = None
        while waiting and waiting[0].at < ends:
            last = waiting.pop(0)
            yield last if last.withheld else _Attempt(last.at, last.state, "muted")
        if last and not last.withheld and ends <= end:
            yield _Attempt(ends, last.state)
    yield from waiting
