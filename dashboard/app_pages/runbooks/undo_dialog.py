"""Undo a step, or every change of a run: what would change, a reason, and the confirmation of exactly that."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages.runbooks import acting
from dashboard.formatting import sendable
from dashboard.markup import error_box, html_blocks, runbook_steps
from dashboard.services.runbook_service import RunbookService, ShownRun
from ops.errors import OpsError
from ops.runbooks.actions.action import StepPreview


def confirm_undo(service: RunbookService, run: ShownRun, step: str = "") -> None:
    """``step``: the only one to undo; else all, the latest first."""
    try:
        previews = service.preview_undo(run.state.id, step)
    except OpsError as error:
        _show_error(error)
        return
    ask(service, run, step, previews)


@st.dialog("Undo?", icon=":material/undo:", width="large")
def _show_error(error: OpsError) -> None:
    error_box.show(error, again=False, title="It cannot be undone")


@st.dialog("Undo?", icon=":material/undo:", width="large")
def ask(service: RunbookService, run: ShownRun, step: str, previews: dict[str, StepPreview]) -> None:
    """``previews``: read once, when it opens. Read again at the click, they might not be what was on the screen."""
    shown = [preview.masked() for preview in previews.values()]  # no record has masked them
    changes = [change for preview in shown for change in preview.changes]
    if notes := [note for preview in shown for note in preview.notes]:
        st.html(html_blocks.notes("Note", notes))
    if not changes:
        if not notes:
            st.html(html_blocks.empty("Nothing to undo", "Every setting is as it was before the run."))
        return
    st.html(runbook_steps.diff(changes))
    commands = [preview.command for preview in shown if preview.command]
    st.code(sendable("\n".join(commands)), language=None, wrap_lines=True)
    reason = acting.reason_input("undo-reason")
    with st.container(horizontal=True, key="confirm-undo"):
        if st.button("Undo", key="undo-confirmed", icon=":material/undo:"):
            acting.act(lambda: service.roll_back(run.state.id, reason, previews, step), "Not undone")
        if st.button("Cancel", key="undo-cancelled", type="tertiary"):
            st.rerun()
