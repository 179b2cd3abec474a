"""An operator with at most one answer, given before it is asked; at any other question the run waits on disk."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ops.errors import UsageError
from ops.runbooks.actions.action import PersonNeeded, PlannedChange, RunbookAction, StepPreview
from ops.runbooks.engine import Stop
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_operator import Confirmation, PersonAwaited
from ops.runbooks.run_state import PersonRequest, RequestKind, RunPhase

CONTINUE = "continue"
_SAFE_TO_STOP_AFTER = ("step.verified", "step.skipped")
PREVIEW_CHANGED = "The preview changed since it was confirmed. Nothing was carried out: read it again."


@dataclass(frozen=True)
class PreparedAnswer:
    """The answer to the request with this ID. ``value``: ``yes``, ``skip`` or ``stop`` to CONFIRM; CONTINUE or ``stop``
    to CONTINUE; any text to ANSWER."""

    request: PersonRequest
    value: str

    def __post_init__(self) -> None:
        kind, value, choices = self.request.kind, self.value, self.request.choices
        allowed = {RequestKind.CONFIRM: ("yes", "skip", "stop"), RequestKind.CONTINUE: (CONTINUE, "stop")}.get(kind)
        if kind is RequestKind.ANSWER and (not value.strip() or (choices and value not in choices)):
            hint = f"Choose one of: {', '.join(choices)}." if choices else "Enter an answer."
            raise UsageError("This is no answer to the question.", hint)
        if allowed and value not in allowed:
            raise UsageError(f"{value!r} is no answer here.", f"Use one of: {', '.join(allowed)}.")


class PreparedOperator:
    """``stop_requested``: asked at places where a run may end without a call in the air."""

    def __init__(self, answer: PreparedAnswer | None, stop_requested: Callable[[], bool]) -> None:
        self._answer = answer
        self._stop_requested = stop_requested

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation:
        self.stop_if_requested(f"before step {step.id}")
        answer = self._take(step.id, RequestKind.CONFIRM)
        changed = answer is not None and answer.value == "yes" and not _is_of(answer.request, preview.masked())
        if answer is None or changed:
            text = PREVIEW_CHANGED if changed else ""
            raise PersonAwaited(_confirm_request(preview, text))
        return Confirmation(answer.value)

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        answer = self._take(step.id, RequestKind.CONTINUE)
        if answer is None:
            self.stop_if_requested(f"at step {step.id}")
            raise PersonAwaited(PersonRequest(_new_id(), RequestKind.CONTINUE, text))
        return answer.value == CONTINUE

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        answer = self._take("", RequestKind.ANSWER)
        if answer is None or answer.request.text != question:
            self.stop_if_requested("before a question")
            raise PersonAwaited(PersonRequest(_new_id(), RequestKind.ANSWER, question, choices, default))
        return answer.value

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        if step is not None and event.kind in _SAFE_TO_STOP_AFTER:
            self.stop_if_requested(f"after step {step.id}")

    def stop_if_requested(self, where: str) -> None:
        """Raises Stop."""
        if self._stop_requested():
            raise Stop(RunPhase.STOPPED, f"Stopped {where}.")

    def _take(self, step: str, kind: RequestKind) -> PreparedAnswer | None:
        """The answer, once, if it is to this."""
        answer = self._answer
        if answer is None or answer.request.kind is not kind or step not in ("", answer.request.step):
            return None
        self._answer = None
        return answer


class UndoOperator:
    """Confirms an undo whose preview is one of ``expected``: changes by the step's ID, as a person has confirmed them."""

    def __init__(self, expected: Mapping[str, tuple[PlannedChange, ...]]) -> None:
        self._expected = expected

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation:
        return Confirmation.YES if self._expected.get(step.id) == preview.changes else Confirmation.STOP

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        return False

    def ask(self, question: str, choices: tuple[str, ...], default: str) -> str:
        raise PersonNeeded(f"An undo asks no questions: {question}")

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None:
        pass

    def stop_if_requested(self, where: str) -> None:
        """An undo is not stopped in its middle."""


def _confirm_request(preview: StepPreview, text: str) -> PersonRequest:
    return PersonRequest(
        _new_id(),
        RequestKind.CONFIRM,
        text,
        changes=preview.changes,
        notes=preview.notes,
        command=preview.command,
        undo=preview.undo,
        confirmation=preview.confirmation,
        revision=preview.revision,
    )


def _is_of(request: PersonRequest, preview: StepPreview) -> bool:
    return StepPreview(request.changes, revision=request.revision).is_true(preview)


def _new_id() -> str:
    return secrets.token_hex(4)
