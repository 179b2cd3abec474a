"""The words for a rehearsal's results, the same on a terminal, in Markdown and in JUnit."""

from __future__ import annotations

from datetime import UTC, datetime

from ops import formatting
from ops.alarms.incidents import Incident
from ops.alarms.incidents.page_kinds import PAGE_KINDS
from ops.alarms.rehearsal import (
    AlarmRehearsal,
    IncidentRehearsal,
    Page,
    PageOutcome,
    Rehearsal,
    RequirementRehearsal,
    StateRehearsal,
    Suggestion,
)
from ops.formatting import duration

NAMELESS_STACK = "${AWS::StackName}-"
"""How a template's alarms are named before the stack has a name."""


def short(alarm: str) -> str:
    """A name for people, who know which template they rehearse."""
    return alarm.removeprefix(NAMELESS_STACK)


def minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def cell(alarm: AlarmRehearsal) -> str:
    """The outcome in at most four characters; ``LEGEND`` explains them."""
    shown = {
        PageOutcome.PAGED: minutes(alarm.minutes),
        PageOutcome.LATE: "late",
        PageOutcome.NEVER: "–",
        PageOutcome.WRONG: "✗",
        PageOutcome.ALSO: "+",
        PageOutcome.NO_PAGE: "mute",
        PageOutcome.UNAFFECTED: "",
        PageOutcome.NOT_CHECKED: "?",
    }
    return shown.get(alarm.outcome, "·")


LEGEND = (
    "number: paged in time, after so many minutes · late · –: silent, and no one else paged for it · ✗: paged wrongly · "
    "+: paged as well · mute: ALARM, notifies no one · ?: not checked · ·: silent"
)


def headline(result: Rehearsal) -> str:
    incidents = [each for each in result.incidents if each.required]
    parts = [f"{result.paged} of {len(incidents)} incidents paged in time"] if incidents else []
    if result.missed:
        parts.append(f"{result.missed} missed")
    parts.append(_pages(result.wrong, "false page"))
    quiet = [each for each in result.incidents if each.incident.quiet]
    if quiet:
        parts.append(f"{_pages(result.quiet_pages, 'page')} on a quiet day")
    return " · ".join(parts)


def _pages(number: int, noun: str) -> str:
    return formatting.count(number, noun) if number else f"no {noun}s"


def verdict(incident: IncidentRehearsal) -> str:
    """The verdict in a few words."""
    if any(not each.holds for each in incident.states):
        return "other state"
    if incident.missed:
        return "late" if all(each.outcome is PageOutcome.LATE for each in incident.missed) else "missed"
    if incident.wrong:
        return "paged wrongly"
    return "paged" if incident.required else "silent" if incident.incident.quiet else "as expected"


def requirement(rehearsed: RequirementRehearsal) -> str:
    alarm, due = short(rehearsed.alarm), duration(rehearsed.required.within)
    if rehearsed.outcome is PageOutcome.PAGED:
        return f"{alarm} paged after {minutes(rehearsed.minutes)} min (due within {due})"
    if rehearsed.outcome is PageOutcome.CLEARED:
        return f"{alarm} paged, and was no longer in ALARM after {minutes(rehearsed.minutes)} min, with nothing fixed"
    what = " or ".join(PAGE_KINDS[kind] for kind in rehearsed.required.says)
    if rehearsed.outcome is PageOutcome.LATE:
        return f"{alarm} paged after {minutes(rehearsed.minutes)} min, due within {due}: {what}"
    return f"No alarm said within {due}: {what}"


def suggestion(suggested: Suggestion) -> str:
    """Alarms of the catalogue that would have paged for a missed incident."""
    what = " or ".join(PAGE_KINDS[kind] for kind in suggested.required.says)
    rows = ", ".join(f"{row} ({minutes(delay)} min)" for row, delay in suggested.rows)
    skipped = "; ".join(f"{row} cannot be recommended: {why}" for row, why in suggested.skipped)
    rest = f"from the catalogue: {rows}" if rows else skipped or "nothing of the catalogue would have paged in time"
    return f"{suggested.incident}: {what} → {rest}"


def missing(requirement: RequirementRehearsal, incident: str) -> str:
    """The missing page, for alarms whose workload's settings are unknown."""
    what = " or ".join(f"{PAGE_KINDS[kind]} ({kind})" for kind in requirement.required.says)
    return f"{incident}: an alarm that says within {duration(requirement.required.within)}: {what}"


def wrong_page(page: Page, incident: Incident) -> str:
    return f"{short(page.alarm)} paged at {clock(page.at, incident)}, where nothing was wrong that it may page for"


def state(rehearsed: StateRehearsal) -> str:
    actual = rehearsed.actual or "not checked"
    return f"{rehearsed.expected.alarm} after {minutes(rehearsed.expected.at / 60)} min: expected {rehearsed.expected.state}, was {actual}"


def clock(at: float, incident: Incident) -> str:
    moment = datetime.fromtimestamp(incident.start + at, UTC)
    return f"{moment:%H:%M}" if incident.length <= 86_400 else f"{moment:%d %b %H:%M}"
