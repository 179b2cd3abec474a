"""May a plan be carried out now? What stands in its way is told before how far it has become stale by that.

A queue that is being moved, or whose letters this very plan has moved, no longer holds what the plan counted: to say
only that would send somebody off to plan again for no reason.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import plans, queue_lock
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import RunState
from ops.deadletters.plan_model import Action
from ops.deadletters.redrive import run_summary, unfinished
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue

_ENDED = {
    RunState.RUNNING: "was interrupted",  # nobody moves letters of this queue now, whatever its ledger says
    RunState.STOPPED: "was stopped",
    RunState.CANCELLED: "was cancelled",
    RunState.FAILED: "failed",
}


def ensure_can_start(source: DeadLetterQueue, plan: Plan) -> None:
    """Raises ``lock.Busy`` when letters of the queue are being moved now, UsageError when the plan is for purging, was
    begun before or is stale."""
    queue_lock.ensure_not_busy(source)
    ensure_can_start_locked(source, plan)


def ensure_can_start_locked(source: DeadLetterQueue, plan: Plan) -> None:
    """The same for whoever holds the lock: another run may just have moved these letters."""
    if plan.action is Action.PURGE:
        raise UsageError(f"Plan {plan.id} deletes letters.", "Use ops dlq purge for it.")
    path = source.runs / f"{plan.id}.db"
    if path.exists():
        with Ledger.open(path) as ledger:
            raise _begun(ledger.run())
    unfinished.ensure_not_under_way(source, plan)
    plans.ensure_current(source, plan)


def _begun(run: Run) -> UsageError:
    now = datetime.now(UTC)
    if run.state is RunState.DONE:
        at = formatting.clock(run.ended or run.began, now)
        return UsageError(
            f"Plan {run.id} was carried out at {at}, {run_summary.brief_counts(run)}.",
            "Look again (ops dlq scan), and make a new plan for the letters that are left.",
        )
    mend = "Mend what they died of, then go" if run.stopped_by_canary else "Go"
    return UsageError(
        f"Plan {run.id} was begun at {formatting.clock(run.began, now)} and {_ENDED[run.state]}, {run_summary.brief_counts(run)}.",
        f"{mend} on with it: ops dlq resume {run.id}.",
    )
