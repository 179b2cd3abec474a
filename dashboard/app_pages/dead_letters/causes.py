"""Failure causes: messages, when they arrived, and whether the cause is fixed. A click selects one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.app_pages.dead_letters import filters, job_progress, redrive_state
from dashboard.app_pages.dead_letters.redrive_state import Redrive
from dashboard.components import paged_list
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import message_count, number, percent
from dashboard.markup import arrivals, error_box, html_blocks
from dashboard.markup.dead_letters import MACROS
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.messages.model import UNKNOWN_ERROR
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.causes import CausesReport
    from ops.deadletters.ledger.model import Run

PAGE_SIZE = 8
"""Causes per page of the list."""
REASON_CHARACTERS = 180
"""Characters of a fix status's reason in its row; the selected cause has all of it."""
LOGS = "Logs"
"""The tab with the log lines of the selected cause."""
PAGE_KEY, TEXT_KEY = "causes-page", "causes-find"

_FIX_STATUS = {
    "succeeds since": (theme.SUCCESS, "Succeeding since failure"),
    "deployed since": (theme.WARNING, "Deployed since failure"),
    "no": (theme.DEAD, "Not fixed"),
    "unknown": (theme.NEUTRAL, "Fix status unknown"),
}
"""Fix status → colour and text."""


def show_causes(service: DeadLetterService, report: CausesReport, imported: bool, redrive: Redrive) -> None:
    """One row per cause; the selected one is marked. ``redrive``: the one on the page."""
    groups = report.groups
    _show_head(service, report)
    times = dead_letter_queries.cause_arrivals(service, imported)
    largest = groups.iloc[: arrivals.TOP + 1].to_dict("records")
    causes = [(row["fingerprint"], _name(row)) for row in largest]
    st.html(dead_letter_queries.arrivals_html(service, imported, tuple(causes)))
    series = {fingerprint: place for place, (fingerprint, _) in enumerate(causes[: arrivals.TOP])}
    selected = filters.selected_cause()
    groups = _matching(groups)
    if groups.empty:
        st.html(html_blocks.empty("No causes match", "Clear the search above."))
    page = _page(groups, selected)
    with st.container(key="causes", gap=None):
        for row in groups.iloc[page * PAGE_SIZE : (page + 1) * PAGE_SIZE].to_dict("records"):
            place = series.get(row["fingerprint"], arrivals.TOP)
            histogram = arrivals.histogram(times, row["fingerprint"], page_runtime.ZONE)
            row["fingerprint"] = row["fingerprint"] or UNKNOWN_ERROR  # the filter's value for messages without a cause
            _show_cause(row, place, histogram, row["fingerprint"] == selected, redrive)
    _show_pages(groups, page)


def _show_head(service: DeadLetterService, report: CausesReport) -> None:
    job = service.job("explain")
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="causes-head"
    ):
        st.html(f'<h3 class="so-title">Failure causes <small>{number(len(report.groups))}</small></h3>')
        busy = (job is not None and job.running) or not access().may_change
        if st.button("Search logs again", icon=":material/history:", key="explain", type="tertiary", disabled=busy):
            try:
                service.start("explain")
            except OpsError as error:
                error_box.show(error, again=False, title="The log search was not started")
                return
            st.rerun()
    if job:
        job_progress.show_job(service, job, "Log search")


def _matching(groups: pd.DataFrame) -> pd.DataFrame:
    """The causes that match the search, which is offered when they do not fit on one page."""
    if len(groups) <= PAGE_SIZE:
        return groups
    text = st.text_input(
        "Find a cause",
        key=TEXT_KEY,
        bind="query-params",
        icon=":material/search:",
        placeholder="Find a cause: error, message, place or ID",
        label_visibility="collapsed",
    )
    wanted = (text or "").strip().lower()
    if not wanted:
        return groups
    searched = pd.Series("", index=groups.index)
    for name in ("error_type", "label", "location", "fingerprint"):
        searched = searched + "\n" + groups[name].fillna("").str.lower()
    return groups[searched.str.contains(wanted, regex=False)]


