"""Cost: per successful job, by component, and against always-on compute."""

import streamlit as st

from dashboard import page_outline, page_runtime
from dashboard.charts import cost as charts
from dashboard.charts.drawing import base
from dashboard.charts.drawing.chart import Chart
from dashboard.components import cost_assumptions, sample_traffic, widgets
from dashboard.formatting import NONE, number, percent, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.formatting import count
from ops.insight.reports.cost import CostReport
from ops.insight.rules.cost import sentences
from ops.insight.rules.cost.comparison import compared
from ops.insight.rules.cost.cost_model import Assumptions


def _break_even_note(report: CostReport) -> str:
    if report.break_even_jobs_per_hour:
        return "above this, always-on is cheaper"
    return "never within one instance's capacity" if report.successes else "no successful jobs in range"


def draw(report: CostReport) -> None:
    sample_traffic.offer(report.successes or report.total_usd or None)
    share = report.failures_usd / report.total_usd if report.total_usd and not report.is_outline else None
    break_even = report.break_even_jobs_per_hour
    st.html(
        html_blocks.stats(
            [
                Stat(
                    "Cost per 1,000 jobs",
                    usd(report.usd_per_1000),
                    note="" if report.assumptions == Assumptions() else "with the assumptions below",
                ),
                Stat("Total cost", usd(report.total_usd), note=f"{count(report.successes, 'successful job')} in range"),
                Stat("Spent on failed jobs", percent(share), note="" if share is None else usd(report.failures_usd)),
                Stat(
                    "Monthly estimate",
                    usd(report.month_usd),
                    note="not enough data yet" if report.month_usd is None else "at the rate in range",
                ),
                Stat(
                    "Break-even",
                    number(break_even) if break_even else "none" if report.successes else NONE,
                    unit="jobs/h" if break_even else "",
                    note=_break_even_note(report),
                ),
            ]
        )
    )
    parts = dict(zip(report.parts["component"], report.parts["usd"], strict=True))
    _explained(sentences.where_it_goes(parts, report.total_usd), charts.components(report), "parts")
    _show_failures(report)
    over_time, load = st.columns(2, gap="medium")
    with over_time:
        _explained(compared(report.usd_per_1000, report.week_before), charts.trend(report, page_runtime.ZONE), "trend")
    with load:
        capacity = report.assumptions.always_on_jobs_per_hour
        text = sentences.break_even(break_even, report.jobs_per_hour, capacity)
        _explained(text, charts.break_even(report), "break-even")
    notes = [
        f"Prices as of {report.prices_dated}.",
        sentences.own_spending(report.refresh_usd, report.totals_hourly_usd),
    ]
    if report.left_out:
        notes.append(f"Excluded: {'; '.join(report.left_out)}.")
    notes += [f"Note: {text}." for text in report.inferred]
    if report.measured_log_bytes is not None:
        notes.append(f"Measured log volume: {number(report.measured_log_bytes)} bytes per invocation.")
    st.html(html_blocks.quiet(" ".join(notes)))


def _show_failures(report: CostReport) -> None:
    if report.is_outline:
        page_outline.show_reading("Cost of failed attempts by cause")
        return
    causes = list(zip(report.failures["cause"], report.failures["usd"], strict=True))
    text = sentences.failures(causes, report.failures_usd, report.total_usd)
    _explained(text, charts.failures(report), "failures")


def _explained(sentence: str, chart: Chart, key: str) -> None:
    """A chart below its sentence. A line in place of the chart says as much alone."""
    if not base.instead(chart):
        st.html(html_blocks.lead(sentence))
    widgets.chart(chart, key)


report_area = st.container()  # above the assumptions, which the report needs first
assumptions = cost_assumptions.edit()
with report_area:
    page_runtime.page("cost", draw, skeleton_heights=(56, 70, 340, 300), extra=assumptions, has_outline=True)
