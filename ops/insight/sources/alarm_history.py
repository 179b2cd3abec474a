"""The states of alarms over time, by the changes that CloudWatch kept (30 days)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.cloudwatch import StateChange

NOT_READ = ""


@dataclass(frozen=True)
class StateSpan:
    """``state``: OK | ALARM | INSUFFICIENT_DATA, or ``NOT_READ`` where the history does not tell it."""

    start: datetime
    end: datetime
    state: str

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def state_spans(
    state: str,
    since: datetime | None,
    changes: Sequence[StateChange],
    start: datetime,
    end: datetime,
    known_from: datetime,
) -> tuple[StateSpan, ...]:
    """The alarm's states from ``start`` to ``end``, oldest first. ``state`` and ``since``: the present one.
    ``changes``: its changes in that time, oldest first, complete after ``known_from``."""
    if not changes:  # the state has lasted since it began, and of the time before that nothing is known
        begins = max(start, min(since, end)) if since is not None else end
        return _joined([(start, begins, NOT_READ), (begins, end, state)])
    first = max(start, min(known_from, changes[0].at))
    edges = [first, *(change.at for change in changes), end]
    states = [changes[0].before, *(change.after for change in changes)]
    spans = [(edges[at], edges[at + 1], states[at]) for at in range(len(states))]
    return _joined([(start, first, NOT_READ), *spans])


def _joined(spans: Sequence[tuple[datetime, datetime, str]]) -> tuple[StateSpan, ...]:
    """The spans without empty ones, and with consecutive spans of one state joined."""
    joined: list[StateSpan] = []
    for start, end, state in spans:
        if end <= start:
            continue
        if joined and joined[-1].state == state:
            joined[-1] = StateSpan(joined[-1].start, end, state)
        else:
            joined.append(StateSpan(start, end, state))
    return tuple(joined)
