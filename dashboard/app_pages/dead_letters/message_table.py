"""The selected messages, page by page, and the rows among them that are checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime
from dashboard.app_pages.dead_letters import message_detail
from dashboard.components import widgets
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import number, sendable
from dashboard.markup import html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.plan_model import Selection

if TYPE_CHECKING:
    from ops.deadletters.messages.model import SnapshotMessage

PAGE_SIZE = 100
"""Messages per page of the table."""
SHOWN_ROWS = 5
"""Before the table scrolls: the message below it stays in view."""
SHORT_ID = 13
"""Characters of a message ID in the table, as on the command line; the details below have all of it."""
SELECTED_ROWS_KEY = "_picked"

_ORDERS = {
    "Newest first": ("sent", True),
    "Oldest first": ("sent", False),
    "Most receives": ("receives", True),
    "Largest": ("bytes", True),
}
_COLUMNS = {
    "sent": st.column_config.DatetimeColumn("Sent", format="D MMM HH:mm:ss", width=106),
    "cause": st.column_config.TextColumn("Cause", width=118),
    "message": st.column_config.TextColumn("Error message", width=160),
    "receives": st.column_config.NumberColumn("Receives", format="localized", width=70),
    "message_id": st.column_config.TextColumn("Message ID", width=116),
    "kind": st.column_config.TextColumn("Kind", width=76),
    "bytes": st.column_config.NumberColumn("Bytes", format="localized", width=62),
}


def show_messages(service: DeadLetterService, selection: Selection, total: int) -> None:
    """The table, and below it the first checked message, else the first of all."""
    if not total:
        st.html(html_blocks.empty("No messages match", "Clear a filter above, or select another cause."))
        return
    pages = max(1, math.ceil(total / PAGE_SIZE))
    if pages > 1 and st.session_state.get("letters-page", 1) > pages:
        st.session_state["letters-page"] = 1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="paging"):
        hint = st.empty()
        page = st.pagination(pages, key="letters-page", max_visible_pages=3) if pages > 1 else 1
        order = st.selectbox(
            "Order", list(_ORDERS), key="order", bind="query-params", label_visibility="collapsed", width=150
        )
    by, descending = _ORDERS[order or "Newest first"]
    messages = dead_letter_queries.find_messages(service, selection, by, descending, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    shown = f"{number((page - 1) * PAGE_SIZE + 1)}–{number((page - 1) * PAGE_SIZE + len(messages))} of {number(total)}"
    table = widgets.table(
        _frame(messages),
        widgets.key_of_rows("letters", (selection, *(message.message.message_id for message in messages))),
        _COLUMNS,
        on_select="rerun",
        selection_mode="multi-row",
        height=widgets.height(len(messages), SHOWN_ROWS),
        alt=f"Messages {shown}",
    )
    rows = [row for row in table.selection.rows if row < len(messages)]
    st.session_state[SELECTED_ROWS_KEY] = (selection, tuple(messages[row].message.message_id for row in rows))
    usual = "" if pages > 1 else "Select rows to act on a subset."  # no room beside the pages
    what = f"Actions apply to the {len(rows)} selected." if rows else usual
    hint.html(f'<span class="so-quiet">Messages {shown}. {what}</span>')
    if messages:
        message_detail.show_message(service, messages[rows[0] if rows else 0])


def with_selected_rows(selection: Selection) -> Selection:
    """The selection, or its rows that are checked."""
    checked_in, ids = st.session_state.get(SELECTED_ROWS_KEY, (None, ()))
    return Selection(ids=ids, imported=selection.imported) if checked_in == selection and ids else selection


def _frame(messages: tuple[SnapshotMessage, ...]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "sent": message.message.sent,
            "cause": f"{'likely ' if message.cause.likely else ''}{message.cause.error_type}",
            "message": message.cause.error_message or message.cause.label,
            "kind": message.message.kind.value,
            "receives": message.message.receives,
            "bytes": len(message.message.body.encode(errors="surrogatepass")),
            "message_id": message.message.message_id[:SHORT_ID],
        }
        for message in messages
    ]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    for name in ("cause", "message", "message_id"):  # Arrow holds no lone surrogate
        frame[name] = frame[name].map(sendable)
    return frame.assign(sent=pd.to_datetime(frame["sent"], utc=True).dt.tz_convert(page_runtime.ZONE))
