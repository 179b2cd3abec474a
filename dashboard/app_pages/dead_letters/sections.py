"""The page below its numbers: run, causes, letters, and what may be done with them."""

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
from dashboard.formatting import escape, number
from dashboard.formatting import message_count as counted
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops import formatting
from ops.errors import OpsError
from ops.insight.report_types import Finding
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.workload import Gap


def current_finding(report: DeadLettersReport) -> Finding:
    """The snapshot's sentence, which knows the causes; of an old snapshot, of a past range, or while there is nothing,
    the report's."""
    if report.at:
        return report.finding
    try:
        service = cached_queries.dead_letter_service()
        info = cached_queries.snapshot_info(service)
        if info is None:
            return report.finding
        found: Finding = cached_queries.causes_report(service).finding
    except OpsError:  # the page says so below
        return report.finding
    if st.session_state.get(cached_queries.QUEUE_INPUT) or (info.complete and info.letters == report.count):
        return found
    if report.count and info.letters and info.looked_at and not scan_bar.is_old(info):
        return finding_since_scan(found, report.count)
    return report.finding


def finding_since_scan(found: Finding, count: float) -> Finding:
    """What the look found, where letters came or went since: one more of them does not change what they died of."""
    word = theme.LEVEL[found.level][2]
    now = formatting.count(int(count), "dead letter")
    return replace(found, text=f"{word}: {now} now; at the last look {found.text.removeprefix(f'{word}: ')}")


def show_queue_picker() -> None:
    """Another queue of dead letters than the workload's own: of its bus, its asynchronous invocations …"""
    with st.popover("Another queue", icon=":material/swap_horiz:", type="tertiary"):
        st.text_input(
            "Queue of dead letters: name, URL or ARN",
            key=cached_queries.QUEUE_INPUT,
            bind="query-params",
            placeholder="the workload's own",
        )


def show_sections(count: Callable[[], QueueCount | None]) -> None:
    """Everything that is read from the shelf and the ledgers. ``count``: of the workload's queue."""
    try:
        if page_runtime.report_source().dead_letter_queue is None and not st.session_state.get(
            cached_queries.QUEUE_INPUT
        ):
            _show_no_queue(page_runtime.report_source().dead_letter_gap)
            show_queue_picker()
            return
    except OpsError:  # the page above has said so
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
    """Without a dead-letter queue; ``gap``: why the one that there is, or was, cannot be shown."""
    if gap is not None:
        st.html(html_blocks.empty(f"{gap.name} {gap.verb}", gap.note))
        return
    why = (
        "A message that keeps failing is lost in the end. Give the queue a redrive policy, so that it is kept. "
        "If the queue itself takes the dead letters of another service, name it below."
    )
    st.html(html_blocks.empty("No dead-letter queue", why))


def _show_import_only(service: DeadLetterService) -> None:
    with st.expander("Import letters of an export", icon=":material/upload:", key="import-only"):
        import_tab.show_import(service)


def _show_messages_and_actions(service: DeadLetterService, imported: bool) -> None:
    """The chosen letters, and what may be done with them."""
    st.subheader("Which letters, and what becomes of them?", anchor=False)
    selection = filters.show_filters(imported)
    try:
        total = cached_queries.count_messages(service, selection)
    except OpsError as error:
        error_box.show(error, again=False)
        return
    narrowed = message_table.with_selected_rows(selection)
    many = len(narrowed.ids) or total
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(_selection_html(selection.cause, filters.is_filtered(selection), len(narrowed.ids), total))
        if selection.cause or filters.is_filtered(selection):
            st.button(
                "All letters",
                key="clear-scope",
                icon=":material/close:",
                type="tertiary",
                on_click=filters.clear_filters,
            )
    drawn: dict[str, Callable[[], None]] = {
        "Letters": lambda: message_table.show_messages(service, selection, total),
        "Redrive": lambda: plan_form.show_plan_form(service, narrowed, many),
        "Export": lambda: export_tab.show_export(service, narrowed, many),
        "Import": lambda: import_tab.show_import(service),
        "Purge": lambda: export_tab.show_purge(service, narrowed, many),
        "Runs": lambda: run_panel.show_history(service),
    }
    tabs = st.tabs(list(drawn), key="do", bind="query-params", on_change="rerun")
    try:
        for tab, draw in zip(tabs, drawn.values(), strict=True):
            if tab.open:
                with tab:
                    draw()
    except OpsError as error:
        error_box.show(error, again=False)


def _selection_html(cause: str, filtered: bool, ticked: int, total: int) -> str:
    what = [f"cause {cause}"] if cause else ["all causes"]
    what += ["filtered"] if filtered else []
    count = f"{number(ticked)} ticked of {counted(total)}" if ticked else counted(total)
    return f'<span class="so-scope"><b>{count}</b> {escape(", ".join(what))}</span>'
