"""The steps of a run, one after the other: preview, confirm, execute, verify; each recorded before the next.

Nothing is repeated blindly: a step whose outcome is not recorded is first reconciled with what AWS shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import msgspec

from ops import access, clock, masking
from ops.aws import call_effect
from ops.aws.call_effect import CallEffect
from ops.errors import AwsError, OpsError
from ops.runbooks import fields, references
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import (
    ActionContext,
    Effect,
    PersonNeeded,
    Reconciliation,
    RunbookAction,
    StepPreview,
    StepVerdict,
    StepVerification,
)
from ops.runbooks.actions.reads import workload_fields
from ops.runbooks.model import Runbook, RunbookStep
from ops.runbooks.record import RecordedEvent, RecordError, RunRecord
from ops.runbooks.run_operator import Confirmation, Operator, PersonAwaited
from ops.runbooks.run_state import PersonRequest, RunbookRun, RunPhase, StepProgress, StepState, fold

VERIFY_INTERVAL_S = 2.0
_OVER = (StepState.DONE, StepState.SKIPPED, StepState.UNDONE)


class Stop(Exception):
    """The run ends here. ``str`` is why, as a sentence."""

    def __init__(self, phase: RunPhase, text: str) -> None:
        super().__init__(text)
        self.phase = phase


@dataclass
class StepRunner:
    document: Runbook
    record: RunRecord
    context: ActionContext
    operator: Operator
    audit: Callable[[RunbookStep, RecordedEvent], None] = lambda _step, _event: None
    """Called after an event of a step is on disk. Raises RecordError: then the run does not go on."""
    before_change: Callable[[], None] = lambda: None
    """Raises OpsError where nothing may be changed now."""

    def __post_init__(self) -> None:
        self.state: RunbookRun = fold(self.record.run, self.record.events())

    def note(self, kind: str, step: RunbookStep | None = None, **data: Any) -> None:
        event = self.record.append(kind, step.id if step else "", **data)
        self.state.apply(event)
        if step is not None:
            self.audit(step, event)
        self.operator.show(step, event)

    def run(self) -> RunPhase:
        """Carry out every step that is not done yet; returns how the run ended. Raises RecordError, and
        KeyboardInterrupt, with the record as it is: a resume goes on from there."""
        phase, text = RunPhase.DONE, "Every step is done."
        try:
            for step in self.document.steps:
                if self.state.step(step.id).state not in _OVER:
                    self._step(step)
            waiting = [step.id for step in self.document.steps if self.state.step(step.id).state is StepState.PENDING]
            if waiting:
                changed = any(progress.changes for progress in self.state.steps.values())
                phase = RunPhase.STOPPED if changed else RunPhase.CHECKED
                text = f"Not carried out because not confirmed: {', '.join(waiting)}."
        except PersonAwaited as awaited:
            self._note_request(step, awaited.request)
            return RunPhase.WAITING
        except Stop as stop:
            phase, text = stop.phase, str(stop)
        self.note("run.ended", phase=phase.value, text=text)
        return phase

    def _note_request(self, step: RunbookStep, request: PersonRequest) -> None:
        data = {name: value for name, value in asdict(request).items() if value and name not in ("id", "kind", "step")}
        self.note("run.waiting", step, request=request.id, asks=request.kind.value, **data)

    def _step(self, step: RunbookStep) -> None:
        action = ACTIONS[step.action]
        try:
            if self.state.step(step.id).state is StepState.UNKNOWN:
                self._reconcile(step, action)
            if self._is_left_out(step):
                return
            if step.when and not references.search(step.when, self._data()):
                names = [each.id for each in self.document.steps]
                self.note("step.skipped", step, text=references.why_not(step.when, self._data(), names))
                return
            inputs = references.resolve_inputs(step, action.inputs, self._data())
            if self.state.step(step.id).state is StepState.EXECUTED and self._is_verified(step, action, inputs):
                return
            self._carry_out(step, action, inputs)
        except RecordError:
            raise
        except PersonNeeded as error:
            self.note("step.declined", step, text=str(error))
        except OpsError as error:
            self._fail(step, error)

    def _is_left_out(self, step: RunbookStep) -> bool:
        """Whether it needs the outputs of a step that was not carried out."""
        for name in references.steps_used(step):
            state = self.state.step(name).state
            needed = state is StepState.PENDING or (state is StepState.SKIPPED and name in references.steps_given(step))
            if needed:
                kind = "step.declined" if state is StepState.PENDING else "step.skipped"
                self.note(kind, step, text=f"It needs step {name}, which was not carried out.")
                return True
        return False

    def _carry_out(self, step: RunbookStep, action: RunbookAction, inputs: Any) -> None:
        if action.effect is Effect.READ:
            context = replace(self.context, changed_ago_s=self._changed_ago_s())
            self.note("step.executed", step, outputs=action.execute(context, inputs))
        else:
            preview = action.preview(self.context, inputs)
            if not preview.changes and action.effect is not Effect.TRACE:
                self.note("step.executed", step, outputs={}, text=" ".join(preview.notes))
            elif not self._execute(step, action, inputs, preview):
                return
        if not self._is_verified(step, action, inputs):
            raise Stop(RunPhase.FAILED, f"Step {step.id} is not verified: {self.state.step(step.id).text}")

    def _changed_ago_s(self) -> float | None:
        """From the record, so that a resumed run knows it too. A step that had nothing to change has no outputs."""
        changing = {
            step.id for step in self.document.steps if ACTIONS[step.action].effect in (Effect.CHANGE, Effect.FINAL)
        }
        made = [
            event.at
            for event in self.record.events()
            if event.kind == "step.executed" and event.step in changing and event.data.get("outputs")
        ]
        return max(0.0, (clock.now_utc() - max(made)).total_seconds()) if made else None

    def _execute(self, step: RunbookStep, action: RunbookAction, inputs: Any, preview: StepPreview) -> bool:
        """False when it is not carried out."""
        answer = self.operator.confirm(step, action, preview)
        if answer is Confirmation.STOP:
            raise Stop(RunPhase.STOPPED, f"Stopped before step {step.id}.")
        if answer is not Confirmation.YES:
            kind = "step.skipped" if answer is Confirmation.SKIP else "step.declined"
            self.note(
                kind, step, text="Skipped by a person." if answer is Confirmation.SKIP else "It was not confirmed."
            )
            return False
        access.ensure_may(f"step {step.id}")
        self.before_change()
        now = action.preview(self.context, inputs)
        if not preview.is_true(now):
            self.note("step.refused", step, text=preview.difference(now))
            raise Stop(RunPhase.FAILED, f"Step {step.id} was not carried out: {preview.difference(now)}")
        changes = [asdict(change) for change in preview.changes]
        details = {"changes": changes, "command": now.command, "undo": preview.undo}
        self.note("step.intended", step, inputs=msgspec.to_builtins(inputs), **details)
        try:
            outputs = action.execute(replace(self.context, previewed=now), inputs)
        except AwsError as error:
            if call_effect.classify(error) is not CallEffect.UNKNOWN:
                raise
            self.note("step.unknown", step, text=str(error))
            self._reconcile(step, action, just_now=True)
            return True
        self.note("step.executed", step, outputs=outputs)
        return True

    def settle(
        self,
        step: RunbookStep,
        action: RunbookAction,
        *,
        just_now: bool = False,
        note: Callable[..., None] | None = None,
    ) -> str:
        """Find out whether a call took place of which no outcome is recorded, and record it, or ``note`` it. A call of
        ``just_now`` may still take place later. Returns why it is still not known; empty: it is known."""
        note = note or self.note
        progress = self.state.step(step.id)
        try:
            outcome = action.reconcile(self.context, self.recorded_inputs(step, action), progress.changes)
        except OpsError as error:  # it stays unknown: as failed, it would be carried out again
            note("step.unknown", step, text=str(error), next_step=error.next_step)
            return str(error)
        if outcome is Reconciliation.UNKNOWN or (just_now and outcome is not Reconciliation.DONE):
            return progress.text or "its process ended before it was recorded."
        note(step=step, **_outcome(outcome, progress))
        return ""

    def _reconcile(self, step: RunbookStep, action: RunbookAction, just_now: bool = False) -> None:
        if why := self.settle(step, action, just_now=just_now):
            raise Stop(RunPhase.FAILED, f"The outcome of step {step.id} is not known: {why}")

    def _is_verified(self, step: RunbookStep, action: RunbookAction, inputs: Any) -> bool:
        result = await_verdict(
            self.context,
            action.deadline_s,
            lambda: action.verify(self.context, inputs, self.state.step(step.id).outputs),
        )
        if result.verdict is not StepVerdict.HOLDS:
            self.note("step.unverified", step, text=_with_otherwise(result.text, step))
            return False
        outputs = self.state.step(step.id).outputs
        if step.expect and not references.search(step.expect, outputs):
            reason = references.why_not(step.expect, outputs)
            text = _with_otherwise(f"Not as expected. {reason}", step)
            if not self.operator.continue_anyway(step, text):
                self.note("step.failed", step, text=text)
                raise Stop(RunPhase.STOPPED, f"Step {step.id}: {text}")
            result = StepVerification(StepVerdict.HOLDS, f"Continued although not as expected. {reason}")
        self.note("step.verified", step, text=result.text)
        return True

    def _fail(self, step: RunbookStep, error: OpsError) -> None:
        text = _with_otherwise(str(error), step)
        code = getattr(error, "code", "")
        self.note("step.failed", step, text=text, code=code, next_step=error.next_step)
        raise Stop(RunPhase.FAILED, f"Step {step.id} failed: {text} {error.next_step}".rstrip()) from error

    def recorded_inputs(self, step: RunbookStep, action: RunbookAction) -> Any:
        """What the step was last intended with. Raises OpsError where that was a secret, which no record holds."""
        inputs = self.state.step(step.id).inputs
        if masking.is_masked(inputs):
            raise OpsError(
                f"An input of step {step.id} was a secret, which is not recorded.",
                "Check and finish the step manually.",
            )
        return fields.fill(action.inputs, inputs)

    def _data(self) -> Mapping[str, Any]:
        return {"steps": self.state.outputs(), "workload": workload_fields(self.context.workload)}


def _outcome(outcome: Reconciliation, progress: StepProgress) -> dict[str, Any]:
    """An outcome that was found out, as its event: ``kind``, and what it holds."""
    if outcome is Reconciliation.DONE:
        change = next(iter(progress.changes), None)
        outputs = {"before": change.before, "after": change.after} if change else {}
        return {"kind": "step.executed", "outputs": outputs, "text": "AWS shows that it took place."}
    if outcome is Reconciliation.PARTLY:
        return {"kind": "step.unfinished", "text": "It is not finished: it continues where it ended."}
    return {"kind": "step.not_done", "text": "AWS shows that it did not take place."}


def await_verdict(
    context: ActionContext, deadline_s: float, verify: Callable[[], StepVerification]
) -> StepVerification:
    """The verdict once it is no longer NOT_YET, or FAILED at the deadline. An error while reading is tried again until
    then."""
    started = context.elapsed_s()
    while True:
        result: StepVerification | None = None
        last: OpsError | None = None
        try:
            result = verify()
        except AwsError as error:
            last = error
        if result is not None and result.verdict is not StepVerdict.NOT_YET:
            return result
        if context.elapsed_s() - started >= deadline_s:
            if last is not None:
                raise last
            text = result.text if result else ""
            return StepVerification(StepVerdict.FAILED, f"{text} It was not so within {deadline_s:.0f} s.")
        context.progress(f"Not verified yet: {result.text if result else last}")
        context.pause(VERIFY_INTERVAL_S)


def _with_otherwise(text: str, step: RunbookStep) -> str:
    return f"{text} Otherwise: {step.otherwise}" if step.otherwise else text
