"""A rehearsal as data: the incident, the alarm to wait for, the answers, and what must hold afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ops.rehearsals.acts import Act
from ops.rehearsals.alarm_change import AlarmAdjustment

DEAD_LETTER = "{dead-letter}"
"""An answer: the message ID of a message in the dead-letter queue."""
Seconds = Annotated[int, Meta(ge=1, le=3_600)]
Prose = Annotated[str, Meta(min_length=1, max_length=1_000)]


class AfterwardsFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What must hold ``within`` so many seconds of the end of the run: the queue is empty, each job has a result but
    for ``dead_letters`` of them and those ``purged`` after an export, and the alarm is OK. ``alarm_stays``: why it must
    still be in ALARM instead."""

    within: Seconds = 120
    dead_letters: Annotated[int, Meta(ge=0, le=10_000)] = 0
    purged: Annotated[int, Meta(ge=0, le=10_000)] = 0
    alarm_stays: str = ""


class RehearsalFields(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The file as written. ``parameters``: of the template, on the twin. ``alarm``: its name without the stack's.
    ``alarm_change``: what of it is smaller or sooner than deployed. ``short``: whether it takes some two minutes."""

    about: Prose
    runbook: Prose
    alarm: Prose
    alarm_within: Seconds
    run_within: Seconds
    incident: Annotated[tuple[dict[str, Any], ...], Meta(min_length=1, max_length=20)]
    answers: dict[str, str] = {}
    fix: Annotated[tuple[dict[str, Any], ...], Meta(max_length=20)] = ()
    short: bool = False
    parameters: dict[str, str | int] = {}
    alarm_change: dict[str, Any] = {}
    after: dict[str, Any] = {}


@dataclass(frozen=True)
class RunbookRehearsal:
    """``answers``: by the ID of the step that asks. ``fixes``: what is done outside of the runbook before the step of
    that ID is answered; ``fixes_after``: once it is done."""

    name: str
    file: str
    about: str
    runbook: str
    alarm: str
    alarm_within_s: int
    run_within_s: int
    incident: tuple[Act, ...]
    answers: Mapping[str, str]
    fixes: Mapping[str, tuple[Act, ...]]
    fixes_after: Mapping[str, tuple[Act, ...]]
    parameters: Mapping[str, str]
    alarm_change: AlarmAdjustment
    short: bool
    after: AfterwardsFields
