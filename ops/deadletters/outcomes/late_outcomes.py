"""Outcomes that were unknown when a redrive ended, found by the next scan: a message that is in the dead-letter queue
again, under the ID that the redrive sent it as, has failed again. Absence proves nothing: the others stay unknown.
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
    """To be called after a scan; a sentence for each redrive with new outcomes. A ledger that cannot be read, or that
    another process is writing to, is skipped."""
    notes: list[str] = []
    with suppress(OpsError), queue_lock.hold_lock(source, queue_lock.SCAN_LOCK, "a scan"):
        for path in sorted(source.runs_folder.glob("*.db")):
            with suppress(OpsError):
                notes += _record_for_run(source, path)
    return tuple(notes)


def _record_for_run(source: DeadLetterQueue, path: Path) -> Iterator[str]:
    with Ledger.open(path) as ledger:
        run = ledger.run()
        if not run.waiting or run.state not in ENDED_STATES:
            return
        waiting = {new: sent.message_id for sent in ledger.sent_messages(Outcome.WAITING) for new in sent.new_ids}
        outcomes = list(_failed_again(source, waiting))
        if not outcomes:
            return
        ledger.record_outcomes(outcomes)
    count = formatting.count(len(outcomes), "message whose outcome was", "messages whose outcome was")
    yield f"Run {run.id}: {count} not known failed again."


def _failed_again(source: DeadLetterQueue, waiting: dict[str, str]) -> Iterator[MessageOutcome]:
    """``waiting``: ID in the snapshot, by the ID that the message was sent as."""
    with Snapshot.open(source) as snapshot:
        in_queue = tuple(message_id for message_id, place in snapshot.places(waiting).items() if place is Place.QUEUE)
        for row in snapshot.iterate(Selection(ids=in_queue)) if in_queue else ():
            cause = row.cause
            text = cause_in_words(cause.error_type, cause.error_message, cause.source, likely=cause.likely)
            yield waiting[row.message.message_id], Outcome.FAILED_AGAIN, cause.failed_at, text
