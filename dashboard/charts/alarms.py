"""The chart of one alarm: what it watches, its threshold, the periods that breach, and those that decide now."""

from __future__ import annotations

from datetime import tzinfo

from dashboard import theme
from dashboard.charts.drawing.base import local, set_instead, set_remark
from dashboard.charts.drawing.base import remark as remark_of
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.time_series import Series, over_time
from dashboard.formatting import duration, plain
from ops.insight.report_types import Threshold
from ops.insight.reports.alarms_page.chart import AlarmChart

HEIGHT = 240
WINDOW_OPACITY = 0.16


def chart(alarm: AlarmChart, name: str, viewer: tzinfo) -> Chart:
    """``name``: the alarm's, for readers."""
    limits = [Threshold(f"fires at {alarm.sign}", alarm.threshold)] if alarm.threshold is not None else []
    figure = over_time(
        f"{alarm.title} of {name}" if alarm.title else name,
        alarm.frame,
        [Series("value", plain(alarm.title), theme.VISIBLE, step=True)],
        alarm.unit,
        viewer,
        limits=limits,
        counts=bool((alarm.frame["value"].dropna() % 1 == 0).all()),
        height=HEIGHT,
        write=lambda _: alarm.threshold_text,
    )
    if alarm.frame["value"].notna().any():  # zeros, too: the reader wants to see the threshold and the window
        set_instead(figure, "")
    _mark_breaches(figure, alarm, viewer)
    if alarm.evaluated is not None:
        start, end = local(list(alarm.evaluated), viewer)
        figure.add_shape(
            type="rect",
            x0=start,
            x1=end,
            y0=0,
            y1=1,
            yref="paper",
            layer="below",
            line={"width": 0},
            fillcolor=theme.NEUTRAL,
            opacity=WINDOW_OPACITY,
        )
    set_remark(figure, " · ".join(filter(None, (alarm.remark, remark_of(figure)))))
    return figure


def _mark_breaches(figure: Chart, alarm: AlarmChart, viewer: tzinfo) -> None:
    breaching = alarm.frame["breaching"].dropna()
    figure.add_scatter(
        x=local(breaching.index, viewer),
        y=breaching,
        name="breaches",
        mode="markers",
        marker={"color": theme.DEAD, "size": 4, "symbol": "diamond"},
        showlegend=False,
        hovertemplate="breaches",
    )


def window_text(alarm: AlarmChart) -> str:
    """A sentence about how the state is evaluated."""
    period, shaded = duration(alarm.period_s), "" if alarm.evaluated is None else " (shaded)"
    if alarm.periods == 1:
        rule = f"Evaluates the last period of {period}{shaded}"
        return f"{rule}, which {'breaches' if alarm.breaching else 'does not breach'}." if shaded else f"{rule}."
    rule = f"Evaluates the last {alarm.periods} periods of {period}{shaded}, and fires when {alarm.to_alarm} of them breach"
    return f"{rule}: {alarm.breaching} {'does' if alarm.breaching == 1 else 'do'} now." if shaded else f"{rule}."
