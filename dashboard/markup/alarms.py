"""Alarms as HTML: rows with a week of states, and what is known of one alarm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from dashboard import runbooks, theme
from dashboard.charts.timeline.event_lanes import MARKS
from dashboard.formatting import duration, moment, usd, utc
from dashboard.markup.templates import Macros
from ops.alarms.catalogue import RecommendedAlarm
from ops.alarms.delivery import AlarmDelivery, DeliveryLeg, DeliveryStatus
from ops.alarms.live_test import AlarmTestResult
from ops.aws.sqs import name_of
from ops.doctor.examination import RuleFinding
from ops.formatting import count, elapsed, sentence
from ops.insight.report_types import Level, Window
from ops.insight.reports.alarms_page.checks import AlarmChecks
from ops.insight.reports.alarms_page.coverage import Coverage, IncidentCoverage
from ops.insight.reports.alarms_page.rows import COMPOSITE, AlarmRow
from ops.insight.sources.alarm_history import NOT_READ, StateSpan
from ops.insight.sources.event_model import Event

_MACROS = Macros("alarms.html")
STATES = {
    "ALARM": (Level.CRITICAL, "In alarm"),
    "OK": (Level.OK, "OK"),
    "INSUFFICIENT_DATA": (Level.NO_DATA, "No data"),
}
_LANES = {"ALARM": "so-fired", "OK": "so-ok", "INSUFFICIENT_DATA": "so-silent", NOT_READ: "so-unread"}
MAX_EVENTS = 60
"""Events that are marked, the latest ones: each is a line through every lane."""
TICKS = 7
_STEPS_S = (60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)


@dataclass(frozen=True)
class Axis:
    """The time that the lanes show."""

    start: datetime
    end: datetime

    def place(self, moment: datetime) -> float:
        """The position in percent from the left."""
        share = (moment - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 3)


def axis(rows: Sequence[AlarmRow], history: Window) -> Axis:
    """A week, or the time since the first known state where that is only a small part of it."""
    known = [span.start for row in rows for span in row.spans if span.state in ("ALARM", "OK")]
    first = min(known, default=history.start)
    length = history.end - first
    if first > history.start and length < history.length / 3:
        return Axis(first - max(length * 0.04, timedelta(seconds=30)), history.end)
    return Axis(history.start, history.end)


def head(shown: Axis, history: Window, events: Sequence[Event], viewer: tzinfo) -> str:
    """The columns' names, the time axis, and a mark for each event."""
    whole = shown.start == history.start
    ending = "" if not history.past else f" before {moment(history.end, viewer)}"
    title = f"Last 7 days{ending}" if whole else f"Since {moment(shown.start, viewer)}"
    return _MACROS.head(title, _ticks(shown, viewer), _marks(shown, events), _legend(events))


