"""Cold starts: every invocation as a dot, and the phases of one cold start."""

from __future__ import annotations

from datetime import UTC, tzinfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import figure, local, say_empty, zone_name
from dashboard.text import millis, plain
from ops.insight.reports import ColdStartReport

WEBGL_FROM = 2_000
"""Dots from which they are drawn by the graphics card: as SVG each one is an element of the page."""


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
            x=group["init_ms"], name=f"version {plain(version)}", marker={"color": shades[number % len(shades)]}, nbinsx=40, opacity=0.75,
            hovertemplate="%{y} cold starts",
        )  # fmt: skip
    chart.update_layout(barmode="overlay")
    if rows.empty:
        say_empty(chart, "No cold start in this time")
    return chart


def waterfall(report: ColdStartReport) -> go.Figure:
    """The phases of the latest cold start, each where it began."""
    chart = figure("Where did the latest cold start spend its time?", "", "ms since the environment was asked for", 260)
    phases = report.phases
    colours = [
        theme.COLD if "nvo" not in name and "answer" not in name else theme.WARM for name in phases.get("phase", [])
    ]
    chart.add_bar(
        y=[plain(name) for name in phases.get("phase", [])],
        x=phases.get("duration_ms", []),
        base=phases.get("start_ms", []),
        orientation="h",
        marker={"color": colours},
        text=[millis(value) for value in phases.get("duration_ms", [])],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:,.1f} ms<extra></extra>",
    )
    chart.update_layout(showlegend=False, hovermode="closest", margin={"t": 40})
    chart.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal")
    end = float(np.nanmax(phases["start_ms"] + phases["duration_ms"])) if len(phases) else 1.0
    chart.update_xaxes(range=[0, end * 1.12], showgrid=True)
    if phases.empty:
        say_empty(chart, "No cold start in this time")
        chart.update_yaxes(autorange=True)
    return chart
