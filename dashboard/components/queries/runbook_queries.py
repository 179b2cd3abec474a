"""The service of the Runbooks page, and what of it is cached; and the runbook that an alarm's link leads to."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import page_runtime
from dashboard.services.report_source import ReportSource
from dashboard.services.runbook_service import RunbookList, RunbookService
from ops.insight.reports.alarms_page.rows import COMPOSITE, AlarmRow
from ops.runbooks import library
from ops.runbooks.locking import SharedHolder
from ops.target import Target

ALARMS_TTL_S = 15
"""How long the alarms' states, and who holds the workload, are kept: each look is a call."""


@st.cache_resource(ttl=page_runtime.WORKLOAD_TTL_S, max_entries=16, show_spinner=False)
def _opened(target: Target, _source: ReportSource) -> RunbookService:
    return _source.runbook_service()


def runbook_service() -> RunbookService:
    """The runbook service of the selected workload. Raises OpsError."""
    return _opened(page_runtime.page_context().selection.target, page_runtime.report_source())


@st.cache_data(ttl=ALARMS_TTL_S, max_entries=16, show_spinner=False)
def _other_machine(target: Target, _service: RunbookService) -> SharedHolder | None:
    return _service.find_other_machine()


def other_machine(service: RunbookService) -> SharedHolder | None:
    """The run on another machine that holds the workload."""
    return _other_machine(page_runtime.page_context().selection.target, service)


def forget_other_machine() -> None:
    _other_machine.clear()


@st.cache_resource(ttl=ALARMS_TTL_S, max_entries=16, show_spinner=False)  # documents are not copied for each rerun
def _documents(target: Target, _service: RunbookService) -> RunbookList:
    return _service.list_documents()


def list_documents(service: RunbookService) -> RunbookList:
    return _documents(page_runtime.page_context().selection.target, service)


def path(alarm: str, described: str) -> str:
    """The runbook to open for the alarm: one that can be run, else the one that its description names."""
    return next((f"runbooks/{name}.md" for name in runnable(alarm, described)), described)


def path_of_row(row: AlarmRow, rows: Sequence[AlarmRow]) -> str:
    """``path`` of the row's alarm; for a composite alarm without a runbook, that of an alarm behind it."""
    others = (path(other.name, other.runbook) for other in behind(row, rows))
    return path(row.name, row.runbook) or next(filter(None, others), "")


def behind(row: AlarmRow, rows: Sequence[AlarmRow]) -> list[AlarmRow]:
    """The metric alarms of ``rows`` in the rule of a composite alarm, also by way of another one: those in ALARM, all of
    them where none is and it has no runbook of its own."""
    by_name = {row.name: row for row in rows}
    seen, found, waiting = {row.name}, list[AlarmRow](), [row]
    while waiting:
        below = [by_name[name] for name, _ in waiting.pop(0).children if name in by_name and name not in seen]
        seen.update(row.name for row in below)
        waiting += below
        found += [row for row in below if row.kind != COMPOSITE]
    firing = [row for row in found if row.state == "ALARM"]
    return firing or ([] if row.runbook or runnable(row.name, row.runbook) else found)


@st.cache_data(max_entries=256, show_spinner=False)
def runnable(alarm: str, described: str) -> dict[str, str]:
    """Name → title of the runbooks for the alarm that can be run, the one to follow first. ``described``: the runbook that
    its description names."""
    return {runbook.name: runbook.title for runbook in library.for_alarm(alarm, described) if runbook.steps}
