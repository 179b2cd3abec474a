"""Which letters: what the reader chose by cause, text, JMESPath and time. All of it is in the address."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from ops.deadletters.plan_model import Selection

CAUSE = "cause"
TEXT, WHERE, SINCE, UNTIL = "find", "where", "since", "until"


def cause() -> str:
    """The chosen cause's fingerprint; empty: all."""
    return str(st.query_params.get(CAUSE, ""))


def choose(fingerprint: str) -> None:
    """The letters of one cause, or of all when that one was chosen already."""
    if fingerprint == cause() or not fingerprint:
        st.query_params.pop(CAUSE, None)
    else:
        st.query_params[CAUSE] = fingerprint
    st.session_state.pop("letters-page", None)


def clear() -> None:
    choose("")
    for key in (TEXT, WHERE):
        st.session_state[key] = ""
    for key in (SINCE, UNTIL):
        st.session_state[key] = None


def filters(imported: bool = False) -> Selection:
    """The boxes, and what they say together with the chosen cause."""
    text, where, times = st.columns([3, 4, 1.2], gap="small", vertical_alignment="bottom")
    with text:
        found = st.text_input(
            "Find",
            key=TEXT,
            bind="query-params",
            placeholder="text in body or attributes",
            icon=":material/search:",
        )
    with where:
        wanted = st.text_input(
            "JMESPath",
            key=WHERE,
            bind="query-params",
            placeholder="body.params.alpha > `0.5` && kind == 'sqs'",
            icon=":material/data_object:",
            help="Over body (JSON), text, attributes, system, kind and cause; the letters for which it is true.",
        )
    with times, st.popover("Sent", icon=":material/schedule:", width="stretch"):
        since = st.datetime_input("Sent since, UTC", value=None, key=SINCE, bind="query-params", step=60)
        until = st.datetime_input("Sent before, UTC", value=None, key=UNTIL, bind="query-params", step=60)
    return Selection(
        cause(), (wanted or "").strip(), (found or "").strip(), _aware(since), _aware(until), imported=imported
    )


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def filtered(selection: Selection) -> bool:
    """More than the cause says which letters."""
    return bool(selection.where or selection.text or selection.since or selection.until)
