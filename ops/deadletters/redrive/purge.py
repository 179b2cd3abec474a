"""Deleting letters for good: only with a plan, an export of exactly these letters, and a typed confirmation.

Never PurgeQueue, which takes everything. What was deleted is on record: the shelf marks each letter, the audit file
names the plan, the export and its SHA-256; ``ops dlq import`` brings the letters back onto the shelf.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ops import access, atomic_file, formatting
from ops.aws import sts
from ops.deadletters import plans, queue_lock
from ops.deadletters.archive import audit_log, exports, jsonl
from ops.deadletters.messages.model import DeadLetter, Place
from ops.deadletters.plan_model import Action, Pace, Plan, Selection, Steps
from ops.deadletters.queue import state_folder
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import selective_delete
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

COMPARE_BATCH = 500
"""Letters of an export and of the shelf that are compared at a time."""


@dataclass(frozen=True)
class PurgeResult:
    """``missing``: not met in the queue. ``refused``: SQS would not delete them. ``outcome``: done | cancelled |
    stopped. ``sha256`` of the export."""

    plan: str
    deleted: int
    missing: int
    refused: int
    not_released: int = field(metadata={"json_key": "not_given_back"})
    outcome: str
    sha256: str
    seconds: float
    notes: tuple[str, ...]


def plan_purge(source: DeadLetterQueue, export: Path) -> Plan:
    """The plan to delete the letters of ``export``. Raises UsageError, saying where they went, when some of them are
    not in the queue; and what ``exports.exported_ids`` and ``plans.make`` raise."""
    ids = exports.exported_ids(export)
    with Snapshot.open(source) as shelf:
        places = shelf.places(ids)
    elsewhere = Counter(_WENT[places.get(one)] for one in ids if places.get(one) is not Place.QUEUE)
    if elsewhere:
        went = ", ".join(f"{number:,} {where}" for where, number in elsewhere.most_common())
        raise UsageError(
            f"{elsewhere.total():,} of the {formatting.count(len(ids), 'letter')} of {export} cannot be purged: {went}.",
            "Export those that are in the queue (ops dlq scan, ops dlq export), and name that file.",
        )
    return plans.make_plan(
        source,
        Selection(ids=ids),
        action=Action.PURGE,
        pace=Pace(None, headroom=False),
        steps=Steps(("100%",), watch=False),
    )


_WENT = {
    None: "not on the shelf",
    Place.GONE: "gone from the queue at the last look",
    Place.REDRIVEN: "redriven already",
    Place.PURGED: "purged already",
    Place.IMPORTED: "imported from a file and not in the queue",
}


def confirmation_text(plan: Plan) -> str:
    """What somebody has to type before ``plan`` is followed: "purge 1,204 letters"."""
    return f"purge {formatting.count(len(plan.ids), 'letter')}"


def purge_messages(
    source: DeadLetterQueue,
    plan: Plan,
    *,
    export: Path,
    confirmation: str,
    reason: str,
    progress: Callable[[int, int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> PurgeResult:
    """Delete the letters of ``plan`` from the queue. All others are received, kept aside and given back at the end.

    ``progress`` is told how many are deleted, and of how many. Ends early, with everything given back, when ``stop()``
    is true or at Ctrl-C.

    Raises UsageError: no purge's plan, not confirmed, no reason, a stale plan, an export that is not of exactly these
    letters as they lie on the shelf. OpsError: another run goes on, a file cannot be used. AwsError: SQS refused.
    Needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes.
    """
    access.ensure_may("a purge")
    reason = audit_log.require_reason(reason)
    ensure_confirmed(source, plan, confirmation)
    who = sts.caller_identity(source.aws).arn
    with queue_lock.hold_lock(source, plan.id, who):
        plans.ensure_current(source, plan)
        with Snapshot.open(source) as shelf:
            sha256 = _checked(shelf, plan, export)
            note = f"export {export} SHA-256 {sha256}"
            about = {"plan": plan.id, "plan_hash": plan.hash, "note": note}
            began = {"planned": len(plan.ids)}
            audit_log.append_record(
                state_folder(source.aws.target),
                audit_log.new_record(source, who, "purge", reason, counts=began, outcome="began", **about),
            )
            tally: Counter[str] = Counter()
            outcome = "failed"
            try:
                done = _carry_out(source, shelf, plan, tally, sha256, progress, stop or (lambda: False))
                outcome = done.outcome
            except OpsError as error:
                about["note"] = f"{note}. {error}"
                raise
            finally:
                audit_log.append_record(
                    state_folder(source.aws.target),
                    audit_log.new_record(
                        source, who, "purge", reason, counts={**began, **tally}, outcome=outcome, **about
                    ),
                )
    return done


def _carry_out(
    source: DeadLetterQueue,
    shelf: Snapshot,
    plan: Plan,
    tally: Counter[str],
    sha256: str,
    progress: Callable[[int, int], None] | None,
    stop: Callable[[], bool],
) -> PurgeResult:
    started = time.monotonic()

    def deleted(ids: Sequence[str]) -> None:
        tally["deleted"] += len(ids)  # first, so that it is on record whatever becomes of the shelf
        shelf.mark(ids, Place.PURGED)
        if progress:
            progress(tally["deleted"], len(plan.ids))

    found = selective_delete.delete_selected(source.aws, source.queue, plan.ids, deleted, stop)
    tally.update(missing=len(found.missing), refused=len(found.refused))
    cancelled = found.stopped == selective_delete.CANCELLED
    return PurgeResult(
        plan=plan.id,
        deleted=found.deleted,
        missing=len(found.missing),
        refused=len(found.refused),
        not_released=found.unreleased,
        outcome="cancelled" if cancelled else "stopped" if found.stopped else "done",
        sha256=sha256,
        seconds=time.monotonic() - started,
        notes=tuple(_notes(source, found)),
    )


def _notes(source: DeadLetterQueue, found: selective_delete.DeleteResult) -> Iterator[str]:
    if found.stopped:
        yield f"It ended early: {found.stopped}."
    for why, number in Counter(found.refused.values()).most_common(3):
        yield f"SQS would not delete {formatting.count(number, 'letter')}: {why}."
    if found.missing and not found.stopped:
        fifo = "; in a FIFO queue a letter is hidden behind others of its message group" if source.queue.fifo else ""
        yield (
            f"{formatting.count(len(found.missing), 'letter was', 'letters were')} not met in the queue: expired, deleted "
            f"or held by somebody else{fifo}. Look again."
        )
    if found.redelivered:
        yield "SQS went on handing out letters that it had deleted. Look again, and purge those that are still there."
    if found.held:
        yield (
            f"{formatting.count(len(found.held), 'other letter was', 'other letters were')} received on the way and given "
            "back; that raised their receive counts by one."
        )
    if found.unreleased:
        yield (
            f"{formatting.count(found.unreleased, 'letter')} could not be given back at once; they are visible again "
            "when their lease ends."
        )


def ensure_confirmed(source: DeadLetterQueue, plan: Plan, typed: str) -> None:
    """Raise UsageError unless ``typed`` confirms ``plan``, a purge's, of a queue that it is safe to receive from."""
    if plan.action is not Action.PURGE:
        raise UsageError(f"Plan {plan.id} is for a {plan.action.value}, not for a purge.", "Plan a purge.")
    if " ".join(typed.replace(",", "").split()) != confirmation_text(plan).replace(",", ""):
        raise UsageError(
            "The purge was not confirmed; nothing was deleted.", f'Type "{confirmation_text(plan)}" to confirm it.'
        )
    if source.queue.dlq_arn is not None:
        raise UsageError(
            f"{source.queue.name} has a redrive policy of its own: receiving could move letters on to the next queue.",
            "Remove that redrive policy first.",
        )


