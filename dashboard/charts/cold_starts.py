"""Cold starts: every invocation as a dot, and the phases of one cold start."""

from __future__ import annotations

from datetime import UTC, tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import figure, local, say_empty, zone_name
from dashboard.text import millis, plain
from ops.insight.reports import ColdStartReport

WEBGL_FROM = 2_000
"""Dots from which they are drawn by the graphics card: as SVG each one is an element of the page."""

INIT = ("Runtime and handler init", "Extensions and platform")
"""The phases that only a cold start has, as ops.insight.cold_starts names them."""


def dots(report: ColdStartReport, viewer: tzinfo) -> go.Figure:
    rows = report.invocations
    chart = figure(
        "When were invocations slow, and were those the cold ones?",
        "seconds, init included",
        f"time, {zone_name(rows, viewer)}",
        360,
    )
    chart.update_layout(hovermode="closest")
    chart.update_yaxes(
        type="log",
        rangemode="normal",
        tickvals=[0.01, 0.1, 1, 10, 100, 900],
        ticktext=["0.01", "0.1", "1", "10", "100", "900"],
    )
    failed = ~rows["status"].isin(["success"]) if len(rows) else pd.Series(dtype=bool)
    cold = rows["cold"].astype(bool) if len(rows) else pd.Series(dtype=bool)
    draw = chart.add_scattergl if len(rows) > WEBGL_FROM else chart.add_scatter
    for name, chosen, colour, symbol, size in (
        ("warm", ~cold & ~failed, theme.WARM, "circle", 5),
        ("cold", cold & ~failed, theme.COLD, "diamond", 8),
        ("failed", failed, theme.DEAD, "x", 7),
    ):
        group = rows[chosen] if len(rows) else rows
        total = (group["duration_ms"] + group["init_ms"].fillna(0)) / 1000 if len(group) else []
        draw(
            x=local(pd.DatetimeIndex(group["started"]), viewer) if len(group) else [],
            y=total,
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.6 if name == "warm" else 0.9},
            customdata=_told(group),
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
        )
    if rows.empty:
        say_empty(chart, "No invocation in this time")
        chart.update_yaxes(type="linear")
    return chart


def _told(rows: pd.DataFrame) -> list[list[str]]:
    told = []
    for row in rows.itertuples():
        start = f" + {millis(row.init_ms)} init" if row.cold and row.init_ms == row.init_ms else ""
        told.append(
            [
                f"{row.started.tz_convert(UTC):%Y-%m-%d %H:%M:%S} UTC",
                f"{millis(row.duration_ms)}{start}, version {plain(row.version)}",
                plain(f"{row.status} {row.error_type or ''}".strip()),
                plain(row.request_id),
            ]
        )
    return told


def distribution(report: ColdStartReport) -> go.Figure:
    """How long initialising takes, as a histogram a version."""
    chart = figure("How long does a cold start take?", "cold starts", "init, ms")
    rows = report.invocations.dropna(subset=["init_ms"])
    shades = (theme.COLD, "#b3a4ea", "#5a43a8", "#7d8694")
    for number, (version, group) in enumerate(rows.groupby("version", sort=True)):
        chart.add_histogram(
            x=group["init_ms"],
            name=f"version {plain(version)}",
            marker={"color": shades[number % len(shades)]},
            nbinsx=40,
            opacity=0.75,
            hovertemplate="%{y} cold starts",
        )
    chart.update_layout(barmode="overlay")
    if rows.empty:
        say_empty(chart, "No cold start in this time")
    return chart


def waterfall(report: ColdStartReport) -> go.Figure:
    """The phases of the latest cold start, each where it began."""
    phases = report.phases
    end = float((phases["start_ms"] + phases["duration_ms"]).max()) if len(phases) else 1.0
    unit, size = ("s", 1_000.0) if end >= 3_000 else ("ms", 1.0)
    chart = figure("Where did the latest cold start spend its time?", "", f"{unit} from the start of init", 260)
    chart.add_bar(
        y=[plain(name) for name in phases["phase"]],
        x=phases["duration_ms"] / size,
        base=phases["start_ms"] / size,
        orientation="h",
        marker={"color": [theme.COLD if name in INIT else theme.WARM for name in phases["phase"]]},
        text=[millis(value) for value in phases["duration_ms"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    chart.update_layout(showlegend=False, hovermode="closest", margin={"t": 40})
    chart.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal")
    chart.update_xaxes(range=[0, end / size * 1.15], showgrid=True)
    if phases.empty:
        say_empty(chart, "No cold start in this time")
        chart.update_yaxes(autorange=True)
    return chart
