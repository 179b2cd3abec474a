"""Cold starts: their latency and cost, by invocation, phase and version."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import page_outline, page_runtime
from dashboard.charts import cold_starts as charts
from dashboard.charts.drawing.base import instead
from dashboard.components import cold_start_options, sample_traffic, widgets
from dashboard.formatting import millis, number, percent, usd
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from ops.formatting import count
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.rules.cold_starts.reasons import ColdReason
from ops.insight.rules.cold_starts.versions import TOO_FEW


def show_reasons(report: ColdStartReport) -> None:
    if report.reasons.empty:
        return
    st.subheader("Why environments were cold", anchor=False)
    guessed, cold = report.reasons["inferred_cold"], report.reasons["cold"]
    basis = pd.Series("inferred from the other environments", report.reasons.index)
    basis = basis.mask(guessed < cold, "recorded, or inferred from the others").mask(guessed == 0, "recorded")
    unknown = report.reasons["reason"] == ColdReason.UNKNOWN.value
    widgets.table(
        report.reasons.assign(inferred=basis.mask(unknown, "nothing to infer it from")),
        "reasons",
        {
            "reason": "Reason",
            "cold": st.column_config.NumberColumn("Cold starts", format="localized"),
            "waited_p50_ms": st.column_config.NumberColumn("Init p50"),
            "waited_p95_ms": st.column_config.NumberColumn("Init p95"),
            "usd": st.column_config.NumberColumn("Init cost"),
            "inferred": "Basis",
        },
        {"waited_p50_ms": millis, "waited_p95_ms": millis, "usd": usd},
    )


INTERVAL_HELP = "In brackets the 95% confidence interval, where there are enough cold starts for one"
STARTS_NEEDED = "; it takes 72 for p95, and 368 for p99"


def show_versions(report: ColdStartReport) -> None:
    if report.by_version.empty:
        return
    st.subheader("Init duration by version", anchor=False)
    versions = report.by_version
    slower = versions["slower"].replace({"": None, TOO_FEW: f"{TOO_FEW} cold starts"})
    inits = {f"init_{name}": _with_interval(versions, name) for name in ("p50", "p95", "p99")}
    widgets.table(
        versions.assign(slower=slower).join(pd.DataFrame(inits, versions.index)),
        "versions",
        {
            "version": "Version",
            "invocations": st.column_config.NumberColumn("Invocations", format="localized"),
            "cold": st.column_config.NumberColumn("Cold starts", format="localized"),
            "share": st.column_config.NumberColumn("Share cold"),
            "init_p50": _init("Init p50"),
            "init_p95": _init("Init p95", STARTS_NEEDED),
            "init_p99": _init("Init p99", STARTS_NEEDED),
            "slower": st.column_config.TextColumn(
                "Slower than before", help="Whether the median is above that of the version before, by more than chance"
            ),
        },
        {"share": percent},
        placeholder="–",
    )


def _init(label: str, least: str = "") -> Any:
    return st.column_config.TextColumn(label, help=INTERVAL_HELP + least, alignment="right")


def _with_interval(versions: pd.DataFrame, name: str) -> list[str | None]:
    """A percentile, with its interval where there is one: ``2.78 s (2.55 s to 2.9 s)``."""
    columns = versions[[f"init_{name}_ms", f"init_{name}_low_ms", f"init_{name}_high_ms"]]
    return [
        None if pd.isna(ms) else millis(ms) + ("" if pd.isna(low) else f" ({millis(low)} to {millis(high)})")
        for ms, low, high in columns.itertuples(index=False)
    ]


def _init_note(report: ColdStartReport) -> str:
    return f"version {report.init_of}" if report.init_of else ""


def draw(report: ColdStartReport) -> None:
    if not report.is_outline:
        sample_traffic.offer(len(report.invocations) or None, of="invocations", known=not report.unread)
    st.html(
        html_blocks.stats(
            [
                Stat(
                    "Cold starts",
                    percent(report.share),
                    note=f"{number(report.cold)} of {count(report.recorded, 'invocation')}" if report.recorded else "",
                ),
                Stat("Init p50", millis(report.init_p50_ms), note=_init_note(report)),
                Stat("Init p95", millis(report.init_p95_ms), note=_init_note(report)),
                Stat("Init p99", millis(report.init_p99_ms), note=_init_note(report)),
                Stat("Init cost", usd(report.init_cost_usd), note="in range"),
            ]
        )
    )
    if report.is_outline:
        page_outline.show_reading("Init and invocation durations, reasons and versions")
        return
    dots = charts.dots(report, page_runtime.ZONE, page_runtime.selected_range())
    widgets.chart(dots, "dots")
    if not instead(dots):
        st.html(html_blocks.quiet("Click a dot for the trace of its invocation."))
    widgets.pair((charts.distribution(report), "distribution"), (charts.waterfall(report), "waterfall"))
    show_reasons(report)
    show_versions(report)
    if len(report.invocations):
        cold_start_options.show_options(report.options)
        cold_start_options.show_imports(report.imports)


page_runtime.page("cold_starts", draw, skeleton_heights=(56, 70, 360, 300), has_outline=True)
