"""What to search the logs for when the lines of a message, a failure cause or a redrive are wanted: IDs, a time range,
and the functions. Read from the snapshot and the ledgers on this machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters.causes.attribution.message_sources import find_consumers
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY
from ops.deadletters.causes.logs.log_shapes import UUID
from ops.deadletters.causes.message_timeline import search_range
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Outcome, SentMessage
from ops.deadletters.messages.model import NEVER_INVOKED, NEVER_RAN
from ops.deadletters.plan_model import Selection
from ops.deadletters.redrive.runs import read_run
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from ops.logs.model import LogPage, LogSearch, LogSource, log_sources, source_of
from ops.logs.search import find_log_lines

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.messages.model import SnapshotMessage
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload

MAX_MESSAGES = MAX_IDS_PER_QUERY // 3
"""Messages of a cause that are searched for, the latest sent first: each may have three IDs."""
AFTER_REDRIVE = timedelta(minutes=15)
"""How long after a redrive its messages' invocations are searched for."""
AROUND_AN_INVOCATION = timedelta(minutes=2)
"""How much earlier and later than an invocation its lines are searched for."""
FAR_FROM_AN_INVOCATION = timedelta(hours=1)
"""The same, where nothing was found: the clock of its execution environment was wrong."""
WHOLE_ID = re.compile(UUID)
"""A message ID or a request ID that is not cut."""


@dataclass(frozen=True)
class LogSubject:
    """``search``: without text. ``notes``: what is known beside the logs, and what the search leaves out. ``wider``: a
    longer search, for when this one finds nothing."""

    search: LogSearch
    sources: tuple[LogSource, ...]
    notes: tuple[str, ...] = ()
    wider: LogSearch | None = None


def find_subject_lines(aws: Aws, subject: LogSubject, text: str, token: str) -> LogPage:
    """A page of the subject's lines with ``text``, as ``find_log_lines`` finds them."""
    page = find_log_lines(aws, subject.sources, replace(subject.search, text=text), token=token)
    if subject.wider and not (page.lines or page.next_token or page.unread or token or text):
        again = find_log_lines(aws, subject.sources, subject.wider)
        span = formatting.duration((subject.wider.end - subject.wider.start).total_seconds())
        note = f"Nothing was found around the time that is known, so {span} were searched."
        scanned, usd = page.scanned_bytes + again.scanned_bytes, page.usd + again.usd
        page = replace(again, scanned_bytes=scanned, usd=usd, notes=(note, *again.notes))
    return replace(page, notes=(*subject.notes, *page.notes))


def invocation_subject(
    workload: Workload, request_id: str, now: datetime, started: datetime | None = None
) -> LogSubject:
    """The invocation with this request ID; in the last day if its start is not known."""
    sources = log_sources(workload)
    if started is None:
        return LogSubject(LogSearch(now - timedelta(days=1), now, request_ids=(request_id,)), sources)
    longest = timedelta(seconds=max((source.timeout_s for source in sources), default=0))

    def around(margin: timedelta) -> LogSearch:
        return LogSearch(started - margin, min(now, started + longest + margin), request_ids=(request_id,))

    return LogSubject(around(AROUND_AN_INVOCATION), sources, wider=around(FAR_FROM_AN_INVOCATION))


def message_subject(source: DeadLetterQueue, message_id: str, now: datetime) -> LogSubject:
    """The message with this ID, or the only one whose ID begins with it. One that is not in the snapshot is searched
    for by its whole ID. Raises UsageError when neither is possible."""
    try:
        with Snapshot.open(source) as snapshot:
            message = snapshot.get(message_id)
    except UsageError:
        if not WHOLE_ID.fullmatch(message_id):
            raise
        return unknown_message_subject(source.workload, message_id, now)
    notes = []
    if message.cause.error_type in (NEVER_RAN, NEVER_INVOKED):
        notes.append(f"Message {message_id} never ran: {message.cause.error_message}")
    return _of_messages(source, [message], now, notes)


