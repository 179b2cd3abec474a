"""The frame of every page: navigation, the sidebar's choices, the style; then the page itself."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import page_runtime, start_page, theme
from dashboard.markup import error_box as troubles
from dashboard.markup import html_blocks
from dashboard.pages import PAGES, START, Entry
from dashboard.services.report_source import AwsReportSource, ReportSource
from dashboard.sidebar import choose
from dashboard.time_range import BadSpan
from ops.errors import OpsError
from ops.target import Target


def run(connect: Callable[[Target], ReportSource] = AwsReportSource) -> None:
    """Draw the app. ``connect`` makes a workload's telemetry from a target (the real one asks AWS or the twin)."""
    st.set_page_config(page_icon=":material/monitoring:", layout="wide")
    st.html(theme.STYLE)
    pages = {_page(entry): entry for entry in (*PAGES.values(), START)}
    chosen = st.navigation(list(pages))
    entry = pages[chosen]
    st.set_page_config(page_title=f"{entry.title} – SciLearn operations")
    choice, wrong = None, ""
    trouble: OpsError | None = None
    with st.sidebar:
        try:
            choice = choose(entry.ranged)
        except BadSpan as bad:
            wrong = str(bad)
        except OpsError as error:
            trouble = error
        cost = st.container(key="cost-of-looking")
        cost.html("<span></span>")  # a fragment may only write where something was written before
    if wrong and entry is not START:
        st.html(html_blocks.head(entry))
        st.html(html_blocks.empty("No time range to look at", wrong))
        return
    if trouble is not None and entry is not START:
        st.html(html_blocks.head(entry))
        troubles.show(trouble)
        return
    if choice is None and entry is not START:
        start_page.show()
        return
    if choice is not None:
        page_runtime.set_page_context(page_runtime.PageContext(connect, choice, cost, entry.key))
    chosen.run()


def _page(entry: Entry) -> st.Page:
    return st.Page(
        entry.file,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.address,
        default=entry.key == "overview",
    )
