"""The runbooks: those whose alarm fires first, then those that can be run, then those on paper; and runs in progress."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.access import access
from dashboard.app_pages.runbooks import address
from dashboard.components.queries import runbook_queries
from dashboard.formatting import moment, principal, sendable, utc
from dashboard.markup import html_blocks
from dashboard.markup.runbook_steps import MACROS
from dashboard.services.runbook_service import RecordedRuns, RunbookEntry, RunbookService, ShownRun
from ops.formatting import count
from ops.insight.report_types import Finding, Level
from ops.runbooks.run_state import RunbookRun, RunPhase

MAX_EARLIER = 8


def show(service: RunbookService) -> None:
    refresh = page_runtime.page_context().selection.refresh

    @st.fragment(run_every=refresh, key="runbook-list")
    def body() -> None:
        listed, recorded = runbook_queries.list_documents(service), service.list_runs()
        open_runs = [
            run
            for run in (service.run(state.id) for state in recorded.own if state.phase in _UNFINISHED)
            if run.in_progress or run.interrupted
        ]
        with st.container(key="opening"):
            page_runtime.show_finding(finding(listed.entries, open_runs))
        if not access().may_change:
            st.html(html_blocks.notes("Read-only", (f"{access().why} Runs are shown; none can be started.",)))
        for place, run in enumerate(open_runs):
            _show_open_run(run, place)
        shown = [run.state.id for run in open_runs]
        _show_entries(listed.entries, recorded, shown)
        _show_earlier(recorded, shown)
        if notes := (*listed.unread, *recorded.unread):
            st.html(html_blocks.partial(notes))

    body()


_UNFINISHED = (RunPhase.RUNNING, RunPhase.WAITING)


def finding(entries: Sequence[RunbookEntry], open_runs: Sequence[ShownRun]) -> Finding:
    """The finding of the page: a run in progress, else an alarm in ALARM."""
    firing = {alarm for entry in entries for alarm in entry.firing}
    alarms = f"{count(len(firing), 'alarm')} in ALARM" if firing else ""
    if open_runs:
        run = open_runs[0]
        text = f"{run.document.title}: {run_words(run)}."
        return Finding(Level.CRITICAL if firing else Level.WARNING, f"{text} {alarms}." if alarms else text)
    first = next((entry for entry in ordered(entries) if entry.firing and entry.live), None)
    if first is not None:
        return Finding(Level.CRITICAL, f"{alarms}: start with the runbook {first.document.title}.")
    if firing:
        return Finding(Level.CRITICAL, f"{alarms}; its runbook is on paper." if len(firing) == 1 else f"{alarms}.")
    return Finding(Level.OK, "No alarm with a runbook fires, and no run is in progress.")


def run_words(run: ShownRun) -> str:
    if run.interrupted:
        return "interrupted: its process ended in the middle"
    if run.holder is not None:
        return f"running in a terminal, by {principal(run.holder.who)}"
    if run.state.phase is RunPhase.WAITING and not run.active:
        return "waits for an answer"
    return "running" if run.active else run.state.phase.value


def ordered(entries: Sequence[RunbookEntry]) -> list[RunbookEntry]:
    """The runbooks, those of alarms in ALARM first, the most urgent on top, as on the Alarms page."""
    return sorted(entries, key=_place)


def _place(entry: RunbookEntry) -> tuple[bool, bool, bool, int, str]:
    return not entry.firing, not entry.live, entry.rank is None, entry.rank or 0, entry.document.title.lower()


def _show_open_run(run: ShownRun, place: int) -> None:
    colour = theme.WARNING if run.interrupted else theme.VISIBLE
    state = run.state
    who = f"{principal(state.actor)} · {moment(state.began, page_runtime.ZONE)} · {state.reason}"
    words = run_words(run)
    with st.container(border=True, key=f"open-run-{place}"):
        st.html(MACROS.run_head(colour, words[:1].upper() + words[1:], run.active, run.document.title, "", who))
        st.button(
            "Open this run",
            key=f"open-run-button-{place}",
            icon=":material/arrow_forward:",
            type="primary" if place == 0 else "secondary",
            on_click=address.open_run,
            args=(state.id, state.runbook),
        )


def _show_entries(entries: Sequence[RunbookEntry], recorded: RecordedRuns, shown: Sequence[str]) -> None:
    """``shown``: IDs of the runs that are above."""
    if not entries:
        st.html(html_blocks.empty("No runbooks", "Documents in runbooks/ of this checkout are listed here."))
        return
    last = {state.runbook: state for state in reversed(recorded.own) if state.id not in shown}
    with st.container(key="books", gap=None):
        for place, entry in enumerate(ordered(entries)):
            with st.container(key=f"book-{place}"):
                st.html(_row(entry, last.get(entry.document.name)))
                # The label must not quote the document: labels are read as Markdown.
                st.button(
                    f"Open runbook {place + 1}",
                    key=f"choose-book-{place}",
                    on_click=address.open_runbook,
                    args=(entry.document.name, entry.firing[0] if entry.firing else ""),
                )


def _row(entry: RunbookEntry, last: RunbookRun | None) -> str:
    front = entry.document.front
    named = ", ".join(entry.firing or (front.alarms if front else ()))
    alarms = named if entry.firing or not named else f"alarms: {named}"
    state, colour = "On paper", theme.NEUTRAL
    if entry.problems:
        state, colour = "Cannot be run", theme.WARNING
        alarms = str(entry.problems[0])
    elif entry.live:
        state = count(len(entry.document.steps), "step")
    if entry.firing:
        state, colour = "Firing", theme.DEAD
    when = f"last run {last.phase.value}, {moment(last.began, page_runtime.ZONE)}" if last else ""
    return MACROS.entry(entry.document, colour, state, alarms, when, utc(last.began) if last else "")


def _show_earlier(recorded: RecordedRuns, shown: Sequence[str]) -> None:
    earlier = [state for state in recorded.own if state.id not in shown]
    if not earlier:
        return
    st.subheader("Earlier runs", anchor=False)
    for place, state in enumerate(earlier[:MAX_EARLIER]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"earlier-{place}"):
            st.button(
                "Open",
                key=f"earlier-run-{place}",
                type="tertiary",
                icon=":material/description:",
                on_click=address.open_run,
                args=(state.id, state.runbook),
            )
            st.text(sendable(f"{moment(state.began, page_runtime.ZONE)}  {state.runbook}: {state.phase.value}"))
            st.html(html_blocks.quiet(state.reason))
    more = [f"{count(len(earlier) - MAX_EARLIER, 'earlier run')}"] if len(earlier) > MAX_EARLIER else []
    more += [f"{count(recorded.others, 'run')} of other workloads"] if recorded.others else []
    if more:
        st.html(html_blocks.quiet(f"{' and '.join(more)}: list them with ops runbook runs."))
