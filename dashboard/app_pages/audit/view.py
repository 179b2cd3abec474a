"""The audit log: a finding, numbers, a table of operations, and the details of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard import page_runtime, theme
from dashboard.components import widgets
from dashboard.components.queries import dead_letter_queries
from dashboard.formatting import NONE, escape, number, principal, sendable, utc, with_principals
from dashboard.markup import html_blocks
from dashboard.markup.html_blocks import Stat
from dashboard.pages import PAGES
from ops.deadletters.archive import audit_log, audit_summary
from ops.deadletters.ledger.model import RunState
from ops.formatting import count, elapsed

if TYPE_CHECKING:
    from ops.deadletters.archive.audit_log import Record, Verification
    from ops.deadletters.archive.audit_summary import Entry, History

SHOWN = 1_000
"""Entries in the table; the file has all records."""
MAX_PROBLEMS = 20
AFTER_DAMAGE = (
    "Compare the file with a backup or an earlier export; what precedes the first damaged line is consistent."
)
_COUNTS = {
    "planned": "planned",
    "sent": "sent",
    "succeeded": "succeeded",
    "came_back": "failed again",
    "deleted": "deleted",
    "failed": "rejected",
    "refused": "rejected",
    "vanished": "missing",
    "missing": "missing",
}
"""The names of counts in the audit log, in the order in which they happen, as shown."""
_RESULTS = {"began": "started", "asked": "requested"}
_NOTED = (*audit_log.RUNBOOK_ACTIONS, audit_log.SWEEP)
"""Operations on no messages, whose note says what they changed."""
# What a phone shows without scrolling comes first: when, what and how it ended. The details have the second.
_COLUMNS = {
    "at": st.column_config.DatetimeColumn("Started", format="D MMM YYYY HH:mm", width=128),
    "action": st.column_config.TextColumn("Operation", width=108),
    "outcome": st.column_config.TextColumn("Result", width=84),
    "who": st.column_config.TextColumn("User", width=130),
    "reason": st.column_config.TextColumn("Reason", width=190),
    "messages": st.column_config.TextColumn("Messages or change", width=294),
    "took": st.column_config.TextColumn("Duration", width=72),
}


def section() -> None:
    history = page_runtime.read_once(
        "audit", _history, skeleton_heights=(46, 98, 120, 300), at=lambda _: datetime.now(UTC)
    )
    if history is None:
        return
    with st.container(key="opening"):
        page_runtime.show_finding(history.finding)
    if history.records or history.verified.problems:
        st.html(_numbers(history))
    if problems := history.verified.problems:
        more = problems[:MAX_PROBLEMS] if len(problems) > 1 else ()  # the finding has one
        st.html(html_blocks.notes("The log is damaged", (*more, AFTER_DAMAGE)))
    if not history.records:
        why = "Redrives, copies, purges, runs of runbooks and memory sweeps are recorded here, with who, when and why."
        st.html(html_blocks.empty("No operations yet", why))
        st.page_link(
            PAGES["dead_letters"].file,
            label="Open Dead letters",
            icon=":material/arrow_forward:",
            icon_position="right",
        )
        return
    _table(history)


def _history() -> History:
    service = dead_letter_queries.dead_letter_service()
    running = {run.id for run in service.runs() if run.state is RunState.RUNNING}
    return audit_summary.summarize_audit(service.audit(), service.verify_audit(), running=running)


def _numbers(history: History) -> str:
    operations = Counter(entry.record.action for entry in history.operations)
    unfinished = f"; {number(history.unfinished)} not finished" if history.unfinished else ""
    return html_blocks.stats(
        [
            Stat("Operations", number(operations.total()), note=f"on record{unfinished}"),
            Stat("Redrives", number(operations["redrive"] + operations["resume"])),
            Stat("Messages redriven", number(history.redriven)),
            Stat("Purges", number(operations["purge"])),
            _integrity(history.verified),
        ]
    )


def _integrity(verified: Verification) -> Stat:
    limits = "a cut end or a rewrite of the whole file cannot be detected"
    status = "damaged" if verified.problems else "no gaps or edits found"
    colour = theme.DEAD if verified.problems else ""
    note = f"{count(verified.lines, 'record')} checked; {limits}"
    return Stat("Audit log", status, note=note, colour=colour, words=True)


def _table(history: History) -> None:
    st.subheader("Operations", anchor=False)
    search, export = st.columns([6, 1.2], vertical_alignment="bottom", gap="small")
    text = search.text_input("Search", key="audit-find", bind="query-params", icon=":material/search:",
                             placeholder="user, queue, reason, plan or run")  # fmt: skip
    actions = sorted({entry.record.action for entry in history.entries})
    picked = st.pills("Operation", actions, selection_mode="multi", key="audit-actions")
    entries = [entry for entry in history.entries if _matches(entry.record, text or "", picked or ())]
    records = [record for record in history.records if _matches(record, text or "", picked or ())]
    export.download_button(
        "Export CSV",
        lambda: audit_log.records_csv(records).encode(errors="backslashreplace"),
        f"audit-{datetime.now(UTC):%Y%m%dT%H%M%S}.csv",
        "text/csv",
        key="audit-csv",
        icon=":material/download:",
        width="stretch",
        disabled=not entries,
        on_click="ignore",
    )
    if not entries:
        st.html(html_blocks.empty("No operations match", "Clear the search, or select other operations."))
        return
    shown = entries[:SHOWN]
    rows = widgets.table(
        _frame(shown),
        widgets.key_of_rows("audit", ((e.record.action, e.record.queue, e.record.plan, e.started_at) for e in shown)),
        _COLUMNS,
        on_select="rerun",
        selection_mode="single-row",
        height=widgets.height(len(shown), 14),
        alt="Operations, newest first",
    ).selection.rows
    more = f" The newest {number(SHOWN)} are shown; the export has all records." if len(entries) > SHOWN else ""
    total = f"{number(len(entries))} of {_entry_count(history)}."
    st.html(f'<span class="so-quiet">{total}{more} Select a row for its details.</span>')
    if rows and rows[0] < len(shown):
        _details(shown[rows[0]])


def _entry_count(history: History) -> str:
    """The number of entries, with their kinds where not all are operations."""
    total, operations = len(history.entries), len(history.operations)
    cancels = sum(entry.record.action == "cancel" for entry in history.entries)
    parts = total - operations - cancels
    kinds = {
        count(operations, "operation"): operations,
        count(cancels, "cancel"): cancels,
        count(parts, "step or undo of a runbook", "steps and undos of runbooks"): parts,
    }
    entries = count(total, "entry", "entries")
    return entries if operations == total else f"{entries}: {', '.join(text for text, size in kinds.items() if size)}"


def _matches(record: Record, text: str, actions: Sequence[str]) -> bool:
    searched = f"{record.who} {record.queue} {record.reason} {record.plan} {record.note}".lower()
    return (not actions or record.action in actions) and text.strip().lower() in searched


def _frame(entries: Sequence[Entry]) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {
            "at": entry.started_at,
            "took": elapsed(entry.started_at, record.at) if record.at > entry.started_at else NONE,
            "action": sendable(record.action),
            "outcome": sendable(_RESULTS.get(record.outcome, record.outcome)),
            "messages": sendable(_counts(record) or (with_principals(record.note) if record.action in _NOTED else "")),
            "reason": sendable(record.reason),
            "who": sendable(principal(record.who)),
        }
        for entry in entries
        for record in (entry.record,)
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True).dt.tz_convert(page_runtime.ZONE))


def _counts(record: Record) -> str:
    names = [*_COUNTS, *sorted(record.counts.keys() - _COUNTS.keys())]
    counts = ((name, record.counts.get(name, 0)) for name in names)
    return ", ".join(f"{number(count)} {_COUNTS.get(name, name.replace('_', ' '))}" for name, count in counts if count)


def _details(entry: Entry) -> None:
    record = entry.record
    result = _RESULTS.get(record.outcome, record.outcome)
    st.subheader("Details", anchor=False)
    st.html(
        html_blocks.facts(
            {
                "Started": utc(entry.started_at),
                "Ended": utc(record.at) if record.at > entry.started_at else NONE,
                "Operation": f"{record.action}: {result}" if result else record.action,
                "Queue": f"{record.queue}, {record.region}, account {record.account}",
                "User": record.who,
                "Reason": record.reason,
                "Messages": _counts(record) or NONE,
                "Note": with_principals(record.note) or NONE,
                **_source(record),
            }
        )
    )
    if record.plan:
        st.html(f'<span class="so-quiet">Full report: {escape(_command(record))}</span>')


def _command(record: Record) -> str:
    if record.action == audit_log.SWEEP:
        return "ops rightsize --last"
    command = "ops runbook report" if record.action in audit_log.RUNBOOK_ACTIONS else "ops dlq runs"
    return f"{command} {record.plan}"


def _source(record: Record) -> dict[str, str]:
    if record.action in audit_log.RUNBOOK_ACTIONS:
        return {"Run": record.plan or NONE, "Document hash": record.plan_hash or NONE}
    if record.action == audit_log.SWEEP:
        return {"Sweep": record.plan or NONE}
    return {"Plan": record.plan or NONE, "Plan hash": record.plan_hash or NONE}
