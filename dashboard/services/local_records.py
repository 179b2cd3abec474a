"""This machine's records of the workload's dead-letter queue, added to reports made from metrics and logs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from dashboard.services.timeline_arrivals import ArrivalsCache
from ops.errors import OpsError
from ops.insight.reports.overview import OverviewReport

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.report_types import Window
    from ops.insight.reports.alarms_page.report import AlarmsReport
    from ops.insight.sources.event_model import Event
    from ops.target import Target
    from ops.workload import Workload

Report = TypeVar("Report", "OverviewReport", "AlarmsReport")


class LocalRecords:
    """The audit log and the snapshot. ``dead_letter_queue``: its name; without one the reports stay as they are."""

    def __init__(self, aws: Aws, target: Target, workload: Workload, dead_letter_queue: str | None) -> None:
        self._aws = aws
        self._target = target
        self._workload = workload
        self._queue = dead_letter_queue
        self._arrivals: ArrivalsCache | None = None

    def added_to_overview(self, report: OverviewReport, window: Window) -> OverviewReport:
        """The report with redrives and purges, and with the causes of arrivals in the dead-letter queue, as far as it
        was scanned. What could not be read is a note of the report."""
        if report.timeline is None or self._queue is None:
            return report
        operations, notes = self._operations(window)
        timeline = replace(report.timeline, events=(*report.timeline.events, *operations))
        try:
            timeline = replace(timeline, arrivals=self._arrivals_cache().in_window(window))
        except OpsError as error:
            notes = (*notes, f"DLQ arrivals by cause are missing: {error}")
        return _with_notes(replace(report, timeline=timeline), notes)

    def added_to_alarms(self, report: AlarmsReport) -> AlarmsReport:
        """The report with the redrives and purges of its history."""
        operations, notes = self._operations(report.history)
        return _with_notes(replace(report, events=(*report.events, *operations)), notes)

    def _arrivals_cache(self) -> ArrivalsCache:
        from ops.deadletters.queue import open_queue

        self._arrivals = self._arrivals or ArrivalsCache(open_queue(self._aws, self._workload))
        return self._arrivals

    def _operations(self, window: Window) -> tuple[tuple[Event, ...], tuple[str, ...]]:
        """The recorded redrives and purges, and what of them could not be read."""
        from ops.deadletters.archive import audit_events
        from ops.target import state_folder

        if self._queue is None:
            return (), ()
        home = state_folder(self._target)
        found, notes = audit_events.read_operation_events(home, self._workload, {self._queue}, window)
        return tuple(found), tuple(notes)


def _with_notes(report: Report, notes: tuple[str, ...]) -> Report:
    return replace(report, look=replace(report.look, partial=(*report.look.partial, *notes)))
