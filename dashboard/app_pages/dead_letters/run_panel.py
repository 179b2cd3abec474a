"""Redrives from their ledgers: live progress, then the result and what to do next, and the history."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.components import widgets
from dashboard.components.log_panel import show_log_panel
from dashboard.formatting import escape, message_count, number, sendable
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import LogTopic
from ops.deadletters.ledger.model import RunState
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.ledger.model import Run

SHOWN_RUN_KEY = "_shown_run"
_DISMISSED_KEY = "_dismissed_runs"
_UNFINISHED = (RunState.INTERRUPTED, RunState.STOPPED, RunState.CANCELLED, RunState.FAILED)
_COLUMNS = {
    "began": st.column_config.DatetimeColumn("Started", format="D MMM HH:mm:ss", width=118),
    "state": st.column_config.TextColumn("Status", width=128),
    "planned": st.column_config.NumberColumn("Messages", format="localized", width=78),
    "succeeded": st.column_config.NumberColumn("Succeeded", format="localized", width=84),
    "failed_again": st.column_config.NumberColumn("Failed again", format="localized", width=90),
    "reason": st.column_config.TextColumn("Reason", width=150),
    "status_text": st.column_config.TextColumn("Result", width=225),
    "id": st.column_config.TextColumn("Redrive ID", width=160),
}


def show_current_run(service: DeadLetterService) -> None:
    """The redrive that is running, else that of this session, else the latest if it is unfinished."""
    shown = st.session_state.get(SHOWN_RUN_KEY)
    job = service.job(f"redrive-{shown}") if shown else None
    runs = service.runs()
    run = next((run for run in runs if run.id == shown), None)
    if job and _is_starting(job, run):
        _show_starting(service, str(shown))
        return
    if job and not job.running and (run is None or run.state is not RunState.INTERRUPTED):  # else its card shows it
        job_progress.show_job(service, job, "Redrive")
    newest = runs[0] if runs else None
    run = next((other for other in runs if other.state is RunState.RUNNING), run)
    if run is None and newest and newest.state in _UNFINISHED and newest.id not in _dismissed_runs():
        run = newest
    if run is not None and run.state is RunState.RUNNING:
        _show_live(service, run.id)
        return
    _watch_for_new_run(service, newest)
    if run is not None:
        show_run(service, run, dismissable=True, brief=run.id != shown)


def is_run_active(service: DeadLetterService) -> bool:
    """Whether a redrive is running or starting."""
    shown = st.session_state.get(SHOWN_RUN_KEY)
    job = service.job(f"redrive-{shown}") if shown else None
    return bool(job and job.running) or any(run.state is RunState.RUNNING for run in service.runs())


def show_run_instead_of_plan(service: DeadLetterService) -> bool:
    """Instead of a plan: the redrive of this session, or that is running, in brief. Returns whether one is running, so
    that no plan can be created."""
    active = is_run_active(service)
    shown = st.session_state.get(SHOWN_RUN_KEY)
    if not active and not shown:
        return False

    @st.fragment(run_every=job_progress.POLL_INTERVAL_S if active else None, key="run-beside")
    def body() -> None:
        run = next((run for run in service.runs() if run.state is RunState.RUNNING), None)
        run = run or (service.run(shown) if shown else None)
        with st.container(border=run is not None, key="run-brief"):
            if run is not None:
                st.html(dead_letters.run_head(run, message_count(run.planned), page_runtime.ZONE))
                st.html(dead_letters.run_bar(run))
            macros = dead_letters.MACROS
            link = macros.running if active else macros.ended
            st.html(link(dead_letters.ANCHOR) if active or run else "<span></span>")

    body()
    return active


def _is_starting(job: BackgroundJob, run: Run | None) -> bool:
    """Whether its process has started, and its ledger has no entry of that yet."""
    if not job.running or (run and run.state is RunState.RUNNING):
        return False
    return run is None or run.ended is None or run.ended < job.began


def _watch_for_new_run(service: DeadLetterService, newest: Run | None) -> None:
    """Rerun the page when a redrive starts or changes elsewhere: on the command line, or in another window."""

    @st.fragment(run_every=page_runtime.page_context().selection.refresh, key="notice-runs")
    def body() -> None:
        runs = service.runs()
        latest = runs[0] if runs else None
        if latest and (newest is None or (latest.id, latest.state) != (newest.id, newest.state)):
            st.rerun()

    body()


def _show_starting(service: DeadLetterService, run_id: str) -> None:
    @st.fragment(run_every=job_progress.POLL_INTERVAL_S, key=f"starting-{run_id}")
    def body() -> None:
        job = service.job(f"redrive-{run_id}")
        if job is None or not _is_starting(job, service.run(run_id)):
            st.rerun()
        with st.container(border=True):
            st.html(f'<span id="{dead_letters.ANCHOR}" class="so-quiet">Progress appears here in a few seconds.</span>')
            st.progress(0.0, "Starting the redrive…")

    body()


def _show_live(service: DeadLetterService, run_id: str) -> None:
    @st.fragment(run_every=job_progress.POLL_INTERVAL_S, key=f"run-{run_id}")
    def body() -> None:
        run = service.run(run_id)
        if run is None or run.state is not RunState.RUNNING:
            st.session_state[SHOWN_RUN_KEY] = run_id
            st.toast("The redrive has ended. See the top of this page.", icon=":material/arrow_upward:")
            st.rerun()
        show_run(service, run)

    body()


def show_run(
    service: DeadLetterService, run: Run, *, dismissable: bool = False, brief: bool = False, key: str = "run"
) -> None:
    """One redrive: status, counts, stages and buttons. ``brief``: counts and stages are in an expander."""
    with st.container(border=True, key=key):
        anchor = dead_letters.ANCHOR if key == "run" else ""
        st.html(dead_letters.run_head(run, message_count(run.planned), page_runtime.ZONE, anchor))
        st.html(dead_letters.run_bar(run))
        with st.expander("Details", icon=":material/list:", key=f"{key}-full") if brief else nullcontext():
            _show_details(service, run, key)
        _show_buttons(service, run, dismissable=dismissable, key=key)


def _show_details(service: DeadLetterService, run: Run, key: str) -> None:
    st.html(dead_letters.run_numbers(run))
    if run.steps:
        st.html(dead_letters.run_stages(run))
    if run.state is RunState.RUNNING and run.rate_reason and not run.stopping:
        limit = f"Max rate now {number(run.rate_limit)}/s: " if run.rate_limit is not None else ""
        st.html(f'<span class="so-quiet">{escape(f"{limit}{run.rate_reason}.")}</span>')
    if run.failed_again_causes:
        st.html(dead_letters.MACROS.tally("Failed again with", run.failed_again_causes))
    if run.failures:
        st.html(dead_letters.MACROS.tally("Rejected by the destination", run.failures))
    _show_possible_duplicates(run, key)
    if run.sent:
        with st.expander("Log lines of this redrive", icon=":material/notes:", key=f"{key}-logs"):
            show_log_panel(LogTopic("redrive", run.id, service.queue), f"logs-{key}")


def _show_buttons(service: DeadLetterService, run: Run, *, dismissable: bool, key: str) -> None:
    allowed = access()
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.state is RunState.RUNNING and st.button(
            "Stopping…" if run.stopping else "Stop",
            key=f"{key}-cancel",
            icon=":material/stop:",
            disabled=run.stopping or not allowed.may_change,
        ):
            _request_stop(service, run)
        if run.state in _UNFINISHED and st.button(
            "Resume…",
            key=f"{key}-resume",
            icon=":material/resume:",
            type="primary" if run.state is RunState.INTERRUPTED else "secondary",
            disabled=not allowed.may_change,
        ):
            confirm_dialogs.confirm_resume(service, run)
        if dismissable and st.button("Close", key=f"{key}-close", type="tertiary"):
            _dismissed_runs().add(run.id)
            st.session_state.pop(SHOWN_RUN_KEY, None)
            st.rerun()
        if not allowed.may_change and run.state is not RunState.DONE:
            st.text(allowed.why)


def show_history(service: DeadLetterService) -> None:
    """All redrives of this queue, and the selected one in full."""
    runs = service.runs()
    if unreadable := service.unreadable_runs():
        st.html(html_blocks.partial(unreadable))
    if not runs and not unreadable:
        st.html(html_blocks.empty("No redrives yet", "Select messages above, then create a plan under Redrive."))
    if not runs:
        return
    frame = pd.DataFrame([{name: getattr(run, name) for name in _COLUMNS} for run in runs])
    frame["state"] = [dead_letters.status_of(run)[1] for run in runs]
    for name in ("reason", "status_text"):
        frame[name] = frame[name].map(sendable)
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
                height=160 if len(run.possible_duplicates) > 6 else "content",
            )


def _request_stop(service: DeadLetterService, run: Run) -> None:
    try:
        service.cancel(run.id)
    except OpsError as error:
        error_box.show(error, again=False, title="The redrive was not stopped")
        return
    st.toast("Stopping: messages in progress are finished or released first.", icon=":material/stop:")


def _dismissed_runs() -> set[str]:
    dismissed: set[str] = st.session_state.setdefault(_DISMISSED_KEY, set())
    return dismissed
