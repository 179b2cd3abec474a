"""The steps of a runbook, and what a run made of them, as data for cards and as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboard import theme
from dashboard.formatting import duration, moment, with_principals
from dashboard.markup.templates import Macros
from dashboard.services.runbook_service import ShownRun
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, PlannedChange
from ops.runbooks.model import Reference, Runbook, RunbookStep
from ops.runbooks.run_state import RequestKind, RunPhase, StepProgress, StepState
from ops.runbooks.shown_outputs import shown_lines

MACROS = Macros("runbooks.html")
ASK = "person.ask"
MAX_FACTS = 300
"""Characters of a step's outputs in its line; the report has all."""
OPEN, CURRENT, DONE, FAILED = "open", "current", "done", "failed"
_OVER = (StepState.DONE, StepState.SKIPPED, StepState.UNDONE)
_WORDS = {
    StepState.PENDING: ("Not run", theme.NEUTRAL, ""),
    StepState.EXECUTED: ("Not verified", theme.WARNING, "…"),
    StepState.UNKNOWN: ("Outcome unknown", theme.WARNING, "?"),
    StepState.DONE: ("Verified", theme.SUCCESS, "✓"),
    StepState.SKIPPED: ("Skipped", theme.NEUTRAL, "–"),
    StepState.FAILED: ("Failed", theme.DEAD, "✗"),
    StepState.UNDONE: ("Undone", theme.NEUTRAL, "↶"),
}
_ASKED = {RequestKind.CONFIRM: "Confirm", RequestKind.ANSWER: "Your answer", RequestKind.CONTINUE: "Not as expected"}
EFFECTS = {
    Effect.READ: "Reads only",
    Effect.TRACE: "Changes no setting, but leaves a trace",
    Effect.CHANGE: "Changes a setting; can be undone",
    Effect.FINAL: "Cannot be undone",
}


@dataclass(frozen=True)
class StepView:
    """``state``: open | current | done | failed."""

    step: RunbookStep
    number: int
    state: str
    title: str
    word: str
    colour: str
    symbol: str
    text: str = ""

    @property
    def effect(self) -> Effect | None:
        action = ACTIONS.get(self.step.action)
        return action.effect if action else None

    @property
    def anchor(self) -> str:
        return f"step-{self.step.id}"


def current_step(run: ShownRun) -> str:
    """The ID of the step that the run is at; empty where it is over."""
    state = run.state
    if state.request is not None:
        return state.request.step
    if state.phase in (RunPhase.DONE, RunPhase.CHECKED, RunPhase.ROLLED_BACK):
        return ""
    left = [step.id for step in run.document.steps if _progress(run, step.id).state not in _OVER]
    unclear = [name for name in left if _progress(run, name).state in (StepState.UNKNOWN, StepState.EXECUTED)]
    return next(iter(unclear or left), "")


def views(document: Runbook, run: ShownRun | None, zone: tzinfo) -> dict[str, StepView]:
    """Each step by its ID, in the document's order; times in ``zone``."""
    at = current_step(run) if run else ""
    return {step.id: _view(step, number, run, at, zone) for number, step in enumerate(document.steps, 1)}


def _view(step: RunbookStep, number: int, run: ShownRun | None, at: str, zone: tzinfo) -> StepView:
    progress = _progress(run, step.id)
    word, colour, symbol = _WORDS[progress.state]
    word = word if run else ""  # the head says that it is not run
    state = DONE if progress.state in _OVER else FAILED if progress.state is StepState.FAILED else OPEN
    text = _line(progress, step, zone)
    if run and step.id == at:
        state = CURRENT
        if run.state.request is not None:
            word, colour, symbol, text = _ASKED[run.state.request.kind], theme.VISIBLE, "?", ""
        elif run.active:
            word, colour, text = "Running", theme.VISIBLE, ""
            symbol = str(number)
            if progress.state is StepState.EXECUTED:
                word = "Verifying"
    return StepView(step, number, state, title(step), word, colour, symbol or str(number), text)


_NAMED = re.compile(r"\b([Ss]tep) ([A-Za-z_][\w-]*)")


def with_numbers(text: str, document: Runbook) -> str:
    """A sentence of the engine's, which names steps by ID, with the numbers and the people that the page shows:
    ``Step 6 failed: role OnCall (alex) may not …``."""
    numbers = {step.id: number for number, step in enumerate(document.steps, 1)}
    named = _NAMED.sub(lambda found: f"{found[1]} {numbers.get(found[2], found[2])}", text)
    return with_principals(named)


def title(step: RunbookStep) -> str:
    if step.action == ASK:
        return str(step.inputs.get("question", step.id))
    action = ACTIONS.get(step.action)
    return action.summary if action else step.id


def inputs_text(step: RunbookStep) -> str:
    """``maximum 10, minutes 60``; one that an earlier step gives by where it comes from."""
    if step.action == ASK:
        return ""
    return ", ".join(
        f"{name} {f'from {value.expression}' if isinstance(value, Reference) else show_value(value)}"
        for name, value in step.inputs.items()
    )


def show_value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        named = (str(item["id"]) if isinstance(item, Mapping) and "id" in item else str(item) for item in value)
        return ", ".join(named) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "none" if value is None else str(value)


def diff(changes: Sequence[PlannedChange]) -> str:
    return MACROS.diff([(change.what, show_value(change.before), show_value(change.after)) for change in changes])


def verification(run: ShownRun, step: RunbookStep, now: datetime) -> tuple[str, float | None]:
    """State of the current step's verification, and the elapsed share of its deadline."""
    said = run.progress.text if run.progress else ""
    progress, action = _progress(run, step.id), ACTIONS.get(step.action)
    if progress.state is not StepState.EXECUTED or action is None:
        return said or "Running …", None
    since = next((event.at for event in reversed(run.events) if event.step == step.id), now)
    passed = max(0.0, (now - since).total_seconds())
    if not action.deadline_s:
        return said or "Verifying …", None
    text = f"Verifying: {duration(passed)} of {duration(action.deadline_s)}."
    return f"{text} {said}".strip(), min(1.0, passed / action.deadline_s)


def _progress(run: ShownRun | None, step: str) -> StepProgress:
    return run.state.steps.get(step, StepProgress()) if run else StepProgress()


def _line(progress: StepProgress, step: RunbookStep, zone: tzinfo) -> str:
    changes = "; ".join(f"{show_value(change.before)} → {show_value(change.after)}" for change in progress.changes)
    answer = show_value(progress.outputs.get("answer", ""))
    found = shown_lines(progress.outputs, show_value, lambda time: moment(time, zone))
    facts = answer if step.action == ASK else " · ".join(found)
    line = " · ".join(filter(None, [changes or facts, with_principals(progress.text)]))
    return line if len(line) <= MAX_FACTS else f"{line[: MAX_FACTS - 1]}…"
