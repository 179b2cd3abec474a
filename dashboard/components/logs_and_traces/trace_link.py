"""The way from an invocation or a message to its path on the page Trace."""

from __future__ import annotations

import streamlit as st

from dashboard.pages import PAGES

TRACE_KEY = "id"
"""In the address of the page Trace: whose path it shows."""


def show_trace_link(identifier: str, label: str) -> None:
    if identifier:
        st.page_link(
            PAGES["trace"].file, label=label, icon=":material/account_tree:", query_params={TRACE_KEY: identifier}
        )
