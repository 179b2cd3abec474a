"""A run's own part of the timeline: each attempt at a step as one entry, by the events that the record has of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from ops import formatting
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import PlannedChange
from ops.runbooks.model import Runbook
from ops.runbooks.record import RecordedEvent, ending_text
from ops.runbooks.report.model import EntryKind, TimelineEntry

_RUN = {
    "run.started": "Run started",
    "run.resumed": "Run resumed",
    "run.rollback": "Rollback started",
    "run.waiting": "Waits for a person",
}
_OUTCOMES = {
    "step.intended": "outcome unknown",
    "step.executed": "carried out, not verified",
    "step.verified": "done",
    "step.unverified": "not verified",
    "step.failed": "failed",
    "step.unknown": "outcome unknown",
    "step.not_done": "did not take place",
    "step.unfinished": "not finished",
    "step.refused": "refused",
    "step.skipped": "skipped",
    "step.declined": "not carried out",
    "step.again": "to be done again",
    "undo.intended": "outcome unknown",
    "undo.executed": "undone, not verified",
    "undo.verified": "undone",
    "undo.failed": "not undone",
    "undo.unverified": "undo not verified",
}
_ENDS = frozenset(_OUTCOMES) - {"step.intended", "step.executed", "step.unknown", "undo.intended", "undo.executed"}
"""Events after which another one of the same step belongs to another attempt."""


@dataclass
class _Attempt:
    began: datetime
    events: list[RecordedEvent] = field(default_factory=list)


def run_entries(document: Runbook, events: Sequence[RecordedEvent]) -> tuple[TimelineEntry, ...]:
    """Entries in the order in which they were recorded. A step without an intent started when the step before it ended:
    the runner carries out one after the other."""
    return tuple(_entries(document, _monotonic(events)))


def clock_notes(events: Sequence[RecordedEvent]) -> tuple[str, ...]:
    """A sentence for each time that the clock of the machine was set back during the run."""
    back = [(before.at, after.at) for before, after in pairwise(events) if before.at - after.at >= timedelta(seconds=1)]
    return tuple(
        f"The clock of the machine that ran this was set back by {formatting.duration((before - after).total_seconds())} "
        f"at {formatting.clock(before, before)}: the entries are in the order in which they were recorded."
        for before, after in back
    )


def _monotonic(events: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    """Events whose times never decrease: the record's order is certain, but a clock may step back."""
    found: list[RecordedEvent] = []
    for event in events:
        at = max(event.at, found[-1].at) if found else event.at
        found.append(RecordedEvent(at, event.kind, event.step, event.data))
    return found


def _entries(document: Runbook, events: Sequence[RecordedEvent]) -> Iterator[TimelineEntry]:
    attempt: _Attempt | None = None
    last, before = events[0].at, None
    for event in events:
        if attempt is not None and not _continues(attempt, event):
            yield _step_entry(document, attempt)
            attempt = None
        if event.kind.startswith("run."):
            yield _run_entry(event, before)
        elif attempt is None:
            attempt = _Attempt(event.at if event.kind.endswith(".intended") else last, [event])
        else:
            attempt.events.append(event)
        last, before = event.at, event
    if attempt is not None:
        yield _step_entry(document, attempt)


def _continues(attempt: _Attempt, event: RecordedEvent) -> bool:
    before = attempt.events[-1]
    same = event.step == before.step and event.kind.partition(".")[0] == before.kind.partition(".")[0]
    return same and before.kind not in _ENDS and not event.kind.endswith(".intended")


def _run_entry(event: RecordedEvent, before: RecordedEvent | None) -> TimelineEntry:
    data = event.data
    if event.kind == "run.ended":
        phase = str(data.get("phase", ""))
        return TimelineEntry(
            event.at, EntryKind.RUN, "Run ended", phase, details=_sentences(ending_text(event, before))
        )
    if event.kind == "run.waiting":
        return TimelineEntry(event.at, EntryKind.RUN, _RUN[event.kind], details=_sentences(data.get("text")))
    by = f"By {data.get('actor') or 'an unknown identity'}: {data.get('reason') or 'no reason'}"
    return TimelineEntry(event.at, EntryKind.RUN, _RUN.get(event.kind, event.kind), details=(by,))


def _step_entry(document: Runbook, attempt: _Attempt) -> TimelineEntry:
    events = attempt.events
    last = events[-1]
    step = next((step for step in document.steps if step.id == last.step), None)
    action = ACTIONS.get(step.action) if step else None
    is_undo = last.kind.startswith("undo.")
    took = last.kind not in ("step.skipped", "step.declined", "step.again", "step.not_done")
    return TimelineEntry(
        attempt.began if took else last.at,
        EntryKind.UNDO if is_undo else EntryKind.STEP,
        f"{'Undo: ' if is_undo else ''}{action.summary if action else last.step}",
        _OUTCOMES.get(last.kind, last.kind),
        until=last.at if took else None,
        changes=tuple(change for event in events for change in changes_of(event)),
        details=_sentences(*(event.data.get("text") for event in events)),
        outputs=next((event.data["outputs"] for event in reversed(events) if event.data.get("outputs")), {}),
        command=next((str(event.data["command"]) for event in events if event.data.get("command")), ""),
        step=last.step,
    )


def changes_of(event: RecordedEvent) -> tuple[PlannedChange, ...]:
    return tuple(PlannedChange(**change) for change in event.data.get("changes", ()))


def _sentences(*texts: object) -> tuple[str, ...]:
    """The sentences, without empty or repeated ones."""
    return tuple(dict.fromkeys(str(text) for text in texts if text))
