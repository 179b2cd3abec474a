"""A time range dragged in a chart becomes the page's: every chart, the sidebar and the address follow it.

The charts share the page's range, so nothing has to link them in the browser, and the data comes at the resolution of
the range. The range before the first drag is in the address too, so that it can be restored from a shared link.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

import streamlit as st

from dashboard import time_range as spans

ZOOMED_FROM = "zoomed_from"
"""The key in the address and the session for the range that "Reset zoom" restores, as ``spans.address`` writes it."""
_DRAGS, _MOVED = "_zoom_drags", "_zoom_moved"


def drags() -> int:
    """The number of drags in this session: a chart drawn with a different number drops its selection box."""
    return int(st.session_state.get(_DRAGS, 0))


def select(key: str, zone: tzinfo) -> None:
    """The callback of the chart with ``key``, whose time axis is in ``zone``: its box becomes the page's range."""
    boxes: list[dict[str, Any]] = st.session_state[key].selection.box
    if not boxes:
        return
    st.session_state[_DRAGS] = drags() + 1
    st.session_state[_MOVED] = True
    if span := spans.dragged(boxes[-1]["x"], zone):
        st.session_state.setdefault(ZOOMED_FROM, _now_chosen())
        _choose(spans.CUSTOM, span.start, span.end)


def follow() -> None:
    """Called first in a fragment: a drag in it changes the whole page, the sidebar first."""
    if st.session_state.pop(_MOVED, False):
        st.rerun()


def control() -> None:
    """The button that restores the range before the first drag; nothing without a drag."""
    before = st.session_state.setdefault(ZOOMED_FROM, st.query_params.get(ZOOMED_FROM, ""))
    if spans.from_address(before) is None:
        forget()
        return
    st.query_params[ZOOMED_FROM] = before
    label = before if before in spans.RANGES else "the previous range"
    st.button(
        "Reset zoom", icon=":material/zoom_out_map:", key="zoom-reset", on_click=_reset, help=f"Return to {label}."
    )


def forget() -> None:
    """Forgets the zoom, as when another range is selected."""
    st.session_state.pop(ZOOMED_FROM, None)
    st.query_params.pop(ZOOMED_FROM, None)


def _reset() -> None:
    before = spans.from_address(st.session_state.get(ZOOMED_FROM, ""))
    forget()
    if before is not None:
        _choose(*before)


def _now_chosen() -> str:
    held = st.session_state
    return spans.address(held["range"], held.get("from"), held.get("to"))


def _choose(name: str, start: datetime | None, end: datetime | None) -> None:
    """Set the sidebar's inputs, which hold naive times in UTC. Only a callback can set them."""
    st.session_state["range"] = name
    for key, moment in (("from", start), ("to", end)):
        if moment is not None:
            st.session_state[key] = moment.replace(tzinfo=None)
