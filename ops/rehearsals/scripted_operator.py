"""Answers a rehearsal's questions from a file. A question that it does not answer fails the run, with its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops.errors import OpsError
from ops.rehearsals.rehearsal_parser import wrong_answer
from ops.runbooks import references
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import RunbookAction, StepPreview
from ops.runbooks.actions.waiting import AskInputs
from ops.runbooks.model import Runbook, RunbookStep
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_operator import Confirmation


class UnansweredQuestion(OpsError):
    """The runbook asked what the rehearsal does not answer."""


class ScriptedOperator:
    """``before``: called with the ID of a step before it is answered, to do what a person would have done by then;
    ``after``: once it is done. ``on_event``: gets each event. ``fill``: the answer for one in braces, which is only known
    by then; ``{steps.ID.OUTPUT}`` is what that step put out."""

    def __init__(
        self,
        document: Runbook,
        answers: Mapping[str, str],
        before: Callable[[str], None] = lambda _step: None,
        on_event: Callable[[RunbookStep | None, RecordedEvent], None] = lambda _step, _event: None,
        fill: Callable[[str], str] = str,
        after: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._document = document
        self._answers = answers
        self._before = before
        self._on_event = on_event
        self._fill = fill
        self._after = after
        self._given: list[str] = []
        self._outputs: dict[str, Any] = {}

    @property
    def never_asked(self) -> tuple[str, ...]:
        """The steps whose answer the runbook did not ask for."""
        return tuple(step for step in self._answers if step not in self._given)

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation:
        changes = "; ".join(f"{change.what}: {change.before} → {change.after}" for change in preview.changes)
        return Confirmation(self._answer(step, f"Carry out {action.name}{f' ({changes})' if changes else ''}?"))

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        return False

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        """The step that asks is recognized by its question; of several with the same one, the first not yet answered."""
        asking = [step for step in self._document.steps if _question(step) == question]
        step = next((step for step in asking if step.id not in self._given), asking[-1] if asking else None)
        if step is None:
            raise UnansweredQuestion(f"No step of {self._document.file} is known to ask: {question}")
        answer = self._answer(step, question)
        if choices and answer not in choices:
            raise UnansweredQuestion(f"Step {step.id} takes one of {', '.join(choices)}, not {answer}: {question}")
        return answer

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        if event.kind == "step.executed":
            self._outputs[event.step] = event.data.get("outputs", {})
        self._on_event(step, event)
        if event.kind == "step.verified":
            self._after(event.step)

    def _answer(self, step: RunbookStep, question: str) -> str:
        answer = self._answers.get(step.id)
        if answer is None:
            raise UnansweredQuestion(
                f"Step {step.id} asks, and the rehearsal has no answer: {question}",
                f"Add it below [answers]: {step.id} = …",
            )
        if wrong := wrong_answer(step, answer):
            raise UnansweredQuestion(f"{wrong[:1].upper()}{wrong[1:]}: {question}")
        self._given.append(step.id)
        self._before(step.id)
        if not answer.startswith("{"):
            return answer
        if not answer.startswith("{steps."):
            return self._fill(answer)
        value = references.search(answer[1:-1], {"steps": self._outputs})
        if value is None:
            raise UnansweredQuestion(f"{answer}, the answer to step {step.id}, is not known: {question}")
        return str(value)


def _question(step: RunbookStep) -> object:
    return step.inputs.get("question") if ACTIONS[step.action].inputs is AskInputs else None
