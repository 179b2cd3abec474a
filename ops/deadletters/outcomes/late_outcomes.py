"""Outcomes that were open when a redrive ended, settled by the next scan: what lies in the dead-letter queue again,
under the id that the redrive sent it as, has failed again. The rest stays open: that it is not there proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters import queue_lock
from ops.deadletters.causes import cause_in_words
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Outcome, RunState
from ops.deadletters.messages.model import Place
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import MessageOutcome
    from ops.deadletters.queue import DeadLetterQueue

ENDED_STATES = (RunState.STOPPED, RunState.CANCELLED, RunState.FAILED, RunState.DONE)


def record_late_outcomes(source: DeadLetterQueue) -> tuple[str, ...]:
    """To be called after a scan; a sentence for each redrive that it told something of. A ledger that cannot be read,
    or that somebody writes to now, is left alone."""
    said: list[str] = []
    with suppress(OpsError), queue_lock.hold_lock(source, queue_lock.SCAN, "a scan"):
        for path in sorted(source.runs.glob("*.db")):
            with suppress(OpsError):
                said += _record_for_run(source, path)
    return tuple(said)


def _record_for_run(source: DeadLetterQueue, path: Path) -> Iterator[str]:
    with Ledger.open(path) as ledger:
        run = ledger.run()
        if not run.waiting or run.state not in ENDED_STATES:
            return
        waiting = {new: sent.message_id for sent in ledger.sent_messages(Outcome.WAITING) for new in sent.new_ids}
        back = list(_failed_again(source, waiting))
        if not back:
            return
        ledger.record_outcomes(back)
    some = formatting.count(len(back), "message whose outcome was", "messages whose outcome was")
    yield f"Run {run.id}: {some} not known failed again."


def _failed_again(source: DeadLetterQueue, waiting: dict[str, str]) -> Iterator[MessageOutcome]:
    """``waiting``: id in the snapshot, by the id that it was sent as."""
    with Snapshot.open(source) as shelf:
        there = tuple(one for one, place in shelf.places(waiting).items() if place is Place.QUEUE)
        for found in shelf.iterate(Selection(ids=there)) if there else ():
            cause = found.cause
            told = cause_in_words(cause.error_type, cause.error_message, cause.source, likely=cause.likely)
            yield waiting[found.letter.message_id], Outcome.FAILED_AGAIN, cause.died, told
