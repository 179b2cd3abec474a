"""Failure causes: messages, when they failed, and whether the cause is fixed. A click selects one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.app_pages.dead_letters import filters, job_progress
from dashboard.formatting import NONE, escape, message_count, moment, number, percent, utc
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
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
    rows = [
        {**row, "fingerprint": row["fingerprint"] or UNKNOWN_ERROR} for row in report.groups.to_dict("records")
    ]  # the filter's value for messages without a cause
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
    if row := next((row for row in shown if row["fingerprint"] == selected), None):
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
    guess = row["source"] == "guess"
    name = {"guess": "Similar payloads", "none": "No cause found"}.get(row["source"], row["error_type"] or "unknown")
    name = f"likely {name}" if row.get("likely") else name
    colour, status = _FIX_STATUS.get(str(row.get("fixed") or "unknown"), _FIX_STATUS["unknown"])
    facts = [str(row["location"] or ""), f"version {row['version']}" if row.get("version") else "", _evidence(row)]
    details = " · ".join(fact for fact in facts if fact)
    share = float(row["share"])
    badge = '<i class="so-guess">guess</i>' if guess else ""
    return (
        f'<div class="so-cause"><div class="so-count"><b>{number(row["letters"])}</b><span>{percent(share)}</span>'
        f'<u style="width:{max(1.5, share * 100):.1f}%"></u></div>'
        f'<div class="so-died"><b>{escape(name)}</b>{badge}<p>{escape(row["label"] or "")}</p>'
        f"<span>{escape(details)}</span></div>"
        f'<div class="so-life">{_seen_html(row, span)}</div>'
        f'<div class="so-fixed" style="--c:{colour}"><b>{status}</b>'
        f"<small>{escape(_shorten(str(row.get('fixed_why') or '')))}</small></div></div>"
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
    viewer = page_runtime.ZONE
    whole = max(1.0, (span[1] - span[0]).total_seconds())
    left = (first - span[0]).total_seconds() / whole * 100
    width = max(1.5, (last - first).total_seconds() / whole * 100)
    left = min(left, 98.5)
    title = escape(f"{utc(first)} to {utc(last)}")
    return (
        f'<span title="{title}">{moment(first, viewer)} – {moment(last, viewer)}</span>'
        f'<u><i style="left:{left:.1f}%;width:{min(width, 100 - left):.1f}%"></i></u>'
    )


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
