"""The redrive and the step that the page shows, from ledgers, jobs and this session's choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.ledger.model import RunState

if TYPE_CHECKING:
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.ledger.model import Run

SHOWN_RUN_KEY = "_shown_run"
"""The plan's ID, which is the run's, of the redrive that this session started or saw running."""
PLAN_KEY = "_plan"
TAB_KEY = "do"
MESSAGES, REDRIVE = "Messages", "Redrive"
"""Tabs that steps lead to; their names are in the page's address."""
_PLAN_VIEW_KEY, _NEXT_TAB_KEY = "_plan_view", "_next_tab"
_DISMISSED_KEY = "_dismissed_runs"
_RECENT = timedelta(days=1)
UNFINISHED = (RunState.INTERRUPTED, RunState.STOPPED, RunState.CANCELLED, RunState.FAILED)


@dataclass(frozen=True)
class Redrive:
    """``run``: None where there is none to show. ``starting``: the ID of a run whose process has started and whose
    ledger has no entry of that yet."""

    run: Run | None
    starting: str = ""

    @property
    def shown(self) -> bool:
        """Whether there is any."""
        return bool(self.starting) or self.run is not None

    @property
    def active(self) -> bool:
        """No other redrive can start."""
        return bool(self.starting) or (self.run is not None and self.run.state is RunState.RUNNING)

    @property
    def mark(self) -> object:
        """Differs when the page has to be drawn again; progress of a running redrive is drawn in place."""
        return (self.starting, self.run.id, self.run.state) if self.active and self.run else (self.starting, self.run)


def current_redrive(service: DeadLetterService) -> Redrive:
    """The redrive that is running, else that of this session, else the latest if it is unfinished or unsettled."""
    shown = st.session_state.get(SHOWN_RUN_KEY)
    job = service.job(f"redrive-{shown}") if shown else None
    runs = service.runs()
    run = next((run for run in runs if run.id == shown), None)
    if job and _is_starting(job, run):
        return Redrive(run, str(shown))
    run = next((other for other in runs if other.state is RunState.RUNNING), run)
    newest = runs[0] if runs else None
    if run is None and newest and _is_open(newest) and newest.id not in _dismissed_runs():
        run = newest
    if run is not None and run.state is RunState.RUNNING:
        st.session_state[SHOWN_RUN_KEY] = run.id  # its result stays on the page, no matter who started it
    return Redrive(run)


def _is_open(run: Run) -> bool:
    """Whether there is something left to do or to know."""
    return run.state in UNFINISHED or (run.state is RunState.DONE and run.waiting > 0)


def _is_starting(job: BackgroundJob, run: Run | None) -> bool:
    """Whether its process has started, and its ledger has no entry of that yet."""
    if not job.running or (run and run.state is RunState.RUNNING):
        return False
    return run is None or run.ended is None or run.ended < job.began


def _dismissed_runs() -> set[str]:
    dismissed: set[str] = st.session_state.setdefault(_DISMISSED_KEY, set())
    return dismissed


# --- the tab and the step that are in view -----------------------------------------------------------------------------


def open_tab(tab: str, *, plan: bool = False) -> None:
    """Opens a tab at the next run of the page. ``plan``: show the plan instead of the run that it has."""
    st.session_state[_NEXT_TAB_KEY] = tab
    st.session_state[_PLAN_VIEW_KEY] = plan


def plan_another(ended: Run | None) -> None:
    """Open the form for a plan, in place of an earlier plan and of the redrive that has ended."""
    if ended is not None:
        _dismissed_runs().add(ended.id)
    for key in (SHOWN_RUN_KEY, PLAN_KEY):
        st.session_state.pop(key, None)
    open_tab(REDRIVE)


def plan_in_view() -> bool:
    return bool(st.session_state.get(_PLAN_VIEW_KEY))


def choose_tab(redrive: Redrive) -> None:
    """Chooses the tab to open, before the tabs are drawn: the requested one, or, if the address has none, that of a
    redrive in progress or ended recently."""
    if tab := st.session_state.pop(_NEXT_TAB_KEY, ""):
        st.session_state[TAB_KEY] = tab
    elif TAB_KEY not in st.session_state and TAB_KEY not in st.query_params and redrive.shown:
        ended = redrive.run.ended if redrive.run else None
        if redrive.active or ended is None or datetime.now(UTC) - ended < _RECENT:
            st.session_state[TAB_KEY] = REDRIVE
