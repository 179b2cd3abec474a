"""The page below its numbers: redrive in progress, causes, messages, and actions on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.app_pages.dead_letters import (
    causes,
    export_tab,
    filters,
    import_tab,
    message_table,
    plan_form,
    run_panel,
    scan_bar,
)
from dashboard.app_pages.dead_letters.scan_bar import QueueCount
from dashboard.components import cached_queries
from dashboard.formatting import escape, message_count, number
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops import formatting
from ops.errors import OpsError
from ops.insight.report_types import Finding
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.workload import Gap


def current_finding(report: DeadLettersReport) -> Finding:
    """The snapshot's finding, which has the causes; the report's for a past range, an old snapshot, or without one."""
    if report.at:
        return report.finding
    try:
        service = cached_queries.dead_letter_service()
        info = cached_queries.snapshot_info(service)
        if info is None:
            return report.finding
        scanned: Finding = cached_queries.causes_report(service).finding
    except OpsError:  # shown below
        return report.finding
    loaded = page_runtime.loaded_at("dead_letters")
    newer = info.scanned_at is not None and loaded is not None and info.scanned_at > loaded
    current = info.complete and (newer or info.messages == report.count)
    if current or st.session_state.get(cached_queries.QUEUE_INPUT):
        return scanned
    if report.count and info.messages and info.scanned_at and not scan_bar.is_old(info):
        return finding_since_scan(scanned, report.count)
    return report.finding


def finding_since_scan(scanned: Finding, count: float) -> Finding:
    """The scan's finding with the current count: a few more messages rarely change the causes."""
    word = theme.LEVEL[scanned.level][2]
    now = formatting.count(int(count), "dead letter")
    return replace(scanned, text=f"{word}: {now} now; last scan: {scanned.text.removeprefix(f'{word}: ')}")


def show_queue_picker() -> None:
    """Another DLQ than the workload's own: of its event bus, its asynchronous invocations …"""
    with st.popover("Change queue", icon=":material/swap_horiz:", type="tertiary"):
        st.text_input(
            "DLQ name, URL or ARN",
            key=cached_queries.QUEUE_INPUT,
            bind="query-params",
            placeholder="default: the workload's own",
        )


def show_sections(count: Callable[[], QueueCount | None]) -> None:
    """Everything from the snapshot and the ledgers. ``count``: of the workload's queue."""
    try:
        if page_runtime.report_source().dead_letter_queue is None and not st.session_state.get(
            cached_queries.QUEUE_INPUT
        ):
            _show_no_queue(page_runtime.report_source().dead_letter_gap)
            show_queue_picker()
            return
    except OpsError:  # shown above
        return
    try:
        service = cached_queries.dead_letter_service()
        run_panel.show_current_run(service)
        info = cached_queries.snapshot_info(service)
        own = not st.session_state.get(cached_queries.QUEUE_INPUT)
        scan_bar.show_scan_bar(service, info, count if own else lambda: None, show_queue_picker)
        if info is None:
            _show_import_only(service)
            return
        imported = import_tab.imported_selected(info)
        report = cached_queries.causes_report(service, imported)
    except OpsError as error:
        show_queue_picker()
        if not page_runtime.already_shown("dead_letters", error):
            error_box.show(error, again=False)
        return
    scan_bar.show_scan_details(info)
    causes.show_causes(service, report)
    if len(report.groups):
        _show_messages_and_actions(service, imported)
    else:
        _show_import_only(service)


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


def _show_import_only(service: DeadLetterService) -> None:
    with st.expander("Import messages of an export", icon=":material/upload:", key="import-only"):
        import_tab.show_import(service)


def _show_messages_and_actions(service: DeadLetterService, imported: bool) -> None:
    """The selected messages, and actions on them."""
    st.subheader("Messages", anchor=False)
    selection = filters.show_filters(imported)
    try:
        total = cached_queries.count_messages(service, selection)
    except OpsError as error:
        error_box.show(error, again=False)
        return
    checked = message_table.with_selected_rows(selection)
    count = len(checked.ids) or total
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(_selection_html(selection.cause, filters.is_filtered(selection), len(checked.ids), total))
        if selection.cause or filters.is_filtered(selection):
            st.button(
                "Clear filter",
                key="clear-scope",
                icon=":material/close:",
                type="tertiary",
                on_click=filters.clear_filters,
            )
    tabs: dict[str, Callable[[], None]] = {
        "List": lambda: message_table.show_messages(service, selection, total),
        "Redrive": lambda: plan_form.show_plan_form(service, checked, count),
        "Export": lambda: export_tab.show_export(service, checked, count),
        "Import": lambda: import_tab.show_import(service),
        "Purge": lambda: export_tab.show_purge(service, checked, count),
        "History": lambda: run_panel.show_history(service),
    }
    containers = st.tabs(list(tabs), key="do", bind="query-params", on_change="rerun")
    try:
        for container, show in zip(containers, tabs.values(), strict=True):
            if container.open:
                with container:
                    show()
    except OpsError as error:
        error_box.show(error, again=False)


def _selection_html(cause: str, filtered: bool, checked: int, total: int) -> str:
    filters = [f"cause {cause}" if cause else "all causes", *(["filtered"] if filtered else [])]
    count = f"{number(checked)} of {message_count(total)} selected" if checked else message_count(total)
    return f'<span class="so-scope"><b>{count}</b> {escape(", ".join(filters))}</span>'
