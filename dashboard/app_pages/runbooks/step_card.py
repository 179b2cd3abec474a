"""One step: a line once it is over, all of it while it is read, and its preview and buttons while it is the current one."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard import runbooks
from dashboard.app_pages.runbooks import acting, request_form, undo_dialog
from dashboard.formatting import sendable
from dashboard.markup import runbook_steps
from dashboard.markup.runbook_steps import CURRENT, FAILED, MACROS, OPEN, StepView
from dashboard.services.runbook_service import RunbookService, ShownRun
from ops.runbooks import paper
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect
from ops.runbooks.run_state import StepState


def show(service: RunbookService, view: StepView, run: ShownRun | None, stack: str) -> None:
    name = view.step.id
    mark = "now-step" if view.state == CURRENT else "do-step"
    with st.container(key=f"{mark}-{name}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", key=f"do-line-{name}"):
            st.html(MACROS.step(view, view.anchor))
            if run is not None and _can_undo(view, run):
                blocked = acting.why_not()
                if st.button(
                    "Undo…",
                    key=f"undo-{name}",
                    type="tertiary",
                    icon=":material/undo:",
                    disabled=bool(blocked),
                    help=blocked,
                ):
                    undo_dialog.confirm_undo(service, run, name)
        if run is None or view.state in (CURRENT, FAILED):
            _show_facts(view)
        if run is None:
            _show_commands(view, stack)
        elif view.state == CURRENT:
            _show_current(service, view, run, stack)
        elif view.state == OPEN and view.effect not in (Effect.READ, None):
            _show_facts(view, short=True)


def _show_facts(view: StepView, short: bool = False) -> None:
    step = view.step
    rows = [("Inputs", runbook_steps.inputs_text(step))]
    if not short:
        rows += [("Only when", step.when), ("Expect", step.expect), ("Otherwise", step.otherwise)]
    effect = runbook_steps.EFFECTS[view.effect] if view.effect else "Unknown action"
    st.html(MACROS.step_facts(effect, view.effect is Effect.FINAL, [row for row in rows if row[1]]))


def _show_commands(view: StepView, stack: str) -> None:
    action = ACTIONS.get(view.step.action)
    if action is None or view.step.action == runbook_steps.ASK:
        return
    lines = [line.removeprefix(view.step.indent) for line in paper.block(view.step, action)[1:-1]]
    if lines:
        st.code(sendable(runbooks.with_stack("\n".join(lines), stack)), language=None, wrap_lines=True)


def _show_current(service: RunbookService, view: StepView, run: ShownRun, stack: str) -> None:
    if run.state.request is not None and not run.active:
        request_form.show(service, view, run, run.state.request)
    elif run.active:
        text, share = runbook_steps.verification(run, view.step, datetime.now(UTC))
        st.html(MACROS.live(text, share))
    else:
        if view.text:
            st.html(MACROS.live(view.text, None))
        _show_commands(view, stack)


def _can_undo(view: StepView, run: ShownRun) -> bool:
    progress = run.state.steps.get(view.step.id)
    return (
        progress is not None
        and bool(progress.changes)
        and view.effect is Effect.CHANGE
        and progress.state is not StepState.UNDONE
        and not run.active
    )
