"""What the logs tell about messages that were sent: which invocations had them, and how it went. Pure.

This project's handler names every message of a batch, and each job's success and failure. Of other functions, one that
logs its event shows which invocation had a message, and how that ended tells about the message where the function
answers for whole batches. A line that only mentions a message may be of an invocation that never had it: it counts for
an invocation that failed, and for no other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from handler import contract
from ops import invocation_log
from ops.deadletters.causes.attribution import invocation_end
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_shapes import UUID
from ops.deadletters.ledger.model import DecidedOutcome, Outcome

SUCCEEDED = (contract.LOG_JOB_OK, contract.LOG_JOB_REPEATED)
HANDLER_RECORDS_PATTERN = rf"\"({contract.LOG_BATCH}|{'|'.join(SUCCEEDED)}|{contract.LOG_JOB_SENT_AGAIN})\""
"""This project's records about messages; a regular expression of Logs Insights and of Python."""
_QUOTE, _BLANKS = r"\\*[\"']", r"\s{0,9}"
_IN_EVENT = re.compile(
    rf"messageId(?:{_QUOTE})?{_BLANKS}:{_BLANKS}{_QUOTE}({UUID}){_QUOTE}{_BLANKS},"
    rf"(?:\s|\\+[nrt]){{0,40}}(?:{_QUOTE})?receiptHandle(?:{_QUOTE})?{_BLANKS}:"
)
"""A message in the event that SQS invokes a function with, as JSON, in quotes, or as Python and Node.js print it."""
MAX_CAUSE_CHARACTERS = 300
DLQ_MOVE_DELAY_S = 5.0
"""Between the end of a visibility timeout and the move to the dead-letter queue, which SQS does in its own time."""


@dataclass
class _Track:
    """One message. ``received``: by request ID, when an invocation logged that it had the message. ``mentioned``: by
    request ID, when an invocation only named it."""

    received: dict[str, datetime] = field(default_factory=dict)
    mentioned: dict[str, datetime] = field(default_factory=dict)
    succeeded: tuple[datetime, str] | None = None  # when, in which request
    failed: tuple[datetime, str, str] | None = None  # when, in which request, the cause
    rejected: bool = False  # sent to the dead-letter queue by the handler itself
    sent_as: str = ""  # the handler put it back as a new message


@dataclass(frozen=True)
class QueueSettings:
    """How the queue feeds the function. ``max_receives``: None where the queue has no dead-letter queue.
    ``whole_batches``: an invocation that succeeds has done all its messages (no partial batch responses)."""

    visibility_s: float
    max_receives: int | None
    whole_batches: bool


