"""Requests of a run that waits: a preview to confirm, a question, or a check that is not as expected."""

from __future__ import annotations

import streamlit as st

from dashboard.app_pages.runbooks import acting
from dashboard.components import widgets
from dashboard.formatting import sendable
from dashboard.markup import error_box, html_blocks, runbook_steps
from dashboard.markup.runbook_steps import MACROS, StepView
from dashboard.services.runbook_service import RunbookService, ShownRun
from ops.errors import UsageError
from ops.runbooks.actions.action import Effect
from ops.runbooks.background.prepared_operator import CONTINUE
from ops.runbooks.run_state import PersonRequest, RequestKind

FAILED_TITLE = "Not answered"


def show(service: RunbookService, view: StepView, run: ShownRun, request: PersonRequest) -> None:
    if request.kind is RequestKind.CONFIRM:
        _show_preview(request, is_final=view.effect is Effect.FINAL)
        _show_confirmation(service, view, run, request)
    elif request.kind is RequestKind.ANSWER:
        _show_question(service, run, request)
    else:
        _show_unexpected(service, run, request)


def _send(service: RunbookService, run: ShownRun, request: PersonRequest, value: str, reason: str = "") -> None:
    acting.act(lambda: service.answer(run.state.id, request, value, reason or run.state.reason), FAILED_TITLE)


def _show_preview(request: PersonRequest, is_final: bool) -> None:
    """``is_final``: what stands for the undo is a sentence, no command."""
    if request.text:
        st.html(html_blocks.notes("Not carried out", (request.text,)))
    if request.changes:
        st.html(runbook_steps.diff(request.changes))
    else:
        st.html('<span class="so-quiet">No setting changes.</span>')
    if request.notes:
        st.html(html_blocks.notes("Note", request.notes))
    if request.command:
        st.html('<span class="so-quiet">Same as</span>')
        st.code(sendable(request.command), language=None, wrap_lines=True)
    if request.undo and is_final:
        st.html(html_blocks.quiet(f"Undo: {request.undo}"))
    elif request.undo:
        st.html('<span class="so-quiet">Undo</span>')
        st.code(sendable(request.undo), language=None, wrap_lines=True)


def _show_confirmation(service: RunbookService, view: StepView, run: ShownRun, request: PersonRequest) -> None:
    final = view.effect is Effect.FINAL
    key, blocked = request.id, acting.why_not()
    reason = acting.reason_input(f"reason-{key}", "" if final else run.state.reason)
    # The words to type stand in text: a label is read as Markdown, and they are the document's.
    typed, wanted = "", request.confirmation or view.step.id
    if final:
        st.html(MACROS.question(f"This cannot be undone. To confirm, type: {wanted}"))
        typed = st.text_input("Confirmation", key=f"typed-{key}", label_visibility="collapsed") or ""
    with st.container(horizontal=True, key=f"answer-{key}"):
        if final:
            pressed = widgets.danger_button(
                "Run step", f"run-step-{key}", icon=":material/play_arrow:", disabled=bool(blocked), help=blocked
            )
        else:
            pressed = st.button(
                "Run step",
                key=f"run-step-{key}",
                type="primary",
                icon=":material/play_arrow:",
                disabled=bool(blocked),
                help=blocked,
            )
        skipped = st.button("Skip", key=f"skip-{key}", icon=":material/skip_next:", disabled=bool(blocked))
        stopped = st.button("Stop", key=f"stop-{key}", icon=":material/stop:", disabled=bool(blocked))
    if pressed and final and typed.strip() != wanted:
        wrong = UsageError("The confirmation does not match.", f"Type: {wanted}")
        error_box.show(wrong, again=False, title="Nothing was carried out")
    elif pressed and not reason:
        needed = UsageError(
            "A reason is required for the record.", "Enter what happened, with a ticket if there is one."
        )
        error_box.show(needed, again=False, title="Nothing was carried out")
    elif pressed:
        _send(service, run, request, "yes", reason)
    elif skipped or stopped:
        _send(service, run, request, "skip" if skipped else "stop", reason)


def _show_question(service: RunbookService, run: ShownRun, request: PersonRequest) -> None:
    blocked = acting.why_not()
    if request.choices:
        # Options of a selectbox are text; those of a radio are Markdown.
        usual = request.choices.index(request.default) if request.default in request.choices else None
        answer = st.selectbox(
            "Answer", request.choices, usual, key=f"choice-{request.id}", format_func=sendable, placeholder="Choose"
        )
    else:
        answer = st.text_input("Answer", request.default, key=f"text-{request.id}")
    with st.container(horizontal=True, key=f"answer-{request.id}"):
        pressed = st.button(
            "Answer",
            key=f"send-{request.id}",
            type="primary",
            icon=":material/check:",
            disabled=bool(blocked) or not answer,
            help=blocked,
        )
    if pressed and answer:
        _send(service, run, request, answer)


def _show_unexpected(service: RunbookService, run: ShownRun, request: PersonRequest) -> None:
    blocked = acting.why_not()
    st.html(html_blocks.notes("Not as expected", (request.text,)))
    with st.container(horizontal=True, key=f"answer-{request.id}"):
        stopped = st.button(
            "Stop here",
            key=f"stop-{request.id}",
            type="primary",
            icon=":material/stop:",
            disabled=bool(blocked),
            help=blocked,
        )
        pressed = st.button(
            "Continue anyway", key=f"anyway-{request.id}", icon=":material/skip_next:", disabled=bool(blocked)
        )
    if pressed or stopped:
        _send(service, run, request, CONTINUE if pressed else "stop")
