"""When the incident was, by the alarms that were in ALARM while the runbook ran."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from ops.aws.cloudwatch import StateChange
from ops.insight.sources.alarm_history import StateSpan, state_spans
from ops.runbooks.report.model import IncidentPeriod

LOOK_BACK = timedelta(hours=24)
"""Before the run's start: how far an alarm's transition to ALARM is looked for. Our choice."""
LOOK_AHEAD = timedelta(hours=24)
"""After the run's end: how long the alarm is given to be OK again."""
JUST_BEFORE = timedelta(minutes=15)
"""An alarm that ended no longer than this before the run still counts as its cause: it may clear while a person gets
to it. Our choice."""
IN_ALARM = "ALARM"
NamesAlarm = Callable[[str], bool]
"""Whether a runbook is for the alarm of that name."""


def whole_range(began: datetime, ended: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """The time of which alarms, deploys and redrives are read."""
    return began - LOOK_BACK, min(now, (ended or now) + LOOK_AHEAD)


def alarm_spans(
    name: str,
    present: tuple[str, datetime | None],
    changes: Sequence[StateChange],
    start: datetime,
    end: datetime,
    known_from: datetime,
) -> tuple[StateSpan, ...]:
    """The times at which the alarm was in ALARM. ``present``: its state now and since when."""
    own = [change for change in changes if change.alarm == name]
    state, since = present
    if not own and since is not None and since > end:
        return ()
    spans = state_spans(state, since, own, start, end, known_from)
    return tuple(span for span in spans if span.state == IN_ALARM)


def incident_period(
    spans: Mapping[str, Sequence[StateSpan]],
    is_named: NamesAlarm,
    began: datetime,
    ended: datetime | None,
    now: datetime,
    read_until: datetime,
) -> IncidentPeriod:
    """``spans``: the times in ALARM by alarm. ``is_named``: of the runbook. The alarms that it is for decide; where none of
    them was in ALARM, all that were."""
    until = ended or now
    during = {
        name: [span for span in each if span.start <= until and span.end >= began - JUST_BEFORE]
        for name, each in spans.items()
    }
    during = {name: each for name, each in during.items() if each}
    own = {name: each for name, each in during.items() if is_named(name)}
    chosen = own or during
    if not chosen:
        why = "No alarm of the workload is known to have been in ALARM during the run: this is the time of the run."
        return IncidentPeriod(began, max(began, until), ongoing=ended is None, why=why)
    start = min(span.start for each in chosen.values() for span in each)
    end = max(span.end for each in chosen.values() for span in each)
    in_alarm = tuple(sorted(name for name, each in chosen.items() if each[-1].end >= read_until))
    names = tuple(sorted(chosen))
    why = "From the transition to ALARM until OK."
    if in_alarm:
        why = f"From the transition to ALARM; {'not' if in_alarm == names else 'not all are'} OK again yet."
    if not own:
        why = f"{why} The runbook is for none of these alarms."
    return IncidentPeriod(start, end, names, bool(in_alarm), why, in_alarm, max(0.0, (began - start).total_seconds()))
