"""Cold starts: their latency and cost, by invocation, phase and version."""

import streamlit as st

from dashboard import page_runtime
from dashboard.charts import cold_starts as charts
from dashboard.components import sample_traffic, widgets
from dashboard.formatting import millis, number, percent, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.insight.reports.cold_starts import ColdStartReport


def draw(report: ColdStartReport) -> None:
    sample_traffic.offer(len(report.invocations) or None)
    st.html(
        html_blocks.stats(
            [
                Stat(
                    "Cold starts",
                    percent(report.share),
                    note=f"{number(report.cold)} of {number(report.recorded)} invocations",
                ),
                Stat("Init p50", millis(report.init_p50_ms)),
                Stat("Init p95", millis(report.init_p95_ms)),
                Stat("Init p99", millis(report.init_p99_ms)),
                Stat("Init cost", usd(report.init_cost_usd), note="in range"),
            ]
        )
    )
    widgets.chart(charts.dots(report, page_runtime.ZONE, page_runtime.selected_range()), "dots")
    left, right = st.columns(2, gap="medium")
    with left:
        widgets.chart(charts.distribution(report), "distribution")
    with right:
        widgets.chart(charts.waterfall(report), "waterfall")
    st.subheader("Init duration by version", anchor=False)
    number_of = st.column_config.NumberColumn
    versions = report.by_version
    # Whole milliseconds: "localized" would show three digits.
    inits = [column for column in map(str, versions) if column.startswith("init_p")]
    table = versions.assign(share=versions["share"] * 100, **{column: versions[column].round() for column in inits})
    widgets.table(
        table,
        "versions",
        {
            "version": "Version",
            "invocations": st.column_config.NumberColumn("Invocations", format="localized"),
            "cold": st.column_config.NumberColumn("Cold starts", format="localized"),
            "share": st.column_config.NumberColumn("Cold (%)", format="%.2f"),
            "init_p50_ms": number_of("Init p50 (ms)", format="localized"),
            "init_p95_ms": number_of("Init p95 (ms)", format="localized"),
            "init_p99_ms": number_of("Init p99 (ms)", format="localized"),
        },
        placeholder="–",
    )


page_runtime.page("cold_starts", draw, skeleton_heights=(56, 70, 360, 300))
