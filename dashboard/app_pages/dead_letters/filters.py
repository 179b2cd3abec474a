"""Filters by cause, text, JMESPath and time. All of them are in the page's address."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from ops.deadletters.plan_model import Selection

CAUSE_KEY = "cause"
TEXT_KEY, WHERE_KEY, SINCE_KEY, UNTIL_KEY = "find", "where", "since", "until"


def selected_cause() -> str:
    """The selected cause's fingerprint; empty: all causes."""
    return str(st.query_params.get(CAUSE_KEY, ""))


def select_cause(fingerprint: str) -> None:
    """Empty: all causes."""
    if fingerprint:
        st.query_params[CAUSE_KEY] = fingerprint
    else:
        st.query_params.pop(CAUSE_KEY, None)
    st.session_state.pop("letters-page", None)


def toggle_cause(fingerprint: str) -> None:
    """Select a cause, or clear the selection if it is that cause already."""
    select_cause("" if fingerprint == selected_cause() else fingerprint)


def clear_filters() -> None:
    select_cause("")
    for key in (TEXT_KEY, WHERE_KEY):
        st.session_state[key] = ""
    for key in (SINCE_KEY, UNTIL_KEY):
        st.session_state[key] = None


def show_filters(imported: bool = False) -> Selection:
    """The inputs, and the selection that they make together with the selected cause."""
    text_column, where_column, time_column = st.columns([3, 4, 1.7], gap="small", vertical_alignment="center")
    with text_column:
        text = st.text_input(
            "Search",
            key=TEXT_KEY,
            bind="query-params",
            placeholder="Search messages",
            icon=":material/search:",
            label_visibility="collapsed",
        )
    with where_column:
        where = st.text_input(
            "JMESPath",
            key=WHERE_KEY,
            bind="query-params",
            placeholder="JMESPath: body.n > `1`",
            icon=":material/data_object:",
            label_visibility="collapsed",
        )
    with time_column, st.popover("Sent", icon=":material/schedule:", width="stretch"):
        since = st.datetime_input("Sent at or after (UTC)", value=None, key=SINCE_KEY, bind="query-params", step=60)
        until = st.datetime_input("Sent before (UTC)", value=None, key=UNTIL_KEY, bind="query-params", step=60)
    return Selection(
        selected_cause(),
        (where or "").strip(),
        (text or "").strip(),
        _in_utc(since),
        _in_utc(until),
        imported=imported,
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def is_filtered(selection: Selection) -> bool:
    """Whether there is a filter other than the cause."""
    return bool(selection.where or selection.text or selection.since or selection.until)
