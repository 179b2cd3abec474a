"""The workloads of an account as rows, the worst first; each row is a link to that workload's Overview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from dashboard.components import paged_list, workload_box
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import WorkloadRow
from dashboard.services.workload_lists import ListState, list_workloads
from ops.formatting import capitalized
from ops.target import Target

if TYPE_CHECKING:
    from ops.insight.reports.workload_list import WorkloadStatus

PAGE_SIZE = 20
_PAGE_KEY = "workloads-page"


def workload_rows() -> None:
    """What the sidebar's box has loaded, or why there is none. Its first list redraws the page."""

    @st.fragment(run_every=workload_box.CHECK_S, key="workload-rows")
    def rows() -> None:
        place: Target | None = st.session_state.get("_place")
        state = workload_box.workload_lists(list_workloads).state(place) if place else ListState()
        if state.report is None or not state.report.workloads:
            st.html(workload_box.notes(place, state))
            return
        listed = state.report.workloads
        first = PAGE_SIZE * paged_list.current_page(_PAGE_KEY, len(listed), PAGE_SIZE)
        link = {"region": str(st.query_params["region"])} if "region" in st.query_params else {}
        shown = [_row(row, link) for row in listed[first : first + PAGE_SIZE]]
        st.html(html_blocks.workloads(f"Workloads in {state.report.region}", shown))
        paged_list.show_pages(_PAGE_KEY, len(listed), PAGE_SIZE)
        if missing := workload_box.missing(state.report):  # the sidebar has it too, which a phone hides
            st.html(html_blocks.partial(missing))

    rows()


def _row(row: WorkloadStatus, link: Mapping[str, str]) -> WorkloadRow:
    choice = {"stack": row.select_stack, "queue": row.select_queue, **link}
    address = f"/?{urlencode({name: value for name, value in choice.items() if value})}"
    other = row.queue if row.queue != row.name else f"stack {row.stack}" if row.stack else ""
    return WorkloadRow(address, row.name, other, row.level, capitalized(row.why))
