"""The form for a plan: destination, rate, canary stages and edits. Nothing is sent before a plan is confirmed."""

from __future__ import annotations

import streamlit as st

from dashboard.access import access
from dashboard.app_pages.dead_letters import redrive_state
from dashboard.app_pages.dead_letters.redrive import plan_preview
from dashboard.formatting import message_count
from dashboard.markup import error_box
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Action, Destination, Pace, Selection, Steps
from ops.errors import OpsError

_ORIGINAL_SOURCE, _OTHER_QUEUE = "Original source", "Other queue"
_DEFAULT_STEPS = Steps()


def show_plan_form(service: DeadLetterService, selection: Selection, total: int) -> None:
    """The review of the latest plan, if it is for these messages, and the form, which is then out of the way."""
    plan = plan_preview.current_plan(service, selection)
    if plan is not None:
        plan_preview.show_plan(service, plan, access())
        with st.expander("Change the plan", icon=":material/tune:", key="plan-again"):
            _show_form(service, selection, total, again=True)
    else:
        with st.container(border=True, key="plan-form"):
            _show_form(service, selection, total)


def _show_form(service: DeadLetterService, selection: Selection, total: int, again: bool = False) -> None:
    destination_column, canary_column = st.columns(2, gap="medium")
    with destination_column:
        action, destination = _destination_inputs()
        pace = _rate_inputs()
    with canary_column:
        steps = _canary_inputs()
    sets, patch = _edit_inputs()
    with st.container(horizontal=True, vertical_alignment="center", key="plan-acts"):
        pressed = st.button(
            "Create plan",
            type="secondary" if again else "primary",
            icon=":material/checklist:",
            key="make-plan",
            disabled=not total,
        )
        verb = "copy" if action is Action.COPY else "redrive"
        subject = message_count(total) if total else "No messages"
        st.html(f'<span class="so-quiet">{subject} to {verb}. Creating a plan sends nothing.</span>')
    if pressed:
        try:
            with st.spinner("Creating the plan…"):
                edits = service.parse_edits([line for line in sets.splitlines() if line.strip()], patch)
                plan = service.create_plan(selection, action, destination, edits, pace, steps)
        except OpsError as error:
            st.session_state.pop(redrive_state.PLAN_KEY, None)
            error_box.show(error, again=False, title="No plan was created")
            return
        st.session_state[redrive_state.PLAN_KEY] = plan.id
        st.rerun()


def _destination_inputs() -> tuple[Action, Destination]:
    destination = st.radio("Destination", [_ORIGINAL_SOURCE, _OTHER_QUEUE], key="to")
    queue = ""
    if destination == _OTHER_QUEUE:
        queue = st.text_input("Queue name, URL or ARN", key="to-queue", placeholder="jobs-test").strip()
    copy = st.toggle(
        "Copy (keep in DLQ)",
        key="copy",
        help="The messages also stay in the dead-letter queue: nothing is deleted. For example, to try a test queue first.",
    )
    return (
        Action.COPY if copy else Action.REDRIVE,
        Destination("queue", queue_url=queue) if destination == _OTHER_QUEUE else Destination(),
    )


def _rate_inputs() -> Pace:
    max_rate = st.number_input(
        "Max rate (messages/s)", 0.1, 10_000.0, 100.0, 10.0, "%.0f", key="rate", help="Upper limit."
    )
    headroom = st.toggle(
        "Adaptive rate limit",
        True,
        key="headroom",
        help="Reduces the rate by the age of the oldest message, messages in flight, and concurrency against its limit.",
    )
    return Pace(float(max_rate or 100.0), headroom)


def _canary_inputs() -> Steps:
    watch = st.toggle(
        "Canary rollout",
        True,
        key="watch",
        help="Sends a few messages first. Their outcomes decide whether the next stage is sent, and finally the rest.",
    )
    if not watch:
        return Steps(sizes=("100%",), watch=False)
    sizes = st.text_input("Stages (count or %)", ", ".join(_DEFAULT_STEPS.sizes), key="sizes")
    left, right = st.columns(2)
    threshold = left.number_input(
        "Abort if failures exceed (%)",
        1,
        100,
        round(_DEFAULT_STEPS.stop_share * 100),
        key="stop-share",
        help="Of a stage's messages.",
    )
    timeout = right.number_input(
        "Outcome timeout (min)",
        1,
        720,
        round(_DEFAULT_STEPS.patience_s / 60),
        key="patience",
        help="Maximum wait for the outcomes of a stage.",
    )
    stages = tuple(size.strip() for size in (sizes or "").split(",") if size.strip())
    return Steps(stages or _DEFAULT_STEPS.sizes, (threshold or 20) / 100, float(timeout or 15) * 60, True)


def _edit_inputs() -> tuple[str, str]:
    with st.expander("Edit messages", icon=":material/edit:", key="edits"):
        left, right = st.columns(2, gap="medium")
        sets = left.text_area(
            "Field edits, one per line",
            key="sets",
            placeholder='body.params.alpha=0.1\nbody.items[*].unit="kg"\nattributes.Tenant=acme',
            height=110,
            help="path=value. The value is JSON; anything else is a string. The message in the snapshot is not changed.",
        )
        patch = right.text_area(
            "JSON merge patch for the body", key="merge-patch", placeholder='{"params": {"alpha": 0.1}}', height=110
        )
    return sets or "", (patch or "").strip()
