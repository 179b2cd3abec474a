"""Inputs of a forecast: assumptions that replace observed values, and the settings to compare; kept in the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.scaling_laws import BATCH_RANGE, MAXIMUM_CONCURRENCY_RANGE, POLLER_RANGE, WINDOW_RANGE
from ops.insight.forecast.what_if import FASTER_RANGE, MEMORY_RANGE, Changes

NOW, TYPED = "now", "typed"
_ARRIVALS = {
    NOW: "As in the range",
    "1": "Same hours 1 day ago",
    "7": "Same hours 7 days ago",
    "14": "Same hours 14 days ago",
    TYPED: "Typed",
}
_SCALING = {"same": "As it is", "maximum": "Maximum concurrency", "pollers": "Provisioned pollers"}
_MAX_MESSAGES = 1e10


def edit() -> Assumed:
    """The controls; each change computes the forecast again. An empty field is as observed, or as it is set."""
    st.subheader("What if", anchor=False)
    changes = _changes()
    st.subheader("Load", anchor=False)
    backlog = _number("Backlog (messages)", "fc-backlog", 0.0, _MAX_MESSAGES, 1_000.0, "as it is now")
    source = _choice("Arrivals", "fc-arrivals", _ARRIVALS, NOW)
    arrivals = None
    if source == TYPED:
        arrivals = _number("Arrivals per minute", "fc-rate", 0.0, _MAX_MESSAGES, 100.0, "0") or 0.0
    seconds = _number("Time per message (s)", "fc-seconds", 0.001, 43_200.0, 0.1, "as observed", "%.3f")
    deadline = _number("Deadline (minutes)", "fc-deadline", 0.1, 20_160.0, 1.0, "the age alarm", "%.1f")
    with st.expander("FIFO queue"):
        groups = _whole("Active message groups", "fc-groups", 1, 1_000_000, "as observed")
        least = 100 / groups if groups else 0.0
        busiest = _number("Busiest group (% of messages)", "fc-busiest", least, 100.0, 1.0, "all alike", "%.1f")
    return Assumed(
        backlog=backlog,
        arrivals_per_min=arrivals,
        days_ago=int(source) if source.isdecimal() else None,
        seconds_per_message=seconds,
        deadline_s=None if deadline is None else deadline * 60,
        groups=groups,
        busiest_group=None if busiest is None or groups is None else busiest / 100,
        changes=changes,
    )


def _changes() -> Changes:
    scaling = _choice("Scaling", "fc-scaling", _SCALING, "same")
    maximum = pollers = None
    if scaling == "maximum":
        maximum = _whole("Maximum concurrency", "fc-maximum", *MAXIMUM_CONCURRENCY_RANGE, "as it is")
    elif scaling == "pollers":
        least = _whole("Pollers, minimum", "fc-least", *POLLER_RANGE, str(POLLER_RANGE[0])) or POLLER_RANGE[0]
        most = _whole("Pollers, maximum", "fc-most", least, POLLER_RANGE[1], "200") or max(200, least)
        pollers = (least, most)
    return Changes(
        maximum_concurrency=maximum,
        pollers=pollers,
        reserved=_whole("Reserved concurrency", "fc-reserved", 0, 100_000, "as it is"),
        batch_size=_whole("Batch size", "fc-batch", *BATCH_RANGE, "as it is"),
        window_s=_whole("Batching window (s)", "fc-window", *WINDOW_RANGE, "as it is"),
        memory_mb=_whole(
            "Memory (MB)",
            "fc-memory",
            *MEMORY_RANGE,
            "as it is",
            help="Changes the price of a second. How much faster the job is with it is not known: give that below.",
        ),
        faster=_number("Job is faster by the factor", "fc-faster", *FASTER_RANGE, 0.5, "1", "%.2f"),
    )


def _choice(label: str, key: str, options: dict[str, str], default: str) -> str:
    return st.selectbox(label, list(options), format_func=options.__getitem__, key=key, bind="query-params") or default


def _number(
    label: str, key: str, least: float, most: float, step: float, empty: str, form: str = "%.0f", **more: Any
) -> float | None:
    value = st.number_input(
        label, least, most, None, step, form, key=key, placeholder=empty, bind="query-params", **more
    )
    return None if value is None else float(value)


def _whole(label: str, key: str, least: int, most: int, empty: str, **more: Any) -> int | None:
    value = st.number_input(label, least, most, None, 1, key=key, placeholder=empty, bind="query-params", **more)
    return None if value is None else int(value)