def unknown_message_subject(workload: Workload, message_id: str, now: datetime) -> LogSubject:
    """A message that is in no snapshot: searched for by its whole ID, in the last day."""
    search = LogSearch(now - timedelta(days=1), now, message_ids=(message_id,))
    note = f"Message {message_id} is not in the snapshot: the last day's logs are searched for its ID."
    return LogSubject(search, log_sources(workload), (note,))


def cause_subject(source: DeadLetterQueue, cause: str, now: datetime) -> LogSubject:
    """The latest messages with this cause (its ID, the first characters of it, or an error type). Raises UsageError
    when the snapshot has none."""
    selection = Selection(cause=cause)
    with Snapshot.open(source) as snapshot:
        count = snapshot.count(selection)
        messages = snapshot.find(selection, descending=True, limit=MAX_MESSAGES)
    if not messages:
        raise UsageError(f"No message in the snapshot has the cause {cause!r}.", "List the causes: ops dlq causes.")
    notes = []
    if count > len(messages):
        notes.append(f"Only the {len(messages)} latest of {formatting.count(count, 'message')} were searched for.")
    return _of_messages(source, messages, now, notes)


def redrive_subject(source: DeadLetterQueue, run_id: str, now: datetime) -> LogSubject:
    """The messages that a redrive sent, those that failed again first. Raises UsageError when there is no such redrive,
    and OpsError when its ledger cannot be read."""
    run = read_run(source, run_id)
    ids, sent = sent_ids(source, run.id)
    if not ids:
        raise UsageError(f"Redrive {run.id} has sent no message.", f"Show it: ops dlq runs {run.id}.")
    notes = []
    if sent > len(ids):
        notes.append(f"Only {len(ids)} of the {formatting.count(sent, 'message')} sent were searched for.")
    end = min(now, run.ended + AFTER_REDRIVE) if run.ended else now
    search = LogSearch(run.began, max(end, run.began + timedelta(seconds=1)), message_ids=ids)
    return LogSubject(search, log_sources(source.workload), tuple(notes))


def sent_ids(source: DeadLetterQueue, run_id: str) -> tuple[tuple[str, ...], int]:
    """The IDs under which a redrive sent its messages, as many as one query takes: first of those that failed again,
    then the latest. And the number of messages that it sent."""
    with Ledger.open(source.runs_folder / f"{run_id}.db") as ledger:
        sent = list(ledger.sent_messages())
    chosen = sorted(sent, key=_importance)
    ids = [id_ for message in chosen for id_ in message.new_ids or (message.message_id,)]
    return tuple(dict.fromkeys(ids))[:MAX_IDS_PER_QUERY], len(sent)


def _importance(message: SentMessage) -> tuple[bool, float]:
    return message.outcome is not Outcome.FAILED_AGAIN, -message.sent_at.timestamp()


def _of_messages(
    source: DeadLetterQueue, messages: Sequence[SnapshotMessage], now: datetime, notes: Iterable[str]
) -> LogSubject:
    ranges = [search_range(message, now) for message in messages]
    dead_letters = [message.message for message in messages]
    consumers = find_consumers(source, [dead_letter.source_arn for dead_letter in dead_letters])
    ids = {id_ for dead_letter in dead_letters for id_ in (dead_letter.message_id, dead_letter.original_message_id)}
    requests = {id_ for message in messages for id_ in (message.cause.request_id, message.message.request_id)}
    search = LogSearch(
        min(start for start, _ in ranges),
        max(end for _, end in ranges),
        message_ids=tuple(sorted(ids)),
        request_ids=tuple(sorted(requests - {""})),
    )
    sources = tuple(dict.fromkeys(source_of(consumer.function) for consumer in consumers.all))
    start, end = search.start - FAR_FROM_AN_INVOCATION, min(now, search.end + FAR_FROM_AN_INVOCATION)
    return LogSubject(search, sources, (*notes, *consumers.notes), replace(search, start=start, end=end))
