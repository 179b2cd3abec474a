"""The assumptions behind the cost figures, which an operator can change; kept in the address."""

from __future__ import annotations

import streamlit as st

from ops.insight.rules.cost.cost_model import Assumptions

_DEFAULTS = Assumptions()
_API_TYPES = {"rest": "REST API", "http": "HTTP API", "none": "none"}


def edit() -> Assumptions:
    """The current assumptions; each change computes the figures again."""
    with st.expander("Assumptions", icon=":material/tune:", key="assumptions", on_change="ignore"):
        logs, api, hourly, capacity = st.columns(4, gap="medium")
        log_bytes = logs.number_input(
            "Log bytes per invocation",
            0.0,
            1e7,
            _DEFAULTS.log_bytes_per_invocation,
            500.0,
            "%.0f",
            key="log-bytes",
            bind="query-params",
        )
        front = api.selectbox(
            "API type", list(_API_TYPES), format_func=_API_TYPES.__getitem__, key="api", bind="query-params"
        )
        always_on = hourly.number_input(
            "Always-on instance (USD/h)",
            0.0,
            1_000.0,
            _DEFAULTS.always_on_usd_per_hour,
            0.01,
            "%.4f",
            key="always-on",
            bind="query-params",
            help="Default: m7g.large, On-Demand, us-east-1.",
        )
        volume_tiers = logs.checkbox(
            "Volume tiers",
            key="volume-tiers",
            bind="query-params",
            help="At a month of this rate: later units cost less. AWS counts the whole account's.",
        )
        free_tier = api.checkbox(
            "Free tier",
            key="free-tier",
            bind="query-params",
            help="Of Lambda, SQS and alarms, all of it for this workload. AWS counts the whole account's.",
        )
        jobs = capacity.number_input(
            "Instance capacity (jobs/h)",
            1.0,
            1e9,
            _DEFAULTS.always_on_jobs_per_hour,
            1_000.0,
            "%.0f",
            key="always-on-jobs",
            bind="query-params",
        )
    return Assumptions(
        _DEFAULTS.log_bytes_per_invocation if log_bytes is None else float(log_bytes),
        front or _DEFAULTS.api,
        always_on_usd_per_hour=_DEFAULTS.always_on_usd_per_hour if always_on is None else float(always_on),
        always_on_jobs_per_hour=_DEFAULTS.always_on_jobs_per_hour if jobs is None else float(jobs),
        volume_tiers=volume_tiers,
        free_tier=free_tier,
    )
