"""Queue: backlog and throughput."""

import streamlit as st

from dashboard import page_runtime
from dashboard.charts import queue as charts
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.components import sample_traffic, tenants_section, widgets
from dashboard.formatting import duration, number
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops import formatting
from ops.insight.report_types import Level
from ops.insight.reports.queue import QueueReport


def draw(report: QueueReport, earlier: EarlierReport | None) -> None:
    sample_traffic.offer(report.sent)
    # No backlog by the rule of the finding: what waits is no more than a minute's work, and has no time to drain.
    growing = report.drain_s is None and bool(report.waiting) and report.finding.level is not Level.OK
    drain = "not draining" if growing else duration(report.drain_s)
    nothing = "no backlog" if report.drain_s is None and report.waiting is not None and not growing else ""
    when = f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    mean = formatting.mean_of(report.rates_over).removeprefix("mean of ") if report.rates_over else ""
    st.html(
        html_blocks.stats(
            [
                Stat("Queued", number(report.waiting), "messages", note=when),
                Stat("In flight", number(report.in_flight), "messages", note=when),
                Stat("Age of oldest message", duration(report.oldest_s), note=when),
                Stat("Arrival rate", number(report.arrivals_per_min), "/min", note=mean),
                Stat("Processing rate", number(report.completions_per_min), "/min", note=mean),
                Stat("Time to drain", drain, note=nothing, words=growing),
            ]
        )
    )
    viewer = page_runtime.ZONE
    widgets.chart(charts.depth(report, viewer, earlier), "depth")
    widgets.pair((charts.rates(report, viewer, earlier), "rates"), (charts.age(report, viewer, earlier), "age"))
    widgets.chart(charts.receives(report, viewer, earlier), "receives")


page_runtime.page("queue", draw, skeleton_heights=(56, 70, 300, 300))
tenants_section.show_tenants()
