"""Concurrency: concurrent executions and their limits."""

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.charts import concurrency as charts
from dashboard.charts.drawing.comparison import EarlierReport
from dashboard.charts.drawing.series import latest, period, total
from dashboard.components import sample_traffic, widgets
from dashboard.formatting import NONE, millis, number, percent
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops import formatting
from ops.insight.reports.concurrency import ConcurrencyReport


def draw(report: ConcurrencyReport, earlier: EarlierReport | None) -> None:
    sample_traffic.offer(report.sent or total(report.concurrency, "observed"))
    when = f"at {formatting.clock(report.at, report.at)}" if report.at else ""
    # CloudWatch has the maximum of each period, not this second's value.
    peak = " ".join(filter(None, [f"peak ({length})" if (length := period(report.concurrency)) else "", when]))
    lowest = min(report.limits, key=lambda line: line.value, default=None)
    is_lowest = lowest and report.binding and lowest.name.endswith(report.binding)  # of a past range, "now: …"
    otherwise = report.binding or (NONE if report.running is None else "none")
    factor = "concurrency limit" if is_lowest else otherwise  # its name is beside its number
    by_now = f"{when}, by the limits of now" if when else ""
    st.html(
        html_blocks.stats(
            [
                Stat("Concurrency", number(report.running), note=peak),
                Stat("Lowest limit", number(lowest.value if lowest else None), note=lowest.name if lowest else ""),
                Stat("Limiting factor", factor, note=by_now or ("reached" if is_lowest else ""), words=True),
                Stat(
                    "Throttles",
                    number(report.throttled),
                    note="in range",
                    colour=theme.WARNING if report.throttled else "",
                ),
                Stat(
                    "Batch utilization",
                    percent(latest(report.batch, "share")),
                    note=f"batch size {number(report.batch_size)}{' now' if report.at else ''}",
                ),
                Stat(
                    "Time per message",
                    millis(None if report.seconds_per_message is None else report.seconds_per_message * 1000),
                    note="mean in range",
                ),
            ]
        )
    )
    viewer = page_runtime.ZONE
    widgets.chart(charts.executions(report, viewer, earlier), "law")
    widgets.pair(
        (charts.throttles(report, viewer, earlier), "throttles"), (charts.batches(report, viewer, earlier), "batches")
    )
    st.page_link(
        PAGES["forecast"].file,
        label="Forecast: when the backlog is drained",
        icon=":material/arrow_forward:",
        icon_position="right",
    )


page_runtime.page("concurrency", draw, skeleton_heights=(56, 70, 340, 300))
