"""Charts and tables on a page: the same settings everywhere, and a name for screen readers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

import streamlit as st

from dashboard import page_runtime, theme, zoom
from dashboard.charts.drawing import base, time_series
from dashboard.charts.drawing.chart import Chart
from dashboard.markup import html_blocks
from dashboard.markup.chart_preview import chart_preview
from dashboard.server import first_chart

_REMOVED = ["lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]
_CONFIG = {
    "displaylogo": False,
    "displayModeBar": "hover",
    "modeBarButtonsToRemove": ["select2d", *_REMOVED],
    "responsive": True,
    "scrollZoom": False,
}

_TIME_CONFIG = {**_CONFIG, "modeBarButtonsToRemove": ["select2d", "zoom2d", "pan2d", "resetScale2d", *_REMOVED]}
"""Dragging across a time chart has one meaning, so these buttons are not needed."""


def chart(figure: Chart, key: str, below_cards: bool = False) -> None:
    """A chart below its title and remark. Dragging across a time chart selects the page's range. ``below_cards``: the page shows
    cards with sparklines first."""
    name, alt = f"chart-{key}", str(figure.layout.title.text)
    if base.has_legend(figure):
        figure.update_layout(margin={"t": base.LEGEND_PX})
    if line := base.instead(figure):
        st.html(html_blocks.instead_of_chart(alt, line))
        return
    with st.container(gap=None, key=f"titled-{key}"):
        head = html_blocks.chart_head(alt, base.remark(figure), base.unit(figure), base.lines(figure))
        preview = chart_preview(figure) if first_chart.is_awaited() else ""
        st.html(head + preview)
        first_chart.before_chart(has_preview=bool(preview) or below_cards)
        figure.update_layout(title=None)
        _plot(figure, name, alt)


def pair(*figures: tuple[Chart, str]) -> None:
    """Two charts side by side, each with its key. One that is a line of text is below the other."""
    drawn = [figure for figure in figures if not base.instead(figure[0])]
    if any(base.has_legend(figure) for figure, _ in drawn):
        for figure, _ in drawn:  # the plot below a legend begins no lower than the one beside it
            figure.update_layout(margin={"t": base.LEGEND_PX})
    places = st.columns(len(drawn), gap="medium") if len(drawn) > 1 else [st.container()] * len(drawn)
    for place, (figure, key) in zip(places, drawn, strict=True):
        with place:
            chart(figure, key)
    for figure, key in figures:
        if base.instead(figure):
            chart(figure, key)


def _plot(figure: Chart, name: str, alt: str) -> None:
    if figure.layout.xaxis.type != "date":
        st.plotly_chart(figure.figure(), key=name, config=_CONFIG, alt=alt)
        return
    time_series.select_range(figure, page_runtime.fixed_range(), page_runtime.ZONE, zoom.drags())
    st.plotly_chart(
        figure.figure(),
        key=name,
        config=_TIME_CONFIG,
        alt=alt,
        on_select=lambda: zoom.select(name, page_runtime.ZONE),
        selection_mode="box",
    )


def danger_button(label: str, key: str, **more: Any) -> bool:
    """A button that deletes, or whose effect cannot be undone: red everywhere."""
    with st.container(key=f"{theme.DANGER_CLASS}{key}", width="content"):
        return bool(st.button(label, key=key, **more))


def height(rows: int, most: int = 10) -> int:
    """Height in pixels of a table that shows at most ``most`` rows and then scrolls (at the theme's baseFontSize)."""
    return 36 + 33 * min(rows, most)


def table(
    frame: Any,
    key: str,
    columns: dict[str, Any],
    written: Mapping[str, Callable[[Any], str]] | None = None,
    **more: Any,
) -> Any:
    """A table of text and numbers: cells are never read as Markdown or HTML. ``written``: how numbers of a column of a data
    frame are written, as elsewhere on the page; they sort as numbers."""
    first_chart.wait()  # the browser loads as much for a table as for a chart
    if written:
        frame = frame.style.format(dict(written))
    return st.dataframe(
        frame, key=f"table-{key}", hide_index=True, column_config=columns, column_order=list(columns), **more
    )


def key_of_rows(name: str, rows: Iterable[Hashable]) -> str:
    """The key of a table whose rows can be selected. Streamlit keeps row numbers: in a table of the same key they would
    select whatever has taken the place of the selected rows."""
    return f"{name}-{hash(tuple(rows)) & 0xFFFFFFFF:x}"
