"""The frame of every page: navigation, sidebar and style; then the page itself."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import page_runtime, sidebar, start_page, theme
from dashboard.components.workload_box import workload_lists
from dashboard.markup import error_box, html_blocks
from dashboard.markup.environment_bar import PRODUCT, environment_bar
from dashboard.pages import PAGES, START, Entry
from dashboard.server import first_chart, page_style
from dashboard.services.aws_report_source import AwsReportSource
from dashboard.services.report_source import ReportSource
from dashboard.services.workload_lists import ListWorkloads, WorkloadLists, list_workloads
from dashboard.time_range import BadSpan
from ops.errors import OpsError
from ops.target import Target


def run(
    connect: Callable[[Target], ReportSource] = AwsReportSource, list_workloads: ListWorkloads = list_workloads
) -> None:
    """Draw the app. ``connect`` opens a target's workload as a source of reports; ``list_workloads`` lists those of an
    account and region."""
    lists = workload_lists(list_workloads)
    _draw(connect, lists)
    sidebar.load_workloads(lists)


def _draw(connect: Callable[[Target], ReportSource], lists: WorkloadLists) -> None:
    st.set_page_config(page_icon=":material/monitoring:", layout="wide")
    error_box.forget_shown()
    if style := page_style.element():
        st.html(style)
    where = st.empty()
    pages = {_page(entry): entry for entry in (*PAGES.values(), START)}
    chosen = st.navigation(list(pages), expanded=True)
    entry = pages[chosen]
    st.set_page_config(page_title=f"{entry.title} – {PRODUCT}")
    selection, bad_range = None, ""
    error: OpsError | None = None
    with st.sidebar:
        try:
            selection = sidebar.choose(lists, entry.ranged, entry.comparable)
        except BadSpan as problem:
            bad_range = str(problem)
        except OpsError as problem:
            error = problem
        cost = st.container(key="refresh-cost")
        cost.html("<span></span>")  # a fragment can only write where something was written before
    if bad_range and entry is not START:
        st.html(html_blocks.head(entry))
        st.html(html_blocks.empty("Invalid time range", bad_range))
        return
    if error is not None and entry is not START:
        st.html(html_blocks.head(entry))
        error_box.show(error)
        return
    if selection is None and entry is not START:
        start_page.show()
        return
    if selection is not None:
        page_runtime.set_page_context(page_runtime.PageContext(connect, selection, cost, entry.key))
    where.html(environment_bar(selection.target if selection else None, None))
    with st.container(key="scripts"):
        for script in theme.SCRIPTS:
            st.html(f"<script>{script.read_text()}</script>", unsafe_allow_javascript=True)
        if reporting := first_chart.script():
            st.html(f"<script>{reporting}</script>", unsafe_allow_javascript=True)
    if selection is not None and selection.note:
        st.html(html_blocks.notes("Unknown time range", (selection.note,)))
    chosen.run()
    if selection is not None and not selection.target.is_twin:
        where.html(environment_bar(selection.target, *page_runtime.identity()))


def _page(entry: Entry) -> st.Page:
    return st.Page(
        entry.file,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.address,
        default=entry.key == "overview",
    )
