"""Outcomes of sent messages by the logs: which invocations received them, and how those ended. Pure.

This project's handler logs every message ID of a batch, and each job's success or failure. Another function that logs
its event shows which invocation received a message, and the end of that invocation is the outcome where the function
succeeds or fails for whole batches. A line that only mentions a message may be of an invocation that never received it:
it counts when the invocation failed, and is ignored otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
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
"""A message in an SQS event of a function, as JSON, in quotes, or as Python and Node.js print it."""
MAX_CAUSE_CHARACTERS = 300
DLQ_MOVE_DELAY_S = 5.0
"""Between the end of a visibility timeout and the move to the dead-letter queue, which SQS does with a delay."""


@dataclass
class _Track:
    """The log entries about one message. ``received``: by request ID, when an invocation logged that it received the
    message. ``mentioned``: by request ID, when an invocation only mentioned it."""

    received: dict[str, datetime] = field(default_factory=dict)
    mentioned: dict[str, datetime] = field(default_factory=dict)
    succeeded: tuple[datetime, str] | None = None  # time, request ID
    failed: tuple[datetime, str, str] | None = None  # time, request ID, cause
    rejected: bool = False  # the handler sent it to the dead-letter queue itself
    sent_as: str = ""  # the handler sent it again as a new message


@dataclass(frozen=True)
class QueueSettings:
    """``max_receives``: None when the queue has no dead-letter queue. ``whole_batches``: an invocation that succeeds has
    processed all its messages (no partial batch responses)."""

    visibility_s: float
    max_receives: int | None
    whole_batches: bool


class MessageTracker:
    """``add`` takes rows of Logs Insights in any order, and repeatedly."""

    def __init__(self, settings: QueueSettings, wanted: Mapping[str, object]) -> None:
        self._settings = settings
        self._wanted = wanted  # IDs of the messages that were sent; it may grow
        self._tracks: dict[str, _Track] = {}
        self._ended: dict[str, invocation_log.InvocationLogLine] = {}  # by request ID
        self.sees_handler_records = False
        """Whether the function logs as this project's handler does."""

    def add(self, row: Mapping[str, str]) -> None:
        """A row of Logs Insights: the end of an invocation, or a line that names messages; any other is passed over."""
        if (line := invocation_log.parse(row)) and line.source in invocation_log.ENDINGS:
            known = self._ended.get(line.request_id)
            if known is None or known.source != "record":
                self._ended[line.request_id] = line
            return
        entry = log_parser.parse_row(row)
        if entry is None:
            return
        message = row.get("@message", "")
        record = _handler_record(message)
        if record is not None:
            self.sees_handler_records = True
        in_event = frozenset(match[1] for match in _IN_EVENT.finditer(message))
        named = entry.message_ids or entry.mentioned
        for message_id in [known for known in named if known in self._wanted or known in self._tracks]:
            track = self._tracks.setdefault(message_id, _Track())
            if entry.request_id:
                is_received = record is not None or message_id in in_event
                times = track.received if is_received else track.mentioned
                times[entry.request_id] = min(entry.at, times.get(entry.request_id, entry.at))
            if record is not None:
                self._apply_record(track, record, entry)
            if entry.failed and entry.message_ids and (track.failed is None or track.failed[0] <= entry.at):
                track.failed = (entry.at, entry.request_id, _cause_of(entry, record)[:MAX_CAUSE_CHARACTERS])
                track.rejected = track.rejected or bool(record and record.get(contract.LOG_PERMANENT))

    def _apply_record(self, track: _Track, record: Mapping[str, Any], entry: log_parser.LogEntry) -> None:
        if entry.text in SUCCEEDED and (track.succeeded is None or track.succeeded[0] < entry.at):
            track.succeeded = (entry.at, entry.request_id)
        elif entry.text == contract.LOG_JOB_SENT_AGAIN and (again := record.get(contract.LOG_SENT_AS)):
            track.sent_as = str(again)
            self._tracks.setdefault(track.sent_as, _Track())

    def outcome_of(self, message_id: str, now: datetime) -> DecidedOutcome | None:
        """The outcome of a message, its time, and the cause when it failed again; None while unknown."""
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
        if self._settings.whole_batches:
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
        """A job whose result could not be published succeeded and failed in one invocation, and is retried."""
        success, failure = track.succeeded, track.failed
        return bool(success and failure and failure[1] == success[1] and failure[0] >= success[0])

    def _receives_exhausted(self, track: _Track, now: datetime) -> DecidedOutcome | None:
        max_receives, receives = self._settings.max_receives, self._receives(track)
        if max_receives is None or len(receives) < max_receives:
            return None
        last_request, last = max(receives.items(), key=itemgetter(1))
        moved_at = last + timedelta(seconds=self._settings.visibility_s)
        failed = track.failed is not None and track.failed[1] == last_request
        if failed or self._invocation_failed(last_request) or now > moved_at + timedelta(seconds=DLQ_MOVE_DELAY_S):
            return Outcome.FAILED_AGAIN, moved_at, self._cause(track)
        return None

    def _receives(self, track: _Track) -> dict[str, datetime]:
        """Invocations that received the message, or mentioned it and failed, by request ID."""
        failed = {request_id: at for request_id, at in track.mentioned.items() if self._invocation_failed(request_id)}
        return failed | track.received

    def _invocation_failed(self, request_id: str) -> bool:
        ended = self._ended.get(request_id)
        return ended is not None and (ended.source == "timeout" or ended.values.get("status") not in ("success", ""))

    def _cause(self, track: _Track) -> str:
        receives = self._receives(track)
        last_request = max(receives.items(), key=itemgetter(1))[0] if receives else ""
        if self._invocation_failed(last_request) and not (track.failed and track.failed[1] == last_request):
            return ": ".join(invocation_end.failure_of(self._ended[last_request]))[:MAX_CAUSE_CHARACTERS]
        return track.failed[2] if track.failed else ""


def _cause_of(entry: log_parser.LogEntry, record: Mapping[str, Any] | None) -> str:
    """The error as this project's handler logs it, and writes it on a message that it rejects; else the root cause."""
    fields = record or {}
    error_type, error_message = fields.get(contract.LOG_ERROR_TYPE), fields.get(contract.LOG_ERROR_MESSAGE)
    if isinstance(error_type, str) and error_type and isinstance(error_message, str):
        return f"{error_type}: {error_message}"
    return f"{entry.error_type}: {entry.error_message}"


def _handler_record(message: str) -> Mapping[str, Any] | None:
    """A record of this project's handler about a message or a batch."""
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return None
    messages = (contract.LOG_BATCH, *SUCCEEDED, contract.LOG_JOB_SENT_AGAIN, contract.LOG_JOB_FAILED)
    return record if isinstance(record, dict) and record.get("message") in messages else None
