"""The state of a run, and what can be done with the whole of it: start, stop, continue, undo, report."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import streamlit as st

from dashboard import page_runtime, theme
from dashboard.app_pages.runbooks import acting, address, take_over_dialog, undo_dialog
from dashboard.app_pages.runbooks.runbook_list import run_words
from dashboard.components.queries import runbook_queries
from dashboard.formatting import moment, principal, sendable
from dashboard.markup import error_box, html_blocks, runbook_steps
from dashboard.markup.runbook_steps import MACROS
from dashboard.services.runbook_service import RunbookService, ShownRun
from ops import typed_json
from ops.errors import OpsError
from ops.files.lock_holder import LockHolder
from ops.formatting import count, elapsed
from ops.runbooks.locking import SharedHolder
from ops.runbooks.model import Runbook
from ops.runbooks.run_state import RunPhase, StepState

_COLOURS = {
    RunPhase.RUNNING: theme.VISIBLE,
    RunPhase.WAITING: theme.VISIBLE,
    RunPhase.DONE: theme.SUCCESS,
    RunPhase.CHECKED: theme.SUCCESS,
    RunPhase.STOPPED: theme.WARNING,
    RunPhase.FAILED: theme.DEAD,
    RunPhase.ROLLED_BACK: theme.NEUTRAL,
}
REPORT_KEPT_S = 60
_OVER = (RunPhase.DONE, RunPhase.ROLLED_BACK)
_UNFINISHED = (RunPhase.STOPPED, RunPhase.FAILED, RunPhase.CHECKED)


def show_start(service: RunbookService, document: Runbook) -> None:
    """The form that starts a run; or who keeps it from starting."""
    alarm = address.alarm()
    with st.container(border=True, key="start-run"):
        changes = sum(not step.is_check for step in document.steps)
        checks = len(document.steps) - changes
        text = (
            f"{count(checks, 'check')} and {count(changes, 'step')}. Checks run by themselves; the run stops before each "
            "step, shows what it would change, and asks."
        )
        st.html(MACROS.run_head(theme.NEUTRAL, "Not run", False, document.title, text, ""))
        if holder := _other_run(service):
            st.html(html_blocks.notes("Another run is in progress on this workload", (_held_text(holder),)))
            st.button(
                "Open that run",
                key="open-other-run",
                icon=":material/arrow_forward:",
                on_click=address.open_run,
                args=(holder.state.id, holder.state.runbook),
            )
            return
        if other := runbook_queries.other_machine(service):
            take_over_dialog.button(
                "Take over and start…",
                other,
                "take-over-start",
                lambda reason, over: address.open_run(service.start(document, reason, over), document.name),
            )
            return
        usual = sendable(f"alarm {alarm}")[:200] if alarm else ""
        reason = acting.reason_input("start-reason", usual)
        blocked = acting.why_not()
        if st.button(
            "Start",
            key="start-run-button",
            icon=":material/play_arrow:",
            type="primary",
            disabled=bool(blocked),
            help=blocked,
        ):
            acting.act(lambda: address.open_run(service.start(document, reason), document.name), "Not started")


def show(service: RunbookService, run: ShownRun) -> None:
    state = run.state
    views = list(runbook_steps.views(run.document, run, page_runtime.ZONE).values())
    done = sum(view.state == runbook_steps.DONE for view in views)
    word = run_words(run)
    colour = theme.WARNING if run.interrupted else _COLOURS[state.phase]
    with st.container(border=True, key="run-bar", gap="small"):
        badge = "Interrupted" if run.interrupted else word[:1].upper() + word[1:]
        text, at = _text(run, views), next((view.anchor for view in views if view.state == runbook_steps.CURRENT), "")
        st.html(MACROS.run_head(colour, badge, run.active, run.document.title, text, _facts(run), at))
        st.html(MACROS.progress(views, done, len(views)))
        if run.changed:
            st.html(html_blocks.quiet(run.changed))
        if run.progress and run.progress.error and not run.active:
            error_box.show(
                OpsError(run.progress.error, run.progress.next_step), again=False, title="The run could not go on"
            )
        other = None if run.active or run.state.phase in _OVER else runbook_queries.other_machine(service)
        if other is not None:
            take_over_dialog.button(
                "Take over and continue…",
                other,
                "take-over-continue",
                lambda reason, over: service.resume(state.id, reason, over),
            )
        _show_buttons(service, run, other)
    _show_report(service, run)


def _other_run(service: RunbookService) -> ShownRun | None:
    for state in service.list_runs().own:
        if state.ended is None:
            run = service.run(state.id)
            if run.in_progress:
                return run
    return None


def _held_text(run: ShownRun) -> str:
    state = run.state
    if run.holder is not None:
        return f"{run.document.title}: {_terminal_text(run.holder)}"
    return f"{run.document.title}: {run_words(run)}; started by {principal(state.actor)} at {moment(state.began, page_runtime.ZONE)}."


def _terminal_text(holder: LockHolder) -> str:
    try:
        since = moment(typed_json.in_utc(datetime.fromisoformat(holder.since)), page_runtime.ZONE)
    except ValueError:
        since = holder.since
    return (
        f"{principal(holder.who)} has been running it in a terminal since {since} (process {holder.pid}). It is answered and "
        "stopped there. If that process hangs, end it: the run can then be continued here."
    )


def _text(run: ShownRun, views: list[runbook_steps.StepView]) -> str:
    at = next((view for view in views if view.state == runbook_steps.CURRENT), None)
    following = next((view for view in views if at and view.number == at.number + 1), None)
    if run.interrupted:
        return (
            "The process ended in the middle. Continue: what is done is not repeated, and a step whose outcome is not "
            "known is first compared with what AWS shows."
        )
    if run.state.phase in (RunPhase.RUNNING, RunPhase.WAITING) and at:
        following_text = f" Next: {_sentence(following.title)}" if following else ""
        return f"Step {at.number} of {len(views)}: {_sentence(at.title)}{following_text}"
    return runbook_steps.with_numbers(run.state.text, run.document)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _facts(run: ShownRun) -> str:
    state = run.state
    end = state.ended or datetime.now(UTC)
    took = elapsed(state.began, end) if state.began else ""
    who = principal(state.actor)
    return " · ".join(filter(None, [state.reason, who, moment(state.began, page_runtime.ZONE), took]))


def _show_buttons(service: RunbookService, run: ShownRun, other: SharedHolder | None) -> None:
    """``other``: what has to be taken over first, if the run is to go on."""
    state, blocked = run.state, acting.why_not()
    run_id = state.id
    with st.container(horizontal=True, vertical_alignment="center", key="run-buttons"):
        if run.holder is not None:
            st.html(f'<span class="so-quiet">{MACROS.question(_terminal_text(run.holder))}</span>')
            return
        if (run.in_progress or run.interrupted) and st.button(
            "Stop the run", key="stop-run", icon=":material/stop:", disabled=bool(blocked), help=blocked
        ):
            acting.act(lambda: service.stop(run_id), "Not stopped")
        if (other is None and (run.interrupted or (state.phase in _UNFINISHED and not run.active))) and st.button(
            "Continue",
            key="continue-run",
            icon=":material/resume:",
            type="primary",
            disabled=bool(blocked),
            help=blocked,
        ):
            acting.act(lambda: service.resume(run_id, state.reason), "Not continued")
        if (
            not run.active
            and other is None
            and state.phase is not RunPhase.ROLLED_BACK
            and _changed(run)
            and st.button("Undo all…", key="undo-run", icon=":material/undo:", disabled=bool(blocked), help=blocked)
        ):
            undo_dialog.confirm_undo(service, run)
        if state.ended is not None:
            st.button(
                "Run again",
                key="run-again",
                type="tertiary",
                icon=":material/replay:",
                on_click=address.open_runbook,
                args=(state.runbook,),
            )


def _changed(run: ShownRun) -> bool:
    return any(step.changes and step.state is not StepState.UNDONE for step in run.state.steps.values())


def _show_report(service: RunbookService, run: ShownRun) -> None:
    if run.state.ended is None or run.active:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="report-buttons"):
        st.download_button(
            "Download the report",
            lambda: _report(service, run.state.id).encode(),
            f"{run.state.id}.md",
            "text/markdown",
            key="download-report",
            icon=":material/download:",
            on_click="ignore",
        )
        shown = st.toggle("Show the report", key="show-report")
    if shown:
        st.code(sendable(_recent_report(service, run)), language=None, wrap_lines=True, height=420)


def _recent_report(service: RunbookService, run: ShownRun) -> str:
    """A run's report, cached for a minute: each one queries metrics and logs, which AWS bills."""
    written_for = (run.state.id, run.state.ended, int(time.time() // REPORT_KEPT_S))
    kept = st.session_state.get("runbook-report")
    if kept is None or kept[0] != written_for:
        kept = st.session_state["runbook-report"] = (written_for, _report(service, run.state.id))
    return str(kept[1])


def _report(service: RunbookService, run: str) -> str:
    try:
        return service.report(run)
    except OpsError as error:
        return f"The report could not be written: {error} {error.next_step}\n"
