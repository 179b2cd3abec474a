"""Cold starts: every invocation as a dot, init durations, and the phases of one cold start."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, tzinfo

import numpy as np
import pandas as pd

from dashboard import theme
from dashboard.charts.drawing.base import BAR_LABEL, figure, local, over_time_axis, set_instead, set_remark, whole
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.series import late_start, since
from dashboard.formatting import millis, number, plain
from ops.formatting import count
from ops.insight.reports.cold_starts import PHASES, ColdStartReport

MAX_DOTS = 1_000
"""Dots sent to a browser per refresh (about 200 kB), unless more are cold or failed."""
WEBGL_FROM = 2_000
"""Dots from which WebGL draws them: as SVG each one is an element of the page, but WebGL is slow without a graphics card."""
SLOWEST = 50
"""Warm successes that are drawn however many there are."""
TICKS = tuple(float(f"{digit}e{power}") for power in range(-3, 3) for digit in (1, 3))
"""Seconds; 900 is the longest timeout of a function."""
NEAR_TICKS = tuple(float(f"{digit}e{power}") for power in range(-3, 3) for digit in (1, 2, 5))
NEAR = 50
"""Longest over shortest up to which powers of ten would leave the axis with one tick or none."""
UNREAD = "unknown: the log lines were not read"
"""In place of all but the first chart, which has the reason."""
SHADES = (theme.COLD, "#b3a4ea", "#5a43a8", theme.NEUTRAL)
"""Versions side by side, all with one meaning."""

INIT = tuple(phase for phase, _ in PHASES[:2])
"""The phases that only a cold start has."""


def dots(report: ColdStartReport, viewer: tzinfo, span: tuple[datetime, datetime] | None = None) -> Chart:
    """Every invocation at its start time, by duration. ``span``: the selected range, drawn whole."""
    rows, left_out = _thinned(report.invocations)
    chart = figure("Invocation duration (cold vs. warm)", "seconds incl. init, log scale", height=340)
    chart.update_layout(hovermode="closest")
    ticks = _ticks(_seconds(rows))
    chart.update_yaxes(type="log", rangemode="normal", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    over_time_axis(chart)
    first = None
    if span:
        first = late_start(pd.Series(True, index=pd.DatetimeIndex(rows["started"])).sort_index(), *span)
        chart.update_xaxes(range=list(local([first or span[0], span[1]], viewer)))
    failed = ~rows["status"].isin(["success", ""])
    cold = rows["cold"].astype(bool)
    webgl = len(rows) > WEBGL_FROM
    draw = chart.add_scattergl if webgl else chart.add_scatter
    for name, matches, colour, symbol, size in (
        ("warm", ~cold & ~failed, theme.WARM, "circle", 5),
        ("cold", cold & ~failed, theme.COLD, "diamond", 8),
        ("failed", failed, theme.DEAD, "x", 7),
    ):
        group = rows[matches]
        draw(
            x=local(pd.DatetimeIndex(group["started"]), viewer) if len(group) else [],
            y=_seconds(group),
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.6 if name == "warm" else 0.9},
            customdata=list(zip(_hover_texts(group), group["request_id"], strict=True)),
            hovertemplate="%{customdata[0]}<extra></extra>",
            **({} if webgl else {"cliponaxis": False}),  # WebGL has no such setting
        )
    if rows.empty:
        reason = plain(f"unknown: {report.unread}") if report.unread else "no invocations in this range"
        set_instead(chart, reason)
    else:
        more = (since(first, viewer) if first else "", _drawn(len(rows), left_out))
        set_remark(chart, " · ".join(filter(None, more)))
    return chart


def _seconds(rows: pd.DataFrame) -> pd.Series[float]:
    return (rows["duration_ms"] + rows["init_ms"].fillna(0)) / 1000


def _ticks(seconds: pd.Series[float]) -> tuple[float, ...]:
    drawn = seconds[seconds > 0]
    return NEAR_TICKS if not drawn.empty and drawn.max() <= NEAR * drawn.min() else TICKS


def _drawn(drawn: int, left_out: int) -> str:
    if not left_out:
        return ""
    return f"{number(drawn)} of {number(drawn + left_out)} drawn, with all cold and failed ones and the slowest"


def _thinned(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """No more dots than a browser draws smoothly, and how many are left out: warm successes are thinned out evenly, but for
    the slowest; never a cold or failed one."""
    if len(rows) <= MAX_DOTS:
        return rows, 0
    kept = rows["cold"].astype(bool) | ~rows["status"].isin(["success", ""])
    kept |= rows["duration_ms"].mask(kept).rank(method="first", ascending=False) <= SLOWEST
    others = rows[~kept]
    others = others.iloc[:: max(2, -(-len(others) // max(1, MAX_DOTS - int(kept.sum()))))]
    drawn = pd.concat([rows[kept], others]).sort_values("started")
    return drawn, len(rows) - len(drawn)


def _hover_texts(rows: pd.DataFrame) -> list[str]:
    """The hover text of each invocation; its parts come from logs, so they are escaped."""
    texts = []
    for row in rows.to_dict("records"):
        init = f" + {millis(row['init_ms'])} init" if row["cold"] and pd.notna(row["init_ms"]) else ""
        texts.append(
            f"{row['started'].astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC<br>"
            f"{millis(row['duration_ms'])}{init}, version {plain(row['version'])}<br>"
            f"{plain(row['status'])} {plain(row['error_type'] or '')}<br>{plain(row['request_id'])}"
        )
    return texts


def distribution(report: ColdStartReport) -> Chart:
    """Init durations as a histogram in which the versions are stacked."""
    chart = figure("Init duration distribution", "cold starts", "init duration (ms)")
    rows = report.invocations.dropna(subset=["init_ms"])
    if rows.empty:
        set_instead(chart, _none(report))
        return chart
    if report.too_few:
        of = f" of {number(report.cold)}" if report.cold is not None else ""
        set_instead(chart, f"{len(rows)}{of} cold starts in the sample: too few to draw")
        return chart
    edges = np.histogram_bin_edges(rows["init_ms"].astype(float), bins=min(40, max(8, len(rows) // 3)))
    stacked = np.zeros(len(edges) - 1, dtype=int)
    for at, (version, group) in enumerate(rows.groupby("version", sort=True)):
        counts, _ = np.histogram(group["init_ms"].astype(float), edges)
        stacked += counts
        chart.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            name=f"version {plain(version)}",
            marker={"color": SHADES[at % len(SHADES)], "line": {"width": 0}},
            customdata=[
                f"{low:,.0f} to {high:,.0f} ms: {count(found, 'cold start')}"
                for (low, high), found in zip(itertools.pairwise(edges), counts, strict=True)
            ],
            hovertemplate="%{customdata}",
        )
    chart.update_layout(barmode="stack", hovermode="closest")  # laid over one another, two versions look like a third
    chart.update_xaxes(
        tick0=0, dtick=_tick_distance(float(edges[-1] - edges[0]))
    )  # Plotly would name each bar's middle: 626
    whole(chart, int(stacked.max()))
    return chart


def _tick_distance(span: float) -> float:
    """A round one, of which six at most fit into ``span``, a positive length."""
    power = 10.0 ** math.floor(math.log10(span))
    return next(power * share for share in (0.2, 0.5, 1.0, 2.0) if span <= 6 * power * share)


def waterfall(report: ColdStartReport) -> Chart:
    """The phases of the latest cold start, each at its start time."""
    phases = report.phases
    end = float((phases["start_ms"] + phases["duration_ms"]).max()) if len(phases) else 1.0
    unit, size = ("s", 1_000.0) if end >= 3_000 else ("ms", 1.0)
    chart = figure("Latest cold start breakdown", "", f"{unit} from the start of init", 260)
    chart.add_bar(
        y=[plain(name) for name in phases["phase"]],
        x=phases["duration_ms"] / size,
        base=phases["start_ms"] / size,
        orientation="h",
        marker={"color": [theme.COLD if name in INIT else theme.WARM for name in phases["phase"]]},
        text=["under 1 ms" if 0 < value < 1 else millis(value) for value in phases["duration_ms"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    chart.update_layout(showlegend=False, hovermode="closest", margin={"t": 8, "r": BAR_LABEL})
    chart.update_yaxes(side="left", autorange="reversed", showgrid=False, rangemode="normal")
    chart.update_xaxes(range=[0, end / size], showgrid=True)
    if phases.empty:
        set_instead(chart, _none(report))
    return chart


def _none(report: ColdStartReport) -> str:
    """Why no cold start can be drawn."""
    if report.unread:
        return UNREAD
    return "no cold start is in the sample" if report.cold else "no cold starts in this range"
