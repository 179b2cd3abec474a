"""Cost: what does one successful request cost, and where does it go?"""

import streamlit as st

from dashboard import live, theme
from dashboard.charts import cost as charts
from dashboard.parts import assumptions, blocks, show
from dashboard.parts.blocks import Stat
from dashboard.text import NONE, number, percent, usd
from ops.insight.reports import CostReport


def draw(report: CostReport) -> None:
    share = report.failures_usd / report.total_usd if report.total_usd else None
    even = report.break_even_jobs_per_hour
    st.html(
        blocks.stats(
            [
                Stat("1,000 successes", usd(report.usd_per_1000), colour=theme.SUCCESS),
                Stat("Spent", usd(report.total_usd), note=f"for {number(report.successes)} successes in this time"),
                Stat("On failures", percent(share), note=usd(report.failures_usd), colour=theme.DEAD),
                Stat("A month", usd(report.month_usd), note="at this time's rate"),
                Stat(
                    "Break-even",
                    number(even),
                    unit="jobs/h" if even else "",
                    note="above it, always-on is cheaper" if even else "",
                ),
            ]
        )
    )
    show.chart(charts.waterfall(report), "parts")
    for sentence in report.left_out:
        st.html(f'<span class="so-quiet">{blocks.escape(sentence)}</span>')
    left, right = st.columns(2, gap="medium")
    with left:
        show.chart(charts.trend(report, live.viewer()), "trend")
    with right:
        show.chart(charts.break_even(report), "break-even")
    measured = report.measured_log_bytes
    st.html(
        f'<span class="so-quiet">Prices of {blocks.escape(report.prices_dated)}, us-east-1 list, without free tier or discounts. '
        f"Log bytes an invocation, as measured: {number(measured) if measured is not None else NONE}.</span>"
    )


chosen = assumptions.edit()
live.page("cost", draw, sketch=(56, 70, 340, 300), extra=chosen)
