"""One message's timeline: when it was sent, each receive, what the logs show about it, and how it failed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, invocation_log, log_streams
from ops.deadletters.causes.attribution.evidence import SearchedMessage
from ops.deadletters.causes.attribution.invocation_end import failed, failure_of, timed_out
from ops.deadletters.causes.attribution.message_sources import QueueConsumer, find_consumers, source_queue
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import RETENTION, Budget, LogQuerySession, ids_pattern
from ops.deadletters.ledger import Ledger
from ops.deadletters.messages.model import Kind, Place
from ops.deadletters.snapshot import Snapshot
from ops.errors import OpsError
from ops.insight.report_types import QueryCost

if TYPE_CHECKING:
    from pathlib import Path

    from ops.deadletters.messages.model import Cause, DeadLetter, SnapshotMessage
    from ops.deadletters.queue import DeadLetterQueue

SENT, RECEIVED, LOG, ERROR, FAILED = "sent", "received", "log", "error", "died"
TIMEOUT, MEMORY, CRASH = "timeout", "out of memory", "crash"
REDRIVEN = "redriven"
LATEST_RUNS = 5
"""Ledgers that are read: those of the redrives that started last."""
MAX_EVENTS = 200
"""Moments that are kept; more would not be read."""
MAX_TEXT_CHARACTERS = 500
SEARCH_MARGIN = timedelta(minutes=2)
LOGGED_WITHIN = timedelta(seconds=5)
MAX_WORK_BEFORE_SENT = timedelta(hours=6)
"""How long before a dead-letter message was created its original message may have been in progress."""
BUDGET = Budget(queries=2, usd=0.10)
_SENT_AS_WORK = (Kind.SQS, Kind.UNKNOWN, Kind.SNS)
"""Kinds whose dead-letter message is the original message; others are created when the work fails."""


@dataclass(frozen=True)
class TimelineEvent:
    """``what``: sent | received | log | error | timeout | out of memory | crash | died | redriven. ``text`` may be what
    any code logged: untrusted."""

    at: datetime
    what: str
    text: str
    request_id: str = ""


@dataclass(frozen=True)
class Timeline:
    """``events``: oldest first. ``look``: cost of the log queries, and what could not be read."""

    events: tuple[TimelineEvent, ...] = field(metadata={"json_key": "moments"})
    look: QueryCost = field(default_factory=QueryCost)


def build_timeline(source: DeadLetterQueue, message_id: str) -> Timeline:
    """The events of the message with this ID (or the only one whose ID starts so). One log query, at most two.

    Raises UsageError when the snapshot has no such message, OpsError when the snapshot cannot be read.
    """
    with Snapshot.open(source) as snapshot:
        stored = snapshot.get(message_id)
    events = _message_events(stored)
    from_runs, notes = _redrive_events(source, stored.message, stored.place is Place.REDRIVEN)
    sessions, from_logs = _log_events(source, stored)
    events += from_runs + [_with_batch_note(event, stored.cause) for event in from_logs]
    if stored.cause.failed_at is not None:
        cause = stored.cause
        likely = "likely " if cause.likely else ""
        text = f"{likely}{cause.error_type}: {cause.error_message}".rstrip(": ")[:MAX_TEXT_CHARACTERS]
        events.append(TimelineEvent(stored.cause.failed_at, FAILED, text, cause.request_id))
    events.sort(key=lambda event: _sort_key(event, stored.cause))
    notes += [note for session in sessions for note in session.asked.notes]
    if len(events) > MAX_EVENTS:
        notes.append(f"Only the first and last of {formatting.count(len(events), 'event')} are shown.")
        events = events[: MAX_EVENTS // 2] + events[-MAX_EVENTS // 2 :]
    return Timeline(tuple(events), QueryCost(usd=sum(session.asked.usd for session in sessions), partial=tuple(notes)))


def _with_batch_note(event: TimelineEvent, cause: Cause) -> TimelineEvent:
    """An invocation may fail after the handler has rejected one message of its batch: that is the outcome of the
    rest."""
    later = cause.failed_at is not None and event.at > cause.failed_at + LOGGED_WITHIN
    if not later or event.what not in (TIMEOUT, MEMORY, CRASH) or event.text.startswith(cause.error_type):
        return event
    return replace(event, text=f"the rest of its batch: {event.text}")


def _sort_key(event: TimelineEvent, cause: Cause) -> tuple[datetime, int]:
    """The position of an event: by its time; at one time first the receive, then what was logged, then how the
    invocation ended, then the message. The time of a log line is when it was collected. A handler that rejects a job
    sends the message within milliseconds, so what its invocation logged around then goes before the message."""
    failed_at = cause.failed_at
    rank = {RECEIVED: 0, SENT: 3 if event.at == failed_at else -1, TIMEOUT: 2, MEMORY: 2, CRASH: 2, FAILED: 4}
    own = event.what == ERROR or (event.what == RECEIVED and event.request_id == cause.request_id != "")
    late = own and failed_at is not None and failed_at <= event.at <= failed_at + LOGGED_WITHIN
    return (failed_at if late and failed_at else event.at, rank.get(event.what, 1))


def _message_events(stored: SnapshotMessage) -> list[TimelineEvent]:
    """What the message itself shows: when it was sent, and when it was received first."""
    message = stored.message
    buried = message.kind not in _SENT_AS_WORK
    events = []
    if message.sent:
        group = f" in group {message.group_id}" if message.group_id else ""
        events.append(TimelineEvent(message.sent, SENT, f"sent{' to the dead-letter queue' if buried else ''}{group}"))
    if first := SearchedMessage.of(message).first_receive:
        by = ", by a scan" if buried else ""
        text = f"first received{by}; {formatting.count(message.receives, 'receive')} in total, including scans"
        events.append(TimelineEvent(first, RECEIVED, text))
    return events


def _redrive_events(source: DeadLetterQueue, message: DeadLetter, moved: bool) -> tuple[list[TimelineEvent], list[str]]:
    """When redrives from here sent this message, or the one that it was before it failed again."""
    if not moved and message.original_message_id == message.message_id:
        return [], []
    events = []
    paths, notes = _latest_ledgers(source)
    for path in paths:
        try:
            with Ledger.open(path) as ledger:
                for sent in ledger.sent_messages():
                    if message.message_id in (sent.message_id, *sent.new_ids):
                        to = sent.destination.rsplit(":", 1)[-1] or "its origin"
                        text = f"sent to {to} by redrive {path.stem}; {sent.outcome.value}"
                        events.append(TimelineEvent(sent.sent_at, REDRIVEN, text))
        except OpsError as refused:
            notes.append(_unread_note(path, refused))
    return events, notes


def _latest_ledgers(source: DeadLetterQueue) -> tuple[list[Path], list[str]]:
    """The ledgers of the redrives that started last, newest first. A ledger's name is its plan's ID, which tells only
    when the plan was made."""
    began: list[tuple[datetime, Path]] = []
    notes = []
    for path in sorted(source.runs_folder.glob("*.db")):
        try:
            with Ledger.open(path) as ledger:
                began.append((ledger.run().began, path))
        except OpsError as refused:
            notes.append(_unread_note(path, refused))
    return [path for _, path in sorted(began, reverse=True)[:LATEST_RUNS]], notes


def _unread_note(path: Path, why: OpsError) -> str:
    return f"The ledger of redrive {path.stem} was not read: {why}"


def _log_events(source: DeadLetterQueue, stored: SnapshotMessage) -> tuple[list[LogQuerySession], list[TimelineEvent]]:
    """Events from the logs of the functions that read the message's source queue."""
    message = stored.message
    start, end = search_range(stored, datetime.now(UTC))
    ids = sorted({message.message_id, message.original_message_id, message.request_id, stored.cause.request_id} - {""})
    sessions, events = [], []
    for feed in find_consumers(source, [message.source_arn]).of(source_queue(source, message.source_arn)):
        session = LogQuerySession(source.aws, feed.function.log_group, BUDGET)
        rows = _rows(session, feed, f"{ids_pattern(ids)}|{log_parser.FAILURE_PATTERN}", start, end)
        sessions.append(session)
        events += _events(rows, {message.message_id, message.original_message_id}, message.request_id)
    return sessions, events


