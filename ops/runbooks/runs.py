"""Start, resume and roll back a run, one at a time per workload; and read what is recorded of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ops.aws import sts
from ops.errors import OpsError, UsageError
from ops.runbooks import validate
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import ActionContext, Effect
from ops.runbooks.actions.alarm_states import lift_overdue
from ops.runbooks.engine import StepRunner
from ops.runbooks.locking import SharedHold, hold_run_lock
from ops.runbooks.model import Runbook
from ops.runbooks.record import RecordError, RunRecord, list_records, new_run
from ops.runbooks.rollback import undo_changes
from ops.runbooks.run_audit import BEGAN, INTERRUPTED, RunAudit
from ops.runbooks.run_operator import Operator
from ops.runbooks.run_state import RunbookRun, RunPhase, StepState, fold

READ_ONLY_REASON = "checks only"
MAX_KEPT = 10_000
_CHANGED = (StepState.UNKNOWN, StepState.EXECUTED, StepState.DONE)
"""States in which a step has changed something, or may have: it is not simply done again."""


@dataclass(frozen=True)
class Session:
    """Where runs are recorded, and what they work with. ``read_only``: nothing is changed, so no other run is kept
    out. ``take_over``: from a run on another machine."""

    home: Path
    context: ActionContext
    operator: Operator
    read_only: bool = False
    take_over: bool = False


def start(session: Session, document: Runbook) -> RunbookRun:
    """Run ``document``, which has no problems. Raises RunbookBusy, UsageError (it has no steps), RecordError, and
    CredentialsError when no one is signed in."""
    _ensure_live(document)
    who, run = sts.caller_identity(session.context.aws).arn, new_run(session.home, document.name)
    with _lock(session, run, who) as shared:
        record = _create(session, document, run, who, shared)
        engine = StepRunner(document, record, session.context, session.operator)
        return _audited(session, engine, who, "runbook", engine.run, shared)


def prepare(session: Session, document: Runbook) -> RunRecord:
    """Record the start of a run that another process carries out, by ``resume``. Raises what ``start`` raises."""
    _ensure_live(document)
    who, run = sts.caller_identity(session.context.aws).arn, new_run(session.home, document.name)
    with _lock(session, run, who) as shared:
        return _create(session, document, run, who, shared)


def resume(
    session: Session, record: RunRecord, again: str = "", answered: Mapping[str, Any] | None = None
) -> RunbookRun:
    """Continue a run with the document that it started with. ``again``: a step from which what changes no setting is
    done again. ``answered``: to what it waits for, as the record will show. Others are kept out also where it only
    reads: a record has one writer. Raises what ``start`` raises, and UsageError for a run that is done or of another
    workload."""
    document, state = _continued(session, record)
    if state.phase is RunPhase.ROLLED_BACK or (state.phase is RunPhase.DONE and not again):
        raise UsageError(
            f"Run {record.run} is {state.phase.value}.",
            f"Show it: ops runbook report {record.run}. The others: ops runbook runs.",
        )
    who = sts.caller_identity(session.context.aws).arn
    with _lock(session, record.run, who, always=True) as shared:
        engine = StepRunner(document, record, session.context, session.operator)
        was_waiting = engine.state.phase is RunPhase.WAITING
        if len(record.events()) > 1:  # not of ``prepare``
            engine.note("run.resumed", actor=who, reason=session.context.reason, **_taken(shared), **(answered or {}))
        if again:
            _mark_again(engine, again)
        return _audited(session, engine, who, "runbook", engine.run, shared, began=not was_waiting)


def roll_back(session: Session, record: RunRecord, step: str = "") -> RunbookRun:
    """Undo what a run changed, the latest change first; with ``step``: only what that step changed."""
    document, _ = _continued(session, record)
    who = sts.caller_identity(session.context.aws).arn
    with _lock(session, record.run, who, always=True) as shared:
        engine = StepRunner(document, record, session.context, session.operator)
        before = engine.state.phase
        engine.note("run.rollback", actor=who, reason=session.context.reason, only=step, **_taken(shared))
        return _audited(session, engine, who, "rollback", lambda: undo_changes(engine, step, before), shared)


def stop(session: Session, record: RunRecord) -> RunbookRun:
    """End a run that waits for a person, or whose process was killed. Raises UsageError for one that has ended."""
    document, state = _continued(session, record)
    if state.phase not in (RunPhase.WAITING, RunPhase.RUNNING):
        raise UsageError(f"Run {record.run} has ended: {state.phase.value}.")
    who = sts.caller_identity(session.context.aws).arn

    def end() -> RunPhase:
        engine.note("run.ended", phase=RunPhase.STOPPED.value, text=f"Stopped by {who}.")
        return RunPhase.STOPPED

    with hold_run_lock(session.home, session.context.workload, record.run, who):
        engine = StepRunner(document, record, session.context, session.operator)
        return _audited(session, engine, who, "runbook", end, _shared(session, record.run, who), began=False)


def _ensure_live(document: Runbook) -> None:
    if not document.steps:
        raise UsageError(
            f"{document.file} has no live steps: it is complete on paper.",
            f"Read it: ops runbook show {document.name}.",
        )


def _create(session: Session, document: Runbook, run: str, who: str, shared: SharedHold | None) -> RunRecord:
    workload = session.context.workload
    try:
        return RunRecord.create(
            session.home,
            run,
            document.name,
            document.text,
            file=document.file,
            digest=document.digest,
            actor=who,
            account=workload.account,
            region=workload.region,
            queue=workload.queue.arn,
            dlq=workload.dlq.name if workload.dlq else "",
            function=workload.function.name if workload.function else "",
            workload=workload.name,
            stack=workload.stack or "",
            reason=session.context.reason,
            **_taken(shared),
        )
    except RecordError:
        if shared is not None:  # there is no run that others would have to wait for
            shared.release()
        raise


def read_run(record: RunRecord) -> tuple[Runbook, RunbookRun]:
    """A run and the document that it started with. Raises OpsError for a record that cannot be read."""
    state = fold(record.run, record.events())
    document, _ = validate.read(state.runbook, state.file, record.document(), with_paper=False)
    return document, state


def list_runs(home: Path) -> tuple[tuple[RunbookRun, ...], tuple[str, ...]]:
    """Every run, the latest first; and a sentence for each that cannot be read."""
    states, unreadable = [], []
    for record in list_records(home):
        try:
            states.append(_read_state(record.folder, *record.stamp()))
        except OpsError as error:
            unreadable.append(f"{record.run}: {error}")
    return tuple(states), tuple(unreadable)


@lru_cache(MAX_KEPT)
def _read_state(folder: Path, _changed: int, _size: int) -> RunbookRun:
    """Cached by the record's change time and size: a page asks for all runs every second."""
    record = RunRecord(folder)
    return fold(record.run, record.events())


