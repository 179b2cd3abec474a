"""The incident report of a run, from its record, the account and the audit log of the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from ops import clock
from ops.aws.sqs import name_of
from ops.errors import OpsError
from ops.insight import time_window
from ops.runbooks import library
from ops.runbooks.model import Runbook
from ops.runbooks.record import RecordedEvent, RunRecord
from ops.runbooks.report import account, conclusions, metrics, operations, run_timeline, sections
from ops.runbooks.report import period as periods
from ops.runbooks.report.account import AlarmHistory
from ops.runbooks.report.model import IncidentReport, TimelineEntry
from ops.runbooks.report.sections import Unread
from ops.runbooks.run_state import RunbookRun
from ops.runbooks.runs import read_run
from ops.target import Target

LEAD = timedelta(hours=1)
"""How long before the incident changes are shown: what was deployed just before it is often its cause. Our choice."""

MAX_CHANGES = 4
"""Changes in the timeline of an alarm that is not the incident's; a flapping one would hide the rest. Our choice."""


def build(record: RunRecord, target: Target | None, now: datetime | None = None) -> IncidentReport:
    """The report of a run. ``target``: the place whose account is asked, with the record's own queue; None: the account
    is not asked, and the report is the record and the audit log.

    A source that cannot be read is named in ``unread``; the rest is there. Calls of an account: those that describe the
    workload, DescribeAlarms, DescribeAlarmHistory, ListVersionsByFunction, two GetMetricData, GetQueueAttributes, and
    one Logs Insights query. Raises OpsError where the record itself cannot be read.
    """
    now = now or clock.now_utc()
    document, run = read_run(record)
    events = record.events()
    return _Builder(record.folder.parent.parent, document, run, events, now).report(target)


class _Builder:
    def __init__(
        self, home: Path, document: Runbook, run: RunbookRun, events: Sequence[RecordedEvent], now: datetime
    ) -> None:
        self._home, self._document, self._run, self._events = home, document, run, events
        self._began = events[0].at
        self._last = max(event.at for event in events)
        self._ended = self._last if run.ended else None
        self._now = max(now, self._last)
        self._unread = Unread()

    def report(self, target: Target | None) -> IncidentReport:
        run, unread = self._run, self._unread
        described = None
        if target is not None:
            try:
                described = account.describe(run, target)
            except OpsError as error:
                for section in sections.ACCOUNT_SECTIONS:
                    unread.add(section, f"{error} {error.next_step}".strip())
        history = AlarmHistory()
        start, until = periods.whole_range(self._began, self._ended, self._now)
        if described is not None:
            history = account.read_alarms(*described, start, until, unread)
        period = periods.incident_period(
            history.spans, self._is_named(history), self._began, self._ended, self._now, until
        )
        shown = max(start, min(period.start, self._began) - LEAD), max(period.end, self._last)
        entries = [*run_timeline.run_entries(self._document, self._events)]
        changes = [entry for entry in account.alarm_entries(history.changes) if shown[0] <= entry.at <= shown[1]]
        others = _without_flapping(changes, period.alarms)
        queues = {name_of(run.queue), run.dlq}
        found_metrics = cost = None
        dlq = ""
        if described is not None:
            aws, workload = described
            queues |= {workload.dlq.name} if workload.dlq else set()
            window = time_window.between(*shown, aws.target.finest_period, self._now)
            others += account.read_config_changes(aws, workload, window, unread)
            end = max(period.end, period.start + timedelta(seconds=1))
            found_metrics = unread.attempt(
                sections.METRICS, lambda: metrics.read_metrics(aws, workload, period.start, end, self._now), None
            )
            since, why = account.cost_start(history, period, workload.queue.name, self._now)
            cost = unread.attempt(
                sections.COST, lambda: account.read_cost(aws, workload, since, end, self._now, why), None
            )
            dlq = unread.attempt(sections.DLQ, lambda: account.messages_in_dlq(aws, workload, self._now), "")
        others += unread.attempt(
            sections.REDRIVES, lambda: operations.read_operations(self._home, run, queues - {""}, *shown), []
        )
        return IncidentReport(
            run,
            self._document.title,
            "local twin" if target is not None and target.is_twin else f"account {run.account}, {run.region}",
            self._now,
            period,
            _merged(entries, others),
            found_metrics,
            cost,
            tuple(conclusions.still_open(self._document, run, period, dlq)),
            tuple(conclusions.follow_ups(self._document, run, period, history.spans)),
            unread.why,
            (*run_timeline.clock_notes(self._events), *filter(None, [library.change_since(self._document)])),
            asked=target is not None,
        )

    def _is_named(self, history: AlarmHistory) -> periods.NamesAlarm:
        def named(alarm: str) -> bool:
            documents = library.for_alarm(alarm, history.descriptions.get(alarm, ""))
            return any(document.name == self._run.runbook for document in documents)

        return named


def _without_flapping(entries: Sequence[TimelineEntry], of_incident: Sequence[str]) -> list[TimelineEntry]:
    """Keeps only the first changes and the last one of each alarm that is not the incident's. ``entries``: oldest
    first."""
    kept: list[TimelineEntry] = []
    for name in dict.fromkeys(entry.what for entry in entries):
        own = [entry for entry in entries if entry.what == name]
        if name not in of_incident and len(own) > MAX_CHANGES:
            left_out = f"{len(own) - MAX_CHANGES} changes before this one are not listed."
            own = [*own[: MAX_CHANGES - 1], replace(own[-1], details=(left_out, *own[-1].details))]
        kept += own
    return kept


def _merged(own: Sequence[TimelineEntry], others: Sequence[TimelineEntry]) -> tuple[TimelineEntry, ...]:
    """Entries by time. The run's own stay in the order in which they were recorded."""
    merged: list[TimelineEntry] = []
    waiting = sorted(others, key=lambda entry: entry.at)
    for entry in own:
        while waiting and waiting[0].at <= entry.at:
            merged.append(waiting.pop(0))
        merged.append(entry)
    return (*merged, *waiting)
