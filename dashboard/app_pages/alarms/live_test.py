"""A test of one alarm: its button, what it would do, and what came of it."""

from __future__ import annotations

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.components import widgets
from dashboard.markup import alarms as markup
from dashboard.markup import error_box, html_blocks
from dashboard.services.alarm_tests import AlarmTestRun
from ops.errors import OpsError, UsageError
from ops.insight.reports.alarms_page.rows import AlarmRow

POLL_INTERVAL_S = 1.0
IN_ALARM = "It is in ALARM already, and only a change to ALARM notifies."


def show(row: AlarmRow) -> None:
    run = page_runtime.report_source().alarm_test(row.arn)
    if run is not None and run.running:
        _show_progress(run, row)
        return
    allowed = access()
    why = allowed.why or (IN_ALARM if row.state == "ALARM" else "")
    if st.button("Test…", icon=":material/notifications:", key="test-alarm", disabled=bool(why), help=why or None):
        _confirm(row)
    if why:
        st.html(html_blocks.quiet(why))  # a tooltip needs a pointer
    if run is not None:
        _show_result(run)


@st.dialog("Send a test notification?", icon=":material/notifications:")
def _confirm(row: AlarmRow) -> None:
    """Notifies everybody who is subscribed, once the alarm's name is typed."""
    source = page_runtime.report_source()
    try:
        plan = source.plan_alarm_test(row.name)
    except OpsError as error:
        error_box.show(error, again=False, title="It cannot be tested")
        return
    if plan.blocked:
        error_box.show(UsageError(f"Nothing could arrive. {plan.blocked}"), again=False, title="It cannot be tested")
        return
    if plan.other_actions:
        error_box.show(UsageError(*plan.refusal), again=False, title="It cannot be tested here")
        return
    others = [f"composite alarm {name}, if its rule holds" for name in plan.delivery.through]
    lines = (
        "\n".join(f"• {receiver}" for receiver in (*plan.subscribers, *others)) or "• no subscriber that can receive it"
    )
    st.text(
        f"{row.name} is set to ALARM. That notifies, for real:\n{lines}\n\n"
        + "".join(f"{line}\n" for line in plan.not_watched)
        + f"A temporary queue is subscribed too, and removed whatever happens. {plan.ending}"
    )
    typed = st.text_input("To confirm, type the name of the alarm", key="test-words", placeholder=None)
    with st.container(horizontal=True, key="confirm-test"):
        pressed = widgets.danger_button(
            "Notify them", "test-confirmed", type="primary", icon=":material/notifications:"
        )
        if st.button("Cancel", key="test-cancelled"):
            st.rerun()
    if not pressed:
        return
    if (typed or "").strip() != row.name:
        wrong = UsageError("The confirmation does not match.", f"Type: {row.name}")
        error_box.show(wrong, again=False, title="No one was notified")
        return
    try:
        source.start_alarm_test(plan)
    except OpsError as error:
        error_box.show(error, again=False, title="No one was notified")
        return
    st.rerun()


def _show_progress(run: AlarmTestRun, row: AlarmRow) -> None:
    @st.fragment(run_every=POLL_INTERVAL_S, key="alarm-test")
    def body() -> None:
        if not run.running:
            st.rerun()
        with st.container(border=True, key="alarm-test-going"):
            st.html(markup.delivery(f"Testing {row.label}", (run.progress,)))

    body()


def _show_result(run: AlarmTestRun) -> None:
    if run.error is not None:
        error_box.show(run.error, again=False, title="The test failed")
    elif run.result is not None:
        st.html(markup.test_result(run.result, run.began, page_runtime.ZONE))