def search_range(stored: SnapshotMessage, now: datetime) -> tuple[datetime, datetime]:
    """The time in which a message's invocations can have written log lines, until ``now`` at most."""
    message, cause = stored.message, stored.cause
    before = (
        MAX_WORK_BEFORE_SENT
        if message.kind not in _SENT_AS_WORK or message.original_message_id != message.message_id
        else SEARCH_MARGIN
    )
    start = (message.sent or now - RETENTION) - before
    return start, min(now, cause.failed_at + SEARCH_MARGIN) if cause.failed_at and cause.failed_at > start else now


def _rows(
    session: LogQuerySession, feed: QueueConsumer, pattern: str, start: datetime, end: datetime
) -> list[dict[str, str]]:
    """Rows of this function alone, where several functions write to its log group."""
    rows: list[dict[str, str]] = []
    session.read([pattern], session.affordable(start, end), end, rows.append, page=False)
    setup = feed.setup
    return [row for row in rows if not log_streams.is_other_functions(row, setup.function, setup.shared)]


def _events(rows: list[dict[str, str]], ids: set[str], request_id: str) -> list[TimelineEvent]:
    """Events from the rows that are about these message IDs, or about invocations that had them."""
    entries = [(row, log_parser.parse_row(row)) for row in rows]
    requests = {request_id} - {""}
    requests |= {
        entry.request_id
        for _, entry in entries
        if entry and entry.request_id and ids & (entry.message_ids | entry.mentioned)
    }
    events: dict[tuple[datetime, str], TimelineEvent] = {}
    ends: dict[str, dict[str, list[TimelineEvent]]] = {}
    for row, entry in entries:
        line = invocation_log.parse(row)
        if line is not None and line.source in invocation_log.ENDINGS:
            if line.request_id in requests and (event := _end_event(line)):
                ends.setdefault(line.request_id, {}).setdefault(line.source, []).append(event)
        elif entry and (
            ids & (entry.message_ids | entry.mentioned) or (entry.failed and _about_invocation(entry, requests))
        ):
            events[entry.at, entry.text] = _log_event(entry)
    # The extension's record, REPORT and "Task timed out" tell of the same end: the one that knows most is enough.
    endings = [next(by[source] for source in ("record", "report", "timeout") if source in by) for by in ends.values()]
    return [*events.values(), *(event for some in endings for event in some)]


