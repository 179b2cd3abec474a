"""The page below its numbers: the steps of a redrive, causes, messages, and actions on them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.dead_letters import (
    causes,
    export_tab,
    filters,
    import_tab,
    message_table,
    redrive_state,
    scan_bar,
)
from dashboard.app_pages.dead_letters.redrive import run_panel, stepper, view
from dashboard.app_pages.dead_letters.redrive_state import Redrive
from dashboard.app_pages.dead_letters.scan_bar import QueueCount
from dashboard.components.logs_and_traces.log_panel import show_log_panel
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import escape, message_count, number
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import LogTopic
from ops import formatting
from ops.deadletters.messages.model import UNKNOWN_ERROR
from ops.deadletters.plan_model import Selection
from ops.errors import OpsError
from ops.insight.report_types import Finding
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.workload import Gap

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from ops.deadletters.causes import CausesReport
    from ops.deadletters.snapshot import SnapshotInfo

EXPORT, IMPORT, PURGE, HISTORY = "Export", "Import", "Purge", "History"
TABS = (redrive_state.MESSAGES, redrive_state.REDRIVE, causes.LOGS, EXPORT, IMPORT, PURGE, HISTORY)
WITHOUT_FILTERS = (causes.LOGS, IMPORT, HISTORY)


def current_finding(report: DeadLettersReport) -> Finding:
    """The snapshot's finding, which has the causes; the report's for a past range, an old snapshot, or without one."""
    if report.at:
        return report.finding
    try:
        service = dead_letter_queries.dead_letter_service()
        info = dead_letter_queries.snapshot_info(service)
        if info is None:
            return report.finding
        scanned: Finding = dead_letter_queries.causes_report(service).finding
    except OpsError:  # shown below
        return report.finding
    loaded = page_runtime.loaded_at("dead_letters")
    newer = info.scanned_at is not None and loaded is not None and info.scanned_at > loaded
    current = info.complete and (newer or info.messages == report.count)
    if current or st.session_state.get(dead_letter_queries.QUEUE_INPUT):
        return scanned
    if report.count and info.messages and info.scanned_at and not scan_bar.is_old(info):
        return finding_since_scan(scanned, report.count, info.messages >= info.scanned)
    return report.finding


def finding_since_scan(scanned: Finding, count: float, whole: bool) -> Finding:
    """The scan's finding with the current count: a few more messages rarely change the causes. ``whole``: none of those
    scanned was redriven or deleted since."""
    word = scanned.level.label
    then = "at the last scan" if whole else "remaining from the last scan"
    now = f"{word}: {formatting.count(int(count), 'dead letter')} now, "

    def since(text: str) -> str:
        return now + re.sub(r"dead letters?\b", then, text.removeprefix(f"{word}: "), count=1)

    return replace(scanned, text=since(scanned.text), headline=since(scanned.headline) if scanned.headline else "")


def show_queue_picker() -> None:
    """Another DLQ than the workload's own: of its event bus, its asynchronous invocations …"""
    with st.popover("Change queue", icon=":material/swap_horiz:", type="tertiary"):
        st.text_input(
            "DLQ name, URL or ARN",
            key=dead_letter_queries.QUEUE_INPUT,
            bind="query-params",
            placeholder="default: the workload's own",
        )


def show_sections(count: Callable[[], QueueCount | None]) -> None:
    """Everything from the snapshot and the ledgers. ``count``: of the workload's queue."""
    try:
        if page_runtime.report_source().dead_letter_queue is None and not st.session_state.get(
            dead_letter_queries.QUEUE_INPUT
        ):
            _show_no_queue(page_runtime.report_source().dead_letter_gap)
            show_queue_picker()
            return
    except OpsError:  # shown above
        return
    try:
        service = dead_letter_queries.dead_letter_service()
        redrive = redrive_state.current_redrive(service)
        info = dead_letter_queries.snapshot_info(service)
        own = not st.session_state.get(dead_letter_queries.QUEUE_INPUT)
        scan_bar.show_scan_bar(
            service, info, count if own else lambda: None, show_queue_picker, not own, redrive.active
        )
        imported = info is not None and import_tab.imported_selected(info)
        report = dead_letter_queries.causes_report(service, imported) if info else None
    except OpsError as error:
        show_queue_picker()
        if not page_runtime.already_shown("dead_letters", error):
            error_box.show(error, again=False)
        return
    redrive_state.choose_tab(redrive)
    if report is not None and report.expired:
        st.html(html_blocks.notes("Messages expired unseen", [f"{report.expired[0].upper()}{report.expired[1:]}."]))
    if report is None or not len(report.groups):
        _show_without_messages(service, info, report, redrive)
    else:
        _show_workbench(service, report, imported, redrive)


