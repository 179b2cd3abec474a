"""Sending received messages, and deleting what was sent; the ledger is synced to disk before each step.

A call that failed had one of three effects (``ops.aws.call_effect``). Not applied: it is retried. Rejected: because of
one message, that message fails; because of the destination, the run ends. Unknown: the messages are first recorded as
possible duplicates, on disk, and then sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial

from ops import clock
from ops.aws import call_effect, sqs
from ops.aws.call_effect import CallEffect
from ops.clock import elapsed_s
from ops.deadletters.edits.outgoing import edited_message
from ops.deadletters.ledger import AcceptedMessage
from ops.deadletters.ledger.schema import INTENT, PLANNED
from ops.deadletters.transfer import context
from ops.deadletters.transfer.context import TransferContext
from ops.deadletters.transfer.destinations import DestinationResolver, DestinationSender, OutgoingMessage, SendResult
from ops.deadletters.transfer.in_flight import InFlightMessage
from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, UsageError

ByNumber = dict[int, InFlightMessage]


class MessageSender:
    """Safe to share between threads."""

    def __init__(self, shared: TransferContext, destinations: DestinationResolver) -> None:
        self._shared = shared
        self._ledger = shared.ledger
        self._in_flight = shared.in_flight
        self._destinations = destinations

    def process(self, messages: Sequence[InFlightMessage], step: int) -> None:
        """Send and delete up to ten messages. Raises AwsError when AWS rejects a call for good, OpsError when the
        ledger cannot be written; what was sent by then is recorded."""
        sent = [item for item in messages if item.sent]
        unsent = {item.number: item for item in messages if not item.sent}
        with ExitStack() as cleanup:  # whatever fails meanwhile, or in one of these
            cleanup.callback(self._in_flight.finish, messages)
            cleanup.callback(lambda: self.delete([item for item in sent if item.receipt]))
            cleanup.callback(lambda: self._in_flight.set_aside([item for item in unsent.values() if self._open(item)]))
            for destination, batch in self._by_destination(unsent.values()):
                self._dispatch(destination, batch, unsent, step, sent)

    # --- sending ---------------------------------------------------------------------------------------------------

    def _by_destination(
        self, messages: Iterable[InFlightMessage]
    ) -> Iterable[tuple[DestinationSender, list[OutgoingMessage]]]:
        """The edited messages by destination. Those that cannot be sent anywhere are recorded as rejected."""
        batches: dict[str, tuple[DestinationSender, list[OutgoingMessage]]] = {}
        rejected: dict[str, list[InFlightMessage]] = {}
        for item in messages:
            try:
                edited = edited_message(item.message, self._shared.plan.edits)
                destination = self._shared.retry(partial(self._destinations.resolve, item.message))
            except UsageError as error:
                rejected.setdefault(str(error), []).append(item)
                continue
            if destination is None:
                break  # stopping: this message and the next ones are kept for later
            batches.setdefault(destination.arn, (destination, []))[1].append(OutgoingMessage(item.number, edited))
        for why, items in rejected.items():
            self._ledger.record_rejected([item.number for item in items], why)
            self._in_flight.hold_back(items)
        return batches.values()

    def _dispatch(
        self,
        destination: DestinationSender,
        messages: list[OutgoingMessage],
        items: ByNumber,
        step: int,
        sent: list[InFlightMessage],
    ) -> None:
        for turn in _turns_by_group(messages) if destination.ordered else [messages]:
            for batch in destination.batches(turn):
                in_batch = [items[outgoing.number] for outgoing in batch]
                try:
                    self._send(destination, batch, items, step)
                finally:
                    sent += [item for item in in_batch if item.sent]
                if destination.ordered and any(self._open(item) for item in in_batch):
                    return  # the next message of a group must not overtake it

    def _open(self, item: InFlightMessage) -> bool:
        return not item.sent and self._ledger.state_of(item.number) in (PLANNED, INTENT)

    def _send(
        self, destination: DestinationSender, batch: Sequence[OutgoingMessage], items: ByNumber, step: int
    ) -> None:
        """Until each message is accepted, rejected, or given up for now."""
        self._ledger.record_intent([(outgoing.number, items[outgoing.number].receipt) for outgoing in batch], step)
        unsent: list[OutgoingMessage] = list(batch)
        start, attempt = elapsed_s(), 0
        unknown = False
        while unsent:
            pending = self._with_lease(unsent, items)  # after the sync to disk, which may have taken long
            self._give_up([outgoing for outgoing in unsent if outgoing not in pending], unknown=unknown)
            if not pending:
                return
            failure: AwsError | None = None
            try:
                results = destination.send(pending)
            except AwsError as error:
                failure = error
                effect = call_effect.classify(error)
                if effect is CallEffect.REJECTED:
                    self._call_rejected(destination, pending, items, step, error, unknown=unknown)
                    return
                results = [SendResult(why=str(error), unknown=effect is CallEffect.UNKNOWN)] * len(pending)
            doubtful = [outgoing.number for outgoing, result in zip(pending, results, strict=True) if result.unknown]
            if doubtful:
                unknown = True
                self._ledger.record_possible_duplicates(doubtful)
            unsent = self._record(destination, pending, results, items)
            attempt += 1
            if unsent and (elapsed_s() - start > context.RETRY_TIMEOUT_S or self._shared.back_off(attempt)):
                self._give_up(unsent, unknown=unknown)
                if not self._shared.stopping():
                    why = next((result.why for result in results if result.why), "")
                    raise failure or AwsError(
                        f"The destination kept rejecting messages: {why}", "Resume the run later."
                    )
                return

    def _record(
        self,
        destination: DestinationSender,
        batch: Sequence[OutgoingMessage],
        results: Sequence[SendResult],
        items: ByNumber,
    ) -> list[OutgoingMessage]:
        """Record what was accepted and what was rejected; returns the other messages."""
        now = clock.now_utc().timestamp()
        accepted, pending = [], []
        for outgoing, result in zip(batch, results, strict=True):
            item = items[outgoing.number]
            if result.sent_as:
                first = item.message.original_message_id
                original = first if first != item.message.message_id else ""
                accepted.append(AcceptedMessage(outgoing.number, result.sent_as, now, original, destination.arn))
            elif result.refused:
                self._ledger.record_rejected([outgoing.number], result.refused)
                self._in_flight.hold_back([item])
            else:
                pending.append(outgoing)
        for from_snapshot in (False, True):  # nothing is to be deleted of what came from the snapshot
            rows = [row for row in accepted if from_snapshot is not bool(items[row.number].receipt)]
            if rows:
                self._ledger.record_sent(rows, done=from_snapshot)
        for row in accepted:
            items[row.number].sent = True
        self._ledger.add_unmarked(sum(bool(result.sent_as) and result.unmarked for result in results))
        return pending

    def _call_rejected(
        self,
        destination: DestinationSender,
        batch: Sequence[OutgoingMessage],
        items: ByNumber,
        step: int,
        error: AwsError,
        *,
        unknown: bool,
    ) -> None:
        """The call as a whole was rejected: because of the destination, which ends the run, or of one message."""
        if isinstance(error, AccessDenied | CredentialsError | NotFound) or error.code.upper().startswith("KMS"):
            self._give_up(batch, unknown=unknown)
            raise error
        if len(batch) == 1:
            self._ledger.record_rejected([batch[0].number], str(error))
            self._in_flight.hold_back([items[batch[0].number]])
            return
        for outgoing in batch:
            self._send(destination, [outgoing], items, step)

    def _give_up(self, batch: Sequence[OutgoingMessage], *, unknown: bool) -> None:
        """Stop trying for now. What may have been sent stays an intent, and so a possible duplicate."""
        if batch and not unknown:
            self._ledger.record_unsent([outgoing.number for outgoing in batch])

    def _with_lease(self, batch: list[OutgoingMessage], items: ByNumber) -> list[OutgoingMessage]:
        """The messages whose lease outlasts another call, extended where it is short. The others will be received
        again."""
        lease_s = self._shared.lease_s
        short = [items[outgoing.number] for outgoing in batch if not items[outgoing.number].lease_lasts(lease_s / 2)]
        if not short:
            return batch
        start = elapsed_s()
        try:
            receipts = [item.receipt for item in short]
            errors = sqs.change_visibility_batch(self._shared.aws, self._shared.queue, receipts, lease_s)
        except AwsError:
            pass
        else:
            for item, error in zip(short, errors, strict=True):
                if error is None:
                    item.lease_ends = start + lease_s
        return [outgoing for outgoing in batch if items[outgoing.number].lease_lasts(lease_s / 4)]

    # --- deleting --------------------------------------------------------------------------------------------------

    def delete(self, messages: Sequence[InFlightMessage]) -> None:
        """Delete messages that are recorded as sent. One whose deletion is uncertain stays "sent", and is deleted when
        it is received again. Raises AwsError when AWS rejects the deletion."""
        pending = list(messages)
        start, attempt = elapsed_s(), 0
        while pending:
            receipts = [item.receipt for item in pending]
            try:
                errors = sqs.delete_batch(self._shared.aws, self._shared.queue, receipts)
            except AwsError as error:
                if call_effect.classify(error) is CallEffect.REJECTED:
                    self._in_flight.hold_back(pending)
                    raise
                errors = (sqs.MISSING_ENTRY,) * len(pending)
            retry, deleted = [], []
            for item, receipt, refused in zip(pending, receipts, errors, strict=True):
                if refused is None and item.lease_lasts(0) and self._in_flight.forget_deleted(item, receipt):
                    deleted.append(item.number)
                elif item.receipt != receipt or (refused is not None and not refused.sender_fault):
                    retry.append(item)
            if deleted:
                self._ledger.record_deleted(deleted)
            pending = retry
            attempt += 1
            timed_out = elapsed_s() - start > context.RETRY_TIMEOUT_S
            if pending and (timed_out or (self._shared.back_off(attempt) and attempt > 3)):
                self._in_flight.hold_back(pending)
                return


def _turns_by_group(messages: Sequence[OutgoingMessage]) -> list[list[OutgoingMessage]]:
    """Turns in each of which a message group has one message, so that a failed batch entry is never overtaken."""
    turns: list[list[OutgoingMessage]] = []
    turn_of_group: dict[str, int] = {}
    for outgoing in messages:
        group = outgoing.message.group_id or outgoing.message.message_id
        turn = turn_of_group.get(group, 0)
        turn_of_group[group] = turn + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(outgoing)
    return turns
