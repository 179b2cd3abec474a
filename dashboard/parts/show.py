"""Charts and tables on a page: same settings everywhere, and a name for screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

_CONFIG = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
    "responsive": True,
    "scrollZoom": False,
}


def chart(figure: go.Figure, key: str) -> None:
    """A chart that keeps its place, and the reader's zoom, when it is drawn again."""
    st.plotly_chart(figure, key=f"chart-{key}", config=_CONFIG, alt=str(figure.layout.title.text))


def height(rows: int, most: int = 10) -> int:
    """Pixels of a table that shows ``rows`` rows, or ``most`` of them and scrolls (at the theme's baseFontSize)."""
    return 36 + 33 * min(rows, most)


def table(frame: Any, key: str, columns: dict[str, Any], **more: Any) -> Any:
    """A table of text and numbers: cells are never read as Markdown or HTML."""
    return st.dataframe(
        frame, key=f"table-{key}", hide_index=True, column_config=columns, column_order=list(columns), **more
    )
