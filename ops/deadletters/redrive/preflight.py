"""May a plan run now, and with which plan does a run resume?

What prevents a start is reported before how stale the plan is: a queue that is being moved, or whose messages this very
plan has moved, differs from what the plan counted, and making a new plan would not help.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import plan_codec, plans, queue_lock
from ops.deadletters.ledger import Ledger, schema
from ops.deadletters.ledger.model import MessageState, RunState
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import run_summary
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

_ENDED = {
    RunState.RUNNING: "was interrupted",  # no process holds the lock, whatever the ledger says
    RunState.STOPPED: "was stopped",
    RunState.CANCELLED: "was cancelled",
    RunState.FAILED: "failed",
}


def ensure_can_start(source: DeadLetterQueue, plan: Plan) -> None:
    """Raises ``QueueBusy`` when messages of the queue are being moved, UsageError when the plan is for a purge, was
    started before or is stale."""
    queue_lock.ensure_not_busy(source)
    ensure_can_start_locked(source, plan)


def ensure_can_start_locked(source: DeadLetterQueue, plan: Plan) -> None:
    """The same for the holder of the lock: another run may just have moved these messages. Raises UsageError."""
    if plan.action is Action.PURGE:
        raise UsageError(f"Plan {plan.id} deletes messages.", "Use ops dlq purge for it.")
    path = source.runs_folder / f"{plan.id}.db"
    if path.exists():
        with Ledger.open(path) as ledger:
            raise _already_started(ledger.run())
    _ensure_not_in_flight(source, plan)
    plans.ensure_current(source, plan)


def _already_started(run: Run) -> UsageError:
    now = datetime.now(UTC)
    if run.state is RunState.DONE:
        at = formatting.clock(run.ended or run.began, now)
        return UsageError(
            f"Plan {run.id} was run at {at}, {run_summary.brief_counts(run)}.",
            "Scan again (ops dlq scan), and make a new plan for the messages that remain.",
        )
    at = formatting.clock(run.began, now)
    return UsageError(
        f"Plan {run.id} was started at {at} and {_ENDED[run.state]}, {run_summary.brief_counts(run)}.",
        f"{'Fix the cause, then resume' if run.stopped_by_canary else 'Resume'} it: ops dlq resume {run.id}.",
    )


def _ensure_not_in_flight(source: DeadLetterQueue, plan: Plan) -> None:
    """Raises UsageError when an unfinished run of this queue has messages of ``plan`` in flight, OpsError when the
    ledger of one cannot be read: then it may have. The caller holds the lock, so that no run is going on."""
    ids = frozenset(plan.ids)
    for path in sorted(source.runs_folder.glob("*.db"), reverse=True):
        if path.stem == plan.id:
            continue
        with Ledger.open(path) as ledger:
            run = ledger.run()
            if run.state is RunState.DONE:
                continue
            # A run that was killed has not marked in the snapshot which messages are gone, either.
            killed = (MessageState.DELETED,) if run.state is RunState.RUNNING else ()
            in_flight = ids.intersection(ledger.ids_in_states(MessageState.INTENT, MessageState.SENT, *killed))
        if in_flight:
            messages = formatting.count(len(in_flight), "message of this plan", "messages of this plan")
            raise UsageError(
                f"Run {run.id} was interrupted with {messages} in flight: sending them again could duplicate them.",
                f"Finish it first: ops dlq resume {run.id}; then scan again and make a new plan.",
            )


def load_run_plan(source: DeadLetterQueue, ledger: Ledger) -> Plan:
    """The plan that a run started with: from its file, or where that is lost from the copy in its ledger. Raises
    UsageError when neither is that plan."""
    run = ledger.run()
    plan = _find_plan(source, ledger, run)
    if ledger.ids_in_states(*MessageState)[: len(plan.ids)] != plan.ids:
        raise schema.damaged_error(ledger.path, "its messages are not those of its plan")
    return plan


def _find_plan(source: DeadLetterQueue, ledger: Ledger, run: Run) -> Plan:
    try:
        plan = plans.load_plan(source.plans_folder / f"{run.id}.json", source)
        if plan.hash == run.plan_hash:
            return plan
        why = UsageError(f"The plan {run.id} is not the one that the run started with: its file was changed.")
    except UsageError as error:
        why = error
    copy = _plan_copy(ledger, run)
    if copy is None:
        raise UsageError(
            f"Run {run.id} cannot be resumed without its plan. {why} {schema.describe_in_doubt(ledger.path)}",
            f"Restore the plan's file. Or move the run's ledger away (mv {ledger.path} {ledger.path}.old), scan again and "
            "make a new plan: the messages that were not moved are still in the dead-letter queue, and those in doubt may "
            "be duplicated.",
        )
    if not isinstance(why, plan_codec.PlanUnreadable):
        raise UsageError(
            str(why),
            "Restore the file, or move it away: then the run resumes with the copy of its plan in the ledger.",
        )
    return copy


def _plan_copy(ledger: Ledger, run: Run) -> Plan | None:
    try:
        plan = plan_codec.decode_plan(ledger.plan(), str(ledger.path))
    except UsageError:
        return None
    return plan if plan.hash == run.plan_hash else None