def _ticks(shown: Axis, viewer: tzinfo) -> list[tuple[float, str]]:
    length = (shown.end - shown.start).total_seconds()
    step = next((step for step in _STEPS_S if length / step <= TICKS), _STEPS_S[-1])
    first = int(shown.start.timestamp() // step + 1) * step
    ticks = []
    for at in range(first, int(shown.end.timestamp()) + 1, step):
        local = datetime.fromtimestamp(at, UTC).astimezone(viewer)
        place = shown.place(local)
        if 2 < place < 95:
            ticks.append((place, f"{local.day} {local:%b}" if step == _STEPS_S[-1] else f"{local:%H:%M}"))
    return ticks


def _marks(shown: Axis, events: Sequence[Event]) -> list[tuple[float, float, str, str]]:
    """(left, width, colour, title) of each event."""
    latest = sorted(events, key=lambda event: event.end)[-MAX_EVENTS:]
    marks = []
    for event in latest:
        if event.end < shown.start or event.kind not in MARKS:
            continue
        label, colour = MARKS[event.kind]
        left = shown.place(event.start)
        marks.append(
            (left, round(shown.place(event.end) - left, 3), colour, f"{label}: {event.name}, {utc(event.start)}")
        )
    return marks


def _legend(events: Sequence[Event]) -> list[tuple[str, str]]:
    return [MARKS[kind] for kind in MARKS if any(event.kind == kind for event in events)]


def row(
    alarm: AlarmRow,
    checks: AlarmChecks | None,
    shown: Axis,
    events: Sequence[Event],
    viewer: tzinfo,
    now: datetime,
    runbook: str = "",
) -> str:
    """``checks``: None before they are made. ``runbook``: the one to open, as a path."""
    level, word = STATES.get(alarm.state, STATES["INSUFFICIENT_DATA"])
    lasted = f"for {elapsed(alarm.since, now)}" if alarm.since else ""
    return _MACROS.row(
        alarm,
        theme.LEVEL_COLOUR[level],
        str(level),
        word,
        lasted,
        utc(alarm.since) if alarm.since else "",
        runbooks.short_link(runbook or alarm.runbook, alarm.name) if runbook or alarm.runbook else "",
        _bars(alarm.spans, shown),
        [(left, colour) for left, _, colour, _ in _marks(shown, events)],
        summary(alarm.spans),
        *told(alarm, checks, viewer),
        alarm.severity or severity(alarm, checks),
        usd(alarm.monthly_usd),
    )


_REACHED = {
    DeliveryStatus.DELIVERED: (theme.SUCCESS, "delivered"),
    DeliveryStatus.ALLOWED: (theme.SUCCESS, "allowed, nothing sent in 30 days"),
    DeliveryStatus.UNKNOWN: (theme.NEUTRAL, "unknown"),
    DeliveryStatus.BROKEN: (theme.WARNING, "reaches no one"),
}


def told(alarm: AlarmRow, checks: AlarmChecks | None, viewer: tzinfo) -> tuple[str, str, str]:
    """Whom the alarm notifies, whether it arrives, and the color of that: both empty where it is not known yet."""
    unheard = theme.DEAD if alarm.state == "ALARM" else theme.WARNING
    if alarm.receivers.nobody:
        return alarm.receivers.text, "", unheard
    found = checks.deliveries.get(alarm.name) if checks else None
    if found is None:
        return alarm.receivers.text, "", ""
    colour, words = _REACHED[found.status]
    last = max((action.publish.at for action in found.actions if action.publish.at), default=None)
    if found.status is DeliveryStatus.DELIVERED and last:
        words = f"delivered {moment(last, viewer)}"
    if found.muted_by:
        colour, words = theme.WARNING, "muted now"
    return alarm.receivers.text, words, unheard if found.status is DeliveryStatus.BROKEN else colour


def severity(alarm: AlarmRow, checks: AlarmChecks | None) -> str:
    """page | ticket, by the catalogue's alarm on the same metric; empty without one."""
    found = checks.matches.get(alarm.name) if checks else None
    return found.recommended.severity if found else ""


def leg(found: DeliveryLeg) -> str:
    """One part of the way to someone."""
    statement = json.dumps(found.statement, indent=2) if found.statement else ""
    return _MACROS.leg(_REACHED[found.status][0], found, statement)


def legs(found: AlarmDelivery) -> list[DeliveryLeg]:
    return [leg for each in found.actions for leg in (each.publish, *(way.leg for way in each.subscriptions))]


def verdict(text: str, legs: Sequence[DeliveryLeg]) -> str:
    """The sentence on an alarm's delivery without what stands in its ``legs`` below."""
    for leg in legs:
        text = text.replace(leg.text, "").strip()
    return text


def delivery(text: str, notes: Sequence[str] = ()) -> str:
    """Whether an alarm reaches someone, in a sentence."""
    return _MACROS.delivery(text, notes)


def _bars(spans: Sequence[StateSpan], shown: Axis) -> list[tuple[float, float, str]]:
    """(left, width, class) of each stretch of one state."""
    bars = []
    for span in spans:
        if span.end <= shown.start:
            continue
        left = shown.place(span.start)
        bars.append((left, round(shown.place(span.end) - left, 3), _LANES.get(span.state, "so-silent")))
    return bars


def summary(spans: Sequence[StateSpan]) -> str:
    """``In ALARM 3 times, for 2 h 10 min in all``, for those who do not see the lane."""
    fired = [span for span in spans if span.state == "ALARM"]
    unread = any(span.state == NOT_READ for span in spans)
    known = " in the time that is known" if unread else ""
    if not fired:
        return f"Not in ALARM{known}" if spans else "Its history is not known"
    return f"In ALARM {count(len(fired), 'time')}, for {duration(sum(span.seconds for span in fired))} in all{known}"


def title(alarm: AlarmRow) -> str:
    level, word = STATES.get(alarm.state, STATES["INSUFFICIENT_DATA"])
    return _MACROS.title(alarm.label, theme.LEVEL_COLOUR[level], word)


def children(alarm: AlarmRow) -> str:
    """The alarms of a composite alarm's rule with their states."""
    rows = []
    for name, state in alarm.children:
        level, word = STATES.get(state, (Level.NO_DATA, "not of this workload"))
        rows.append((name, theme.LEVEL_COLOUR[level], str(level), word))
    return _MACROS.children(rows)


def changes(alarm: AlarmRow, viewer: tzinfo) -> str:
    """The latest changes of state with their reasons, the newest first."""
    rows = []
    for change in alarm.changes:
        level, word = STATES.get(change.after, STATES["INSUFFICIENT_DATA"])
        rows.append((moment(change.at, viewer), utc(change.at), theme.LEVEL_COLOUR[level], word, change.reason))
    return _MACROS.changes(rows)


def setting(found: RuleFinding, colour: str) -> str:
    """One of the doctor's findings: the setting, the consequence, and the rule's source."""
    return _MACROS.setting(found, colour, sentence(found.text))


def coverage(found: Coverage) -> str:
    """Incident by incident: what would have paged, and after how long."""
    return _MACROS.coverage([_incident(each) for each in found.incidents])


def _incident(found: IncidentCoverage) -> tuple[object, ...]:
    """(incident, colour, verdict, by, missing): texts."""
    by = [f"{alarm} after {duration(minutes * 60)}" for alarm, minutes in dict(found.paged).items()]
    by += [f"{alarm} too late, after {duration(minutes * 60)}" for alarm, minutes in dict(found.late).items()]
    by += [f"{alarm} wrongly" for alarm in found.wrong]
    if not found.covered:
        colour, verdict = theme.WARNING, "Late" if found.late else "Missed"
    elif found.wrong:
        colour, verdict = theme.WARNING, "Wrong page"
    else:
        colour, verdict = theme.SUCCESS, "Paged" if found.required else "Silent"
    missing = ", ".join(f"{each.id} ({usd(each.monthly_usd)} per month)" for each in found.would_page)
    return found, colour, verdict, "; ".join(by), missing


def recommended(alarms: Sequence[RecommendedAlarm], conditions: Sequence[str]) -> str:
    """Alarms of the catalogue, each with its reason to unfold."""
    rows = [
        (each, condition, f"{usd(each.monthly_usd)} per month")
        for each, condition in zip(alarms, conditions, strict=True)
    ]
    return _MACROS.recommended(rows)


def why(row: AlarmRow, text: str) -> str:
    """Why a threshold is what it is, or why there is a composite alarm, which has none."""
    return _MACROS.why("Why this alarm" if row.kind == COMPOSITE else "Why this threshold", text)


def test_result(result: AlarmTestResult, began: datetime, viewer: tzinfo) -> str:
    """The result of a test by topic."""
    colour = theme.SUCCESS if result.passed else theme.DEAD
    lines = [
        f"Nothing arrived from topic {name_of(one.topic)} in {duration(result.waited_s)}."
        if one.after_s is None
        else f"Arrived from topic {name_of(one.topic)} after {duration(one.after_s)}."
        for one in result.arrivals
    ]
    lines += [f"CloudWatch: {one.error or 'the action failed'} ({one.target})" for one in result.failures]
    return _MACROS.test_result(
        f"Tested at {moment(began, viewer)}", colour, lines, (result.afterwards, *result.leftovers)
    )
