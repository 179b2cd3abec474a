"""One runbook as a document, with a card in place of each step's block; beside it the record of the run."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import page_runtime, runbooks
from dashboard.access import access
from dashboard.app_pages.runbooks import address, run_bar, step_card
from dashboard.markup import error_box, html_blocks, runbook_document, runbook_record, runbook_steps
from dashboard.markup.runbook_document import Section
from dashboard.markup.runbook_steps import MACROS, StepView
from dashboard.services.runbook_service import RunbookEntry, RunbookService, ShownRun
from ops.errors import OpsError
from ops.runbooks.model import Runbook

POLL_INTERVAL_S = 1.0
BACKGROUND = ("Meaning", "Impact")
"""Sections that are folded while a run goes on: who runs it has read them."""


def show(service: RunbookService) -> None:
    """The run in the address; else the one in progress of the runbook in the address; else the document alone."""
    st.button("All runbooks", icon=":material/arrow_back:", type="tertiary", on_click=address.open_list, key="to-list")
    drawn = _open_run(service)
    if drawn is not None:
        address.open_run(drawn.state.id, drawn.state.runbook)  # it stays on the page when it has ended
    refresh = page_runtime.page_context().selection.refresh

    @st.fragment(run_every=POLL_INTERVAL_S if drawn and drawn.active else refresh, key="runbook-live")
    def body() -> None:
        try:
            run = _open_run(service)
            if (run and (run.state.id, run.active)) != (drawn and (drawn.state.id, drawn.active)):
                if drawn and drawn.active:  # its steps may have changed settings that other pages show
                    page_runtime.read_again()
                st.rerun()
            entry = None if run else service.document(address.runbook())
        except OpsError as error:
            error_box.show(error, again=False)
            return
        if not access().may_change:
            st.html(html_blocks.notes("Read-only", (f"{access().why} Everything is shown; nothing can be changed.",)))
        document, side = st.columns([2.6, 1], gap="large")
        with document:
            if run is not None:
                run_bar.show(service, run)
                _show_document(service, run.document, run)
            elif entry is not None:
                _show_start(service, entry)
                _show_document(service, entry.document, None)
        with side:
            _show_side(run.document if run else entry.document if entry else None, run)

    body()


def _open_run(service: RunbookService) -> ShownRun | None:
    if run_id := address.run_id():
        return service.run(run_id)
    for state in service.list_runs().own:
        if state.runbook == address.runbook() and state.ended is None:
            run = service.run(state.id)
            return run if run.in_progress or run.interrupted else None
    return None


def _show_start(service: RunbookService, entry: RunbookEntry) -> None:
    if entry.problems:
        lines = tuple(str(problem) for problem in entry.problems[:5])
        st.html(html_blocks.notes("This document cannot be run", lines))
    elif not entry.document.steps:
        st.html(html_blocks.heading(entry.document.title))
        why = "It has no live steps. Follow it with the AWS CLI."
        st.html(html_blocks.empty("Complete on paper", why))
    else:
        run_bar.show_start(service, entry.document)


def _show_document(service: RunbookService, document: Runbook, run: ShownRun | None) -> None:
    stack = page_runtime.report_source().template_stack
    views = runbook_steps.views(document, run, page_runtime.ZONE)
    running = run is not None and bool(runbook_steps.current_step(run))
    query = runbooks.workload_query() | address.alarm_query()  # of its links to other runbooks
    for place, section in enumerate(runbook_document.sections(document, stack, query)):
        if running and not section.steps and (section.heading in BACKGROUND or not section.heading):
            if section.heading:
                with st.expander(section.heading, key=f"section-{place}"):
                    _show_parts(service, section, views, run, stack)
            continue
        if section.heading:
            st.html(html_blocks.heading(section.heading))
        _show_parts(service, section, views, run, stack)


def _show_parts(
    service: RunbookService, section: Section, views: Mapping[str, StepView], run: ShownRun | None, stack: str
) -> None:
    for part in section.parts:
        if isinstance(part, str):
            st.html(MACROS.prose(part))
        elif part.id in views:
            step_card.show(service, views[part.id], run, stack)


def _show_side(document: Runbook | None, run: ShownRun | None) -> None:
    if document is not None and document.front is not None:
        front = document.front
        st.html(
            html_blocks.facts(
                {
                    "Severity": front.severity,
                    "Owner": front.owner,
                    "Escalation": front.escalation,
                    "Redrive": f"{'safe' if front.redrive.idempotent else 'not safe'}: {front.redrive.why}",
                }
            )
        )
    if run is not None:
        st.html(html_blocks.heading("Record"))
        st.html(runbook_record.record(run.events, run.document, page_runtime.ZONE))
        command = page_runtime.report_source().command(f"runbook report {run.state.id}")
        st.html('<span class="so-quiet">In a terminal:</span>')
        st.code(command, language=None, wrap_lines=True)
