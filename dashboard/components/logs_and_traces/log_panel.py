"""Log lines beside what they belong to: an invocation, a message, a failure cause or a redrive.

Nothing is read until someone asks, because Logs Insights bills what it scans.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import page_runtime
from dashboard.access import access
from dashboard.formatting import sendable
from dashboard.markup import error_box, html_blocks
from dashboard.services.report_source import LogTopic
from ops import formatting
from ops.errors import OpsError
from ops.logs.model import LogPage
from ops.logs.search import MAX_USD

HEIGHT_PX = 420


@st.fragment
def show_log_panel(topic: LogTopic, key: str = "") -> None:
    """The panel for ``topic``; what it has read stays until another topic is shown in its place. ``key``: where a page
    may have two panels of one kind of topic."""
    key = key or f"logs-{topic.kind}"
    if st.session_state.get(f"{key}-topic") != topic:
        st.session_state[f"{key}-topic"] = topic
        st.session_state[f"{key}-pages"] = []
    pages: list[LogPage] = st.session_state[f"{key}-pages"]
    allowed = access()
    with st.container(key=key):
        search, button = st.columns([4, 1], vertical_alignment="bottom", gap="small")
        text = search.text_input("Search the log lines", key=f"{key}-text", placeholder="all lines")
        asked = button.button(
            "Search logs",
            key=f"{key}-search",
            icon=":material/search:",
            disabled=allowed.read_only,
            help=allowed.why or None,
            width="stretch",
        )
        if asked:
            st.session_state[f"{key}-searched"] = text or ""
            pages = _read(topic, text or "", [])
        elif st.session_state.pop(f"{key}-older-asked", False):
            pages = _read(topic, st.session_state[f"{key}-searched"], pages)  # not a text entered since
        st.session_state[f"{key}-pages"] = pages
        if not pages:
            most = f"Searched with Logs Insights, which bills per GB scanned: at most {formatting.price(MAX_USD)} per search."
            st.html(html_blocks.quiet(most))
            return
        _show_lines(pages)
        if pages[-1].next_token:
            st.button("Older lines", key=f"{key}-older", on_click=_ask_older, args=(key,), disabled=allowed.read_only)
        _show_notes(pages, st.session_state[f"{key}-searched"])


def _ask_older(key: str) -> None:
    st.session_state[f"{key}-older-asked"] = True


def _read(topic: LogTopic, text: str, pages: list[LogPage]) -> list[LogPage]:
    """``pages`` and the next one; an error is shown and leaves what was read."""
    token = pages[-1].next_token if pages else ""
    try:
        with st.spinner("Searching the logs…"):
            return [*pages, page_runtime.report_source().log_lines(topic, text, token)]
    except OpsError as error:
        error_box.show(error, again=False, title="Logs could not be read")
        return pages


def _show_lines(pages: list[LogPage]) -> None:
    lines = [line for page in pages for line in page.lines]
    if not lines:
        whole = not any(page.notes for page in pages) and not pages[-1].next_token
        why = "No line matches in the time range that was searched." if whole else "See the notes below."
        st.html(html_blocks.empty("No log lines", why))
        return
    written = "%H:%M:%S.%f" if len({line.at.date() for line in lines}) == 1 else "%Y-%m-%d %H:%M:%S.%f"
    several = len({line.function for line in lines}) > 1
    text = "\n".join(
        line.at.strftime(written)[:-3]
        + (f"  {sendable(line.function)}" if several else "")
        + f"  {sendable(line.text)}"
        for line in lines
    )
    height: Any = HEIGHT_PX if len(lines) > 14 or len(text) > 3_000 else "content"
    st.code(text, language=None, wrap_lines=True, height=height)


def _show_notes(pages: list[LogPage], searched: str) -> None:
    lines, scanned = sum(len(page.lines) for page in pages), round(sum(page.scanned_bytes for page in pages))
    cost = formatting.price(sum(page.usd for page in pages))
    with_text = f" with “{searched}”" if searched else ""
    summary = f"{formatting.count(lines, 'line')}{with_text}, newest first, times in UTC · {formatting.byte_size(scanned)} scanned, {cost}"
    st.html(html_blocks.quiet(summary))
    if notes := tuple(dict.fromkeys(note for page in pages for note in page.notes)):
        st.html(html_blocks.partial(notes))
    with st.expander("Logs Insights query"):
        st.code(pages[0].query, language=None, wrap_lines=True)
        st.html(html_blocks.quiet(", ".join(pages[0].groups)))
