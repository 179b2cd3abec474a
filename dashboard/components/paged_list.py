"""Pagination of a long list."""

from __future__ import annotations

import math
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class _Widget:
    """The value of a widget with a default must not be set (Streamlit warns): another first page is another widget."""

    key: str
    first: int


def current_page(key: str, rows: int, size: int, first_row: int = 0) -> int:
    """The current page, from 0. ``first_row``: its page is shown on a visit. A list that became shorter shows its
    first page."""
    pages = math.ceil(rows / size)
    if pages <= 1:
        return 0
    widget: _Widget | None = st.session_state.get(f"_{key}")
    if widget is None or widget.key not in st.session_state:
        widget = _Widget(f"{key}-1", min(pages, first_row // size + 1))
    page = int(st.session_state.get(widget.key, widget.first))
    if page > pages:
        number = int(widget.key.removeprefix(f"{key}-"))
        widget, page = _Widget(f"{key}-{number + 1}", 1), 1
    st.session_state[f"_{key}"] = widget
    return page - 1


def show_pages(key: str, rows: int, size: int) -> None:
    """Shows the page selector below the list of ``current_page``; nothing for a single page."""
    pages = math.ceil(rows / size)
    if pages > 1:
        widget: _Widget = st.session_state[f"_{key}"]
        st.pagination(pages, default=widget.first, key=widget.key, max_visible_pages=5)
