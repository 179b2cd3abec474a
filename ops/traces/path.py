"""Builds a job's path: each message's wait, its attempts with INIT and steps, the dead-letter queue, redrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.deadletters.messages.model import Place
from ops.traces.batch_summary import folded
from ops.traces.dead_letter_evidence import DeadLetterEvidence, DeadLetterStay, RedriveSend
from ops.traces.logged_invocations import DONE, HANDLER, LoggedInvocation
from ops.traces.logged_steps import logged_steps
from ops.traces.model import Basis, PathSpan, SpanKind

SNAPSHOT, LEDGER, BATCH_LINE = "snapshot", "redrive ledger", "handler log"
FIRST_WAIT, IN_DLQ = "queue wait", "in the dead-letter queue"
LEDGER_DELAY = timedelta(seconds=1)
XraySteps = Callable[[LoggedInvocation, frozenset[str]], Sequence[PathSpan]]


@dataclass(frozen=True)
class JobEvidence:
    """``message_ids``: of the job. ``job_ids``: as the handler names it. ``steps``: an invocation's X-Ray spans.
    ``max_receives``: of the queue, after which SQS moves a message to its dead-letter queue."""

    message_ids: frozenset[str]
    job_ids: frozenset[str]
    invocations: Sequence[LoggedInvocation]
    letters: DeadLetterEvidence
    steps: XraySteps
    max_receives: int | None = None


def job_spans(evidence: JobEvidence) -> list[PathSpan]:
    """Below the job's own span, depth first, in the order in which they began; attempts are numbered from 1."""
    groups = [group for message in _messages(evidence) for group in _message_spans(evidence, message)]
    groups = _with_ends(groups)
    groups.sort(key=_place)
    number, spans = 0, []
    for group in groups:
        attempt = group[0].kind in (SpanKind.ATTEMPT, SpanKind.INIT)
        number += attempt
        name = f"attempt {number}"
        for span in group:
            named = replace(span, name=name) if span.kind is SpanKind.ATTEMPT else span
            spans.append(replace(named, attempt=number if attempt else 0))
    return spans


def _place(group: list[PathSpan]) -> datetime:
    """When it began; a redrive's line is written once SQS has taken the message, which then waits already."""
    first = group[0]
    return first.start - LEDGER_DELAY if first.kind is SpanKind.REDRIVE else first.start


def _with_ends(groups: list[list[PathSpan]]) -> list[list[PathSpan]]:
    """A stay in the dead-letter queue that no redrive of this machine ended ends with the job's next wait in the queue."""
    waits = sorted(group[0].start for group in groups if group[0].name == FIRST_WAIT)

    def ended(span: PathSpan) -> PathSpan:
        later = next((start for start in waits if start > span.start), None)
        if span.kind is not SpanKind.DEAD or span.duration_s is not None or later is None:
            return span
        detail = f"{span.detail}, until the job was sent again: by whom is not on record here"
        return replace(span, duration_s=(later - span.start).total_seconds(), basis=Basis.INFERRED, detail=detail)

    return [[ended(span) for span in group] for group in groups]


@dataclass(frozen=True)
class _Message:
    id: str
    attempts: tuple[LoggedInvocation, ...]
    sent: tuple[datetime, str] | None  # and where that is known from
    stay: DeadLetterStay | None


def _messages(evidence: JobEvidence) -> Iterator[_Message]:
    """One for each message that went to the queue; a dead-letter message that the handler sent is the stay of another."""
    letters = evidence.letters
    in_dlq = {stay.message_id for stay in letters.stays.values() if stay.message_id != stay.original_id}
    for name in sorted(evidence.message_ids - in_dlq):
        attempts = tuple(
            invocation
            for invocation in evidence.invocations
            if name in invocation.messages or invocation.lines_of(name)
        )
        stays = [stay for stay in letters.stays.values() if name in (stay.message_id, stay.original_id)]
        own = [stay for stay in stays if stay.message_id == name] or [stay for stay in stays if stay.by_handler]
        stay = _nearest(own, attempts)
        if attempts or stay:
            yield _Message(name, attempts, _sent(evidence, name, attempts, stay), stay)


