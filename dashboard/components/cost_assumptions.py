"""What an operator may change about the cost picture; kept in the address like every other choice."""

from __future__ import annotations

import streamlit as st

from ops.insight.rules.cost_model import Assumptions

_USUAL = Assumptions()
_API = {"rest": "REST API", "http": "HTTP API", "none": "none"}


def edit() -> Assumptions:
    """The assumptions as they are set; the figures are computed anew with each change."""
    with st.expander("Assumptions", icon=":material/tune:", key="assumptions", on_change="ignore"):
        logs, api, hourly, capacity = st.columns(4, gap="medium")
        log_bytes = logs.number_input(
            "Log bytes an invocation",
            0.0,
            1e7,
            _USUAL.log_bytes_per_invocation,
            500.0,
            "%.0f",
            key="log-bytes",
            bind="query-params",
        )
        front = api.selectbox("API in front", list(_API), format_func=_API.__getitem__, key="api", bind="query-params")
        always_on = hourly.number_input(
            "Always-on machine, USD/h",
            0.0,
            1_000.0,
            _USUAL.always_on_usd_per_hour,
            0.01,
            "%.4f",
            key="always-on",
            bind="query-params",
            help="An m7g.large on demand in us-east-1 is the usual yardstick.",
        )
        jobs = capacity.number_input(
            "Jobs/h that it can do",
            1.0,
            1e9,
            _USUAL.always_on_jobs_per_hour,
            1_000.0,
            "%.0f",
            key="always-on-jobs",
            bind="query-params",
        )
    return Assumptions(
        _USUAL.log_bytes_per_invocation if log_bytes is None else float(log_bytes),
        front or _USUAL.api,
        _USUAL.always_on_usd_per_hour if always_on is None else float(always_on),
        _USUAL.always_on_jobs_per_hour if jobs is None else float(jobs),
    )