def _continued(session: Session, record: RunRecord) -> tuple[Runbook, RunbookRun]:
    document, state = read_run(record)
    workload = session.context.workload
    if state.queue != workload.queue.arn:
        raise UsageError(
            f"Run {record.run} is of {state.queue}, not of {workload.queue.arn}.", "Name its workload: --queue NAME."
        )
    function = workload.function.name if workload.function else ""
    if state.function and function and state.function != function:
        raise UsageError(
            f"Run {record.run} is of function {state.function}, not of {function}.",
            f"Name it: --function {state.function}.",
        )
    if document.digest != state.digest or not all(step.action in ACTIONS for step in document.steps):
        raise OpsError(
            f"The document of run {record.run} is not the one that it started with, or this version lacks its actions.",
            "Start a new run.",
        )
    return document, state


def _mark_again(engine: StepRunner, first: str) -> None:
    ids = [step.id for step in engine.document.steps]
    if first not in ids:
        raise UsageError(f"The runbook has no step {first}.", f"Choose one of: {', '.join(ids)}.")
    for step in engine.document.steps[ids.index(first) :]:
        state = engine.state.step(step.id).state
        changed = ACTIONS[step.action].effect in (Effect.CHANGE, Effect.FINAL) and state in _CHANGED
        if not changed or step.id == first:
            engine.note("step.again", step, text="To be done again.")


@contextmanager
def _lock(session: Session, run: str, who: str, *, always: bool = False) -> Iterator[SharedHold | None]:
    """``always``: on this machine, also where it only reads. The hold for other machines is released by ``_audited``,
    since a run that waits keeps it."""
    if session.read_only and not always:
        yield None
        return
    with hold_run_lock(session.home, session.context.workload, run, who):
        if session.read_only:
            yield None
            return
        shared = _shared(session, run, who)
        shared.take(over=session.take_over)
        yield shared


def _shared(session: Session, run: str, who: str) -> SharedHold:
    return SharedHold(session.context, session.home, run, who)


def _taken(shared: SharedHold | None) -> dict[str, Any]:
    """The entry for the record."""
    return {"taken_over_from": shared.taken_from} if shared and shared.taken_from else {}


def _audited(
    session: Session,
    engine: StepRunner,
    who: str,
    action: str,
    work: Callable[[], RunPhase],
    shared: SharedHold | None,
    *,
    began: bool = True,
) -> RunbookRun:
    """Also recorded in the audit log of the dead letters, unless it only reads. A run that waits for a person is not
    recorded as ended, nor, with ``began`` false, as started again."""
    if shared is None:
        work()
        return engine.state
    for problem in lift_overdue(session.context):  # what a killed run has left muted
        session.context.progress(problem)
    audit = RunAudit(session.home, session.context.workload, engine.state, who, session.context.reason)
    engine.audit, engine.before_change = audit.add_event, shared.ensure_ours
    if began:
        audit.add(action, BEGAN, engine.state.runbook)
    try:
        phase = work()
    except BaseException:  # Ctrl-C, too: what began would stay open in the log
        with suppress(RecordError):
            audit.add(
                action, INTERRUPTED, f"{engine.state.runbook}: stopped before its end; ops runbook resume continues it"
            )
        raise
    if phase is not RunPhase.WAITING:
        audit.add(action, phase.value, f"{engine.state.runbook}: {engine.state.text}")
        shared.release()
    return engine.state