def _nearest(stays: Sequence[DeadLetterStay], attempts: Sequence[LoggedInvocation]) -> DeadLetterStay | None:
    """The one that the message's own attempts led to: a job may be sent to the dead-letter queue again and again."""
    requests = {invocation.request_id for invocation in attempts}
    return next((stay for stay in stays if stay.request_id in requests), stays[0] if stays else None)


def _sent(
    evidence: JobEvidence, name: str, attempts: Sequence[LoggedInvocation], stay: DeadLetterStay | None
) -> tuple[datetime, str] | None:
    for invocation in attempts:
        seen = invocation.messages.get(name)
        if seen and seen.sent:
            return seen.sent, BATCH_LINE
    if stay and stay.message_id == name and stay.sent:
        return stay.sent, SNAPSHOT
    sends = [send for send in evidence.letters.sends.values() if name in send.new_ids]
    return (sends[0].at, LEDGER) if sends else None


def _message_spans(evidence: JobEvidence, message: _Message) -> Iterator[list[PathSpan]]:
    """Groups that stay together: a span with what is below it."""
    previous: LoggedInvocation | None = None
    for invocation in message.attempts:
        init = timedelta(seconds=(invocation.init_s or invocation.restore_s or 0.0))
        if wait := _wait(message, previous, invocation.begin - init):
            yield [wait]
        yield [*_init(message, invocation, init), *_attempt(evidence, message, invocation)]
        previous = invocation
    last = previous
    done = [line for invocation in message.attempts for line in invocation.lines_of(message.id) if line.what in DONE]
    for line in done[:1]:
        yield [_moment(f"result: {line.what}", SpanKind.RESULT, line.at, HANDLER, message.id)]
    sends = [send for send in evidence.letters.sends.values() if _is_of(send, message)]
    if message.stay:
        yield [_stay(message, message.stay, last, sends)]
    elif last is not None and not done and (unseen := _unscanned(evidence, message, last)):
        yield [unseen]
    for send in sends:
        yield [_redrive(send, message.id)]
    if last is None and message.stay is None and message.sent:  # it waits
        yield [_wait_until(message, message.sent[0], None)]


def _is_of(send: RedriveSend, message: _Message) -> bool:
    return send.message_id in {message.id, message.stay.message_id if message.stay else message.id}


def _wait(message: _Message, previous: LoggedInvocation | None, until: datetime) -> PathSpan | None:
    if previous is None:
        return _wait_until(message, message.sent[0], until) if message.sent else None
    start = previous.end or previous.begin
    return PathSpan(
        "wait for retry",
        SpanKind.WAIT,
        start,
        max(0.0, (until - start).total_seconds()),
        1,
        Basis.INFERRED,
        "between two attempts",
        detail="hidden until its visibility timeout ends, then visible: SQS records neither",
        message_id=message.id,
    )


def _wait_until(message: _Message, start: datetime, until: datetime | None) -> PathSpan:
    return PathSpan(
        FIRST_WAIT,
        SpanKind.WAIT,
        start,
        None if until is None else max(0.0, (until - start).total_seconds()),
        1,
        Basis.MEASURED,
        message.sent[1] if message.sent else "",
        message_id=message.id,
    )


def _init(message: _Message, invocation: LoggedInvocation, init: timedelta) -> Iterator[PathSpan]:
    if not init:
        return
    restored = invocation.init_s is None
    yield PathSpan(
        "restore" if restored else "INIT",
        SpanKind.INIT,
        invocation.begin - init,
        init.total_seconds(),
        1,
        Basis.MEASURED,
        invocation.source,
        detail="its length is measured; it is drawn as ending where the attempt began",
        message_id=message.id,
        request_id=invocation.request_id,
    )