def _page(groups: pd.DataFrame, selected: str) -> int:
    """The page of the list, from 0; on a visit with a selected cause, the page that has it."""
    (places,) = (groups["fingerprint"] == ("" if selected == UNKNOWN_ERROR else selected)).to_numpy().nonzero()
    first = int(places[0]) if selected and len(places) else 0
    return paged_list.current_page(PAGE_KEY, len(groups), PAGE_SIZE, first)


def _show_pages(groups: pd.DataFrame, page: int) -> None:
    if len(groups) <= PAGE_SIZE:
        return
    last = min((page + 1) * PAGE_SIZE, len(groups))
    paged_list.show_pages(PAGE_KEY, len(groups), PAGE_SIZE)
    total = f"{number(len(groups))} causes with {message_count(groups['letters'].sum())}"
    st.html(f'<span class="so-quiet">Causes {number(page * PAGE_SIZE + 1)}–{number(last)} of {total}</span>')


def _show_cause(row: dict[Any, Any], series: int, histogram: str, selected: bool, redrive: Redrive) -> None:
    fingerprint = str(row["fingerprint"])
    mark = "chosen" if selected else "cause"
    with st.container(key=f"{mark}-{fingerprint}"):
        st.html(cause_html(row, series, histogram, selected))
        # The label must not quote the cause: labels are read as Markdown.
        label = "Messages of all causes" if selected else f"Messages of cause {fingerprint}"
        st.button(label, key=f"choose-{fingerprint}", on_click=filters.toggle_cause, args=(fingerprint,))
        with st.container(horizontal=True, width="content", gap="small", key=f"acts-{fingerprint}"):
            st.button(
                "Plan redrive",
                key=f"redrive-{fingerprint}",
                type="tertiary",
                disabled=redrive.active,
                help="A redrive is in progress." if redrive.active else None,
                on_click=_plan_redrive,
                args=(fingerprint, redrive.run),
            )
            if row["fingerprint"] != UNKNOWN_ERROR:
                st.button("Logs", key=f"logs-{fingerprint}", type="tertiary", on_click=_open_logs, args=(fingerprint,))


def _plan_redrive(fingerprint: str, ended: Run | None) -> None:
    filters.select_cause(fingerprint)
    redrive_state.plan_another(ended)


def _open_logs(fingerprint: str) -> None:
    filters.select_cause(fingerprint)
    redrive_state.open_tab(LOGS)


def _name(row: dict[Any, Any]) -> str:
    name = {"guess": "Similar payloads", "none": "No cause found"}.get(row["source"], row["error_type"] or "unknown")
    return f"likely {name}" if row.get("likely") else str(name)


def cause_html(row: dict[Any, Any], series: int, histogram: str, selected: bool) -> str:
    """One cause as a row: count and share, error, first and last seen, fix status with its reason."""
    colour, status = _FIX_STATUS.get(str(row.get("fixed") or "unknown"), _FIX_STATUS["unknown"])
    details = (_evidence(row), f"version {row['version']}" if row.get("version") else "", str(row["location"] or ""))
    reason = str(row.get("fixed_why") or "")
    seen = {name: None if pd.isna(row[name]) else row[name] for name in ("first_seen", "last_seen")}
    return MACROS.cause(
        {**row, **seen},
        _name(row),
        row["source"] == "guess",
        " · ".join(filter(None, details)),
        series,
        histogram,
        page_runtime.ZONE,
        colour,
        status,
        reason if selected else _shorten(reason),
        percent(float(row["share"])),
    )


def _shorten(why: str) -> str:
    return why if len(why) <= REASON_CHARACTERS else why[: REASON_CHARACTERS - 1] + "…"


def _evidence(row: dict[Any, Any]) -> str:
    if row["source"] in ("guess", "none"):
        return "no log evidence; grouped by payload" if row["source"] == "guess" else "no log evidence"
    likely, total = int(row.get("likely_letters") or 0), int(row["letters"])
    inferred = (
        "likely, " if row.get("likely") else f"likely for {number(likely)} of {number(total)}, " if likely else ""
    )
    return f"{inferred}source: {row['source']}"
