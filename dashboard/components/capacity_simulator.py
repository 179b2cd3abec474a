"""What would drain the backlog sooner? The observed numbers, changed by sliders; the forecast is the toolkit's own.

Arrivals and speed are changed as shares of what was observed, so that the sliders stay put while that moves.
"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.charts import concurrency as charts
from dashboard.components import widgets
from dashboard.formatting import duration, millis, number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.insight.reports.concurrency import ConcurrencyReport, drain_what_if

_USUAL_LIMIT = 10
_MOST = 1_000
"""The highest MaximumConcurrency a mapping takes (botocore 1.44.5 model, 2026-11)."""


def section(report: ConcurrencyReport) -> None:
    """Sliders, the time to drain, and the time by concurrency."""
    seconds, batch = report.seconds_per_message, report.batch_size
    if not seconds or not batch:
        st.html(
            html_blocks.empty(
                "No forecast yet",
                "It needs the time that a message took; nothing ran in this time. Choose a longer one.",
            )
        )
        return
    now = max(2, min(_MOST, int(min((line.value for line in report.limits), default=_USUAL_LIMIT))))
    controls, outcome = st.columns([2, 3], gap="large")
    with controls:
        allowed = st.slider("Concurrency allowed", 2, min(_MOST, max(50, now * 4)), now, key="if-concurrency")
        arrivals = st.slider("Arrivals, % of now", 0, 400, 100, 10, key="if-arrivals")
        speed = st.slider("Time a message takes, % of now", 10, 300, 100, 10, key="if-time")
        extra = st.slider(
            "More messages at once", 0, 20_000, 0, 100, key="if-more", help="A burst on top of what waits now."
        )
    backlog = (report.backlog or 0.0) + extra
    arriving = (report.arrivals_per_min or 0.0) * arrivals / 100
    each = seconds * speed / 100

    def drained(concurrency: int) -> float | None:
        return drain_what_if(backlog, arriving, each, concurrency, batch)

    drain = drained(allowed)
    with outcome:
        st.html(
            html_blocks.stats(
                [
                    Stat("Backlog", number(backlog), "messages"),
                    Stat("Arriving", number(arriving), "/min"),
                    Stat("Per message", millis(each * 1000)),
                    Stat("Drained in", "never" if drain is None else duration(drain), note=f"at {allowed} at once"),
                ]
            )
        )
        if backlog:
            most = max(20, allowed * 2)
            steps = sorted({*range(2, most + 1, max(1, most // 60)), allowed})
            times = pd.Series({step: drained(step) for step in steps}, dtype=float)
            widgets.chart(charts.drain(times, allowed), "drain")
        else:
            st.html(
                html_blocks.empty(
                    "Nothing waits", "There is no backlog to drain. Add messages with the last slider to try a burst."
                )
            )
