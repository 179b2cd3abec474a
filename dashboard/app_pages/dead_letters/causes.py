"""Failure causes: messages, when they failed, and whether the cause is fixed. A click selects one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.app_pages.dead_letters import filters, job_progress
from dashboard.components.log_panel import show_log_panel
from dashboard.formatting import NONE, escape, message_count, number, percent
from dashboard.markup import error_box, html_blocks
from dashboard.markup.dead_letters import MACROS
from dashboard.services.dead_letter_service import DeadLetterService
from dashboard.services.report_source import LogTopic
from ops.deadletters.messages.model import UNKNOWN_ERROR
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.causes import CausesReport

SHOWN_CAUSES = 6
"""Causes shown before "Show more"."""
MAX_CAUSES = 60
REASON_CHARACTERS = 140
"""Characters of a fix status's reason in its row; below the list it is in full, for the selected cause."""

_FIX_STATUS = {
    "succeeds since": (theme.SUCCESS, "Succeeding since failure"),
    "deployed since": (theme.VISIBLE, "Deployed since failure"),
    "no": (theme.DEAD, "Not fixed"),
    "unknown": (theme.NEUTRAL, "Fix status unknown"),
}
"""Fix status → colour and text."""


def show_causes(service: DeadLetterService, report: CausesReport) -> None:
    """One row per cause; the selected one is marked, with its fix status below."""
    rows: list[dict[Any, Any]] = report.groups.to_dict("records")
    for row in rows:
        row["fingerprint"] = row["fingerprint"] or UNKNOWN_ERROR  # the filter's value for messages without a cause
    st.subheader("Failure causes", anchor=False)
    if not rows:
        why = "The last scan found none: the queue was empty, or another consumer has them in flight."
        st.html(html_blocks.empty("No messages", why))
        return
    selected = filters.selected_cause()
    show_all = len(rows) <= SHOWN_CAUSES + 1 or st.session_state.get("all-causes", False)
    shown = [
        row
        for place, row in enumerate(rows[:MAX_CAUSES])
        if show_all or place < SHOWN_CAUSES or row["fingerprint"] == selected
    ]
    span = _time_span(rows)
    with st.container(key="causes", gap=None):
        for row in shown:
            _show_cause(row, span, row["fingerprint"] == selected)
    _show_more_toggle(rows, shown)
    for row in shown:
        if row["fingerprint"] == selected:
            _show_fix_status(service, row)


def _show_cause(row: dict[str, Any], span: tuple[datetime, datetime] | None, selected: bool) -> None:
    fingerprint = str(row["fingerprint"])
    mark = "chosen" if selected else "cause"
    with st.container(key=f"{mark}-{fingerprint}"):
        st.html(cause_html(row, span))
        # The label must not quote the cause: labels are read as Markdown.
        label = "Messages of all causes" if selected else f"Messages of cause {fingerprint}"
        st.button(label, key=f"choose-{fingerprint}", on_click=filters.toggle_cause, args=(fingerprint,))


def cause_html(row: dict[str, Any], span: tuple[datetime, datetime] | None) -> str:
    """One cause as a row: count and share, error, first and last seen, fix status."""
    name = {"guess": "Similar payloads", "none": "No cause found"}.get(row["source"], row["error_type"] or "unknown")
    name = f"likely {name}" if row.get("likely") else name
    colour, status = _FIX_STATUS.get(str(row.get("fixed") or "unknown"), _FIX_STATUS["unknown"])
    details = (str(row["location"] or ""), f"version {row['version']}" if row.get("version") else "", _evidence(row))
    return MACROS.cause(
        row,
        name,
        row["source"] == "guess",
        " · ".join(filter(None, details)),
        _seen_html(row, span),
        colour,
        status,
        _shorten(str(row.get("fixed_why") or "")),
        float(row["share"]),
        percent(float(row["share"])),
    )


def _shorten(why: str) -> str:
    return why if len(why) <= REASON_CHARACTERS else why[: REASON_CHARACTERS - 1] + "…"


def _evidence(row: dict[str, Any]) -> str:
    if row["source"] in ("guess", "none"):
        return "no log evidence; grouped by payload" if row["source"] == "guess" else "no log evidence"
    likely, total = int(row.get("likely_letters") or 0), int(row["letters"])
    inferred = (
        "likely, " if row.get("likely") else f"likely for {number(likely)} of {number(total)}, " if likely else ""
    )
    return f"{inferred}source: {row['source']}"


def _time_span(rows: list[dict[str, Any]]) -> tuple[datetime, datetime] | None:
    """From the first to the last message of all causes."""
    seen = [row[name] for row in rows for name in ("first_seen", "last_seen") if not _is_missing(row[name])]
    return (min(seen), max(seen)) if seen else None


def _seen_html(row: dict[str, Any], span: tuple[datetime, datetime] | None) -> str:
    """When its messages failed, as a part of the time in which any failed."""
    first, last = row["first_seen"], row["last_seen"]
    if span is None or _is_missing(first) or _is_missing(last):
        return NONE
    whole = max(1.0, (span[1] - span[0]).total_seconds())
    left = min(98.5, (first - span[0]).total_seconds() / whole * 100)
    width = max(1.5, (last - first).total_seconds() / whole * 100)
    return MACROS.seen(first, last, page_runtime.ZONE, left, min(width, 100 - left))


def _is_missing(value: Any) -> bool:
    return value is None or pd.isna(value)


def _show_more_toggle(rows: list[dict[str, Any]], shown: list[dict[str, Any]]) -> None:
    if len(rows) <= SHOWN_CAUSES + 1:
        return
    hidden = len(rows) - len(shown)
    messages = sum(int(row["letters"]) for row in rows) - sum(int(row["letters"]) for row in shown)
    label = (
        f"Show {min(hidden, MAX_CAUSES - SHOWN_CAUSES)} more causes ({message_count(messages)})"
        if hidden
        else "Show fewer"
    )
    if st.session_state.get("all-causes") and hidden:
        st.html(f'<span class="so-quiet">{number(hidden)} more causes with {message_count(messages)} are not shown; '
                "use the filters below to find them.</span>")  # fmt: skip
        label = "Show fewer"
    st.toggle(label, key="all-causes")


def _show_fix_status(service: DeadLetterService, row: dict[str, Any]) -> None:
    """The reason for the selected cause's fix status, and a button that searches the logs again."""
    job = service.job("explain")
    colour, _ = _FIX_STATUS.get(str(row["fixed"]), _FIX_STATUS["unknown"])
    with st.container(horizontal=True, vertical_alignment="center", key="fixed-since"):
        reason = escape(row["fixed_why"] or "No evidence that it is fixed, or that it is not.")
        st.html(f'<span class="so-quiet so-why" style="--c:{colour}">{reason}</span>')
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
    if row["fingerprint"] != UNKNOWN_ERROR:
        with st.expander("Log lines of this cause", icon=":material/notes:", key="cause-logs"):
            show_log_panel(LogTopic("cause", str(row["fingerprint"]), service.queue))
