"""The start page: the workloads that there are, and the twin, which can be started here."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboard.access import access
from dashboard.components.workload_rows import workload_rows
from dashboard.markup import error_box, html_blocks
from dashboard.pages import START
from ops import formatting, twin_state
from ops.errors import OpsError


def show() -> None:
    """The workloads of the account, a running twin, and how to choose another workload."""
    st.html(html_blocks.head(START))
    workload_rows()
    twin, aws = st.columns(2, gap="medium")
    with twin, st.container(border=True, height="stretch"):
        _twin()
    with aws, st.container(border=True, height="stretch"):
        _aws()


def _twin() -> None:
    st.markdown("**:material/dns: Twin (local AWS)**")
    running = twin_state.read()
    if running:
        st.text(f"Running: stack {running.stack}, {running.endpoint}, started {_started(running.started_at)}.")
        st.page_link("app_pages/overview.py", label="Open the overview", icon=":material/arrow_forward:")
        return
    st.text(
        "The whole workload on this machine: queue, function, dead-letter queue and metrics, deployed from template.yaml "
        "to a local AWS. No AWS account needed, free of charge."
    )
    allowed = access()
    blocked = not allowed.may_change
    if st.button("Start the twin", type="primary", icon=":material/play_arrow:", key="start-twin", disabled=blocked):
        _start()
    if blocked:
        st.text(allowed.why)


def _started(at: str) -> str:
    return formatting.clock(datetime.fromisoformat(at), datetime.now(UTC))


def _start() -> None:
    from ops.twin import lifecycle

    with st.status("Starting the twin…", expanded=True) as status:

        def progress(step: str) -> None:
            st.text(step)

        try:
            lifecycle.up(progress)
        except OpsError as error:
            status.update(label="The twin failed to start", state="error")
            error_box.show(error)
            return
        status.update(label="The twin is running", state="complete")
    st.switch_page("app_pages/overview.py")


def _aws() -> None:
    st.markdown("**:material/cloud: Workload on AWS**")
    st.text(
        "Any SQS queue that a Lambda function reads, in a stack or alone. Choose it in the sidebar, or start the "
        "dashboard with its name (OPS_STACK or OPS_QUEUE) and region; credentials come from your AWS profile."
    )
    st.code("AWS_PROFILE=… AWS_REGION=… OPS_STACK=… \\\n  streamlit run dashboard", language=None, wrap_lines=True)
