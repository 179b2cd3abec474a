"""The sidebar's box of workloads: what the account has, with what is known to be wrong, searched as one types."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components import workload_choice
from dashboard.components.workload_choice import MARKS, SEPARATOR, WorkloadChoice
from dashboard.formatting import moment, sendable
from dashboard.markup import html_blocks
from dashboard.services.workload_lists import ListState, ListWorkloads, WorkloadLists
from ops import formatting
from ops.insight.report_types import Level
from ops.target import Target

if TYPE_CHECKING:
    from ops.insight.reports.workload_list import WorkloadListReport, WorkloadStatus

LIST_TTL_S = 180
FIRST_CHECK_S, CHECK_S = 1.0, 60.0
"""How often the box looks for a list: until the first one has come, and later."""
MAX_NOTES = 3
HELP = (
    "Queues that a Lambda function reads, with their stacks. The level is from alarms, dead letters and settings: the "
    "pages check more. Or type a stack's name, queue:NAME, or an ARN."
)
STACK_KEY, QUEUE_KEY = "stack", "queue"
_KEY, _MOVED = "workload", "_workload_moved"


@st.cache_resource(show_spinner=False)
def workload_lists(_list_workloads: ListWorkloads) -> WorkloadLists:
    """One for all visitors."""
    return WorkloadLists(_list_workloads)


def workload_box(shown: WorkloadChoice, place: Target | None, lists: WorkloadLists, placeholder: str) -> None:
    """``place``: the account and region without a workload; None where they are not known, and there is no list."""
    waiting = place is not None and not lists.state(place).at
    runs = 0

    @st.fragment(run_every=FIRST_CHECK_S if waiting else CHECK_S, key="workloads")
    def box() -> None:
        nonlocal runs
        runs += 1
        if st.session_state.pop(_MOVED, False):
            st.rerun()
        state = lists.state(place) if place else ListState()
        if place and runs > 1:  # the first is a run of the whole page, which loads the list at its end
            if waiting and state.at:
                st.rerun()  # to check less often from now on
            lists.load(place, time.time() - LIST_TTL_S)
        _select(shown, state.report, placeholder)
        st.html(notes(place, state))

    box()


def load_list(place: Target, lists: WorkloadLists, pressed: float | None) -> None:
    """Loads the list after the page is drawn, because both compete for the processor. ``pressed``: when Refresh was."""
    lists.load(place, max(time.time() - LIST_TTL_S, pressed or 0.0))


def _select(shown: WorkloadChoice, report: WorkloadListReport | None, placeholder: str) -> None:
    labels = {_choice(row).text: _label(row) for row in report.workloads} if report else {}
    options = [*([] if not shown.text or shown.text in labels else [shown.text]), *labels]
    st.session_state[_KEY] = shown.text or None
    st.selectbox(
        "Workload",
        options,
        index=None,
        key=_KEY,
        format_func=lambda text: labels.get(text, sendable(text)),
        placeholder=placeholder,
        accept_new_options=True,
        filter_mode="contains",
        on_change=_take,
        args=(report,),
        help=HELP,
    )


def _take(report: WorkloadListReport | None) -> None:
    """Takes the chosen or typed workload into the sidebar's hidden inputs, which hold the choice for the address."""
    choice = _meant(str(st.session_state[_KEY] or ""), report.workloads if report else ())
    st.session_state[STACK_KEY], st.session_state[QUEUE_KEY] = choice.stack or "", choice.queue or ""
    st.session_state[_MOVED] = True


def _meant(text: str, rows: Sequence[WorkloadStatus]) -> WorkloadChoice:
    """A listed workload by its label, its queue, or the part of a name that only it has; else as it is written."""
    choice, typed = workload_choice.parse_choice(text), text.strip().lower()
    if SEPARATOR in text or not typed or workload_choice.is_exact(text):
        return choice
    stacks = {row.stack for row in rows}
    same = [row for row in rows if row.queue.lower() == typed]
    alike = [row for row in rows if any(typed in name.lower() for name in (row.stack or "", row.queue))]
    if choice.stack in stacks:
        return choice
    return _choice((same or alike)[0]) if len(same or alike) == 1 else choice


def _choice(row: WorkloadStatus) -> WorkloadChoice:
    return WorkloadChoice(row.select_stack, row.select_queue)


def _label(row: WorkloadStatus) -> str:
    """Such as ``◆ Critical · shop · 54 dead letters``; the name alone where nothing is known to be wrong: the list may be
    minutes older than the page beside it."""
    name = _choice(row).text
    if row.level is None:
        return sendable(name)
    return sendable(SEPARATOR.join((f"{MARKS[row.level is Level.NO_DATA]} {row.level.label}", name, row.why)))


def notes(place: Target | None, state: ListState) -> str:
    """The scope of the list, or why there is none."""
    return " ".join(html_blocks.quiet(line) for line in _lines(place, state)) or "<span></span>"


def _lines(place: Target | None, state: ListState) -> list[str]:
    if place is None:
        return []
    if state.error:
        return [f"Workloads not listed: {state.error}", "Type a stack's name, or queue:NAME."]
    if state.report is None:
        return ["Listing workloads…"]
    rows = state.report.workloads
    if not rows and not state.report.unread:
        return [
            "No Lambda function reads an SQS queue here. Check the region and profile, or type a stack's name, or "
            "queue:NAME."
        ]
    critical = sum(row.level is Level.CRITICAL for row in rows)
    listed = formatting.count(len(rows), "workload") + (f", {critical} Critical" if critical else "")
    return [f"{listed} · {moment(state.report.at, UTC)} UTC", *missing(state.report)]


def missing(report: WorkloadListReport) -> tuple[str, ...]:
    """Workloads that are not in the list, and why."""
    return (*report.unread, *report.limits)[:MAX_NOTES]