def _attempt(evidence: JobEvidence, message: _Message, invocation: LoggedInvocation) -> Iterator[PathSpan]:
    seen = invocation.messages.get(message.id)
    lines = invocation.lines_of(message.id)
    errors = [line.failure for line in lines if line.failure]
    done = any(line.what in DONE for line in lines)
    parts = [f"receive {seen.receives}" if seen and seen.receives else ""]
    if len(invocation.messages) > 1:
        parts.append(f"batch of {len(invocation.messages)}")
    parts.append("cold start" if invocation.init_s or invocation.restore_s else "")
    parts.append("" if invocation.duration_s is not None else "its end is not on record")
    parts.append(f"its invocation ended with {invocation.failure} later" if done and invocation.failure else "")
    yield PathSpan(
        "attempt",
        SpanKind.ATTEMPT,
        invocation.begin,
        invocation.duration_s,
        1,
        Basis.MEASURED if invocation.started else Basis.INFERRED,
        invocation.source,
        failure=errors[-1] if errors else "" if done else invocation.failure,
        detail=", ".join(filter(None, parts)),
        message_id=message.id,
        request_id=invocation.request_id,
    )
    steps = evidence.steps(invocation, evidence.job_ids)
    if steps:
        yield from (replace(step, depth=step.depth + 2, request_id=invocation.request_id) for step in steps)
    else:
        logged = list(logged_steps(invocation))
        yield from (step for step in logged if step.message_id == message.id)
        yield from folded([step for step in logged if step.message_id != message.id], 2)


def _stay(
    message: _Message, stay: DeadLetterStay, last: LoggedInvocation | None, sends: Sequence[RedriveSend]
) -> PathSpan:
    rejected = [
        line.at for invocation in message.attempts for line in invocation.lines_of(message.id) if line.permanent
    ]
    measured = stay.by_handler and (stay.sent or (rejected[-1] if rejected else None))
    start = measured or (last.end or last.begin if last else None) or stay.failed_at or stay.sent or stay.seen
    assert start is not None  # noqa: S101 - a scan that found it has a time
    left = min((send.at for send in sends), default=None)
    where = {Place.QUEUE: "still there at the last scan", Place.MISSING: "gone at a later scan"}
    how = "sent by the handler" if stay.by_handler else "moved by SQS: its time is not on record"
    return PathSpan(
        IN_DLQ,
        SpanKind.DEAD,
        start,
        None if left is None else max(0.0, (left - start).total_seconds()),
        1,
        Basis.MEASURED if measured else Basis.INFERRED,
        SNAPSHOT,
        failure=stay.cause,
        detail=", ".join(filter(None, (how, "" if left else where.get(stay.place, stay.place.value)))),
        message_id=stay.message_id,
        request_id=stay.request_id,
    )


def _unscanned(evidence: JobEvidence, message: _Message, last: LoggedInvocation) -> PathSpan | None:
    """The stay of a message that no scan has read: one that the handler rejected, or that has no receive left."""
    rejected = [line for line in last.lines_of(message.id) if line.permanent]
    seen = last.messages.get(message.id)
    if rejected:
        line = rejected[-1]
        start, basis, source, failure = line.at, Basis.MEASURED, HANDLER, line.failure
        detail = "sent by the handler; not in the snapshot"
    elif last.end and seen and evidence.max_receives and seen.receives >= evidence.max_receives:
        start, basis, source, failure = last.end, Basis.INFERRED, HANDLER, last.failure
        detail = f"receive {seen.receives} of {evidence.max_receives} was the last: SQS moves it; not in the snapshot"
    else:
        return None
    return PathSpan(
        IN_DLQ, SpanKind.DEAD, start, None, 1, basis, source, failure=failure, detail=detail, message_id=message.id
    )


def _redrive(send: RedriveSend, message_id: str) -> PathSpan:
    to = send.destination.rsplit(":", 1)[-1]
    new = f" as {', '.join(send.new_ids)}" if send.new_ids else ""
    span = _moment(f"redrive {send.run_id}", SpanKind.REDRIVE, send.at, LEDGER, message_id)
    return replace(span, detail=f"sent{f' to {to}' if to else ''}{new}; {send.outcome}")


def _moment(name: str, kind: SpanKind, at: datetime, source: str, message_id: str) -> PathSpan:
    return PathSpan(name, kind, at, 0.0, 1, Basis.MEASURED, source, message_id=message_id)
