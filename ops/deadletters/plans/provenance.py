"""Where a queue's messages come from: by SQS, by Lambda, and by the functions' own logs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import invocation_log, log_streams
from ops.aws import lambda_, sqs
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_query import MAX_IDS_PER_QUERY, RETENTION, Budget, LogQuerySession, ids_pattern
from ops.deadletters.return_target import ReturnContext
from ops.deadletters.snapshot import MOVABLE_PLACES, invocation_request_ids
from ops.errors import AwsError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import Snapshot

MAX_RETRY_TIME = timedelta(hours=6)
"""How long Lambda repeats an asynchronous invocation at most (MaximumEventAgeInSeconds; botocore 1.44.5 model)."""
SEARCH_MARGIN = timedelta(minutes=5)
FUNCTIONS_NOTE = "functions of requests"
"""The snapshot's note with the function whose log a request ID was found in: that log may be gone when it is needed
again."""
_QUOTABLE_SOURCES = (invocation_log.TIMEOUT, invocation_log.EXIT)
_PLATFORM = re.compile(r"^(?:START|END|REPORT) RequestId: ([0-9a-f-]{36})\b")


@dataclass(frozen=True)
class Provenance:
    """``notes``: sentences about what could not be read."""

    context: ReturnContext
    notes: tuple[str, ...] = ()


def find_provenance(
    source: DeadLetterQueue, snapshot: Snapshot, function_arn: str = "", *, logs: bool = True
) -> Provenance:
    """What is known of this queue's messages. ``function_arn``: where the user sends those of asynchronous invocations;
    then no log is searched. ``logs`` off: nothing that costs money is read.

    What may not be read becomes a note, and leaves messages where they are. Raises OpsError for the snapshot. Needs
    sqs:ListDeadLetterSourceQueues; with asynchronous invocations' messages also lambda:ListFunctions, logs:StartQuery
    and logs:GetQueryResults.
    """
    notes: list[str] = []
    queue, workload = source.queue, source.workload
    own = workload.queue.arn if workload.queue.arn != queue.arn else ""
    sources: tuple[str, ...] = ()
    try:
        sources = sqs.redrive_sources(source.aws, queue)
    except AwsError as refused:
        notes.append(f"It is not known which queues use {queue.name} as their dead-letter queue: {refused}")
    if workload.queue.dlq_arn == queue.arn and own not in sources:
        sources = (*sources, own)
    wanted = {} if function_arn else invocation_request_ids(snapshot, MOVABLE_PLACES)
    functions: Mapping[str, str] = {}
    searched: tuple[str, ...] = ()
    if wanted:
        functions, searched = _functions(source, snapshot, wanted, notes, logs=logs)
    return Provenance(ReturnContext(queue.arn, sources, own, functions, searched, function_arn), tuple(notes))


def _functions(
    source: DeadLetterQueue, snapshot: Snapshot, wanted: Mapping[str, datetime | None], notes: list[str], *, logs: bool
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The function in whose log each request ID is; and the names of the functions whose logs were searched."""
    stored = snapshot.read_note(FUNCTIONS_NOTE) or {}
    known = {mark: str(stored[mark]) for mark in wanted if mark in stored}
    open_ = {mark: sent for mark, sent in wanted.items() if mark not in known}
    searched: list[str] = []
    budget = Budget()
    for function in _candidates(source, notes) if open_ and logs else ():
        searched.append(function.name)
        session = LogQuerySession(source.aws, function.log_group, budget)
        bare = function.arn.split(":function:")[0] + f":function:{function.name}"
        for request_id in _requests_of_function(session, function, open_):
            known[request_id] = bare
            open_.pop(request_id, None)
        notes += session.asked.notes
        budget = Budget(budget.queries - session.asked.queries, budget.usd - session.asked.usd)
        if not open_:
            break
    if known != {mark: stored.get(mark) for mark in known}:
        snapshot.save_note(FUNCTIONS_NOTE, {**stored, **known})
    return known, tuple(searched)


def _candidates(source: DeadLetterQueue, notes: list[str]) -> tuple[lambda_.Function, ...]:
    """The workload's function, and all that send here what fails of their asynchronous invocations."""
    own = [source.workload.function] if source.workload.function else []
    others: tuple[lambda_.Function, ...] = ()
    try:
        others = lambda_.functions_with_dlq(source.aws, source.queue.arn)
    except AwsError as refused:
        notes.append(f"It is not known which other functions use {source.queue.name}: {refused}")
    names = {function.name for function in own}
    return (*own, *(function for function in others if function.name not in names))


def _requests_of_function(
    session: LogQuerySession, function: lambda_.Function, wanted: Mapping[str, datetime | None]
) -> frozenset[str]:
    """Those of ``wanted`` that ran in the function, by its own log."""
    now = datetime.now(UTC)
    times = [sent for sent in wanted.values() if sent] or [now]
    start = max(min(times) - MAX_RETRY_TIME - SEARCH_MARGIN, now - RETENTION - MAX_RETRY_TIME)
    pattern = ids_pattern(wanted) if len(wanted) <= MAX_IDS_PER_QUERY else invocation_log.PATTERN
    matched: set[str] = set()

    def collect(row: Mapping[str, str]) -> None:
        if _is_own_line(row, function):
            matched.update(wanted.keys() & _request_ids(row))

    session.read(
        [pattern], start, min(max(times) + SEARCH_MARGIN, now), collect, enough=lambda: len(matched) == len(wanted)
    )
    return frozenset(matched)


def _is_own_line(row: Mapping[str, str], function: lambda_.Function) -> bool:
    """Whether the function wrote it. In a shared log group only a stream name identifies it."""
    if log_streams.is_shared(function.log_group, function.name):
        return invocation_log.function_of(row.get("@logStream", "")) == function.name
    return not log_streams.is_other_functions(row, function.name)


def _request_ids(row: Mapping[str, str]) -> set[str]:
    """Request IDs of the invocations that wrote the line: as the platform writes them, or the runtime beside a failure.

    A line that only mentions one may be about another function's invocation, and so may a field of any name that
    services use: what a function returns when it fails has a ``requestId`` too, and its caller may log that. How
    another function timed out or exited reaches its caller as well, in the platform's own words.
    """
    message = row.get("@message", "")
    if platform := _PLATFORM.match(message):
        return {platform[1]}
    if line := invocation_log.parse(row):
        return set() if line.source in _QUOTABLE_SOURCES else {line.request_id}
    if message.startswith('{"') and '"platform.' in message[:200]:
        return _event_request_id(message)
    entry = log_parser.parse_row(row)
    return {entry.request_id} if entry is not None and entry.failed and entry.own_request else set()


def _event_request_id(message: str) -> set[str]:
    try:
        event = json.loads(message)
    except (ValueError, RecursionError):
        return set()
    record = event.get("record") if isinstance(event, dict) and event.keys() == {"time", "type", "record"} else None
    return {str(record.get("requestId", ""))} if isinstance(record, dict) else set()