def _checked(shelf: Snapshot, plan: Plan, export: Path) -> str:
    """SHA-256 of the export, which holds exactly the plan's letters, as they lie on the shelf. Raises UsageError."""
    digest = hashlib.sha256()
    planned = set(plan.ids)
    seen: set[str] = set()
    rest = (each.letter for _, each in jsonl.read_lines(atomic_file.expand_user(export), digest.update))
    while some := {letter.message_id: letter for letter in islice(rest, COMPARE_BATCH)}:
        if strange := some.keys() - planned:
            raise _another(export, f"{min(strange)} is in it and not in the plan")
        for changed in _changed(shelf, some):
            raise _another(export, f"{changed} differs from what lies on the shelf")
        seen |= some.keys()
    if missing := planned - seen:
        raise _another(export, f"{formatting.count(len(missing), 'letter')} of the plan are not in it")
    return digest.hexdigest()


def _changed(shelf: Snapshot, exported: Mapping[str, DeadLetter]) -> Iterator[str]:
    """Ids of letters that are not on the shelf, or whose contents there differ."""
    left = dict(exported)
    for shelved in shelf.iterate(Selection(ids=tuple(exported))):
        letter = left.pop(shelved.letter.message_id)
        if (letter.body, letter.attributes) != (shelved.letter.body, shelved.letter.attributes):
            yield letter.message_id
    yield from left


def _another(export: Path, why: str) -> UsageError:
    return UsageError(
        f"{export} is no export of exactly these letters: {why}; nothing was deleted.",
        "Export the letters of this plan first, and name that file.",
    )