class MessageTracker:
    """``add`` takes rows of Logs Insights in any order, and the same row again."""

    def __init__(self, feed: QueueSettings, wanted: Mapping[str, object]) -> None:
        self._feed = feed
        self._wanted = wanted  # the ids of messages that were sent; it may grow
        self._tracks: dict[str, _Track] = {}
        self._ended: dict[str, invocation_log.InvocationLogLine] = {}  # by request id
        self.sees_handler_records = False
        """Whether this project's handler tells about messages here."""

    def add(self, row: Mapping[str, str]) -> None:
        if (line := invocation_log.parse(row)) and line.source in invocation_log.ENDINGS:
            known = self._ended.get(line.request_id)
            if known is None or known.source != "record":
                self._ended[line.request_id] = line
            return
        said = log_parser.parse_row(row)
        if said is None:
            return
        message = row.get("@message", "")
        record = _handler_record(message)
        if record is not None:
            self.sees_handler_records = True
        in_event = frozenset(found[1] for found in _IN_EVENT.finditer(message))
        named = said.message_ids or said.mentioned
        for message_id in [one for one in named if one in self._wanted or one in self._tracks]:
            track = self._tracks.setdefault(message_id, _Track())
            if said.request_id:
                certain = record is not None or message_id in in_event
                times = track.received if certain else track.mentioned
                times[said.request_id] = min(said.at, times.get(said.request_id, said.at))
            if record is not None:
                self._apply_record(track, record, said)
            if said.failed and said.message_ids and (track.failed is None or track.failed[0] <= said.at):
                track.failed = (said.at, said.request_id, _cause_of(said, record)[:MAX_CAUSE_CHARACTERS])
                track.rejected = track.rejected or bool(record and record.get(contract.LOG_PERMANENT))

    def _apply_record(self, track: _Track, record: Mapping[str, Any], said: log_parser.LogEntry) -> None:
        if said.text in SUCCEEDED and (track.succeeded is None or track.succeeded[0] < said.at):
            track.succeeded = (said.at, said.request_id)
        elif said.text == contract.LOG_JOB_SENT_AGAIN and (again := record.get(contract.LOG_SENT_AS)):
            track.sent_as = str(again)
            self._tracks.setdefault(track.sent_as, _Track())

    def outcome_of(self, message_id: str, now: datetime) -> DecidedOutcome | None:
        """What became of a message, when, and why it came back; None while that is not known."""
        track, seen = self._tracks.get(message_id), {message_id}
        while track and track.sent_as and track.sent_as not in seen:
            seen.add(track.sent_as)
            track = self._tracks.get(track.sent_as)
        if track is None:
            return None
        if track.succeeded and not self._retried(track):
            return Outcome.SUCCEEDED, track.succeeded[0], ""
        if track.rejected and track.failed:
            return Outcome.FAILED_AGAIN, track.failed[0], track.failed[2]
        if self._feed.whole_batches:
            for request_id in track.received:
                ended = self._ended.get(request_id)
                if ended and ended.source != "timeout" and ended.values.get("status") == "success":
                    return Outcome.SUCCEEDED, ended.started, ""
        return self._receives_exhausted(track, now)

    def last_failure(self, message_id: str) -> str:
        """The cause of a message's last failure, or empty."""
        track = self._tracks.get(message_id)
        return self._cause(track) if track else ""

    def _retried(self, track: _Track) -> bool:
        """A job whose result could not be announced succeeded and failed in one invocation, and is tried again."""
        success, failure = track.succeeded, track.failed
        return bool(success and failure and failure[1] == success[1] and failure[0] >= success[0])

    def _receives_exhausted(self, track: _Track, now: datetime) -> DecidedOutcome | None:
        most, receives = self._feed.max_receives, self._receives(track)
        if most is None or len(receives) < most:
            return None
        last_request, last = max(receives.items(), key=lambda one: one[1])
        back_at = last + timedelta(seconds=self._feed.visibility_s)
        failed = track.failed is not None and track.failed[1] == last_request
        if failed or self._invocation_failed(last_request) or now > back_at + timedelta(seconds=DLQ_MOVE_DELAY_S):
            return Outcome.FAILED_AGAIN, back_at, self._cause(track)
        return None

    def _receives(self, track: _Track) -> dict[str, datetime]:
        """By request ID: the invocations that had the message, and those that named it and failed."""
        failed = {request_id: at for request_id, at in track.mentioned.items() if self._invocation_failed(request_id)}
        return failed | track.received

    def _invocation_failed(self, request_id: str) -> bool:
        ended = self._ended.get(request_id)
        return ended is not None and (ended.source == "timeout" or ended.values.get("status") not in ("success", ""))

    def _cause(self, track: _Track) -> str:
        receives = self._receives(track)
        last_request = max(receives.items(), key=lambda one: one[1])[0] if receives else ""
        if self._invocation_failed(last_request) and not (track.failed and track.failed[1] == last_request):
            return ": ".join(invocation_end.failure_of(self._ended[last_request]))[:MAX_CAUSE_CHARACTERS]
        return track.failed[2] if track.failed else ""


def _cause_of(said: log_parser.LogEntry, record: Mapping[str, Any] | None) -> str:
    """By what this project's handler calls the failure itself, as it does on a message that it rejects; else the root
    cause."""
    own = record or {}
    kind, why = own.get(contract.LOG_ERROR_TYPE), own.get(contract.LOG_ERROR_MESSAGE)
    if isinstance(kind, str) and kind and isinstance(why, str):
        return f"{kind}: {why}"
    return f"{said.error_type}: {said.error_message}"


def _handler_record(message: str) -> Mapping[str, Any] | None:
    """A record of this project's handler about a message or a batch."""
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return None
    told = (contract.LOG_BATCH, *SUCCEEDED, contract.LOG_JOB_SENT_AGAIN, contract.LOG_JOB_FAILED)
    return record if isinstance(record, dict) and record.get("message") in told else None
