"""Which letters: what the reader chose by cause, text, JMESPath and time. All of it is in the address."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from ops.deadletters.plan_model import Selection

CAUSE_KEY = "cause"
TEXT_KEY, WHERE_KEY, SINCE_KEY, UNTIL_KEY = "find", "where", "since", "until"


def selected_cause() -> str:
    """The chosen cause's fingerprint; empty: all."""
    return str(st.query_params.get(CAUSE_KEY, ""))


def toggle_cause(fingerprint: str) -> None:
    """The letters of one cause, or of all when that one was chosen already."""
    if fingerprint == selected_cause() or not fingerprint:
        st.query_params.pop(CAUSE_KEY, None)
    else:
        st.query_params[CAUSE_KEY] = fingerprint
    st.session_state.pop("letters-page", None)


def clear_filters() -> None:
    toggle_cause("")
    for key in (TEXT_KEY, WHERE_KEY):
        st.session_state[key] = ""
    for key in (SINCE_KEY, UNTIL_KEY):
        st.session_state[key] = None


def show_filters(imported: bool = False) -> Selection:
    """The boxes, and what they say together with the chosen cause."""
    text, where, times = st.columns([3, 4, 1.2], gap="small", vertical_alignment="bottom")
    with text:
        found = st.text_input(
            "Find",
            key=TEXT_KEY,
            bind="query-params",
            placeholder="text in body or attributes",
            icon=":material/search:",
        )
    with where:
        wanted = st.text_input(
            "JMESPath",
            key=WHERE_KEY,
            bind="query-params",
            placeholder="body.params.alpha > `0.5` && kind == 'sqs'",
            icon=":material/data_object:",
            help="Over body (JSON), text, attributes, system, kind and cause; the letters for which it is true.",
        )
    with times, st.popover("Sent", icon=":material/schedule:", width="stretch"):
        since = st.datetime_input("Sent since, UTC", value=None, key=SINCE_KEY, bind="query-params", step=60)
        until = st.datetime_input("Sent before, UTC", value=None, key=UNTIL_KEY, bind="query-params", step=60)
    return Selection(
        selected_cause(),
        (wanted or "").strip(),
        (found or "").strip(),
        _in_utc(since),
        _in_utc(until),
        imported=imported,
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def is_filtered(selection: Selection) -> bool:
    """More than the cause says which letters."""
    return bool(selection.where or selection.text or selection.since or selection.until)
