"""Suggestions for missed incidents: alarms of the catalogue that would have paged, found by rehearsing them in the
same incidents."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ops.alarms.catalogue import CatalogueOptions, Recommendation, recommend, rows
from ops.alarms.incidents.model import MustPage
from ops.alarms.rehearsal.rehearse import answers, rehearse
from ops.alarms.rehearsal.results import IncidentRehearsal, Rehearsal
from ops.alarms.rehearsal.roles import WorkloadRoles
from ops.doctor.settings import WorkloadSettings

ANYBODY = "arn:aws:sns:::anybody"
"""Whom the recommended alarms tell in a rehearsal: alarms that notify no one do not page."""
_DEFAULTS = CatalogueOptions()


@dataclass(frozen=True)
class Suggestion:
    """``rows``: IDs of the catalogue that page in time, with their minutes. ``skipped``: rows that name the incident and
    cannot be recommended for this workload, with the reason."""

    incident: str
    required: MustPage
    rows: tuple[tuple[str, float], ...]
    skipped: tuple[tuple[str, str], ...] = ()


def suggest(
    result: Rehearsal, workload: WorkloadSettings, roles: WorkloadRoles, options: CatalogueOptions = _DEFAULTS
) -> tuple[Suggestion, ...]:
    """One for each requirement that was missed. ``options``: with which the catalogue would be applied."""
    missed = [each.incident for each in result.incidents if each.missed]
    if not missed:
        return ()
    recommended = recommend(workload, replace(options, actions=(ANYBODY,), only=()))
    ids = {each.name: each.id for each in recommended.alarms if not each.composite}
    definitions = [each.definition for each in recommended.alarms if not each.composite]
    tried = {each.incident.name: each for each in rehearse(definitions, missed, roles).incidents}
    return tuple(
        Suggestion(
            each.incident.name,
            requirement.required,
            _rows(tried[each.incident.name], requirement.required, ids),
            _skipped(recommended, each.incident.name),
        )
        for each in result.incidents
        for requirement in each.missed
    )


def _skipped(recommended: Recommendation, incident: str) -> tuple[tuple[str, str], ...]:
    naming = {row.id for row in rows() if incident in row.incidents}
    return tuple((row.id, row.why) for row in recommended.skipped if row.id in naming)


def _rows(tried: IncidentRehearsal, required: MustPage, ids: dict[str, str]) -> tuple[tuple[str, float], ...]:
    delays: dict[str, float] = {}
    for alarm in tried.alarms:
        for page in alarm.pages:
            if answers(page, required) and page.at <= required.begins + required.within:
                delays.setdefault(ids[alarm.alarm], (page.at - required.begins) / 60)
    return tuple(sorted(delays.items(), key=lambda row: row[1]))
