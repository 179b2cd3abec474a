"""A path in one sentence: how the job ended, how long it took, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ops import formatting
from ops.insight.report_types import Finding, Level, QueryCost
from ops.traces.collect import Collected
from ops.traces.model import Basis, JobTrace, PathSpan, Searched, SpanKind

SHOWN_CHARACTERS = 160
_WORDS = {
    SpanKind.WAIT: "waiting in the queue",
    SpanKind.DEAD: "in the dead-letter queue",
    SpanKind.INIT: "in INIT",
    SpanKind.ATTEMPT: "in attempts",
}


def conclude(
    identifier: str,
    found: Collected,
    spans: Sequence[PathSpan],
    most: int,
    searched: tuple[Searched, ...],
    look: QueryCost,
    trace_ids: tuple[str, ...],
) -> JobTrace:
    """The trace with its root span. ``spans``: depth first, below the root; ``most`` of them are kept."""
    start = min(span.start for span in spans)
    open_end = any(span.duration_s is None and span.depth == 1 for span in spans[-3:])
    end = max(span.end for span in spans)
    level, state = _batch_state(spans) if found.whole_batches else _state(spans)
    name = _name(identifier, found)
    total = (end - start).total_seconds()
    attempts = len({span.attempt for span in spans if span.kind is SpanKind.ATTEMPT})
    redrives = sum(span.kind is SpanKind.REDRIVE for span in spans)
    root = PathSpan(
        name,
        SpanKind.JOB,
        start,
        None if open_end and level is not Level.OK else total,
        0,
        Basis.INFERRED,
        "everything below",
        failure="" if level is Level.OK else state,
    )
    page = "dead_letters" if level is Level.CRITICAL else ""
    after = "" if found.whole_batches or level is not Level.OK else _after(spans, start)
    headline = f"{name} {state}{after}"[:SHOWN_CHARACTERS]
    seconds = {kind.value: _covered(spans, kind) for kind in _WORDS}
    chips = tuple(filter(None, (_counts(attempts, redrives), *_shares(seconds, total))))
    finding = Finding(level, f"{'; '.join((headline, *chips))}.", page, f"{headline}.", chips)
    return JobTrace(
        identifier,
        finding,
        (root, *spans[:most]),
        tuple(found.job_ids),
        tuple(found.message_ids),
        tuple(dict.fromkeys(span.request_id for span in spans if span.request_id and span.kind is SpanKind.ATTEMPT)),
        trace_ids,
        attempts,
        redrives,
        seconds,
        max(0, len(spans) - most),
        searched,
        start,
        end,
        look,
    )


def _after(spans: Sequence[PathSpan], start: datetime) -> str:
    """How long the caller waited for the result."""
    results = [span.start for span in spans if span.kind is SpanKind.RESULT]
    if not results:
        return ""
    first = min(spans, key=lambda span: span.start)
    since = "it was sent" if first.kind in (SpanKind.WAIT, SpanKind.API) else "its first attempt on record began"
    return f" {formatting.latency((results[-1] - start).total_seconds() * 1000)} after {since}"


def _name(identifier: str, found: Collected) -> str:
    if found.whole_batches:
        return f"Invocation {', '.join(invocation.request_id for invocation in found.own_invocations[:3])}"
    if len(found.job_ids) == 1:
        return f"Job {next(iter(found.job_ids))}"
    return f"{'Message' if identifier in found.message_ids else 'Job'} {identifier}"


def _state(spans: Sequence[PathSpan]) -> tuple[Level, str]:
    """The level and state by what happened last."""
    top = [span for span in spans if span.depth == 1 and span.kind is not SpanKind.API]
    done = [span for span in top if span.kind is SpanKind.RESULT]
    dead = [span for span in top if span.kind is SpanKind.DEAD and span.duration_s is None]
    sends = [span for span in top if span.kind is SpanKind.REDRIVE]
    attempts = [span for span in top if span.kind is SpanKind.ATTEMPT]
    last = max(attempts, key=lambda span: span.start, default=None)
    if done and not (dead and dead[-1].start > done[-1].start):
        return Level.OK, "succeeded"
    if dead:
        return Level.CRITICAL, f"is in the dead-letter queue{_because(dead[-1].failure)}"
    if sends and (last is None or sends[-1].start > last.start):
        return Level.WARNING, "was redriven, and no attempt is on record since"
    if last is None:
        waits = any(span.kind is SpanKind.WAIT for span in top)
        return Level.WARNING, "waits in the queue" if waits else "has no attempt on record"
    if last.failure:
        return Level.WARNING, f"failed in its last attempt on record{_because(last.failure)}"
    if last.duration_s is None:
        return Level.WARNING, "is running, or its end is not on record"
    return Level.NO_DATA, "was received; its outcome is not logged"


def _batch_state(spans: Sequence[PathSpan]) -> tuple[Level, str]:
    attempts = [span for span in spans if span.kind is SpanKind.ATTEMPT]
    if attempts and attempts[-1].failure:
        return Level.WARNING, f"failed{_because(attempts[-1].failure)}"
    failed = sum(bool(span.failure) for span in spans if span.kind is SpanKind.STEP and span.depth == 2)
    if failed:
        return Level.WARNING, f"ended with {formatting.count(failed, 'failed job')}"
    if attempts and attempts[-1].duration_s is None:
        return Level.WARNING, "is running, or its end is not on record"
    return Level.OK, "succeeded"


def _because(failure: str) -> str:
    return f": {' '.join(failure.split())[:100]}" if failure else ""


def _counts(attempts: int, redrives: int) -> str:
    counts = [formatting.count(attempts, "attempt")] if attempts else []
    if redrives:
        counts.append(formatting.count(redrives, "redrive"))
    return ", ".join(counts)


def _shares(seconds: Mapping[str, float], total: float) -> list[str]:
    """Where the time went. Kinds overlap where a job was sent twice."""
    return [
        f"{formatting.latency(seconds[kind.value] * 1000)} {words} ({formatting.percent(min(1.0, seconds[kind.value] / total))})"
        for kind, words in _WORDS.items()
        if total > 0 and seconds[kind.value] > 0
    ]


def _covered(spans: Sequence[PathSpan], kind: SpanKind) -> float:
    """Seconds in which at least one of these spans was open."""
    covered, until = 0.0, None
    for span in sorted((span for span in spans if span.kind is kind and span.depth == 1), key=lambda span: span.start):
        start = span.start if until is None else max(span.start, until)
        if span.end > start:
            covered += (span.end - start).total_seconds()
        until = span.end if until is None else max(until, span.end)
    return covered
