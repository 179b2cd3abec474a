"""Redrives from their ledgers: live progress, then the result and what to do next, and the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress, redrive_state
from dashboard.components import widgets
from dashboard.components.logs_and_traces.log_panel import show_log_panel
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import message_count, number, sendable
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.pages import PAGES
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import LogTopic
from ops.deadletters.ledger.model import RunState
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan

AUDIT_SEARCH = "audit-find"
"""The search of the Audit page, in its address."""
_COLUMNS = {
    "began": st.column_config.DatetimeColumn("Started", format="D MMM HH:mm:ss", width=112),
    "state": st.column_config.TextColumn("Status", width=106),
    "planned": st.column_config.NumberColumn("Messages", format="localized", width=70),
    "succeeded": st.column_config.NumberColumn("Succeeded", format="localized", width=76),
    "failed_again": st.column_config.NumberColumn("Failed again", format="localized", width=84),
    "reason": st.column_config.TextColumn("Reason", width=144),
    "id": st.column_config.TextColumn("Redrive ID", width=160),
}


def show_current_run(service: DeadLetterService, run: Run) -> None:
    """The redrive of the stepper, drawn in place while it runs; why its process failed, where that is not its result."""
    job = service.job(f"redrive-{run.id}")
    if job and not job.running and run.state is not RunState.INTERRUPTED:
        job_progress.show_job(service, job, "Redrive")
    if run.state is not RunState.RUNNING:
        show_run(service, run, closable=True)
        return

    @st.fragment(run_every=job_progress.POLL_INTERVAL_S, key=f"run-{run.id}")
    def body() -> None:
        show_run(service, service.run(run.id) or run)  # the stepper draws the page again once it has ended

    body()


def show_starting(resumed: Run | None) -> None:
    """Shows that a redrive starts, until its ledger has an entry. ``resumed``: the redrive as it was when it ended."""
    with st.container(border=True, key="run-starting"):
        if resumed is None:
            st.progress(0.0, "Starting the redrive…")
        else:
            st.html(html_blocks.lead("Resuming the redrive…"))
            st.html(dead_letters.run_bar(resumed))
        st.html('<span class="so-quiet">Progress appears here in a few seconds.</span>')


def show_run(service: DeadLetterService, run: Run, *, closable: bool = False, key: str = "run") -> None:
    """One redrive: status, outcomes, buttons; then what went wrong, counts and stages."""
    plan = _plan(service, run)
    with st.container(border=True, key=key):
        st.html(dead_letters.run_head(run, message_count(run.planned), page_runtime.ZONE))
        st.html(dead_letters.run_bar(run))
        st.html(dead_letters.MACROS.settlement(dead_letters.settlement(run, _patience_s(plan))))
        _show_buttons(service, run, closable=closable, key=key)
        _show_details(service, run, plan, key)


def _plan(service: DeadLetterService, run: Run) -> Plan | None:
    try:
        return dead_letter_queries.load_plan(service, run.id)
    except OpsError:  # the plan's file may be gone; the ledger is what counts
        return None


def _patience_s(plan: Plan | None) -> float | None:
    return plan.steps.patience_s if plan and plan.steps.watch else None


def _show_details(service: DeadLetterService, run: Run, plan: Plan | None, key: str) -> None:
    # What a redrive failed of is seen before one resumes it, without scrolling.
    if run.failed_again_causes:
        st.html(dead_letters.MACROS.tally("Failed again with", run.failed_again_causes))
    if run.failures:
        st.html(dead_letters.MACROS.tally("Rejected by the destination", run.failures))
    st.html(dead_letters.run_numbers(run))
    if run.steps:
        st.html(dead_letters.run_stages(run, dead_letters.stage_ends(plan) if plan else ()))
    if run.state is RunState.RUNNING and run.rate_reason and dead_letters.left_to_send(run) and not run.stopping:
        limit = f"Max rate now {number(run.rate_limit)}/s: " if run.rate_limit is not None else ""
        st.html(html_blocks.quiet(f"{limit}{run.rate_reason}."))
    _show_possible_duplicates(run, key)
    if run.sent:
        with st.expander("Log lines of this redrive", icon=":material/notes:", key=f"{key}-logs"):
            show_log_panel(LogTopic("redrive", run.id, service.queue), f"logs-{key}")


def _show_buttons(service: DeadLetterService, run: Run, *, closable: bool, key: str) -> None:
    allowed = access()
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.state is RunState.RUNNING and st.button(
            "Stopping…" if run.stopping else "Stop" if dead_letters.left_to_send(run) else "Stop watching",
            key=f"{key}-cancel",
            icon=":material/stop:",
            disabled=run.stopping or not allowed.may_change,
        ):
            _request_stop(service, run)
        if run.state in redrive_state.UNFINISHED and st.button(
            "Resume…",
            key=f"{key}-resume",
            icon=":material/resume:",
            type="primary" if run.state is RunState.INTERRUPTED else "secondary",
            disabled=not allowed.may_change,
        ):
            confirm_dialogs.confirm_resume(service, run)
        if closable:
            st.button(
                "Plan another redrive",
                key=f"{key}-close",
                icon=":material/checklist:",
                type="tertiary",
                on_click=redrive_state.plan_another,
                args=(run,),
            )
        st.page_link(
            PAGES["audit"].file, label="Audit entry", icon=":material/history_edu:", query_params={AUDIT_SEARCH: run.id}
        )
        if not allowed.may_change and run.state is not RunState.DONE:
            st.text(allowed.why)


def show_history(service: DeadLetterService) -> None:
    """All redrives of this queue, and the selected one in full."""
    runs = service.runs()
    if unreadable := service.unreadable_runs():
        st.html(html_blocks.partial(unreadable))
    if not runs and not unreadable:
        st.html(html_blocks.empty("No redrives yet", "Select messages, then create a plan under Redrive."))
    if not runs:
        return
    frame = pd.DataFrame([{name: getattr(run, name) for name in _COLUMNS} for run in runs])
    frame["state"] = [dead_letters.status_of(run)[1] for run in runs]
    frame["reason"] = frame["reason"].map(sendable)
    frame["began"] = pd.to_datetime(frame["began"], utc=True).dt.tz_convert(page_runtime.ZONE)
    table = widgets.table(
        frame,
        widgets.key_of_rows("runs", (run.id for run in runs)),
        _COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        height=widgets.height(len(frame)),
    )
    st.html('<span class="so-quiet">Select a row for its details.</span>')
    if table.selection.rows and (row := table.selection.rows[0]) < len(runs):
        show_run(service, runs[row], key="earlier-run")


def _show_possible_duplicates(run: Run, key: str) -> None:
    """Listed, since only the handler can drop duplicates: by the original message ID, if it is idempotent."""
    if run.possible_duplicates:
        label = f"{message_count(len(run.possible_duplicates))} may have been sent twice"
        with st.expander(label, icon=":material/content_copy:", key=f"{key}-twice"):
            st.text("An idempotent handler drops a duplicate by its original message ID. Check these:")
            st.code(
                "\n".join(run.possible_duplicates[:1_000]),
                language=None,
                wrap_lines=True,
                height=160 if len(run.possible_duplicates) > 6 else "content",
            )


def _request_stop(service: DeadLetterService, run: Run) -> None:
    try:
        service.cancel(run.id)
    except OpsError as error:
        error_box.show(error, again=False, title="The redrive was not stopped")
        return
    st.toast(dead_letters.stopping_text(run), icon=":material/stop:")
