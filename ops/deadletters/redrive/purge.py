"""Permanently delete messages: only with a plan, an export of exactly these messages, and a typed confirmation.

Never with PurgeQueue, which deletes everything. The snapshot marks each deleted message; the audit log names the plan,
the export and its SHA-256; ``ops dlq import`` adds the messages to the snapshot again.
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

from ops import access, formatting
from ops.aws import sts
from ops.deadletters import plans, queue_lock
from ops.deadletters.archive import audit_log, exports, jsonl
from ops.deadletters.messages.model import DeadLetter, Place
from ops.deadletters.plan_model import Action, Pace, Plan, Selection, Steps
from ops.deadletters.snapshot import Snapshot
from ops.deadletters.transfer import selective_delete
from ops.errors import OpsError, UsageError
from ops.files import atomic_file
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

COMPARE_BATCH = 500
"""Messages of an export and of the snapshot that are compared at a time."""


@dataclass(frozen=True)
class PurgeResult:
    """``missing``: not found in the queue. ``refused``: SQS rejected the delete. ``outcome``: done | cancelled |
    stopped. ``sha256``: of the export."""

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
    """The plan to delete the messages of ``export``, without those that an earlier purge has deleted. Raises UsageError
    when all are, or some are not in the queue, and says where they are; also what ``exports.exported_ids`` and
    ``plans.make_plan`` raise."""
    exported = exports.exported_ids(export)
    with Snapshot.open(source) as snapshot:
        places = snapshot.places(exported)
    ids = tuple(name for name in exported if places.get(name) is not Place.PURGED) or exported
    elsewhere = Counter(_ELSEWHERE[places.get(name)] for name in ids if places.get(name) is not Place.QUEUE)
    if elsewhere:
        where = ", ".join(f"{number:,} {place}" for place, number in elsewhere.most_common())
        raise UsageError(
            f"{elsewhere.total():,} of the {formatting.count(len(ids), 'message')} of {export} cannot be purged: {where}.",
            "Export those that are in the queue (ops dlq scan, ops dlq export), and name that file.",
        )
    return plans.make_plan(
        source,
        Selection(ids=ids),
        action=Action.PURGE,
        pace=Pace(None, headroom=False),
        steps=Steps(("100%",), watch=False),
    )


_ELSEWHERE = {
    None: "not in the snapshot",
    Place.MISSING: "not in the queue at the last scan",
    Place.REDRIVEN: "already redriven",
    Place.PURGED: "already purged",
    Place.IMPORTED: "imported from a file and not in the queue",
}


def confirmation_text(plan: Plan) -> str:
    """What has to be typed to confirm ``plan``: "purge 1,204 messages"."""
    return f"purge {formatting.count(len(plan.ids), 'message')}"


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
    """Delete the messages of ``plan`` from the queue. All others are received, kept in flight and released at the end.

    ``progress`` is called with the number deleted, and their total. Ends early, with everything released, when
    ``stop()`` is true or at Ctrl-C.

    Raises UsageError (not a purge plan, not confirmed, no reason, a stale plan, an export that does not hold exactly
    these messages as they are in the snapshot), OpsError (another run is going on, a file cannot be used) and AwsError.
    Needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes.
    """
    access.ensure_may("a purge")
    reason = audit_log.require_reason(reason)
    ensure_confirmed(source, plan, confirmation)
    who = sts.caller_identity(source.aws).arn
    with queue_lock.hold_lock(source, plan.id, who):
        plans.ensure_current(source, plan)
        with Snapshot.open(source) as snapshot:
            sha256 = _verify_export(snapshot, plan, export)
            note = f"export {export} SHA-256 {sha256}"
            counts = Counter(planned=len(plan.ids))

            def record(outcome: str, note: str) -> None:
                audit_log.append_record(
                    state_folder(source.aws.target),
                    audit_log.new_record(
                        source, who, "purge", reason,
                        plan=plan.id, plan_hash=plan.hash, counts=counts, outcome=outcome, note=note,
                    ),
                )  # fmt: skip

            record("began", note)
            outcome = "failed"
            try:
                result = _delete(source, snapshot, plan, counts, sha256, progress, stop or (lambda: False))
                outcome = result.outcome
            except OpsError as error:
                note = f"{note}. {error}"
                raise
            finally:
                record(outcome, note)
    return result


def _delete(
    source: DeadLetterQueue,
    snapshot: Snapshot,
    plan: Plan,
    counts: Counter[str],
    sha256: str,
    progress: Callable[[int, int], None] | None,
    stop: Callable[[], bool],
) -> PurgeResult:
    started = time.monotonic()

    def deleted(ids: Sequence[str]) -> None:
        counts["deleted"] += len(ids)  # first, so that it is recorded whether or not the snapshot can be written
        snapshot.set_place(ids, Place.PURGED)
        if progress:
            progress(counts["deleted"], len(plan.ids))

    result = selective_delete.delete_selected(source.aws, source.queue, plan.ids, deleted, stop)
    counts.update(missing=len(result.missing), refused=len(result.refused))
    cancelled = result.stopped == selective_delete.CANCELLED
    return PurgeResult(
        plan=plan.id,
        deleted=result.deleted,
        missing=len(result.missing),
        refused=len(result.refused),
        not_released=result.unreleased,
        outcome="cancelled" if cancelled else "stopped" if result.stopped else "done",
        sha256=sha256,
        seconds=time.monotonic() - started,
        notes=tuple(_notes(source, result)),
    )


def _notes(source: DeadLetterQueue, result: selective_delete.DeleteResult) -> Iterator[str]:
    if result.stopped:
        yield f"It ended early: {result.stopped}."
    for why, number in Counter(result.refused.values()).most_common(3):
        yield f"SQS did not delete {formatting.count(number, 'message')}: {why}."
    if result.missing and not result.stopped:
        fifo = (
            "; in a FIFO queue, messages are hidden behind others of their message group" if source.queue.fifo else ""
        )
        missing = formatting.count(len(result.missing), "message was", "messages were")
        yield f"{missing} not found in the queue: expired, deleted or held by another consumer{fifo}. Scan again."
    if result.redelivered:
        yield "SQS kept delivering messages that it had deleted. Scan again, and purge those that are still there."
    if result.held:
        others = formatting.count(len(result.held), "other message was", "other messages were")
        yield f"{others} received and released, which raised their receive counts by one."
    if result.unreleased:
        messages = formatting.count(result.unreleased, "message")
        yield f"{messages} could not be released, and will be visible again when their visibility timeout ends."


def ensure_confirmed(source: DeadLetterQueue, plan: Plan, typed: str) -> None:
    """Raises UsageError unless ``typed`` confirms ``plan``, a purge of a queue that it is safe to receive from."""
    if plan.action is not Action.PURGE:
        raise UsageError(f"Plan {plan.id} is for a {plan.action.value}, not for a purge.", "Plan a purge.")
    if " ".join(typed.replace(",", "").split()) != confirmation_text(plan).replace(",", ""):
        raise UsageError(
            "The purge was not confirmed; nothing was deleted.", f'Type "{confirmation_text(plan)}" to confirm it.'
        )
    if source.queue.dlq_arn is not None:
        raise UsageError(
            f"{source.queue.name} has a redrive policy of its own: receiving could move messages on to the next queue.",
            "Remove that redrive policy first.",
        )


def _verify_export(snapshot: Snapshot, plan: Plan, export: Path) -> str:
    """SHA-256 of the export. Raises UsageError unless it holds exactly the plan's messages, as in the snapshot, and
    otherwise only such as are purged already."""
    digest = hashlib.sha256()
    planned = set(plan.ids)
    seen: set[str] = set()
    lines = (line.message for _, line in jsonl.read_lines(atomic_file.expand_user(export), digest.update))
    while batch := {message.message_id: message for message in islice(lines, COMPARE_BATCH)}:
        unplanned = batch.keys() - planned
        places = snapshot.places(unplanned)
        if strange := [name for name in unplanned if places.get(name) is not Place.PURGED]:
            raise _wrong_export(export, f"{min(strange)} is in it and not in the plan")
        for changed in _changed_ids(snapshot, {name: batch[name] for name in batch.keys() - unplanned}):
            raise _wrong_export(export, f"{changed} differs from the snapshot")
        seen |= batch.keys() - unplanned
    if missing := planned - seen:
        raise _wrong_export(export, f"{formatting.count(len(missing), 'message')} of the plan are not in it")
    return digest.hexdigest()


def _changed_ids(snapshot: Snapshot, exported: Mapping[str, DeadLetter]) -> Iterator[str]:
    """Messages that are not in the snapshot, or whose contents differ there."""
    remaining = dict(exported)
    for stored in snapshot.iterate(Selection(ids=tuple(exported))):
        message = remaining.pop(stored.message.message_id)
        if (message.body, message.attributes) != (stored.message.body, stored.message.attributes):
            yield message.message_id
    yield from remaining


def _wrong_export(export: Path, why: str) -> UsageError:
    return UsageError(
        f"{export} is not an export of exactly these messages: {why}; nothing was deleted.",
        "Export the messages of this plan first, and name that file.",
    )
