"""Rehearsal: which of the incidents on record would these alarms have paged for, when, and what would they have missed?"""

from __future__ import annotations

from ops.alarms.rehearsal.fast_metrics import by_minute
from ops.alarms.rehearsal.rehearse import rehearse
from ops.alarms.rehearsal.results import (
    DELAYS_COUNTED,
    AlarmRehearsal,
    IncidentRehearsal,
    Page,
    PageOutcome,
    Rehearsal,
    RequirementRehearsal,
    StateRehearsal,
    StateSince,
)
from ops.alarms.rehearsal.roles import WorkloadRoles, roles_of
from ops.alarms.rehearsal.suggestions import Suggestion, suggest

__all__ = [
    "DELAYS_COUNTED",
    "AlarmRehearsal",
    "IncidentRehearsal",
    "Page",
    "PageOutcome",
    "Rehearsal",
    "RequirementRehearsal",
    "StateRehearsal",
    "StateSince",
    "Suggestion",
    "WorkloadRoles",
    "by_minute",
    "rehearse",
    "roles_of",
    "suggest",
]