def _about_invocation(entry: log_parser.LogEntry, requests: set[str]) -> bool:
    """Logged about an invocation as a whole, not about another message of its batch."""
    return entry.request_id in requests and not entry.message_ids


def _log_event(entry: log_parser.LogEntry) -> TimelineEvent:
    if entry.batch:
        together = len(entry.message_ids)
        text = f"received in a batch of {together}" if together > 1 else "received alone"
        return TimelineEvent(entry.at, RECEIVED, text, entry.request_id)
    if entry.failed:
        place = f" at {entry.location}" if entry.location else ""
        text = f"{entry.error_type}: {entry.error_message}".rstrip(": ")[:MAX_TEXT_CHARACTERS] + place
        return TimelineEvent(entry.at, ERROR, text, entry.request_id)
    return TimelineEvent(entry.at, LOG, entry.text[:MAX_TEXT_CHARACTERS], entry.request_id)


def _end_event(line: invocation_log.InvocationLogLine) -> TimelineEvent | None:
    if not failed(line):
        return None
    kind, text = failure_of(line)
    what = TIMEOUT if timed_out(line) else MEMORY if "OutOfMemory" in kind else CRASH
    at = line.started + timedelta(milliseconds=line.values.get("duration_ms") or 0.0)
    return TimelineEvent(at, what, f"{kind}: {text}", line.request_id)
