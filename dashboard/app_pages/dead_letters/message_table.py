"""The chosen letters, a page at a time, and the ones among them that the reader ticks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.dead_letters import message_detail
from dashboard.components import cached_queries, widgets
from dashboard.formatting import number, sendable
from dashboard.markup import html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Selection

if TYPE_CHECKING:
    from ops.deadletters.messages.model import SnapshotMessage

PAGE_SIZE = 100
"""Letters in the table at once."""
SELECTED_ROWS_KEY = "_picked"

_ORDERS = {
    "Newest first": ("sent", True),
    "Oldest first": ("sent", False),
    "Most receives": ("receives", True),
    "Largest": ("bytes", True),
}
_COLUMNS = {
    "sent": st.column_config.DatetimeColumn("Sent", format="D MMM HH:mm:ss", width=118),
    "cause": st.column_config.TextColumn("Cause", width=145),
    "message": st.column_config.TextColumn("In its own words", width=283),
    "kind": st.column_config.TextColumn("Kind", width=78),
    "receives": st.column_config.NumberColumn("Receives", format="localized", width=72),
    "bytes": st.column_config.NumberColumn("Bytes", format="localized", width=66),
    "message_id": st.column_config.TextColumn("Message id", width=262),
}


def show_messages(service: DeadLetterService, selection: Selection, total: int) -> None:
    """The table, and the first ticked letter (else the first of all) below it."""
    if not total:
        st.html(html_blocks.empty("No letter matches", "Clear a box above, or choose another cause."))
        return
    pages = max(1, math.ceil(total / PAGE_SIZE))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        order = st.selectbox(
            "Order", list(_ORDERS), key="order", bind="query-params", label_visibility="collapsed", width=170
        )
        if pages > 1 and st.session_state.get("letters-page", 1) > pages:
            st.session_state["letters-page"] = 1
        at = st.pagination(pages, key="letters-page") if pages > 1 else 1
    by, descending = _ORDERS[order or "Newest first"]
    found = cached_queries.find_messages(service, selection, by, descending, PAGE_SIZE, (at - 1) * PAGE_SIZE)
    said = f"{number((at - 1) * PAGE_SIZE + 1)}–{number((at - 1) * PAGE_SIZE + len(found))} of {number(total)}"
    picked = widgets.table(
        _frame(found),
        f"letters-{at}-{order}-{hash(selection) & 0xFFFFFF:x}",
        _COLUMNS,
        on_select="rerun",
        selection_mode="multi-row",
        height=widgets.height(len(found)),
        alt=f"Letters {said}",
    )
    rows = [row for row in picked.selection.rows if row < len(found)]
    st.session_state[SELECTED_ROWS_KEY] = (selection, tuple(found[row].letter.message_id for row in rows))
    tip = f"{len(rows)} ticked: only those are planned or exported." if rows else "Tick letters to act on those only."
    st.html(f'<span class="so-quiet">Letters {said}. {tip}</span>')
    if found:
        message_detail.show_message(service, found[rows[0] if rows else 0])


def with_selected_rows(selection: Selection) -> Selection:
    """The selection, or the ticked letters of it."""
    of, ids = st.session_state.get(SELECTED_ROWS_KEY, (None, ()))
    return Selection(ids=ids, imported=selection.imported) if of == selection and ids else selection


def _frame(found: tuple[SnapshotMessage, ...]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "sent": one.letter.sent,
            "cause": f"{'likely ' if one.cause.likely else ''}{one.cause.error_type}",
            "message": one.cause.error_message or one.cause.label,
            "kind": one.letter.kind.value,
            "receives": one.letter.receives,
            "bytes": len(one.letter.body.encode(errors="surrogatepass")),
            "message_id": one.letter.message_id,
        }
        for one in found
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("cause", "message", "message_id"):  # Arrow holds no lone surrogate
        frame[name] = frame[name].map(sendable)
    return frame.assign(sent=pd.to_datetime(frame["sent"], utc=True).dt.tz_convert(page_runtime.ZONE))
