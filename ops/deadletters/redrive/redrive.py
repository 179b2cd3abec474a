"""Run a plan: send its messages, watch their outcomes, keep a record; for the CLI and the dashboard alike.

A run has its plan's ID. Its ledger is ``<source.runs>/<ID>.db``; each step of each message is on disk before the next
one is taken, so that a run that was killed at any point can be resumed and loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import access, masking
from ops.aws import sts
from ops.deadletters import plans, queue_lock
from ops.deadletters.archive import audit_log
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import MessageState, Outcome, Run, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.move_task.mover import TaskMover
from ops.deadletters.outcomes import monitor
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import headroom, preflight
from ops.deadletters.redrive.muted_alarms import muted_alarms
from ops.deadletters.redrive.rollout import Rollout
from ops.deadletters.redrive.runs import full_text, ledger_path
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import Transfer
from ops.deadletters.transfer.rate_limiter import RateLimiter
from ops.errors import OpsError, UsageError
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import RunStep
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

ProgressCallback = Callable[[Run], None]
StopCallback = Callable[[], bool]

CANCEL_REASON = "not required for a cancellation"
"""The reason in the audit log, where every action has one: a cancellation must not wait for it."""
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
"""The counts of an audit record: key there, field of the run."""


def start_redrive(
    source: DeadLetterQueue,
    plan: Plan,
    *,
    reason: str,
    progress: ProgressCallback | None = None,
    stop: StopCallback | None = None,
) -> Run:
    """Run ``plan``, and return the run in its final state: DONE, STOPPED (by the canary) or CANCELLED (by Ctrl-C,
    ``cancel_redrive`` or ``stop()``; messages in flight are released). ``progress`` is called about twice per second.

    Raises UsageError (no reason; a plan that is stale, for a purge or was started before), ``QueueBusy`` when messages
    of this queue are being moved already, and what AWS or the disk refuse: then the run is FAILED and can be resumed.
    Needs sqs:ReceiveMessage, DeleteMessage, ChangeMessageVisibility and GetQueueAttributes on the dead-letter queue,
    the permission to send to the destination (``plan.permissions``), and for outcomes logs:StartQuery, GetQueryResults.
    """
    access.ensure_may("a redrive")
    reason = audit_log.require_reason(reason)
    who = sts.caller_identity(source.aws).arn
    path = source.runs_folder / f"{plan.id}.db"
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
    """Resume a run that was interrupted, cancelled, stopped or failed. ``run_id`` may be a unique prefix.

    What was sent is only deleted. What may have been sent is looked for, and sent again (and listed in
    ``Run.possible_duplicates``) if it is still in the dead-letter queue. Raises what ``start_redrive`` raises.
    """
    access.ensure_may("resuming a redrive")
    path = ledger_path(source, run_id)
    who = sts.caller_identity(source.aws).arn
    with queue_lock.hold_lock(source, path.stem, who), Ledger.open(path) as ledger:
        before = ledger.run()
        if before.state is RunState.DONE:
            raise UsageError(f"Run {before.id} is done: {before.status_text}", "Scan again, and make a new plan.")
        plan = preflight.load_run_plan(source, ledger)
        stopped = tuple(step for step in before.steps if step.state == "stopped")
        execution = _Execution(source, plan, ledger, who, masking.mask_text(reason.strip()) or before.reason, "resume")
        return _execute(execution, progress, stop, stopped)


def cancel_redrive(source: DeadLetterQueue, run_id: str = "") -> Run:
    """Stop a run (empty: the one that is running) from another process: it ends within seconds and releases what it
    holds. The cancellation is recorded in the audit log.

    Raises UsageError when it is not running; OpsError when it stops but that cannot be recorded.
    """
    access.ensure_may("cancelling a redrive")
    holder = queue_lock.lock_holder(source)
    running = holder.run if holder else ""
    path = source.runs_folder / f"{running}.db"
    if not running or not running.startswith(run_id) or not path.exists():
        which = f"Run {run_id} is not" if run_id else f"No redrive of {source.queue.name} is"
        raise UsageError(f"{which} running.", "List the redrives: ops dlq runs.")
    with Ledger.open(path) as ledger:
        ledger.request_cancel()  # first: no later failure may keep the run from stopping
        run = ledger.run()
    try:
        who = sts.caller_identity(source.aws).arn
        record = audit_log.new_record(
            source, who, "cancel", CANCEL_REASON, plan=run.id, plan_hash=run.plan_hash, outcome="asked"
        )
        audit_log.append_record(state_folder(source.aws.target), record)
    except OpsError as error:
        text = f"Run {run.id} is stopping, but the cancellation could not be recorded in the audit log: {error}"
        raise OpsError(text, error.next_step) from error
    return run


@dataclass(frozen=True)
class _Execution:
    source: DeadLetterQueue
    plan: Plan
    ledger: Ledger
    who: str
    reason: str
    action: str  # redrive | resume, for the audit log

    def record_start(self, note: str) -> None:
        """A new run starts for the audit log when it does in its ledger; a resume starts now."""
        self.record("began", note, self.ledger.run().began if self.action == "redrive" else datetime.now(UTC))

    def record(self, outcome: str, note: str, at: datetime) -> None:
        run = self.ledger.run()
        counts = {key: count for key, name in AUDIT_COUNTS.items() if (count := getattr(run, name))}
        record = audit_log.new_record(
            self.source,
            self.who,
            "copy" if self.plan.action is Action.COPY and self.action == "redrive" else self.action,
            self.reason,
            plan=self.plan.id,
            plan_hash=self.plan.hash,
            counts=counts | ({"maybe twice": len(run.possible_duplicates)} if run.possible_duplicates else {}),
            outcome=outcome,
            note=note,
        )
        audit_log.append_record(state_folder(self.source.aws.target), replace(record, at=at))

    def end(self, state: RunState, text: str) -> None:
        """The run is not done before the snapshot and the audit log are written: if the process ends in between, or one
        of them cannot be written, a resume writes it again. Whatever can be written is written, with one time: the run
        lasted as long by the audit log as by its ledger."""
        first: OpsError | None = None
        now = datetime.now(UTC)
        writes: tuple[Callable[[RunState, str, datetime], None], ...] = (
            lambda *_: self.mark_snapshot(now),
            self.record,
            self.ledger.finish_run,
        )
        for write in writes:
            try:
                write(state, text, now)
            except OpsError as error:
                first = first or error
                if state is RunState.DONE:
                    state, text = RunState.FAILED, full_text(error)
        if first:
            raise first

    def mark_snapshot(self, now: datetime) -> None:
        with Snapshot.open(self.source) as snapshot:
            if self.plan.action is Action.REDRIVE:
                snapshot.set_place(self.ledger.ids_in_states(MessageState.DELETED), Place.REDRIVEN, now)
            snapshot.set_place(self.ledger.ids_in_states(MessageState.MISSING), Place.MISSING, now)


def _execute(
    execution: _Execution,
    progress: ProgressCallback | None,
    stop: StopCallback | None,
    resumed_from: tuple[RunStep, ...] = (),
) -> Run:
    try:
        execution.ledger.start_run("Starting.")  # first: a cancellation from now on is meant for this run
        with muted_alarms(execution.source, execution.plan, execution.who) as muted:
            execution.record_start(" ".join((*muted.notes, *muted.problems)))
            state, text = _make_rollout(execution, progress, stop, resumed_from).run()
        text = " ".join(filter(None, (text, plans.remaining_sentence(execution.plan.returns), *muted.problems)))
    except OpsError as error:
        with suppress(OpsError):  # of two errors, the first is reported
            execution.end(RunState.FAILED, full_text(error))
        raise
    execution.end(state, text)
    return execution.ledger.run()


def _make_rollout(
    execution: _Execution,
    progress: ProgressCallback | None,
    stop: StopCallback | None,
    resumed_from: tuple[RunStep, ...],
) -> Rollout:
    source, plan, ledger = execution.source, execution.plan, execution.ledger
    stopping = threading.Event()
    gauge = headroom.make_gauge(source, plan)
    fixed = plan.pace.max_per_s, headroom.cap_reason(plan.pace)
    limiter = RateLimiter(gauge.rate, "starting") if gauge else RateLimiter(*fixed)
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