def _show_no_queue(gap: Gap | None) -> None:
    """Without a dead-letter queue; ``gap``: why the one that is configured cannot be shown."""
    if gap is not None:
        st.html(html_blocks.empty(f"{gap.name} {gap.verb}", gap.note))
        return
    why = (
        "A message that keeps failing is lost when its retention ends. Add a redrive policy to the queue to keep it. "
        "If the queue is itself the DLQ of another service, specify it under Change queue."
    )
    st.html(html_blocks.empty("No dead-letter queue", why))


def _show_without_messages(
    service: DeadLetterService, info: SnapshotInfo | None, report: CausesReport | None, redrive: Redrive
) -> None:
    """Nothing was scanned, or nothing found: a redrive is still shown, and an export can be imported."""
    if redrive.shown:
        stepper.show_stepper(service, redrive, message_count(0))
        with st.container(key="redrive-alone"):
            view.show_redrive(service, redrive, Selection(), 0)
    if info is not None and report is not None:
        why = (
            f"All {number(info.scanned)} of the last scan were redriven or deleted. Scan again for what has arrived since."
            if info.scanned and not info.messages
            else "The last scan found none: the queue was empty, or another consumer has them in flight."
        )
        st.html(html_blocks.empty("No messages", why))
    with st.expander("Import messages of an export", icon=":material/upload:", key="import-only"):
        import_tab.show_import(service)


def _show_workbench(service: DeadLetterService, report: CausesReport, imported: bool, redrive: Redrive) -> None:
    """The redrive's steps; below, causes at the left, and at the right what is done with the messages of one."""
    steps = st.container(key="steps")
    with st.container(horizontal=True, key="workbench"):
        with st.container(key="causes-column"):
            causes.show_causes(service, report, imported, redrive)
        with st.container(key="work-column"):
            _show_work(service, imported, redrive, steps)


def _show_work(service: DeadLetterService, imported: bool, redrive: Redrive, steps: DeltaGenerator) -> None:
    """The selected messages, and actions on them: one tab is open, and only that is drawn."""
    containers = st.tabs(list(TABS), key=redrive_state.TAB_KEY, bind="query-params", on_change="rerun")
    opened = [(tab, container) for tab, container in zip(TABS, containers, strict=True) if container.open]
    tab, container = opened[0] if opened else (redrive_state.MESSAGES, containers[0])
    run_in_view = tab == redrive_state.REDRIVE and redrive.shown
    with container:
        # Hidden, they keep their values.
        with st.container(key="filters-hidden" if run_in_view or tab in WITHOUT_FILTERS else "filters", gap="small"):
            selection = filters.show_filters(imported)
            try:
                total = dead_letter_queries.count_messages(service, selection)
            except OpsError as error:
                error_box.show(error, again=False)
                with steps:
                    stepper.show_stepper(service, redrive, "No messages")
                return
            checked = message_table.with_selected_rows(selection)
            count = len(checked.ids) or total
            _show_selection(selection, len(checked.ids), total)
        with steps:
            stepper.show_stepper(service, redrive, message_count(count), checked)
        try:
            _show_tab(tab, service, redrive, selection, checked, total)
        except OpsError as error:
            error_box.show(error, again=False)


def _show_tab(
    tab: str, service: DeadLetterService, redrive: Redrive, selection: Selection, checked: Selection, total: int
) -> None:
    """``checked``: the checked rows of ``selection``, or all of it, which are ``total`` messages."""
    count = len(checked.ids) or total
    tabs: dict[str, Callable[[], None]] = {
        redrive_state.MESSAGES: lambda: message_table.show_messages(service, selection, total),
        redrive_state.REDRIVE: lambda: view.show_redrive(service, redrive, checked, count),
        causes.LOGS: lambda: _show_logs(service, selection.cause),
        EXPORT: lambda: export_tab.show_export(service, checked, count),
        IMPORT: lambda: import_tab.show_import(service),
        PURGE: lambda: export_tab.show_purge(service, checked, count),
        HISTORY: lambda: run_panel.show_history(service),
    }
    tabs[tab]()


def _show_selection(selection: Selection, checked: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="scope"):
        st.html(_selection_html(selection.cause, filters.is_filtered(selection), checked, total))
        if selection.cause or filters.is_filtered(selection):
            st.button(
                "Clear filter",
                key="clear-scope",
                icon=":material/close:",
                type="tertiary",
                on_click=filters.clear_filters,
            )


def _show_logs(service: DeadLetterService, cause: str) -> None:
    if not cause or cause == UNKNOWN_ERROR:
        st.html(html_blocks.empty("No cause selected", "Select a failure cause to search its log lines."))
        return
    show_log_panel(LogTopic("cause", cause, service.queue))


def _selection_html(cause: str, filtered: bool, checked: int, total: int) -> str:
    filters = [f"cause {cause}" if cause else "all causes", *(["filtered"] if filtered else [])]
    count = f"{number(checked)} of {message_count(total)} selected" if checked else message_count(total)
    return f'<span class="so-scope"><b>{count}</b> {escape(", ".join(filters))}</span>'
