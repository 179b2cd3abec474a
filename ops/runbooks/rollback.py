"""Undo the changes of a run, the latest first. A step whose outcome is not known is first compared with what AWS shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from ops import access, clock
from ops.errors import OpsError
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, PlannedChange, RunbookAction, StepPreview, StepVerdict
from ops.runbooks.engine import StepRunner, Stop, await_verdict
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent, RecordError
from ops.runbooks.run_operator import Confirmation
from ops.runbooks.run_state import RunPhase, StepProgress, StepState

LATE_CALL_S = 5.0
"""A call of a process that was just killed may take place that much later."""
_ENDED = (RunPhase.DONE, RunPhase.CHECKED, RunPhase.FAILED)


def undo_changes(engine: StepRunner, only: str = "", before: RunPhase = RunPhase.STOPPED) -> RunPhase:
    """Undo each change of the run that can be undone, or that of step ``only``; returns how that ended: of one step, as
    the run was ``before``. A setting that something else has changed since is not touched: the rollback stops there. A
    step whose outcome stays unknown is left, with its command; the others are undone, and the rollback has failed."""
    phase = RunPhase.ROLLED_BACK
    if only:
        phase = before if before in _ENDED else RunPhase.STOPPED
    unknown = _settle(engine, only)
    final = [step.id for step in _changed_by(engine, only) if ACTIONS[step.action].effect is not Effect.CHANGE]
    try:
        for each in _undos(engine, only):
            _undo(engine, each)
        text = f"Step {only} is undone." if only else "Every change is undone."
        if only in final:
            text = f"Step {only} cannot be undone."
        elif final:
            text = f"Every change is undone but {', '.join(final)}, which cannot be."
        if unknown:
            phase, done = RunPhase.FAILED, "" if only else " Every other change is undone."
            text = " ".join(unknown.values()) + done
    except Stop as stop:
        phase, text = stop.phase, " ".join((str(stop), *unknown.values()))
    engine.note("run.ended", phase=phase.value, text=text)
    return phase


def preview_undo(engine: StepRunner, only: str = "") -> dict[str, StepPreview]:
    """What ``undo_changes`` would do, by the step's ID, the latest first; a step whose outcome cannot be found out has a
    note and no changes. Nothing is recorded. Raises OpsError for a setting that something else has changed since."""

    def take_in(kind: str, step: RunbookStep, **data: Any) -> None:
        engine.state.apply(RecordedEvent(clock.now_utc(), kind, step.id, data))

    unknown = _settle(engine, only, take_in)
    found = {name: StepPreview(notes=(text,)) for name, text in unknown.items()}
    for each in _undos(engine, only):
        inputs = engine.recorded_inputs(each.step, each.action)
        found[each.step.id] = each.action.preview_undo(engine.context, inputs, each.changes)
    return found


def _settle(engine: StepRunner, only: str, note: Callable[..., None] | None = None) -> dict[str, str]:
    """Find the outcomes of calls of which none is recorded. Returns those of which that is still not known, by ID: a
    sentence with what to do."""
    unknown = [step for step in _changed_by(engine, only) if engine.state.step(step.id).state is StepState.UNKNOWN]
    unknown = [step for step in unknown if ACTIONS[step.action].effect is Effect.CHANGE]
    if unknown and note is None:
        engine.context.pause(_late_s(engine, unknown))
    found = {}
    for step in unknown:
        if why := engine.settle(step, ACTIONS[step.action], note=note):
            undo = engine.state.step(step.id).undo
            then = f"If it took place, undo it manually: {undo}" if undo else "Check its setting, and set it manually."
            found[step.id] = f"The outcome of step {step.id} is not known, so that it is left as it is: {why} {then}"
    return found


def _late_s(engine: StepRunner, unknown: list[RunbookStep]) -> float:
    """How long a call of a killed process may still be on its way."""
    names = {step.id for step in unknown}
    at = max(event.at for event in engine.record.events() if event.kind == "step.intended" and event.step in names)
    age = (clock.now_utc() - at).total_seconds()
    return LATE_CALL_S - age if 0 <= age < LATE_CALL_S else 0.0


@dataclass(frozen=True)
class _Undo:
    """``changes``: of the step; where later ones changed the same, to what the last of them made of it. ``also``: their IDs;
    they need no undo of their own. A step that paused and one that resumed are one undo, with nothing to do."""

    step: RunbookStep
    action: RunbookAction
    changes: tuple[PlannedChange, ...]
    also: tuple[str, ...] = ()


def _changed_by(engine: StepRunner, only: str) -> list[RunbookStep]:
    """Steps that changed something, or may have, in order."""
    return [
        step for step in engine.document.steps if only in ("", step.id) and _has_changes(engine.state.step(step.id))
    ]


def _has_changes(progress: StepProgress) -> bool:
    return progress.state is not StepState.UNDONE and bool(progress.changes)


def _undos(engine: StepRunner, only: str) -> list[_Undo]:
    """The latest first. A step whose outcome is not known is left out; of one that changed what an earlier step had
    changed and something more, only that is undone by itself."""
    found: dict[str, _Undo] = {}
    first: dict[str, str] = {}  # the step that changed it first, by what it changed
    for step in _changed_by(engine, only):
        action, progress = ACTIONS[step.action], engine.state.step(step.id)
        if action.effect is not Effect.CHANGE or progress.state is StepState.UNKNOWN:
            continue
        after = {change.what: change.after for change in progress.changes if change.what in first}
        owners = [name for name in found if name in {first[what] for what in after}]
        for name in owners:
            merged = tuple(
                replace(change, after=after.get(change.what, change.after)) for change in found[name].changes
            )
            found[name] = replace(found[name], changes=merged)
        if rest := tuple(change for change in progress.changes if change.what not in first):
            found[step.id] = _Undo(step, action, rest)
            first |= {change.what: step.id for change in rest}
        else:
            found[owners[0]] = replace(found[owners[0]], also=(*found[owners[0]].also, step.id))  # it is undone last
    return list(found.values())[::-1]


def _undo(engine: StepRunner, what: _Undo) -> None:
    step, action, changes, context = what.step, what.action, what.changes, engine.context
    try:
        inputs = engine.recorded_inputs(step, action)
        preview = action.preview_undo(context, inputs, changes)
        if preview.changes:
            if engine.operator.confirm(step, action, preview) is not Confirmation.YES:
                raise Stop(RunPhase.STOPPED, f"Stopped before step {step.id} was undone.")
            access.ensure_may(f"undoing step {step.id}")
            engine.before_change()
            now = action.preview_undo(context, inputs, changes)
            if not preview.is_true(now):
                raise Stop(RunPhase.FAILED, f"Step {step.id} was not undone: {preview.difference(now)}")
            engine.note("undo.intended", step, changes=[asdict(change) for change in now.changes], command=now.command)
            action.undo(replace(context, previewed=now), inputs, changes)
            engine.note("undo.executed", step)
        result = await_verdict(context, action.deadline_s, lambda: action.verify_undo(context, inputs, changes))
    except RecordError:
        raise
    except OpsError as error:
        engine.note("undo.failed", step, text=str(error), next_step=error.next_step)
        raise Stop(RunPhase.FAILED, f"Step {step.id} was not undone: {error}") from error
    if result.verdict is not StepVerdict.HOLDS:
        engine.note("undo.unverified", step, text=result.text)
        raise Stop(RunPhase.FAILED, f"The undo of step {step.id} is not verified: {result.text}")
    # One event: were only the first of them on record, the next rollback would undo the later ones by themselves.
    engine.note("undo.verified", step, text=result.text, **({"also": list(what.also)} if what.also else {}))
