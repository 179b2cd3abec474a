"""Causes first: what the letters died of, how many of each, when, and whether it is fixed. One is chosen by a click."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.app_pages.dead_letters import filters, job_progress
from dashboard.formatting import NONE, escape, moment, number, percent, utc
from dashboard.formatting import message_count as said
from dashboard.markup import error_box, html_blocks
from dashboard.services.dead_letter_service import DeadLetterService
from ops.deadletters.messages.model import UNKNOWN_ERROR
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.causes import CausesReport

SHOWN_CAUSES = 6
"""Causes shown before "all of them"; a page with a hundred says nothing."""
MAX_CAUSES = 60
REASON_CHARACTERS = 140
"""Characters of a verdict's reason in its row; the chosen cause has it in full."""

_FIX_STATUS = {
    "succeeds since": (theme.SUCCESS, "succeeds since"),
    "deployed since": (theme.VISIBLE, "deployed since"),
    "no": (theme.DEAD, "not fixed"),
    "unknown": (theme.NEUTRAL, "not known"),
}
"""Verdict → colour and words."""


def show_causes(service: DeadLetterService, report: CausesReport) -> None:
    """Every cause a row; the chosen one is marked, and says whether it is fixed."""
    rows = [
        {**row, "fingerprint": row["fingerprint"] or UNKNOWN_ERROR} for row in report.groups.to_dict("records")
    ]  # letters without a cause are found by that name
    st.subheader("What did they die of?", anchor=False)
    if not rows:
        why = "The last look found none: the queue was empty, or another receiver held them."
        st.html(html_blocks.empty("No letters", why))
        return
    chosen = filters.selected_cause()
    every = len(rows) <= SHOWN_CAUSES + 1 or st.session_state.get("all-causes", False)
    shown = [
        row
        for place, row in enumerate(rows[:MAX_CAUSES])
        if every or place < SHOWN_CAUSES or row["fingerprint"] == chosen
    ]
    span = _time_span(rows)
    with st.container(key="causes", gap=None):
        for row in shown:
            _show_cause(row, span, row["fingerprint"] == chosen)
    _show_more_toggle(rows, shown)
    if picked := next((row for row in shown if row["fingerprint"] == chosen), None):
        _show_fix_status(service, picked)


def _show_cause(row: dict[str, Any], span: tuple[datetime, datetime] | None, chosen: bool) -> None:
    fingerprint = str(row["fingerprint"])
    mark = "chosen" if chosen else "cause"
    with st.container(key=f"{mark}-{fingerprint}"):
        st.html(cause_html(row, span))
        # The label must not quote the cause: labels are read as Markdown.
        label = "Letters of all causes" if chosen else f"Letters of cause {fingerprint}"
        st.button(label, key=f"choose-{fingerprint}", on_click=filters.toggle_cause, args=(fingerprint,))


def cause_html(row: dict[str, Any], span: tuple[datetime, datetime] | None) -> str:
    """One cause as a row: count and share, its words, when, and fixed or not."""
    guess = row["source"] == "guess"
    name = {"guess": "Looks alike", "none": "No trace of a cause"}.get(row["source"], row["error_type"] or "unknown")
    name = f"likely {name}" if row.get("likely") else name
    colour, verdict = _FIX_STATUS.get(str(row.get("fixed") or "unknown"), _FIX_STATUS["unknown"])
    facts = [str(row["location"] or ""), f"version {row['version']}" if row.get("version") else "", _evidence(row)]
    said = " · ".join(fact for fact in facts if fact)
    share = float(row["share"])
    badge = '<i class="so-guess">a guess</i>' if guess else ""
    return (
        f'<div class="so-cause"><div class="so-count"><b>{number(row["letters"])}</b><span>{percent(share)}</span>'
        f'<u style="width:{max(1.5, share * 100):.1f}%"></u></div>'
        f'<div class="so-died"><b>{escape(name)}</b>{badge}<p>{escape(row["label"] or "")}</p>'
        f"<span>{escape(said)}</span></div>"
        f'<div class="so-life">{_seen_html(row, span)}</div>'
        f'<div class="so-fixed" style="--c:{colour}"><b>{verdict}</b>'
        f"<small>{escape(_shorten(str(row.get('fixed_why') or '')))}</small></div></div>"
    )


def _shorten(why: str) -> str:
    return why if len(why) <= REASON_CHARACTERS else why[: REASON_CHARACTERS - 1] + "…"


def _evidence(row: dict[str, Any]) -> str:
    if row["source"] in ("guess", "none"):
        return "no log tells why; the bodies are alike" if row["source"] == "guess" else "no log tells why"
    likely, letters = int(row.get("likely_letters") or 0), int(row["letters"])
    some = "likely, " if row.get("likely") else f"likely for {number(likely)} of {number(letters)}, " if likely else ""
    return f"{some}known from: {row['source']}"


def _time_span(rows: list[dict[str, Any]]) -> tuple[datetime, datetime] | None:
    """From the first to the last letter of all causes."""
    seen = [row[name] for row in rows for name in ("first_seen", "last_seen") if not _is_missing(row[name])]
    return (min(seen), max(seen)) if seen else None


def _seen_html(row: dict[str, Any], span: tuple[datetime, datetime] | None) -> str:
    """When its letters came, as a stretch of the time in which any came."""
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
    letters = sum(int(row["letters"]) for row in rows) - sum(int(row["letters"]) for row in shown)
    label = f"Show {min(hidden, MAX_CAUSES - SHOWN_CAUSES)} more causes ({said(letters)})" if hidden else "Show fewer"
    if st.session_state.get("all-causes") and hidden:
        st.html(f'<span class="so-quiet">{number(hidden)} more causes of {said(letters)} are not drawn; '
                "find them with the boxes below.</span>")  # fmt: skip
        label = "Show fewer"
    st.toggle(label, key="all-causes")


def _show_fix_status(service: DeadLetterService, row: dict[str, Any]) -> None:
    """Why the chosen cause counts as fixed or not, and a way to ask the logs again."""
    job = service.job("explain")
    colour, _ = _FIX_STATUS.get(str(row["fixed"]), _FIX_STATUS["unknown"])
    with st.container(horizontal=True, vertical_alignment="center", key="fixed-since"):
        said = escape(row["fixed_why"] or "Whether it is fixed is not known.")
        st.html(f'<span class="so-quiet so-why" style="--c:{colour}">{said}</span>')
        busy = (job is not None and job.running) or not access().may_change
        if st.button("Ask the logs again", icon=":material/history:", key="explain", type="tertiary", disabled=busy):
            try:
                service.start("explain")
            except OpsError as error:
                error_box.show(error, again=False, title="This cannot be done")
                return
            st.rerun()
    if job:
        job_progress.show_job(service, job, "Asking the logs")
