"""A capacity simulator: how fast the backlog would drain with other settings, starting from the observed numbers.

Arrival rate and time per message are percentages of the observed values, so that the sliders stay put as those change.
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

_DEFAULT_CONCURRENCY = 10
_MAX_CONCURRENCY = 1_000
"""The highest MaximumConcurrency of an event source mapping (botocore 1.44.5 model, 2026-11)."""


def section(report: ConcurrencyReport) -> None:
    """Sliders, the time to drain, and a chart of it by concurrency."""
    seconds, batch = report.seconds_per_message, report.batch_size
    if not seconds or not batch:
        st.html(
            html_blocks.empty(
                "No estimate yet",
                "The simulator needs a measured time per message, and nothing ran in this range. Select a longer range.",
            )
        )
        return
    lowest_limit = int(min((limit.value for limit in report.limits), default=_DEFAULT_CONCURRENCY))
    current = max(2, min(_MAX_CONCURRENCY, lowest_limit))
    controls, outcome = st.columns([2, 3], gap="large")
    with controls:
        highest = min(_MAX_CONCURRENCY, max(50, current * 4))
        selected = st.slider("Maximum concurrency", 2, highest, current, key="if-concurrency")
        arrivals = st.slider("Arrival rate (% of current)", 0, 400, 100, 10, key="if-arrivals")
        time_share = st.slider("Time per message (% of current)", 10, 300, 100, 10, key="if-time")
        extra = st.slider(
            "Extra backlog", 0, 20_000, 0, 100, key="if-more", help="A burst of messages on top of the current backlog."
        )
    backlog = (report.backlog or 0.0) + extra
    arrivals_per_min = (report.arrivals_per_min or 0.0) * arrivals / 100
    message_s = seconds * time_share / 100

    def drain_s(concurrency: int) -> float | None:
        return drain_what_if(backlog, arrivals_per_min, message_s, concurrency, batch)

    selected_s = drain_s(selected)
    with outcome:
        st.html(
            html_blocks.stats(
                [
                    Stat("Backlog", number(backlog), "messages"),
                    Stat("Arrival rate", number(arrivals_per_min), "/min"),
                    Stat("Time per message", millis(message_s * 1000)),
                    Stat(
                        "Time to drain",
                        "never" if selected_s is None else duration(selected_s),
                        note=f"at concurrency {selected}",
                    ),
                ]
            )
        )
        if backlog:
            end = max(20, selected * 2)
            steps = sorted({*range(2, end + 1, max(1, end // 60)), selected})
            times = pd.Series({step: drain_s(step) for step in steps}, dtype=float)
            widgets.chart(charts.drain(times, selected), "drain")
        else:
            st.html(
                html_blocks.empty(
                    "No backlog", "There is nothing to drain. Add messages with the last slider to simulate a burst."
                )
            )
