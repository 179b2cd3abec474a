"""The record of what was done: a finding, numbers, one line an act, and the whole of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.components import cached_queries, widgets
from dashboard.formatting import NONE, duration, escape, number, sendable, utc
from dashboard.markup import error_box, html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops.deadletters.archive import audit_log, audit_summary
from ops.errors import OpsError
from ops.formatting import count

if TYPE_CHECKING:
    from ops.deadletters.archive.audit_log import Record
    from ops.deadletters.archive.audit_summary import Entry, History

SHOWN = 1_000
"""Acts in the table; the file has all records."""
_ORDER = ("planned", "sent", "succeeded", "came_back", "deleted", "failed", "vanished")
_COLUMNS = {
    "at": st.column_config.DatetimeColumn("Began", format="D MMM YYYY HH:mm:ss", width=155),
    "took": st.column_config.TextColumn("Took", width=80),
    "action": st.column_config.TextColumn("What", width=80),
    "outcome": st.column_config.TextColumn("Outcome", width=90),
    "who": st.column_config.TextColumn("Who", width=180),
    "reason": st.column_config.TextColumn("Reason", width=225),
    "letters": st.column_config.TextColumn("Letters", width=300),
}


def section() -> None:
    entry = PAGES["audit"]
    st.html(html_blocks.head(entry, datetime.now(UTC), page_runtime.ZONE))
    try:
        here = cached_queries.dead_letter_service()
        found = audit_summary.summarize_audit(here.audit(), here.verify_audit())
    except OpsError as error:
        error_box.show(error)
        return
    with st.container(key="opening"):
        page_runtime.show_finding(found.finding)
    st.html(_numbers(found))
    if found.verified.problems:
        st.html(html_blocks.partial(found.verified.problems[:20]))
    if not found.records:
        why = "Whatever moves, copies or deletes letters is recorded here, with who, when and why."
        st.html(html_blocks.empty("Nothing was done yet", why))
        return
    _table(found)


def _numbers(found: History) -> str:
    acts = Counter(record.action for record in found.acts)
    checked = "damaged" if found.verified.problems else "no gaps or edits found"
    limits = "records removed from the end, or a rewrite of the whole file, cannot be detected"
    return html_blocks.stats(
        [
            Stat("Acts on record", number(sum(acts.values())), colour=theme.NEUTRAL),
            Stat("Redrives", number(acts["redrive"] + acts["resume"]), colour=theme.VISIBLE),
            Stat("Letters redriven", number(found.redriven), colour=theme.SUCCESS),
            Stat("Purges", number(acts["purge"]), colour=theme.DEAD),
            Stat("Record", checked, note=f"{count(found.verified.lines, 'line')} checked; {limits}", words=True),
        ]
    )


def _table(found: History) -> None:
    st.subheader("Who did what, and why?", anchor=False)
    search, kinds, export = st.columns([4, 4, 1.6], gap="small", vertical_alignment="bottom")
    text = search.text_input("Find", key="audit-find", bind="query-params", icon=":material/search:",
                             placeholder="who, queue, reason or plan")  # fmt: skip
    actions = sorted({entry.record.action for entry in found.entries})
    picked = kinds.pills("What", actions, selection_mode="multi", key="audit-actions")
    chosen = [entry for entry in found.entries if _fits(entry.record, text or "", picked or ())]
    records = [record for record in found.records if _fits(record, text or "", picked or ())]
    export.download_button(
        "Export CSV",
        lambda: audit_log.records_csv(records).encode(errors="backslashreplace"),
        f"audit-{datetime.now(UTC):%Y%m%dT%H%M%S}.csv",
        "text/csv",
        key="audit-csv",
        icon=":material/download:",
        width="stretch",
        disabled=not chosen,
        on_click="ignore",
    )
    if not chosen:
        st.html(html_blocks.empty("No record matches", "Clear the box, or choose other acts."))
        return
    shown = chosen[:SHOWN]
    rows = widgets.table(
        _frame(shown),
        "audit",
        _COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        height=widgets.height(len(shown), 14),
        alt="Acts on record, newest first",
    ).selection.rows
    cut = f" The newest {number(SHOWN)} are shown; the export has all records." if len(chosen) > SHOWN else ""
    st.html(f'<span class="so-quiet">{number(len(chosen))} of {number(len(found.entries))} acts.{cut}</span>')
    if rows and rows[0] < len(shown):
        _one(shown[rows[0]])


def _fits(record: Record, text: str, actions: Sequence[str]) -> bool:
    said = f"{record.who} {record.queue} {record.reason} {record.plan} {record.note}".lower()
    return (not actions or record.action in actions) and text.strip().lower() in said


def _frame(entries: Sequence[Entry]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "at": entry.began,
            "took": duration((record.at - entry.began).total_seconds()) if record.at > entry.began else NONE,
            "action": sendable(record.action),
            "outcome": sendable(record.outcome),
            "letters": sendable(_counts(record)),
            "reason": sendable(record.reason),
            "who": sendable(record.who.rsplit(":", 1)[-1]),
        }
        for entry in entries
        for record in (entry.record,)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True).dt.tz_convert(page_runtime.ZONE))


def _counts(record: Record) -> str:
    """In the order in which it happens to letters."""
    names = sorted(record.counts, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return ", ".join(f"{number(record.counts[name])} {name.replace('_', ' ')}" for name in names if record.counts[name])


def _one(entry: Entry) -> None:
    """All that is on record of one act."""
    record = entry.record
    st.subheader("What was that?", anchor=False)
    st.html(
        html_blocks.facts(
            {
                "Began": utc(entry.began),
                "Ended": utc(record.at) if record.at > entry.began else NONE,
                "What": f"{record.action}: {record.outcome}" if record.outcome else record.action,
                "Queue": f"{record.queue}, {record.region}, account {record.account}",
                "Who": record.who,
                "Reason": record.reason,
                "Letters": _counts(record) or "–",
                "Note": record.note or "–",
                "Plan": record.plan or "–",
                "Plan hash": record.plan_hash or "–",
            }
        )
    )
    if record.plan:
        st.html(f'<span class="so-quiet">The run in full: ops dlq runs {escape(record.plan)}</span>')
