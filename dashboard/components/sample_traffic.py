"""Help for a workload without traffic: sample traffic on the twin, the command for a test message on AWS."""

from __future__ import annotations

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.markup import error_box, html_blocks
from dashboard.services.report_source import ReportSource
from ops.errors import OpsError


def offer(worked_on: float | None, *, of: str = "messages", known: bool = True) -> None:
    """``worked_on``: how many messages or invocations (``of``) the range has, None without data: on AWS, 0 may be a quiet
    hour. ``known``: they could be read.

    Nothing is offered in a past range, where new messages would not show, and in read-only mode.
    """
    selection = page_runtime.page_context().selection
    nothing = not worked_on if selection.target.is_twin else worked_on is None
    if not known or not nothing or not selection.span.moves or not access().may_change:
        return
    source = page_runtime.report_source()
    with st.container(key="sample-traffic"):
        if selection.target.is_twin:
            _offer_traffic(of)
        else:
            st.html(
                html_blocks.empty(
                    f"No {of} in this range", "Send a test message with a body that your function accepts:"
                )
            )
            st.code(source.test_message_command(), language=None, wrap_lines=True)


def _offer_traffic(of: str) -> None:
    source = page_runtime.report_source()
    place = st.empty()
    sending = source.sends_sample_traffic()
    if not sending:
        with place.container():
            sending = _started(source, of)
    if sending:
        text = "Jobs are being sent for about a minute. The charts fill as they are processed."
        place.html(html_blocks.empty("Sending sample traffic", text))


def _started(source: ReportSource, of: str) -> bool:
    """The button; whether it was pressed and the traffic started."""
    text = "Sample traffic is about 150 jobs within a minute; some of them fail. It is free on the twin."
    st.html(html_blocks.empty(f"No {of} in this range", text))
    if not st.button("Send sample traffic", key="send-sample", icon=":material/send:", type="primary"):
        return False
    try:
        source.start_sample_traffic()
    except OpsError as error:
        error_box.show(error)
        return False
    return True
