"""Confirmation dialogs: what will happen, what it costs, and the reason; a purge needs typed words as well."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.app_pages.dead_letters import redrive_state
from dashboard.components import widgets
from dashboard.formatting import duration, message_count, number, percent
from dashboard.markup import dead_letters, error_box
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import purge
from ops.errors import OpsError, UsageError
from ops.formatting import price

if TYPE_CHECKING:
    from pathlib import Path

    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan

REASON_REQUIRED = UsageError(
    "A reason is required for the audit log.", "Enter what was fixed, with a ticket if there is one."
)


@st.dialog("Start redrive?", icon=":material/send:")
def confirm_redrive(service: DeadLetterService, plan: Plan) -> None:
    """Starts the redrive in the background once a reason is given."""
    deletion = "Each message is deleted from the DLQ after it is sent."
    if plan.selection.imported:
        deletion = "Imported messages are only in the snapshot: nothing is deleted from a queue."
    elif plan.action is Action.COPY:
        deletion = "The messages also stay in the DLQ."
    canary = (
        f"After each stage, waits up to {duration(plan.steps.patience_s)} for outcomes; aborts if more than "
        f"{percent(plan.steps.stop_share)} fail again."
        if plan.steps.watch
        else "No canary: all messages are sent at once, and outcomes are not tracked."
    )
    edited = "• Edits apply as in the plan.\n" if plan.edits else ""
    risk = plan_risk(plan)
    st.text(
        f"{message_count(len(plan.ids))} from {dead_letters.origin(plan, service.queue)} to {dead_letters.destination(plan)}. "
        f"Estimate: {duration(plan.estimate.seconds)}, {price(plan.estimate.usd)}.\n\n"
        f"{edited}• {deletion}\n• {canary}\n"
        "• You can stop it at any time; sent messages cannot be recalled.\n"
        f"• It continues when you leave this page.{f'{chr(10)}• {risk}' if risk else ''}"
    )
    reason = _reason_input()
    if confirm_buttons("Start redrive", "redrive", ":material/send:", danger=bool(risk)):
        _start_job(service, reason, "redrive", f"redrive-{plan.id}", plan.id)


@st.dialog("Resume redrive?", icon=":material/resume:")
def confirm_resume(service: DeadLetterService, run: Run) -> None:
    remaining = max(0, run.planned - run.done - run.failed - run.missing)
    if remaining:
        stopped = f"{run.status_text}\n\nFix the cause before sending the rest.\n\n" if run.stopped_by_canary else ""
        moved = f"• SQS has moved about {number(run.taken_by_task)} of them; which ones is determined first.\n"
        st.text(
            f"{stopped}{number(remaining)} of {message_count(run.planned)} remaining.\n\n{moved if run.taken_by_task else ''}"
            "• Sent messages are not sent again, only deleted from the DLQ.\n"
            "• Possibly sent messages are checked first, and listed."
        )
    else:
        st.text(f"All messages were sent. The outcomes of {number(run.waiting)} are checked again; nothing is sent.")
    reason = _reason_input(run.reason)
    if confirm_buttons("Resume", "resume", ":material/resume:"):
        _start_job(service, reason, "resume", f"redrive-{run.id}", run.id)


@st.dialog("Permanently delete these messages?", icon=":material/delete_forever:")
def confirm_purge(service: DeadLetterService, plan: Plan, export: Path) -> None:
    """Needs the export of exactly these messages, a reason, and the typed words."""
    words = purge.confirmation_text(plan)
    st.text(
        f"{message_count(len(plan.ids))} of {service.queue}. Estimated cost: {price(plan.estimate.usd)}.\n\n"
        "• A deletion cannot be undone.\n"
        f"• To restore the messages from the export: ops dlq import {shlex.quote(str(export))}"
    )
    reason = _reason_input(example="test tenant's orders, not needed, ticket OPS-123")
    typed = st.text_input(f"To confirm, type: {words}", key="purge-words")
    if confirm_buttons("Delete", "purge", ":material/delete_forever:", danger=True):
        if (typed or "").strip().replace(",", "") != words.replace(",", ""):
            error_box.show(
                UsageError("The confirmation does not match.", f"Type: {words}"),
                again=False,
                title="Nothing was deleted",
            )
            return
        _start_job(service, reason, "purge", f"purge-{plan.id}", plan.id, export=str(export), confirmation=words)


def plan_risk(plan: Plan) -> str:
    """Why the redrive destroys something, as a sentence; empty where it can be undone by another redrive."""
    if plan.action is not Action.REDRIVE or plan.selection.imported:
        return ""
    if plan.edits:
        return "The originals of edited messages are deleted: only the local snapshot keeps them."
    return "" if plan.steps.watch else "Without a canary, nothing stops the redrive if the messages fail again."


def confirm_buttons(verb: str, key: str, icon: str, *, danger: bool = False) -> bool:
    """Two buttons: whether the first was pressed. ``danger``: it cannot be undone."""
    button = widgets.danger_button if danger else st.button
    with st.container(horizontal=True, key=f"confirm-{key}"):
        pressed = button(verb, type="primary", key=f"{key}-confirmed", icon=icon)
        if st.button("Cancel", key=f"{key}-cancelled"):
            st.rerun()
    return pressed


def _reason_input(usual: str = "", example: str = "fixed in version 8, ticket OPS-123") -> str:
    typed = st.text_area("Reason (audit log)", usual, key="reason", placeholder=example, height=70)
    return (typed or "").strip()


def _start_job(service: DeadLetterService, reason: str, work: str, name: str, plan: str, **more: str) -> None:
    try:
        if not reason:
            raise REASON_REQUIRED
        service.start(work, name, plan=plan, reason=reason, **more)
    except OpsError as error:
        error_box.show(error, again=False, title="Not started")
        return
    if work != "purge":
        st.session_state[redrive_state.SHOWN_RUN_KEY] = plan
        redrive_state.open_tab(redrive_state.REDRIVE)
    where = "on this tab" if work == "purge" else "in its steps above"
    st.toast(f"{work.capitalize()} started. Follow it {where}.", icon=":material/play_arrow:")
    st.rerun()
