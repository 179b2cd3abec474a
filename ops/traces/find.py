"""Finds a job by its ID, the ID of one of its messages, a request ID or a trace ID, and builds its path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting
from ops.deadletters.queue import open_queue, own_dead_letter_queue
from ops.errors import OpsError, UsageError
from ops.insight.report_types import QueryCost
from ops.insight.sources.traces import trace_id
from ops.logs import log_sources
from ops.logs.search import MAX_USD
from ops.traces.collect import Collected, LogCollector
from ops.traces.conclusion import conclude
from ops.traces.dead_letter_evidence import DeadLetterEvidence, DeadLetterSearch
from ops.traces.invocation_path import invocation_spans
from ops.traces.model import COMMANDS, JobTrace, NotFoundSteps, PathSpan, Searched, not_found
from ops.traces.path import JobEvidence, job_spans
from ops.traces.segments import SegmentReader

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

USUAL_RANGE = timedelta(days=1)
BEFORE_A_TRACE, AFTER_A_TRACE = timedelta(minutes=15), timedelta(days=1)
MAX_SPANS = 500
"""Spans that are kept: what a page draws and a person reads."""
_ID = re.compile(r"[\w.:@/+=-]{1,128}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class TraceRange:
    """The time range (aware) in which log lines are searched; None: the last day, or the time in the ID itself."""

    start: datetime | None = None
    end: datetime | None = None


def find_trace(
    aws: Aws,
    workload: Workload,
    identifier: str,
    within: TraceRange = TraceRange(),
    *,
    max_usd: float = MAX_USD,
    say: Callable[[str], None] = lambda _: None,
    steps: NotFoundSteps = COMMANDS,
) -> JobTrace:
    """The path of the job that ``identifier`` names; without spans where nothing has it. A request or trace ID gives the
    invocation with its whole batch.

    Searches the functions' logs (Logs Insights, within ``max_usd``; ``say`` gets the estimate), the snapshot of the
    dead-letter queue and the redrives on this machine, and X-Ray. The queue itself is not touched. Raises UsageError for what
    is no ID, CredentialsError, Unreachable. Needs what ``find_log_lines`` needs, and xray:BatchGetTraces.
    """
    wanted = normalized(identifier)
    now = datetime.now(UTC)
    notes: list[str] = []
    letters = _dead_letters(aws, workload, notes)
    wanted = letters.in_full(wanted) if letters else wanted
    related = letters.search([wanted]) if letters else set()
    start, end = _range(wanted, within, letters, now)
    collector = LogCollector(aws, log_sources(workload), start, end, max_usd, say)
    segments = SegmentReader(aws)
    found = collector.collect(wanted, related, letters)
    searched = [*_log_places(workload, collector, start, end, now), *_machine_places(workload, letters, notes)]
    traces = _trace_ids(wanted, found)
    if not traces and not found.invocations and not aws.target.is_twin:
        traces = segments.find_by_job(wanted, start, end)
    segments.read(traces)
    searched.append(segments.searched)
    look = QueryCost(usd=collector.usd, partial=(*collector.notes, *notes, *(letters.found.notes if letters else ())))
    spans = _spans(found, letters, segments, workload.queue.max_receive_count)
    if not spans:
        scanned = letters is None or letters.found.snapshot_scanned is not None
        next_step = steps.text(wanted, ranged=within.start is not None, scanned=scanned)
        return not_found(identifier, tuple(searched), look, next_step)
    return conclude(identifier, found, spans, MAX_SPANS, tuple(searched), look, segments.trace_ids)


def normalized(identifier: str) -> str:
    """Trimmed; a trace ID, with its header or as 32 hexadecimal digits, in X-Ray's form. Raises UsageError."""
    text = identifier.strip()
    if trace := trace_id(text):
        return trace
    if _HEX.fullmatch(text):
        return f"1-{text[:8]}-{text[8:]}"
    if not _ID.fullmatch(text):
        raise UsageError(
            f"{text[:40]!r} is not an ID." if text else "The ID is empty.",
            "Give a job ID, a message ID, a request ID or a trace ID, in full.",
        )
    return text


def _dead_letters(aws: Aws, workload: Workload, notes: list[str]) -> DeadLetterSearch | None:
    if own_dead_letter_queue(aws.target, workload) is None:
        return None
    try:
        return DeadLetterSearch(open_queue(aws, workload))
    except OpsError as error:
        notes.append(f"The snapshot of the dead-letter queue was not read: {error}")
        return None


def _range(
    wanted: str, within: TraceRange, letters: DeadLetterSearch | None, now: datetime
) -> tuple[datetime, datetime]:
    """The range of the log search: from before the job was first sent, where that is known."""
    first, last = now - USUAL_RANGE, now
    if trace_id(wanted):
        began = datetime.fromtimestamp(min(int(wanted[2:10], 16), now.timestamp()), UTC)
        first, last = began - BEFORE_A_TRACE, min(now, began + AFTER_A_TRACE)
    sent = [stay.sent for stay in letters.found.stays.values() if stay.sent] if letters else []
    if sent:
        first = min(first, min(sent) - BEFORE_A_TRACE)
    if within.start and within.start >= last:  # typed: it counts for more than what the ID tells
        last = now
    if within.end and within.end <= first:
        first = within.end - USUAL_RANGE
    start, end = within.start or first, within.end or last
    if start >= end:
        raise UsageError("The time range ends before it starts.", "Choose an earlier start, or a later end.")
    return start, end


def _log_places(
    workload: Workload, collector: LogCollector, start: datetime, end: datetime, now: datetime
) -> list[Searched]:
    span = formatting.clock_range(start, end, now)
    if not collector.sources:
        return [Searched("log lines", None, f"no function of {workload.name} is known")]
    groups = ", ".join(dict.fromkeys(source.group for source in collector.sources))
    unread = f"; not read: {', '.join(collector.unread)}" if collector.unread else ""
    return [Searched(f"log lines of {groups}", collector.found_lines, f"{span}{unread}")]


def _machine_places(workload: Workload, letters: DeadLetterSearch | None, notes: Sequence[str]) -> list[Searched]:
    if letters is None:
        why = notes[0] if notes else f"{workload.queue.name} has no dead-letter queue"
        return [Searched("dead letters", None, why)]
    found = letters.found
    scanned = found.snapshot_scanned
    when = f"scanned {formatting.clock(scanned, datetime.now(UTC))}" if scanned else "never scanned on this machine"
    ledgers = f"{formatting.count(found.ledgers_read, 'redrive')} from this machine"
    return [
        Searched("the dead-letter queue's snapshot", len(found.stays), when),
        Searched("redrive ledgers", len(found.sends), ledgers),
    ]


def _trace_ids(wanted: str, found: Collected) -> list[str]:
    named = [wanted] if trace_id(wanted) else []
    for invocation in found.own_invocations:
        named += [
            invocation.trace,
            *(seen.trace for name, seen in invocation.messages.items() if name in found.message_ids),
        ]
    return list(dict.fromkeys(filter(None, named)))


def _spans(
    found: Collected, letters: DeadLetterSearch | None, segments: SegmentReader, max_receives: int | None
) -> list[PathSpan]:
    if found.whole_batches:
        own = invocation_spans(found.own_invocations, segments.steps)
    else:
        known = letters.found if letters else DeadLetterEvidence()
        mine = frozenset(found.message_ids), frozenset(found.job_ids)
        own = job_spans(JobEvidence(*mine, found.own_invocations, known, segments.steps, max_receives))
    return [*segments.api(), *own] if own else segments.all()
