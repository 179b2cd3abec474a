"""Cold starts: how much latency and money do they cost?"""

import streamlit as st

from dashboard import live, theme
from dashboard.charts import cold_starts as charts
from dashboard.parts import blocks, show
from dashboard.parts.blocks import Stat
from dashboard.text import millis, number, percent, usd
from ops.insight.reports import ColdStartReport


def draw(report: ColdStartReport) -> None:
    cold = int(report.invocations["cold"].sum()) if len(report.invocations) else None
    st.html(
        blocks.stats(
            [
                Stat(
                    "Cold starts",
                    percent(report.share),
                    note=f"{number(cold)} of {number(len(report.invocations))} invocations",
                    colour=theme.COLD,
                ),
                Stat("Init, median", millis(report.init_p50_ms), colour=theme.COLD),
                Stat("Init, p95", millis(report.init_p95_ms), colour=theme.COLD),
                Stat("Init, p99", millis(report.init_p99_ms), colour=theme.COLD),
                Stat("Billed init", usd(report.init_cost_usd), note="in this time"),
            ]
        )
    )
    show.chart(charts.dots(report, live.ZONE, live.reach()), "dots")
    left, right = st.columns(2, gap="medium")
    with left:
        show.chart(charts.distribution(report), "distribution")
    with right:
        show.chart(charts.waterfall(report), "waterfall")
    st.subheader("Do invocations fail, or come close to their timeout?", anchor=False)
    left, right = st.columns(2, gap="medium")
    with left:
        show.chart(charts.errors(report, live.ZONE), "errors")
    with right:
        show.chart(charts.durations(report, live.ZONE), "durations")
    st.subheader("Is a version slower to start?", anchor=False)
    number_of = st.column_config.NumberColumn
    table = report.by_version.assign(share=report.by_version["share"] * 100)
    show.table(
        table,
        "versions",
        {
            "version": "Version",
            "invocations": st.column_config.NumberColumn("Invocations", format="localized"),
            "cold": st.column_config.NumberColumn("Cold", format="localized"),
            "share": st.column_config.NumberColumn("Share, %", format="%.2f"),
            "init_p50_ms": number_of("Init p50, ms", format="%.0f"),
            "init_p95_ms": number_of("Init p95, ms", format="%.0f"),
            "init_p99_ms": number_of("Init p99, ms", format="%.0f"),
        },
        placeholder="–",
    )


live.page("cold_starts", draw, sketch=(56, 70, 360, 300))
