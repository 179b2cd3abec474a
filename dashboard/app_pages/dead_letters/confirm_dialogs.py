"""The dialogs before something moves: what will happen, what it costs, and why; purging asks for typed words too."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.formatting import duration, message_count, number, percent, usd
from dashboard.markup import dead_letters, error_box
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import purge
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan

REASON_REQUIRED = UsageError(
    "A reason is needed; it goes on record.", "Say what was fixed, with a ticket if there is one."
)


@st.dialog("Send these letters?", icon=":material/send:")
def confirm_redrive(service: DeadLetterService, plan: Plan) -> None:
    """Starts the run in the background once a reason is given."""
    kept = "Each leaves the dead-letter queue once it is sent."
    if plan.selection.imported:
        kept = "Nothing is deleted for them: they lie on the shelf only."
    elif plan.action is Action.COPY:
        kept = "They stay in the dead-letter queue as well."
    canary = (
        f"It goes in steps. Each is watched, for up to {duration(plan.steps.patience_s)}, and it stops when more than "
        f"{percent(plan.steps.stop_share)} come back."
        if plan.steps.watch
        else "Nothing is watched: all of them go at once."
    )
    changed = "• They are changed on their way, as the plan shows.\n" if plan.edits else ""
    st.text(
        f"{message_count(len(plan.ids))} of {dead_letters.origin(plan, service.queue)}, {dead_letters.going(plan)}. Sending takes about "
        f"{duration(plan.estimate.seconds)} and costs about {usd(plan.estimate.usd)}.\n\n"
        f"{changed}• {kept}\n• {canary}\n"
        "• You can stop it at any time; what was sent stays sent.\n"
        "• It goes on when you leave this page."
    )
    reason = _reason_input()
    if confirm_buttons("Send", "redrive", ":material/send:"):
        _start_job(service, reason, "redrive", f"redrive-{plan.id}", plan.id)


@st.dialog("Resume this run?", icon=":material/resume:")
def confirm_resume(service: DeadLetterService, run: Run) -> None:
    left = max(0, run.planned - run.done - run.failed - run.vanished)
    if left:
        stopped = f"{run.said}\n\nMend what they died of before the rest goes.\n\n" if run.by_canary else ""
        about = f"• SQS has moved about {number(run.unsettled)} of them: which is found out first.\n"
        st.text(
            f"{stopped}{number(left)} of {message_count(run.planned)} left.\n\n{about if run.unsettled else ''}"
            "• What was sent is not sent again; it is only deleted from the dead-letter queue.\n"
            "• What may have been sent is looked for first, and listed."
        )
    else:
        st.text(f"Every letter was sent. What became of {number(run.waiting)} is watched again; nothing is sent.")
    reason = _reason_input(run.reason)
    if confirm_buttons("Resume", "resume", ":material/resume:"):
        _start_job(service, reason, "resume", f"redrive-{run.id}", run.id)


@st.dialog("Delete these letters for good?", icon=":material/delete_forever:")
def confirm_purge(service: DeadLetterService, plan: Plan, export: Path) -> None:
    """Needs the export of exactly these letters, a reason, and the words typed."""
    words = purge.confirmation(plan)
    st.text(
        f"{message_count(len(plan.ids))} of {service.queue}, deleted for about {usd(plan.estimate.usd)}.\n\n"
        "• This cannot be undone in the queue.\n"
        f"• The export brings them back: ops dlq import {shlex.quote(str(export))}"
    )
    reason = _reason_input(example="orders of a test tenant, not needed, ticket OPS-123")
    typed = st.text_input(f"To confirm, type: {words}", key="purge-words")
    if confirm_buttons("Delete", "purge", ":material/delete_forever:"):
        if (typed or "").strip().replace(",", "") != words.replace(",", ""):
            error_box.show(
                UsageError(f"The words are not “{words}”.", "Type them as they stand above the box."),
                again=False,
                title="Nothing was deleted",
            )
            return
        _start_job(service, reason, "purge", f"purge-{plan.id}", plan.id, export=str(export), confirmation=words)


def confirm_buttons(verb: str, key: str, icon: str) -> bool:
    """Two buttons side by side: whether the first was pressed. The colour of deletion is not that of other acts."""
    with st.container(horizontal=True, key=f"confirm-{key}"):
        pressed = st.button(verb, type="primary", key=f"{key}-confirmed", icon=icon)
        if st.button("Cancel", key=f"{key}-cancelled"):
            st.rerun()
    return pressed


def _reason_input(usual: str = "", example: str = "fixed in version 8, ticket OPS-123") -> str:
    typed = st.text_area("Reason, for the record", usual, key="reason", placeholder=example, height=70)
    return (typed or "").strip()


def _start_job(service: DeadLetterService, reason: str, work: str, name: str, plan: str, **more: str) -> None:
    try:
        if not reason:
            raise REASON_REQUIRED
        service.start(work, name, plan=plan, reason=reason, **more)
    except OpsError as error:
        error_box.show(error, again=False, title="Nothing was begun")
        return
    st.session_state["_shown_run"] = plan
    st.toast("Begun. Follow it at the top of this page.", icon=":material/arrow_upward:")
    st.rerun()
