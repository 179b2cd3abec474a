"""Sending what was claimed, and deleting what was sent, each synced to the ledger before the next step.

A call that failed is one of three things (``ops.aws.call_effect``). Surely not carried out: asked again. Refused: for one
letter it is told, for all it ends the run. Unknown: the letters are put on the list of those that may arrive twice, on
disk, and only then sent again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ops import clock
from ops.aws import call_effect, sqs
from ops.aws.call_effect import CallEffect
from ops.clock import elapsed_s
from ops.deadletters.edits import outgoing
from ops.deadletters.ledger import AcceptedMessage, Ledger
from ops.deadletters.ledger.schema import INTENT, PLANNED
from ops.deadletters.transfer.destinations import DestinationResolver, DestinationSender, OutgoingMessage, SendResult
from ops.deadletters.transfer.in_flight import InFlight, InFlightMessage
from ops.deadletters.transfer.receiver import RETRY_TIMEOUT_S
from ops.errors import AccessDenied, AwsError, CredentialsError, NotFound, UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.messages.model import DeadLetter
    from ops.deadletters.plan_model import Plan

MIN_BACKOFF_S, MAX_BACKOFF_S = 0.1, 5.0
LOOK_UP_S = 0.2

Stop = Callable[[], bool]


class MessageSender:
    """Safe to share between threads."""

    def __init__(
        self,
        aws: Aws,
        queue: sqs.Queue,
        plan: Plan,
        ledger: Ledger,
        hold: InFlight,
        choice: DestinationResolver,
        lease_s: int,
        stop: Stop,
    ) -> None:
        self._aws = aws
        self._queue = queue
        self._plan = plan
        self._ledger = ledger
        self._in_flight = hold
        self._destinations = choice
        self._lease_s = lease_s
        self._stop = stop

    def process(self, claims: Sequence[InFlightMessage], step: int) -> None:
        """Send and delete up to ten letters. Raises AwsError when AWS refuses for good, OpsError when the ledger cannot
        be written; what was sent by then is on record."""
        for_deletion = [claim for claim in claims if claim.sent]
        fresh = [claim for claim in claims if not claim.sent]
        with ExitStack() as afterwards:  # whatever fails meanwhile, or in one of these
            afterwards.callback(self._in_flight.finish, claims)
            afterwards.callback(lambda: self.delete([claim for claim in for_deletion if claim.receipt]))
            afterwards.callback(lambda: self._in_flight.set_aside([claim for claim in fresh if self._open(claim)]))
            for route, parcels in self._routed(fresh):
                self._dispatch(route, parcels, {claim.number: claim for claim in fresh}, step, for_deletion)

    # --- sending ---------------------------------------------------------------------------------------------------

    def _routed(self, claims: Sequence[InFlightMessage]) -> Iterable[tuple[DestinationSender, list[OutgoingMessage]]]:
        """The letters as they go out, by destination; those that cannot go are refused here."""
        found: dict[str, tuple[DestinationSender, list[OutgoingMessage]]] = {}
        refused: dict[str, list[InFlightMessage]] = {}
        for claim in claims:
            try:
                letter = outgoing.edited_message(claim.letter, self._plan.edits)
                route = self._route(claim.letter)
            except UsageError as error:
                refused.setdefault(str(error), []).append(claim)
                continue
            if route is None:
                break  # this one and the next are kept for later
            found.setdefault(route.arn, (route, []))[1].append(OutgoingMessage(claim.number, letter))
        for why, these in refused.items():
            self._ledger.record_rejected([claim.number for claim in these], why)
            self._in_flight.hold_back(these)
        return found.values()

    def _route(self, letter: DeadLetter) -> DestinationSender | None:
        """Where the letter goes; a look-up that gets no answer is waited for as a send is. None: it shall stop."""
        began, attempt = elapsed_s(), 0
        while True:
            try:
                return self._destinations.resolve(letter)
            except AwsError as error:
                attempt += 1
                if call_effect.classify(error) is CallEffect.REJECTED or elapsed_s() - began > RETRY_TIMEOUT_S:
                    raise
                if self.pause(attempt):
                    return None

    def _dispatch(
        self,
        route: DestinationSender,
        parcels: list[OutgoingMessage],
        claims: dict[int, InFlightMessage],
        step: int,
        done: list[InFlightMessage],
    ) -> None:
        for turn in _turns_by_group(parcels) if route.ordered else [parcels]:
            for call in route.batches(turn):
                mine = [claims[parcel.number] for parcel in call]
                try:
                    self._send(route, call, claims, step)
                finally:
                    done += [claim for claim in mine if claim.sent]
                if route.ordered and any(self._open(claim) for claim in mine):
                    return  # the next of a group must not overtake

    def _open(self, claim: InFlightMessage) -> bool:
        return not claim.sent and self._ledger.state_of(claim.number) in (PLANNED, INTENT)

    def _send(
        self,
        route: DestinationSender,
        parcels: Sequence[OutgoingMessage],
        claims: dict[int, InFlightMessage],
        step: int,
    ) -> None:
        """Until each is accepted, refused, or given up for now."""
        self._ledger.record_intent([(parcel.number, claims[parcel.number].receipt) for parcel in parcels], step)
        asked: list[OutgoingMessage] = list(parcels)
        began, attempt = elapsed_s(), 0
        unknown = False
        while asked:
            pending = self._leased(asked, claims)  # after the ledger: this process may have stood still for long
            self._give_up([parcel for parcel in asked if parcel not in pending], unknown=unknown)
            if not pending:
                return
            failure: AwsError | None = None
            try:
                answers = route.send(pending)
            except AwsError as error:
                failure = error
                if call_effect.classify(error) is CallEffect.REJECTED:
                    self._refused(route, pending, claims, step, error, unknown=unknown)
                    return
                answers = [SendResult(why=str(error), unknown=call_effect.classify(error) is CallEffect.UNKNOWN)] * len(
                    pending
                )
            doubted = [parcel.number for parcel, answer in zip(pending, answers, strict=True) if answer.unknown]
            if doubted:
                unknown = True
                self._ledger.record_possible_duplicates(doubted)
            asked = self._recorded(route, pending, answers, claims)
            attempt += 1
            if asked and (elapsed_s() - began > RETRY_TIMEOUT_S or self.pause(attempt)):
                self._give_up(asked, unknown=unknown)
                if not self._stop():
                    why = next((answer.why for answer in answers if answer.why), "")
                    raise failure or AwsError(f"The destination kept refusing letters: {why}", "Resume the run later.")
                return

    def _recorded(
        self,
        route: DestinationSender,
        parcels: Sequence[OutgoingMessage],
        answers: Sequence[SendResult],
        claims: dict[int, InFlightMessage],
    ) -> list[OutgoingMessage]:
        """Writes down what was accepted and what was refused; returns the others."""
        now = clock.now_utc().timestamp()
        accepted, pending = [], []
        for parcel, answer in zip(parcels, answers, strict=True):
            claim = claims[parcel.number]
            if answer.sent_as:
                first = claim.letter.original_message_id
                original = first if first != claim.letter.message_id else ""
                accepted.append(AcceptedMessage(parcel.number, answer.sent_as, now, original, route.arn))
            elif answer.refused:
                self._ledger.record_rejected([parcel.number], answer.refused)
                self._in_flight.hold_back([claim])
            else:
                pending.append(parcel)
        for done in (False, True):  # of what came from the shelf nothing is to be deleted
            these = [each for each in accepted if done is not bool(claims[each.number].receipt)]
            if these:
                self._ledger.record_sent(these, done=done)
        for each in accepted:
            claims[each.number].sent = True
        self._ledger.add_unmarked(sum(bool(answer.sent_as) and answer.unmarked for answer in answers))
        return pending

    def _refused(
        self,
        route: DestinationSender,
        pending: Sequence[OutgoingMessage],
        claims: dict[int, InFlightMessage],
        step: int,
        error: AwsError,
        *,
        unknown: bool,
    ) -> None:
        """The call as a whole: because of the destination, which ends the run; else because of one of the letters."""
        if isinstance(error, AccessDenied | CredentialsError | NotFound) or error.code.upper().startswith("KMS"):
            self._give_up(pending, unknown=unknown)
            raise error
        if len(pending) == 1:
            self._ledger.record_rejected([pending[0].number], str(error))
            self._in_flight.hold_back([claims[pending[0].number]])
            return
        for parcel in pending:
            self._send(route, [parcel], claims, step)

    def _give_up(self, parcels: Sequence[OutgoingMessage], *, unknown: bool) -> None:
        """For now. What may have been sent stays an intent, on the list of those that may arrive twice."""
        if parcels and not unknown:
            self._ledger.record_unsent([parcel.number for parcel in parcels])

    def _leased(self, parcels: list[OutgoingMessage], claims: dict[int, InFlightMessage]) -> list[OutgoingMessage]:
        """Those whose lease outlasts another call, renewed where it is short; the others are received again."""
        enough = self._lease_s / 2
        short = [claims[parcel.number] for parcel in parcels if not claims[parcel.number].lease_lasts(enough)]
        if not short:
            return parcels
        began = elapsed_s()
        try:
            results = sqs.change_visibility_batch(
                self._aws, self._queue, [claim.receipt for claim in short], self._lease_s
            )
        except AwsError:
            pass
        else:
            for claim, refused in zip(short, results, strict=True):
                if refused is None:
                    claim.lease_ends = began + self._lease_s
        return [parcel for parcel in parcels if claims[parcel.number].lease_lasts(enough / 2)]

    # --- deleting --------------------------------------------------------------------------------------------------

    def delete(self, claims: Sequence[InFlightMessage]) -> None:
        """Delete what is on record as sent. What could not be deleted for sure stays "sent", and is deleted when it is
        received again. Raises AwsError when AWS does not allow it."""
        pending = list(claims)
        began, attempt = elapsed_s(), 0
        while pending:
            receipts = [claim.receipt for claim in pending]
            try:
                results = sqs.delete_batch(self._aws, self._queue, receipts)
            except AwsError as error:
                if call_effect.classify(error) is CallEffect.REJECTED:
                    self._in_flight.hold_back(pending)
                    raise
                results = (sqs.MISSING_ENTRY,) * len(pending)
            again, gone = [], []
            for claim, receipt, refused in zip(pending, receipts, results, strict=True):
                if refused is None and claim.lease_lasts(0) and self._in_flight.forget_deleted(claim, receipt):
                    gone.append(claim.number)
                elif claim.receipt != receipt or (refused is not None and not refused.sender_fault):
                    again.append(claim)
            if gone:
                self._ledger.record_deleted(gone)
            pending = again
            attempt += 1
            if pending and (elapsed_s() - began > RETRY_TIMEOUT_S or (self.pause(attempt) and attempt > 3)):
                self._in_flight.hold_back(pending)
                return

    def pause(self, attempt: int) -> bool:
        """Wait longer each time; true when it shall stop."""
        longest = min(MAX_BACKOFF_S, MIN_BACKOFF_S * 2**attempt)
        end = elapsed_s() + longest * (500 + secrets.randbelow(500)) / 1000
        while (left := end - elapsed_s()) > 0:
            if self._stop():
                return True
            time.sleep(min(left, LOOK_UP_S))
        return self._stop()


def _turns_by_group(parcels: Sequence[OutgoingMessage]) -> list[list[OutgoingMessage]]:
    """Turns in each of which a message group has one letter, so that a failed entry of a batch is never overtaken."""
    turns: list[list[OutgoingMessage]] = []
    seen: dict[str, int] = {}
    for parcel in parcels:
        group = parcel.letter.group_id or parcel.letter.message_id
        at = seen.get(group, 0)
        seen[group] = at + 1
        if at == len(turns):
            turns.append([])
        turns[at].append(parcel)
    return turns
