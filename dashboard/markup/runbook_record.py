"""The record of a run as a list: when, what, who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

from dashboard import theme
from dashboard.formatting import principal
from dashboard.markup.runbook_steps import MACROS, show_value, title, with_numbers
from ops.runbooks.model import Runbook
from ops.runbooks.record import RecordedEvent, ending_text

_WORDS = {
    "run.started": ("Run started", theme.NEUTRAL),
    "run.resumed": ("Run continued", theme.NEUTRAL),
    "run.rollback": ("Undo started", theme.NEUTRAL),
    "run.waiting": ("Waits for an answer", theme.VISIBLE),
    "run.ended": ("Run ended", theme.NEUTRAL),
    "step.intended": ("about to be carried out", theme.IN_FLIGHT),
    "step.executed": ("carried out", theme.IN_FLIGHT),
    "step.verified": ("verified", theme.SUCCESS),
    "step.unverified": ("not verified", theme.DEAD),
    "step.failed": ("failed", theme.DEAD),
    "step.unknown": ("outcome unknown", theme.WARNING),
    "step.not_done": ("did not take place", theme.WARNING),
    "step.unfinished": ("not finished", theme.WARNING),
    "step.refused": ("refused: the preview was no longer true", theme.DEAD),
    "step.skipped": ("skipped", theme.NEUTRAL),
    "step.declined": ("not carried out", theme.NEUTRAL),
    "step.again": ("to be done again", theme.NEUTRAL),
    "undo.intended": ("undo about to be carried out", theme.IN_FLIGHT),
    "undo.executed": ("undo carried out", theme.IN_FLIGHT),
    "undo.verified": ("undone", theme.SUCCESS),
    "undo.failed": ("undo failed", theme.DEAD),
    "undo.unverified": ("undo not verified", theme.DEAD),
}
SHOWN = 40
"""Events, the latest first; the report has all."""


@dataclass(frozen=True)
class RecordLine:
    at: datetime
    what: str
    who: str
    text: str
    colour: str


def lines(events: Sequence[RecordedEvent], document: Runbook) -> tuple[RecordLine, ...]:
    """The latest first. What only reads is one line: that it was carried out is said by its verification."""
    settled = {(event.step, "step.verified") for event in events if event.kind == "step.verified"}
    changed = {event.step for event in events if event.kind == "step.intended"}
    names = {step.id: f"{number}. {title(step)}" for number, step in enumerate(document.steps, 1)}
    shown = [
        _line(event, before, names, document)
        for before, event in pairwise((None, *events))
        if event is not None
        and not (
            event.kind == "step.executed" and event.step not in changed and (event.step, "step.verified") in settled
        )
    ]
    return tuple(shown[::-1][:SHOWN])


def record(events: Sequence[RecordedEvent], document: Runbook, zone: tzinfo) -> str:
    return MACROS.record(lines(events, document), zone)


def _line(
    event: RecordedEvent, before: RecordedEvent | None, names: Mapping[str, str], document: Runbook
) -> RecordLine:
    data = event.data
    word, colour = _WORDS.get(event.kind, (event.kind, theme.NEUTRAL))
    what = f"{word}: {names.get(event.step, event.step)}" if event.step and event.kind != "run.waiting" else word
    what = what[:1].upper() + what[1:]
    return RecordLine(event.at, what, _who(data), with_numbers(_text(event, before), document), colour)


def _who(data: Any) -> str:
    return principal(str(data.get("actor", "")))


def _text(event: RecordedEvent, before: RecordedEvent | None) -> str:
    data = event.data
    if event.kind == "run.ended":
        phase, text = str(data.get("phase", "")), ending_text(event, before)
        return text if text.lower().startswith(phase) else f"{phase}: {text}"
    if event.kind == "run.resumed" and "answer" in data:
        return f"{data.get('answered')}: {data['answer']}"
    if event.kind in ("run.started", "run.rollback", "run.resumed"):
        return str(data.get("reason", ""))
    changes = "; ".join(
        f"{change.get('what')}: {show_value(change.get('before'))} → {show_value(change.get('after'))}"
        for change in data.get("changes", ())
    )
    return changes if event.kind in ("step.intended", "undo.intended") else str(data.get("text", ""))
