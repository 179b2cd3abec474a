"""Cost: what does one successful request cost, and where does it go?"""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import cost as charts
from dashboard.components import cost_assumptions, widgets
from dashboard.formatting import NONE, escape, number, percent, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.insight.reports.cost import CostReport


def _break_even_note(report: CostReport) -> str:
    """Nothing can be said about a load of nothing."""
    if report.break_even_jobs_per_hour:
        return "above it, always-on compute is cheaper"
    return "one machine cannot carry that load" if report.successes else "no success to compare by"


def draw(report: CostReport) -> None:
    share = report.failures_usd / report.total_usd if report.total_usd else None
    even = report.break_even_jobs_per_hour
    st.html(
        html_blocks.stats(
            [
                Stat("1,000 successes", usd(report.usd_per_1000), colour=theme.SUCCESS),
                Stat("Spent", usd(report.total_usd), note=f"for {number(report.successes)} successes in this time"),
                Stat("On failures", percent(share), note=usd(report.failures_usd), colour=theme.DEAD),
                Stat(
                    "A month",
                    usd(report.month_usd),
                    note="too little data yet" if report.month_usd is None else "at this time's rate",
                ),
                Stat(
                    "Break-even",
                    number(even) if even else "none" if report.successes else NONE,
                    unit="jobs/h" if even else "",
                    note=_break_even_note(report),
                ),
            ]
        )
    )
    widgets.chart(charts.waterfall(report), "parts")
    left, right = st.columns(2, gap="medium")
    with left:
        widgets.chart(charts.trend(report, page_runtime.ZONE), "trend")
    with right:
        widgets.chart(charts.break_even(report), "break-even")
    said = [f"Prices: {report.prices_dated}."]
    if report.left_out:
        said.append(f"Not in the sum: {'; '.join(report.left_out)}.")
    said += [f"Note: {text}." for text in report.inferred]
    if report.measured_log_bytes is not None:
        said.append(f"An invocation wrote {number(report.measured_log_bytes)} bytes of logs, as measured in this time.")
    st.html(f'<span class="so-quiet">{escape(" ".join(said))}</span>')


above = st.container()  # the finding opens the page; what it assumes stands below
chosen = cost_assumptions.edit()
with above:
    page_runtime.page("cost", draw, skeleton_heights=(56, 70, 340, 300), extra=chosen)
