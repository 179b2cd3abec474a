"""Dead letters: when they came, and of what they died."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd
import plotly.graph_objects as go

from dashboard import theme
from dashboard.charts.base import Series, figure, over_time
from dashboard.text import plain
from ops.insight.reports import DeadLettersReport


def depth(report: DeadLettersReport, viewer: tzinfo) -> go.Figure:
    return over_time(
        "When did they die?",
        report.depth,
        [Series("dead", "letters in the dead-letter queue", theme.DEAD, fill=True, step=True)],
        "letters",
        viewer,
        counts=True,
    )


def causes(table: pd.DataFrame) -> go.Figure:
    """Letters by cause, the most frequent on top. Causes are foreign text: shown as text."""
    chart = figure("What did they die of?", "", "letters", height=90 + 34 * max(1, min(len(table), 8)))
    top = table.sort_values("letters", ascending=False).head(8)
    labels = [plain(kind or "unknown", 40) for kind in top["error_type"]]
    chart.add_bar(
        y=[
            f"{label}{chr(0x200B) * position}" for position, label in enumerate(labels)
        ],  # equal labels stay separate bars
        x=top["letters"],
        orientation="h",
        marker={"color": theme.DEAD},
        text=top["letters"],
        textposition="outside",
        cliponaxis=False,
        customdata=[plain(message, 160) for message in top["error_message"]],
        hovertemplate="%{y}: %{x} letters<br>%{customdata}<extra></extra>",
    )
    chart.update_layout(showlegend=False, hovermode="closest", margin={"t": 40})
    chart.update_yaxes(autorange="reversed", showgrid=False, rangemode="normal", nticks=None)
    chart.update_xaxes(showgrid=True, rangemode="tozero", title={"standoff": 14})
    return chart
