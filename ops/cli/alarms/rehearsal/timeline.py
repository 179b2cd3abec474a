"""One incident over time: a row for each alarm that did something, and every page by its time."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ops.alarms.evaluate.threshold import ALARM, INSUFFICIENT_DATA
from ops.alarms.rehearsal import AlarmRehearsal, IncidentRehearsal
from ops.cli.alarms.rehearsal import words
from ops.cli.output.sanitize import safe
from ops.formatting import duration

COLUMNS = 60
MAX_ALARMS, MAX_EVENTS = 60, 200
"""Lines of one incident. An account may have thousands of alarms on one queue."""
MARKS = {ALARM: ("█", "red"), INSUFFICIENT_DATA: ("░", "dim")}


def timeline_rows(each: IncidentRehearsal) -> Iterator[Text]:
    incident = each.incident
    active = [alarm for alarm in each.alarms if any(state.state == ALARM for state in alarm.states)]
    width = max((len(words.short(alarm.alarm)) for alarm in active), default=0)
    start, end = words.clock(0, incident), words.clock(incident.length, incident)
    yield Text(f"  {'':{width}}  {start}{end:>{COLUMNS - len(start)}}", style="dim")
    for alarm in active[:MAX_ALARMS]:
        row = Text(f"  {safe(words.short(alarm.alarm)):{width}}  ")
        for column in range(COLUMNS):
            row.append(*_mark(alarm, column * incident.length / COLUMNS, (column + 1) * incident.length / COLUMNS))
        yield row
    events = sorted(_events(each), key=lambda event: event[0])
    for at, text, style in events[:MAX_EVENTS]:
        yield Text(f"  {words.clock(at, incident)}  {safe(text)}", style=style)
    left_out = {"alarms": len(active) - MAX_ALARMS, "events": len(events) - MAX_EVENTS}
    if more := [f"{number:,} more {what}" for what, number in left_out.items() if number > 0]:
        yield Text(f"  {' and '.join(more)} are not shown (--json has all).", style="dim")


def _mark(alarm: AlarmRehearsal, begins: float, ends: float) -> tuple[str, str]:
    """The mark of one column: ALARM if the alarm was in it at any time of the column."""
    state = INSUFFICIENT_DATA
    for change in alarm.states:
        if change.at >= ends:
            break
        if change.at > begins and ALARM in (state, change.state):
            return MARKS[ALARM]
        state = change.state
    return MARKS.get(state, ("·", "dim"))


def _events(each: IncidentRehearsal) -> Iterator[tuple[float, str, str]]:
    wrong = set(each.wrong)
    for required in each.incident.must_page:
        yield required.begins, f"due within {duration(required.within)}: {required.because}", "dim"
    for alarm in each.alarms:
        for page in alarm.pages:
            yield (
                page.at,
                f"{words.short(page.alarm)} pages{' wrongly' * (page in wrong)}",
                "bold red" if page in wrong else "",
            )
    for state in each.states:
        yield state.expected.at, words.state(state), "" if state.holds else "bold red"
