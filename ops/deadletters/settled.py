"""What became of messages of which no log tells, by the queues alone.

A message that is in its queue no more was done or has died; if it is not in the dead-letter queue either, it is taken
to have succeeded. That is an assumption (somebody else may have deleted or moved it), and the run says so.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from handler import contract
from ops.aws import sqs
from ops.deadletters import comebacks
from ops.deadletters.letter import Place
from ops.deadletters.plan import Selection
from ops.deadletters.run import Outcome
from ops.deadletters.shelf import Shelf
from ops.errors import AwsError
from ops.insight import words

if TYPE_CHECKING:
    from ops.deadletters.course import Fate
    from ops.deadletters.letter import Letter
    from ops.deadletters.run import Run, Sent
    from ops.deadletters.source import Source
    from ops.workload import Workload


class Settled:
    """``reader`` is the workload that the messages went to; its dead-letter queue may be the one that is redriven."""

    def __init__(self, source: Source, reader: Workload, run: Run, before: int | None) -> None:
        """``before``: how many letters lay in the queue that is redriven before anything was sent, and those that this
        run had taken out by then."""
        self._source = source
        self._aws = source.aws
        self._queue, self._dlq = reader.queue, reader.dlq
        self._settling = timedelta(seconds=comebacks.settling_s(self._aws))
        self._longest = timedelta(seconds=self._queue.visibility_s * (self._queue.max_receive_count or 1))
        self._emptied_by_us = self._dlq is not None and self._dlq.arn == source.queue.arn
        self._before = before if self._emptied_by_us else self._held(run)
        self._bodies: dict[bytes, str] = {}  # of letters that a move task moved: digest → message id on the shelf
        self._empty_since: datetime | None = None
        self._next = 0.0
        self._assumed = 0
        self._note = ""

    @property
    def notes(self) -> Sequence[str]:
        notes = [self._note] if self._note else []
        if self._assumed:
            some = words.count(self._assumed, "message is", "messages are")
            notes.append(
                f"{some} taken to have succeeded, because they left {self._queue.name} and did not come back; the "
                "function's log does not tell."
            )
        return notes

    def look(
        self, silent: Sequence[Sent], run: Run, now: datetime, why: Callable[[str], str]
    ) -> Iterator[tuple[Sent, Fate]]:
        """Those of ``silent`` that have left their queue. ``why``: what a new message id last failed of."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._settling.total_seconds() / 2
        try:
            gone = self._gone(silent, now)
            back, whole = self._back(gone, run, now) if gone else ({}, True)
        except AwsError as error:
            self._note = f"{error} {error.next_step}".strip()
            return
        for sent in gone:
            cause = next((back[one] for one in _names(sent) if one in back), None)
            if cause is not None:
                yield sent, (Outcome.CAME_BACK, now, cause or next(filter(None, map(why, sent.new_ids)), ""))
            elif whole:
                self._assumed += 1
                yield sent, (Outcome.SUCCEEDED, now, "")

    def _gone(self, silent: Sequence[Sent], now: datetime) -> list[Sent]:
        """Those that cannot be in their queue any more: it has been empty since, or all their receives are over."""
        depth = sqs.depth(self._aws, self._queue)
        empty = not (depth.visible or depth.in_flight or depth.delayed)
        self._empty_since = (self._empty_since or now) if empty else None
        settled = self._empty_since is not None and now - self._empty_since >= self._settling
        gone = []
        for sent in silent:
            left = settled and self._empty_since is not None and sent.sent_at < self._empty_since
            used_up = self._dlq is not None and now > sent.sent_at + self._longest + self._settling
            if left or used_up:
                gone.append(sent)
        return gone

    def _back(self, gone: Sequence[Sent], run: Run, now: datetime) -> tuple[Mapping[str, str], bool]:
        """New ids (with a cause where the letter carries one) that lie in the dead-letter queue, and whether all of it
        is known: by its count if nothing was added, else by reading it."""
        if self._dlq is None:
            return {}, True
        held = self._held(run)
        if held is not None and self._before is not None and held <= self._before:
            return {}, True
        self._know_bodies(gone)
        found = comebacks.search(self._aws, self._dlq, {one for sent in gone for one in _names(sent)}, self._called)
        self._note = found.note
        return found.causes, found.whole

    def _held(self, run: Run) -> int | None:
        """Letters in the dead-letter queue, and those that this run took out of it."""
        if self._dlq is None:
            return None
        try:
            return comebacks.held(self._aws, self._dlq, run.deleted if self._emptied_by_us else 0)
        except AwsError:
            return None

    def _know_bodies(self, gone: Sequence[Sent]) -> None:
        """A move task does not tell the new ids: such a message is known by its body."""
        unnamed = {sent.message_id for sent in gone if not sent.new_ids} - set(self._bodies.values())
        if unnamed:
            with Shelf.open(self._source) as shelf:
                for shelved in shelf.iterate(Selection(), places=tuple(Place)):
                    if shelved.letter.message_id in unnamed:
                        self._bodies[_digest(shelved.letter.body)] = shelved.letter.message_id

    def _called(self, letter: Letter) -> set[str]:
        """All that a letter which came back may be known by."""
        named = letter.attributes.get(contract.DLQ_ORIGINAL_MESSAGE_ID)
        alike = self._bodies.get(_digest(letter.body), "")
        return {letter.message_id, named.value if named else "", alike}


def _names(sent: Sent) -> tuple[str, ...]:
    return sent.new_ids or (sent.message_id,)


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
