"""Concurrency: what limits throughput now?"""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import concurrency as charts
from dashboard.charts.series import latest, total
from dashboard.components import capacity_simulator, widgets
from dashboard.formatting import duration, millis, number, percent
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops import formatting
from ops.insight.reports.concurrency import ConcurrencyReport


def _most_in(report: ConcurrencyReport) -> str:
    """What the number is: CloudWatch knows the most of each period, not this second's."""
    times = report.concurrency.index[:2]
    return f"most in {duration((times[1] - times[0]).total_seconds())}" if len(times) == 2 else ""


def draw(report: ConcurrencyReport) -> None:
    when = f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    most = ", ".join(filter(None, [_most_in(report), when]))
    allowed = min((line.value for line in report.limits), default=None)
    st.html(
        html_blocks.stats(
            [
                Stat("Running at once", number(report.running), note=most, colour=theme.IN_FLIGHT),
                Stat("Nearest limit", number(allowed), note=report.limits[0].name if report.limits else ""),
                Stat(
                    "What bound then" if report.at else "What binds now",
                    report.binding or "nothing",
                    note=when,
                    words=True,
                ),
                Stat(
                    "Throttled",
                    number(total(report.throttles, "throttles")),
                    note="in this time",
                    colour=theme.THROTTLED,
                ),
                Stat(
                    "Batch fill",
                    percent(latest(report.batch, "share")),
                    note=f"of {number(report.batch_size)} messages",
                ),
                Stat(
                    "Per message",
                    millis(None if report.seconds_per_message is None else report.seconds_per_message * 1000),
                ),
            ]
        )
    )
    viewer = page_runtime.ZONE
    widgets.chart(charts.against_law(report, viewer), "law")
    left, right = st.columns(2, gap="medium")
    with left:
        widgets.chart(charts.throttles(report, viewer), "throttles")
    with right:
        widgets.chart(charts.batches(report, viewer), "batches")
    st.subheader("What if?", anchor=False)
    capacity_simulator.section(report)


page_runtime.page("concurrency", draw, skeleton_heights=(56, 70, 340, 300))
