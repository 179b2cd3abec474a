"""Runs that ended in the middle: their letters may have been sent already, so no other plan may send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deadletters.ledger import Ledger
from ops.deadletters.run import Move, State
from ops.errors import UsageError
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.plan import Plan
    from ops.deadletters.source import Source


def refuse(source: Source, plan: Plan) -> None:
    """Raises UsageError when another run of this queue has letters of ``plan`` under way, OpsError when the ledger of
    one cannot be read: then it may have. To be asked with the lock held, so that no run is going."""
    ids = frozenset(plan.ids)
    for path in sorted(source.runs.glob("*.db"), reverse=True):
        if path.stem == plan.id:
            continue
        with Ledger.open(path) as ledger:
            run = ledger.run()
            if run.state is State.DONE:
                continue
            # A run that was killed has not said on the shelf which letters are gone, either.
            killed = (Move.DELETED,) if run.state is State.RUNNING else ()
            under_way = ids.intersection(ledger.ids(Move.INTENT, Move.SENT, *killed))
        if under_way:
            some = words.count(len(under_way), "letter of this plan", "letters of this plan")
            raise UsageError(
                f"Run {run.id} was interrupted with {some} under way: sending them again could repeat them.",
                f"Finish it first: ops dlq resume {run.id}; then look again and make a new plan.",
            )
