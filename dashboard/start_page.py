"""The start page: a stack on AWS, or the local twin, started here with its progress shown."""

from __future__ import annotations

import streamlit as st

from dashboard.access import access
from dashboard.markup import error_box
from ops import twin_state
from ops.errors import OpsError


def show() -> None:
    """What is running, and how to look at something else."""
    st.html('<div class="so-head"><h1>What do you want to look at?</h1></div>')
    twin, aws = st.columns(2, gap="medium")
    with twin, st.container(border=True, height="stretch"):
        _twin()
    with aws, st.container(border=True, height="stretch"):
        _aws()


def _twin() -> None:
    st.markdown("**:material/dns: The local twin**")
    running = twin_state.read()
    if running:
        st.text(f"It runs: stack {running.stack}, {running.endpoint}, since {running.started_at}.")
        st.page_link("app_pages/overview.py", label="Open the overview", icon=":material/arrow_forward:")
        return
    st.text(
        "The whole workload on this machine: queue, function, dead letters and metrics, deployed from template.yaml. "
        "It needs no AWS account, and costs nothing."
    )
    allowed = access()
    blocked = not allowed.may_change
    if st.button("Start the twin", type="primary", icon=":material/play_arrow:", key="start-twin", disabled=blocked):
        _start()
    if blocked:
        st.text(allowed.why)


def _start() -> None:
    from ops.twin import lifecycle

    with st.status("Starting the twin…", expanded=True) as status:

        def progress(step: str) -> None:
            st.text(step)

        try:
            lifecycle.up(progress)
        except OpsError as error:
            status.update(label="The twin did not start", state="error")
            error_box.show(error)
            return
        status.update(label="The twin runs", state="complete")
    st.switch_page("app_pages/overview.py")


def _aws() -> None:
    st.markdown("**:material/cloud: A stack on AWS**")
    st.text(
        "Any stack with an SQS queue and a function on it. Type its name and region in the sidebar, or start the "
        "dashboard with them; credentials come from your AWS profile."
    )
    st.code("AWS_PROFILE=… AWS_REGION=… OPS_STACK=… \\\n  streamlit run dashboard", language=None)
