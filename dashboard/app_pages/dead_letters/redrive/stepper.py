"""The steps of a redrive, always in view: the step reached, its progress, and the way back to earlier steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.dead_letters import job_progress, redrive_state
from dashboard.app_pages.dead_letters.redrive_state import Redrive
from dashboard.components.queries import dead_letter_queries
from dashboard.markup import stepper
from dashboard.services.dead_letter_service import DeadLetterService
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.plan_model import Plan, Selection


def show_stepper(service: DeadLetterService, drawn: Redrive, selected: str, selection: Selection | None = None) -> None:
    """``drawn``: the redrive that the rest of the page shows; the page is drawn again when there is another one, or when
    it ends or changes afterwards, here or in another window. ``selected``: the messages that are selected, in words."""
    refresh = page_runtime.page_context().selection.refresh

    @st.fragment(run_every=job_progress.POLL_INTERVAL_S if drawn.active else refresh, key="stepper-live")
    def body() -> None:
        redrive = redrive_state.current_redrive(service)
        if redrive.mark != drawn.mark:
            if drawn.active and not redrive.active:
                st.toast("The redrive has ended: see its result.", icon=":material/flag:")
                page_runtime.read_again()
            st.rerun()
        plan = _plan(service, redrive, selection)
        steps = stepper.redrive_steps(selected, plan, redrive.run, starting=bool(redrive.starting))
        with st.container(horizontal=True, gap=None, key="stepper"):
            for step in steps:
                _show_step(step)

    body()


def _plan(service: DeadLetterService, redrive: Redrive, selection: Selection | None) -> Plan | None:
    """The plan of the redrive, else the one that was made for the selected messages."""
    plan_id = redrive.starting or (redrive.run.id if redrive.run else st.session_state.get(redrive_state.PLAN_KEY))
    if not plan_id:
        return None
    try:
        plan = dead_letter_queries.load_plan(service, plan_id)
    except OpsError:  # the step itself shows it
        return None
    return plan if redrive.run or redrive.starting or plan.selection == selection else None


def _show_step(step: stepper.Step) -> None:
    with st.container(key=f"step-{step.name.lower()}"):
        st.html(stepper.step_html(step))
        if st.button(
            f"Open step {step.number + 1}: {step.name}", key=f"go-{step.name.lower()}", disabled=not step.reachable
        ):
            redrive_state.open_tab(
                redrive_state.MESSAGES if step.number == stepper.SELECT else redrive_state.REDRIVE,
                plan=step.number == stepper.PLAN,
            )
            st.rerun()
