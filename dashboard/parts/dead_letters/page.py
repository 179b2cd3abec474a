"""The page below its numbers: run, causes, letters, and what may be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import live, theme
from dashboard.desk import Desk
from dashboard.parts import blocks, trouble
from dashboard.parts.dead_letters import (
    causes,
    exporting,
    importing,
    letters,
    looking,
    planning,
    reading,
    running,
    scope,
)
from dashboard.parts.dead_letters.looking import Counted
from dashboard.text import escape, number
from dashboard.text import letters as counted
from ops.errors import OpsError
from ops.insight import words
from ops.insight.reports import DeadLettersReport, Finding
from ops.workload import Gap


def finding(report: DeadLettersReport) -> Finding:
    """The snapshot's sentence, which knows the causes; of an old snapshot, of a past range, or while there is nothing,
    the report's."""
    if report.at:
        return report.finding
    try:
        here = reading.desk()
        info = reading.info(here)
        if info is None:
            return report.finding
        found: Finding = reading.causes(here).finding
    except OpsError:  # the page says so below
        return report.finding
    if st.session_state.get(reading.FROM) or (info.complete and info.letters == report.count):
        return found
    if report.count and info.letters and info.looked_at and not looking.old(info):
        return since_then(found, report.count)
    return report.finding


def since_then(found: Finding, count: float) -> Finding:
    """What the look found, where letters came or went since: one more of them does not change what they died of."""
    word = theme.LEVEL[found.level][2]
    now = words.count(int(count), "dead letter")
    return replace(found, text=f"{word}: {now} now; at the last look {found.text.removeprefix(f'{word}: ')}")


def other_queue() -> None:
    """Another queue of dead letters than the workload's own: of its bus, its asynchronous invocations …"""
    with st.popover("Another queue", icon=":material/swap_horiz:", type="tertiary"):
        st.text_input(
            "Queue of dead letters: name, URL or ARN",
            key=reading.FROM,
            bind="query-params",
            placeholder="the workload's own",
        )


def section(count: Callable[[], Counted | None]) -> None:
    """Everything that is read from the shelf and the ledgers. ``count``: of the workload's queue."""
    try:
        if live.telemetry().dead_letter_queue is None and not st.session_state.get(reading.FROM):
            _none(live.telemetry().dead_letter_gap)
            other_queue()
            return
    except OpsError:  # the page above has said so
        return
    try:
        here = reading.desk()
        running.current(here)
        info = reading.info(here)
        own = not st.session_state.get(reading.FROM)
        looking.bar(here, info, count if own else lambda: None, other_queue)
        if info is None:
            _import_only(here)
            return
        imported = importing.chosen(info)
        report = reading.causes(here, imported)
    except OpsError as error:
        other_queue()
        if not live.said("dead_letters", error):
            trouble.show(error, again=False)
        return
    looking.notes(info)
    causes.section(here, report)
    if len(report.groups):
        _desk(here, imported)
    else:
        _import_only(here)


def _none(gap: Gap | None) -> None:
    """Without a dead-letter queue; ``gap``: why the one that there is, or was, cannot be shown."""
    if gap is not None:
        st.html(blocks.empty(f"{gap.name} {gap.verb}", gap.note))
        return
    why = (
        "A message that keeps failing is lost in the end. Give the queue a redrive policy, so that it is kept. "
        "If the queue itself takes the dead letters of another service, name it below."
    )
    st.html(blocks.empty("No dead-letter queue", why))


def _import_only(here: Desk) -> None:
    with st.expander("Import letters of an export", icon=":material/upload:", key="import-only"):
        importing.section(here)


def _desk(here: Desk, imported: bool) -> None:
    """The chosen letters, and what may be done with them."""
    st.subheader("Which letters, and what becomes of them?", anchor=False)
    selection = scope.filters(imported)
    try:
        total = reading.count(here, selection)
    except OpsError as error:
        trouble.show(error, again=False)
        return
    narrowed = letters.narrowed(selection)
    many = len(narrowed.ids) or total
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(_scope(selection.cause, scope.filtered(selection), len(narrowed.ids), total))
        if selection.cause or scope.filtered(selection):
            st.button("All letters", key="clear-scope", icon=":material/close:", type="tertiary", on_click=scope.clear)
    drawn: dict[str, Callable[[], None]] = {
        "Letters": lambda: letters.section(here, selection, total),
        "Redrive": lambda: planning.section(here, narrowed, many),
        "Export": lambda: exporting.section(here, narrowed, many),
        "Import": lambda: importing.section(here),
        "Purge": lambda: exporting.purging(here, narrowed, many),
        "Runs": lambda: running.earlier(here),
    }
    tabs = st.tabs(list(drawn), key="do", bind="query-params", on_change="rerun")
    try:
        for tab, draw in zip(tabs, drawn.values(), strict=True):
            if tab.open:
                with tab:
                    draw()
    except OpsError as error:
        trouble.show(error, again=False)


def _scope(cause: str, filtered: bool, ticked: int, total: int) -> str:
    what = [f"cause {cause}"] if cause else ["all causes"]
    what += ["filtered"] if filtered else []
    count = f"{number(ticked)} ticked of {counted(total)}" if ticked else counted(total)
    return f'<span class="so-scope"><b>{count}</b> {escape(", ".join(what))}</span>'
