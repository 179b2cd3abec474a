"""Runs that ended in the middle: their letters may have been sent already, so no other plan may send them; and the plan
that they are gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import plan_codec, plans
from ops.deadletters.ledger import Ledger, schema
from ops.deadletters.ledger.model import MessageState, RunState
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.plan_model import Plan
    from ops.deadletters.queue import DeadLetterQueue


def ensure_not_under_way(source: DeadLetterQueue, plan: Plan) -> None:
    """Raises UsageError when another run of this queue has letters of ``plan`` under way, OpsError when the ledger of
    one cannot be read: then it may have. To be asked with the lock held, so that no run is going."""
    ids = frozenset(plan.ids)
    for path in sorted(source.runs.glob("*.db"), reverse=True):
        if path.stem == plan.id:
            continue
        with Ledger.open(path) as ledger:
            run = ledger.run()
            if run.state is RunState.DONE:
                continue
            # A run that was killed has not said on the shelf which letters are gone, either.
            killed = (MessageState.DELETED,) if run.state is RunState.RUNNING else ()
            under_way = ids.intersection(ledger.ids_in_states(MessageState.INTENT, MessageState.SENT, *killed))
        if under_way:
            some = formatting.count(len(under_way), "letter of this plan", "letters of this plan")
            raise UsageError(
                f"Run {run.id} was interrupted with {some} under way: sending them again could repeat them.",
                f"Finish it first: ops dlq resume {run.id}; then look again and make a new plan.",
            )


def load_run_plan(source: DeadLetterQueue, ledger: Ledger) -> Plan:
    """What a run is to go on with: the plan that it began with, from its file; where that is lost, from its ledger,
    which keeps a copy. Raises UsageError, with a way out, when neither is that plan."""
    run = ledger.run()
    whole = _whole(source, ledger, run)
    if ledger.ids_in_states(*MessageState)[: len(whole.ids)] != whole.ids:
        raise schema.damaged_error(ledger.path, "it names other letters than its plan")
    return whole


def _whole(source: DeadLetterQueue, ledger: Ledger, run: Run) -> Plan:
    try:
        found = plans.load_plan(source.plans / f"{run.id}.json", source)
        why = UsageError(f"The plan {run.id} is not the one that the run began with: its file was changed.")
    except UsageError as error:
        found, why = None, error
    if found is not None and found.hash == run.plan_hash:
        return found
    copy = _copy(ledger, run)
    if copy is None:
        raise UsageError(
            f"Run {run.id} cannot go on without its plan. {why} {schema.describe_in_doubt(ledger.path)}",
            f"Put the plan's file back as it was. Or move the run's ledger away (mv {ledger.path} {ledger.path}.old), "
            "look again and make a new plan: the letters that were not moved still lie in the dead-letter queue, and "
            "those in doubt may arrive twice.",
        )
    if not isinstance(why, plan_codec.PlanUnreadable):
        raise UsageError(
            str(why),
            "Put the file back as it was, or move it away: then the run goes on with the plan that it began with, of "
            "which its ledger keeps a copy.",
        )
    return copy


def _copy(ledger: Ledger, run: Run) -> Plan | None:
    try:
        kept = plan_codec.decode_plan(ledger.plan(), str(ledger.path))
    except UsageError:
        return None
    return kept if kept.hash == run.plan_hash else None
