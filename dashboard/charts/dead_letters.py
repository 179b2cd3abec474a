"""Dead letters: their number over time."""

from __future__ import annotations

from datetime import tzinfo

from dashboard import theme
from dashboard.charts.drawing.chart import Chart
from dashboard.charts.drawing.time_series import Series, over_time
from ops.insight.reports.dead_letters import DeadLettersReport


def depth(report: DeadLettersReport, viewer: tzinfo) -> Chart:
    return over_time(
        "DLQ depth over time",
        report.depth,
        [Series("dead", "messages in the dead-letter queue", theme.DEAD, fill=True, step=True)],
        "messages",
        viewer,
        limits=report.depth_lines,
        counts=True,
    )
