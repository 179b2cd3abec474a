"""A run, followed from its ledger: live while it goes, then how it ended, what to do about that, and earlier ones."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.app_pages.dead_letters import confirm_dialogs, job_progress
from dashboard.components import widgets
from dashboard.formatting import escape, message_count, number, sendable
from dashboard.markup import dead_letters, error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.ledger.model import State
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.ledger.model import Run

SHOWN_RUN_KEY = "_shown_run"
_DISMISSED_KEY = "_dismissed_runs"
_UNFINISHED = (State.INTERRUPTED, State.STOPPED, State.CANCELLED, State.FAILED)
_COLUMNS = {
    "began": st.column_config.DatetimeColumn("Began", format="D MMM HH:mm:ss", width=118),
    "state": st.column_config.TextColumn("State", width=145),
    "planned": st.column_config.NumberColumn("Letters", format="localized", width=66),
    "succeeded": st.column_config.NumberColumn("Succeeded", format="localized", width=80),
    "came_back": st.column_config.NumberColumn("Came back", format="localized", width=85),
    "reason": st.column_config.TextColumn("Reason", width=150),
    "said": st.column_config.TextColumn("How it ended", width=225),
    "id": st.column_config.TextColumn("Run", width=160),
}


def show_current_run(service: DeadLetterService) -> None:
    """The run that this reader began, or that goes on, or the newest that waits to be finished."""
    shown = st.session_state.get(SHOWN_RUN_KEY)
    job = service.job(f"redrive-{shown}") if shown else None
    runs = service.runs()
    run = next((one for one in runs if one.id == shown), None)
    if job and _is_starting(job, run):
        _show_starting(service, str(shown))
        return
    if job and not job.running and (run is None or run.state is not State.INTERRUPTED):  # the card tells that better
        job_progress.show_job(service, job, "The run")
    newest = runs[0] if runs else None
    run = next((one for one in runs if one.state is State.RUNNING), run)
    if run is None and newest and newest.state in _UNFINISHED and newest.id not in _dismissed_runs():
        run = newest
    if run is not None and run.state is State.RUNNING:
        _show_live(service, run.id)
        return
    _watch_for_new_run(service, newest)
    if run is not None:
        show_run(service, run, dismissable=True, brief=run.id != shown)


def is_run_active(service: DeadLetterService) -> bool:
    """Whether a run moves letters now, or is about to."""
    shown = st.session_state.get(SHOWN_RUN_KEY)
    job = service.job(f"redrive-{shown}") if shown else None
    return bool(job and job.running) or any(run.state is State.RUNNING for run in service.runs())


def show_run_instead_of_plan(service: DeadLetterService) -> bool:
    """In the place of a plan: the run that this reader began, or that goes on, in brief, with a way to the whole of
    it. Whether one goes on, so that nothing can be planned."""
    goes_on = is_run_active(service)
    shown = st.session_state.get(SHOWN_RUN_KEY)
    if not goes_on and not shown:
        return False

    @st.fragment(run_every=job_progress.POLL_INTERVAL_S if goes_on else None, key="run-beside")
    def body() -> None:
        run = next((one for one in service.runs() if one.state is State.RUNNING), None)
        run = run or (service.run(shown) if shown else None)
        with st.container(border=run is not None, key="run-here"):
            if run is not None:
                st.html(dead_letters.run_head(run, message_count(run.planned), page_runtime.ZONE))
                st.html(dead_letters.run_bar(run))
            st.html(dead_letters.follow() if goes_on else dead_letters.upwards() if run else "<span></span>")

    body()
    return goes_on


def _is_starting(job: BackgroundJob, run: Run | None) -> bool:
    """Its process is there, and has not told of itself yet: of a run that goes on, the ledger tells how it ended."""
    if not job.running or (run and run.state is State.RUNNING):
        return False
    return run is None or run.ended is None or run.ended < job.began


def _watch_for_new_run(service: DeadLetterService, newest: Run | None) -> None:
    """A run that somebody began elsewhere, from the command line or another window, appears by itself."""

    @st.fragment(run_every=page_runtime.page_context().selection.refresh, key="notice-runs")
    def body() -> None:
        runs = service.runs()
        now = runs[0] if runs else None
        if now and (newest is None or (now.id, now.state) != (newest.id, newest.state)):
            st.rerun()

    body()


def _show_starting(service: DeadLetterService, run_id: str) -> None:
    @st.fragment(run_every=job_progress.POLL_INTERVAL_S, key=f"starting-{run_id}")
    def body() -> None:
        job = service.job(f"redrive-{run_id}")
        if job is None or not _is_starting(job, service.run(run_id)):
            st.rerun()
        with st.container(border=True):
            st.html(
                f'<span id="{dead_letters.ANCHOR}" class="so-quiet">What it does is told here in a few seconds.</span>'
            )
            st.progress(0.0, "The run is starting…")

    body()


def _show_live(service: DeadLetterService, run_id: str) -> None:
    @st.fragment(run_every=job_progress.POLL_INTERVAL_S, key=f"run-{run_id}")
    def body() -> None:
        run = service.run(run_id)
        if run is None or run.state is not State.RUNNING:
            st.session_state[SHOWN_RUN_KEY] = run_id
            st.toast("The redrive has ended: see the top of this page.", icon=":material/arrow_upward:")
            st.rerun()
        show_run(service, run)

    body()


def show_run(
    service: DeadLetterService, run: Run, *, dismissable: bool = False, brief: bool = False, key: str = "run"
) -> None:
    """One run: state, counts, steps, and what may be done now. ``brief``: the counts and steps are folded away."""
    with st.container(border=True, key=key):
        top = dead_letters.ANCHOR if key == "run" else ""
        st.html(dead_letters.run_head(run, message_count(run.planned), page_runtime.ZONE, top))
        st.html(dead_letters.run_bar(run))
        with st.expander("In full", icon=":material/list:", key=f"{key}-full") if brief else nullcontext():
            _show_details(run, key)
        _show_buttons(service, run, dismissable=dismissable, key=key)


def _show_details(run: Run, key: str) -> None:
    st.html(dead_letters.run_numbers(run))
    if run.steps:
        st.html(dead_letters.run_steps(run))
    if run.state is State.RUNNING and run.rate_why and not run.stopping:
        limit = f"At most {number(run.rate_limit)}/s: " if run.rate_limit is not None else ""
        st.html(f'<span class="so-quiet">{escape(f"{limit}{run.rate_why}.")}</span>')
    if run.causes_back:
        st.html(dead_letters.tally("Came back with", run.causes_back))
    if run.failures:
        st.html(dead_letters.tally("Refused by the destination", run.failures))
    _show_possible_duplicates(run, key)


def _show_buttons(service: DeadLetterService, run: Run, *, dismissable: bool, key: str) -> None:
    allowed = access()
    with st.container(horizontal=True, vertical_alignment="center"):
        if run.state is State.RUNNING and st.button(
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
            type="primary" if run.state is State.INTERRUPTED else "secondary",
            disabled=not allowed.may_change,
        ):
            confirm_dialogs.confirm_resume(service, run)
        if dismissable and st.button("Close", key=f"{key}-close", type="tertiary"):
            _dismissed_runs().add(run.id)
            st.session_state.pop(SHOWN_RUN_KEY, None)
            st.rerun()
        if not allowed.may_change and run.state is not State.DONE:
            st.text(allowed.why)


def show_history(service: DeadLetterService) -> None:
    """All runs of this queue; the chosen one in full."""
    runs = service.runs()
    if damaged := service.unreadable_runs():
        st.html(html_blocks.partial(damaged))
    if not runs and not damaged:
        st.html(html_blocks.empty("No runs yet", "A run begins with a plan: choose letters, then Redrive."))
    if not runs:
        return
    frame = pd.DataFrame([{name: getattr(run, name) for name in _COLUMNS} for run in runs])
    frame["state"] = [dead_letters.state(run)[1] for run in runs]
    for name in ("reason", "said"):
        frame[name] = frame[name].map(sendable)
    frame["began"] = pd.to_datetime(frame["began"], utc=True).dt.tz_convert(page_runtime.ZONE)
    picked = widgets.table(
        frame, "runs", _COLUMNS, on_select="rerun", selection_mode="single-row", height=widgets.height(len(frame))
    )
    if picked.selection.rows and (row := picked.selection.rows[0]) < len(runs):
        show_run(service, runs[row], key="earlier-run")


def _show_possible_duplicates(run: Run, key: str) -> None:
    """Named, since idempotency is the handler's: it drops a repeat by the original message id."""
    if run.twice:
        label = f"{message_count(len(run.twice))} may have been sent twice"
        with st.expander(label, icon=":material/content_copy:", key=f"{key}-twice"):
            st.text("An idempotent handler drops the repeat by its original message id. Check these:")
            st.code("\n".join(run.twice[:1_000]), language=None, height=160 if len(run.twice) > 6 else "content")


def _request_stop(service: DeadLetterService, run: Run) -> None:
    try:
        service.cancel(run.id)
    except OpsError as error:
        error_box.show(error, again=False, title="This cannot be done")
        return
    st.toast("Stopping: what is held is given back.", icon=":material/stop:")


def _dismissed_runs() -> set[str]:
    found: set[str] = st.session_state.setdefault(_DISMISSED_KEY, set())
    return found
