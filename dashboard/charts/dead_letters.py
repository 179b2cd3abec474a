"""Dead letters: when they came."""

from __future__ import annotations

from datetime import tzinfo

import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, over_time
from ops.insight.reports.dead_letters import DeadLettersReport


def depth(report: DeadLettersReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "When did they die?",
        report.depth,
        [Series("dead", "letters in the dead-letter queue", theme.DEAD, fill=True, step=True)],
        "letters",
        viewer,
        counts=True,
    )
