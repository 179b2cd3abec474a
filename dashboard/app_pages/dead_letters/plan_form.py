"""A redrive is planned before anything moves: where to, with which edits, how fast, in which steps."""

from __future__ import annotations

import streamlit as st

from dashboard.access import access
from dashboard.app_pages.dead_letters import plan_preview, run_panel
from dashboard.formatting import message_count
from dashboard.markup import error_box
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Action, Destination, Pace, Selection, Steps
from ops.errors import OpsError

PLAN_KEY = "_plan"
_ORIGINAL_SOURCE, _OTHER_QUEUE = "Where each came from", "A queue of my choice"
_DEFAULT_STEPS = Steps()


def show_plan_form(service: DeadLetterService, selection: Selection, total: int) -> None:
    """The form, and below it the plan that was made last; nothing to fill in while a run goes on."""
    if run_panel.show_run_instead_of_plan(service):
        return
    with st.container(border=True, key="plan-form"):
        where, pace, steps = st.columns(3, gap="large")
        with where:
            action, destination = _destination_inputs()
        with pace:
            limit = _rate_inputs()
        with steps:
            canary = _canary_inputs()
        sets, patch = _edit_inputs()
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                "Make the plan", type="primary", icon=":material/checklist:", key="make-plan", disabled=not total
            )
            what = "copied" if action is Action.COPY else "redriven"
            moved = (
                f"{message_count(total)} would be {what}." if total else f"No letters are chosen that could be {what}."
            )
            st.html(f'<span class="so-quiet">{moved} Making a plan moves nothing.</span>')
    if pressed:
        try:
            with st.spinner("Making the plan…"):
                edits = service.edits([line for line in sets.splitlines() if line.strip()], patch)
                made = service.plan(selection, action, destination, edits, limit, canary)
        except OpsError as error:
            st.session_state.pop(PLAN_KEY, None)
            error_box.show(error, again=False, title="This cannot be done")
            return
        st.session_state[PLAN_KEY] = made.id
    if plan := st.session_state.get(PLAN_KEY):
        plan_preview.show_plan(service, plan, selection, access())


def _destination_inputs() -> tuple[Action, Destination]:
    chosen = st.radio("Where to?", [_ORIGINAL_SOURCE, _OTHER_QUEUE], key="to")
    queue = ""
    if chosen == _OTHER_QUEUE:
        queue = st.text_input("Queue: name, URL or ARN", key="to-queue", placeholder="jobs-test").strip()
    copy = st.toggle(
        "Copy: leave them here too",
        key="copy",
        help="They stay in the dead-letter queue as well: nothing is deleted. For a test queue, first.",
    )
    destination = Destination("queue", queue_url=queue) if chosen == _OTHER_QUEUE else Destination()
    return (Action.COPY if copy else Action.REDRIVE), destination


def _rate_inputs() -> Pace:
    most = st.number_input(
        "Messages a second, at most", 0.1, 10_000.0, 100.0, 10.0, "%.0f", key="rate", help="The hard cap."
    )
    headroom = st.toggle(
        "Slow down under load",
        True,
        key="headroom",
        help="Looks at the age of the queue's oldest message, what is in flight, and concurrency against its limit.",
    )
    return Pace(float(most or 100.0), headroom)


def _canary_inputs() -> Steps:
    watch = st.toggle(
        "Canary: watch each step",
        True,
        key="watch",
        help="A few letters go first; what becomes of them decides whether the next step goes, and at last the rest.",
    )
    if not watch:
        return Steps(sizes=("100%",), watch=False)
    sizes = st.text_input("Steps: counts and shares", ", ".join(_DEFAULT_STEPS.sizes), key="sizes")
    left, right = st.columns(2)
    share = left.number_input(
        "Stop over, % back",
        1,
        100,
        round(_DEFAULT_STEPS.stop_share * 100),
        key="stop-share",
        help="Of a step's messages.",
    )
    patience = right.number_input(
        "Patience, min",
        1,
        720,
        round(_DEFAULT_STEPS.patience_s / 60),
        key="patience",
        help="How long an outcome is awaited.",
    )
    listed = tuple(size.strip() for size in (sizes or "").split(",") if size.strip())
    return Steps(listed or _DEFAULT_STEPS.sizes, (share or 20) / 100, float(patience or 15) * 60, True)


def _edit_inputs() -> tuple[str, str]:
    with st.expander("Change the letters on their way", icon=":material/edit:", key="edits"):
        left, right = st.columns(2, gap="medium")
        sets = left.text_area(
            "Sets, one a line",
            key="sets",
            placeholder='body.params.alpha=0.1\nbody.items[*].unit="kg"\nattributes.Tenant=acme',
            height=110,
            help="Path = value; the value is JSON; 'words' and bare words are text. The shelf's letter stays as it is.",
        )
        patch = right.text_area(
            "JSON merge patch of the body", key="merge-patch", placeholder='{"params": {"alpha": 0.1}}', height=110
        )
    return sets or "", (patch or "").strip()
