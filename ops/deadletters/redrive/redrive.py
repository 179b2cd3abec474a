"""Carry out a plan: send the letters, watch what becomes of them, keep a record. The doors of the CLI and the page.

A run has the plan's id. Its ledger is ``Source.runs/<id>.db``; every step of every letter is on disk before the next
one is taken, so that a run that was killed at any point can be resumed with nothing lost.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ops import access
from ops.aws import sts
from ops.deadletters import plans, queue_lock
from ops.deadletters.archive import audit_log
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState, Outcome, Run, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.move_task.mover import TaskMover
from ops.deadletters.outcomes import monitor
from ops.deadletters.plan_model import Action
from ops.deadletters.queue import state_folder
from ops.deadletters.redrive import headroom, preflight, unfinished
from ops.deadletters.redrive.rollout import Rollout
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import Transfer
from ops.deadletters.transfer.rate_limiter import RateLimiter
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import RunStep
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

ProgressCallback = Callable[[Run], None]
StopCallback = Callable[[], bool]

CANCEL_REASON = "none is asked for a cancel"
"""On record, where every act has a reason: stopping must not wait for one."""
AUDIT_COUNTS = {
    "planned": "planned",
    "sent": "sent",
    "deleted": "deleted",
    "failed": "failed",
    "vanished": "missing",
    "succeeded": "succeeded",
    "came_back": "failed_again",
    "moved": "moved",
    "unseen": "unseen",
}
"""The counts of an audit record, by their key there: which field of the run each of them is."""


def start_redrive(
    source: DeadLetterQueue,
    plan: Plan,
    *,
    reason: str,
    progress: ProgressCallback | None = None,
    stop: StopCallback | None = None,
) -> Run:
    """Carry ``plan`` out and return how that ended: DONE, STOPPED (by the canary) or CANCELLED (Ctrl-C, ``cancel``, or
    ``stop()`` became true; what was held is given back). ``progress`` is called about twice a second.

    Raises UsageError (no reason, a plan that is stale, for purging or begun before), ``lock.Busy`` when letters of this
    queue are being moved already, and what AWS or the disk refuse for good: then the run is FAILED and can be resumed.
    Needs sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes on the dead-letter queue,
    the permission to send to the destination (``plan.permissions``), and for outcomes logs:StartQuery, GetQueryResults.
    """
    access.ensure_may("a redrive")
    reason = audit_log.require_reason(reason)
    who = sts.caller_identity(source.aws).arn
    path = source.runs / f"{plan.id}.db"
    with queue_lock.hold_lock(source, plan.id, who):
        preflight.ensure_can_start_locked(source, plan)
        plans.save_plan(source, plan)
        with Ledger.create(path, plan, reason, who) as ledger:
            return _execute(_Execution(source, plan, ledger, who, reason, "redrive"), progress, stop)


def resume_redrive(
    source: DeadLetterQueue,
    run_id: str,
    *,
    reason: str = "",
    progress: ProgressCallback | None = None,
    stop: StopCallback | None = None,
) -> Run:
    """Go on with a run that was interrupted, cancelled, stopped or failed. ``run_id`` may be the beginning of one.

    What had been sent is only deleted; what may have been sent is looked for, and sent again (and listed in
    ``Run.twice``) if it is still in the dead-letter queue. Its plan is the one that it began with: that of its file, or
    of its ledger where the file is lost. Raises as ``run`` does.
    """
    access.ensure_may("resuming a redrive")
    path = _ledger_path(source, run_id)
    who = sts.caller_identity(source.aws).arn
    with queue_lock.hold_lock(source, path.stem, who), Ledger.open(path) as ledger:
        before = ledger.run()
        if before.state is RunState.DONE:
            raise UsageError(f"Run {before.id} is done: {before.status_text}", "Look again, and make a new plan.")
        plan = unfinished.load_run_plan(source, ledger)
        stopped = tuple(step for step in before.steps if step.state == "stopped")
        doing = _Execution(source, plan, ledger, who, reason.strip() or before.reason, "resume")
        return _execute(doing, progress, stop, stopped)


def cancel_redrive(source: DeadLetterQueue, run_id: str = "") -> Run:
    """Tell the run (empty: the one that is going) to stop; its process does so within seconds and gives back what it
    holds. Who asked it to goes on record.

    Raises UsageError when it is not running; OpsError when it stops but that cannot be recorded.
    """
    access.ensure_may("cancelling a redrive")
    holder = queue_lock.lock_holder(source)
    going = holder.run if holder else ""
    path = source.runs / f"{going}.db"
    if not going or not going.startswith(run_id) or not path.exists():
        which = f"Run {run_id} is" if run_id else f"No run of {source.queue.name} is"
        raise UsageError(f"{which} {'not ' if run_id else ''}going on.", "See the runs: ops dlq runs.")
    with Ledger.open(path) as ledger:
        ledger.request_cancel()  # first: nothing that follows may keep it from stopping
        run = ledger.run()
    try:
        who = sts.caller_identity(source.aws).arn
        record = audit_log.new_record(
            source, who, "cancel", CANCEL_REASON, plan=run.id, plan_hash=run.plan_hash, outcome="asked"
        )
        audit_log.append_record(state_folder(source.aws.target), record)
    except OpsError as error:
        said = f"Run {run.id} stops, but that you asked it to is not on record: {error}"
        raise OpsError(said, error.next_step) from error
    return run


def list_runs(source: DeadLetterQueue) -> tuple[Run, ...]:
    """Every run of this queue whose ledger can be read, the one that began last first; the others are in
    ``unreadable``."""
    found = (one for one in _each_run(source) if isinstance(one, Run))
    return tuple(sorted(found, key=lambda run: run.began, reverse=True))


def list_unreadable_runs(source: DeadLetterQueue) -> tuple[str, ...]:
    """A sentence for each ledger of this queue that cannot be read: what is wrong with it, and the way out."""
    return tuple(_full_text(found) for found in _each_run(source) if isinstance(found, OpsError))


def read_run(source: DeadLetterQueue, run_id: str) -> Run:
    """How far a run is; cheap enough to ask every second. ``run_id`` may be the beginning of one.

    Raises UsageError when there is none, OpsError when its ledger is damaged or of another version.
    """
    return _read(source, _ledger_path(source, run_id))


@dataclass(frozen=True)
class _Execution:
    source: DeadLetterQueue
    plan: Plan
    ledger: Ledger
    who: str
    reason: str
    action: str  # redrive | resume, for the record

    def record(self, outcome: str, note: str = "") -> None:
        now = self.ledger.run()
        counts = {key: count for key, name in AUDIT_COUNTS.items() if (count := getattr(now, name))}
        record = audit_log.new_record(
            self.source,
            self.who,
            "copy" if self.plan.action is Action.COPY and self.action == "redrive" else self.action,
            self.reason,
            plan=self.plan.id,
            plan_hash=self.plan.hash,
            counts=counts | ({"maybe twice": len(now.possible_duplicates)} if now.possible_duplicates else {}),
            outcome=outcome,
            note=note,
        )
        audit_log.append_record(state_folder(self.source.aws.target), record)

    def end(self, state: RunState, said: str) -> None:
        """The run is not done before the shelf and the record say so: if the process dies in between, or one of them
        cannot be written, it is resumed and says it there again. What can be written is."""
        broken: OpsError | None = None
        writes: tuple[Callable[[RunState, str], None], ...] = (
            lambda *_: self.mark_snapshot(),
            self.record,
            self.ledger.finish_run,
        )
        for write in writes:
            try:
                write(state, said)
            except OpsError as error:
                broken = broken or error
                if state is RunState.DONE:
                    state, said = RunState.FAILED, _full_text(error)
        if broken:
            raise broken

    def mark_snapshot(self) -> None:
        at = datetime.now(UTC)
        with Snapshot.open(self.source) as shelf:
            if self.plan.action is Action.REDRIVE:
                shelf.mark(self.ledger.ids_in_states(MessageState.DELETED), Place.REDRIVEN, at)
            shelf.mark(self.ledger.ids_in_states(MessageState.MISSING), Place.GONE, at)


def _execute(
    doing: _Execution,
    progress: ProgressCallback | None,
    stop: StopCallback | None,
    resumed_from: tuple[RunStep, ...] = (),
) -> Run:
    try:
        doing.ledger.start_run("Starting.")  # before all else: a cancellation from now on is meant for this run
        doing.record("began")
        state, said = _make_rollout(doing, progress, stop, resumed_from).run()
        said = f"{said} {plans.remaining_sentence(doing.plan.returns)}".strip()
    except OpsError as error:
        with suppress(OpsError):  # of the two, the first error is the one to tell
            doing.end(RunState.FAILED, _full_text(error))
        raise
    doing.end(state, said)
    return doing.ledger.run()


def _make_rollout(
    doing: _Execution, progress: ProgressCallback | None, stop: StopCallback | None, resumed_from: tuple[RunStep, ...]
) -> Rollout:
    source, plan, ledger = doing.source, doing.plan, doing.ledger
    stopping = threading.Event()
    gauge = headroom.make_gauge(source, plan)
    limiter = (
        RateLimiter(gauge.rate, "starting")
        if gauge
        else RateLimiter(plan.pace.max_per_s, headroom.cap_reason(plan.pace))
    )
    engine = Transfer(source, plan, ledger, limiter, stopping.is_set)
    return Rollout(
        plan,
        ledger,
        TaskMover(source, plan, ledger, engine, limiter, stopping.is_set),
        monitor.start_monitor(source, plan, ledger.run(), ledger.sent_messages(Outcome.FAILED_AGAIN)),
        gauge,
        limiter,
        stopping,
        progress,
        stop,
        resumed_from,
        min(plan.steps.patience_s, monitor.watch_after_stop_s(source.aws)),
    )


def _full_text(error: OpsError) -> str:
    return f"{error} {error.next_step}".strip()


def _each_run(source: DeadLetterQueue) -> Iterator[Run | OpsError]:
    for path in sorted(source.runs.glob("*.db"), reverse=True):
        try:
            yield _read(source, path)
        except OpsError as error:
            yield error


def _read(source: DeadLetterQueue, path: Path) -> Run:
    with Ledger.open(path) as ledger:
        found = ledger.run()
    if found.state is not RunState.RUNNING:
        return found
    holder = queue_lock.lock_holder(source)
    if holder is not None and holder.run == found.id:
        return found
    return replace(
        found,
        state=RunState.INTERRUPTED,
        status_text=f"Its process ended before the run did. Nothing is lost; go on with it: ops dlq resume {found.id}.",
    )


def _ledger_path(source: DeadLetterQueue, run_id: str) -> Path:
    found = []
    if re.fullmatch(r"[0-9A-Za-z-]+", run_id):
        found = sorted(source.runs.glob(f"{run_id}*.db"))
        found = [path for path in found if path.stem == run_id] or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(path.stem for path in found[:3])
        raise UsageError(f"{len(found)} runs begin with {run_id}: {names} …", "Write more of the run's id.")
    raise UsageError(f"There is no run {run_id} of {source.queue.name}.", "See the runs: ops dlq runs.")
