"""The same waterfall from a file of OpenTelemetry spans, where X-Ray is not used."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ops import formatting
from ops.insight.report_types import Finding, Level, QueryCost
from ops.spans import SpanFile, tree_order
from ops.traces.find import MAX_SPANS
from ops.traces.model import Basis, JobTrace, PathSpan, Searched, SpanKind, not_found

if TYPE_CHECKING:
    from ops.spans import OtlpSpan

SOURCE = "OpenTelemetry"
KINDS = {"init": SpanKind.INIT, "restore": SpanKind.INIT, "queue wait": SpanKind.WAIT}
SERVER = 2


def read_span_file(path: Path, identifier: str) -> JobTrace:
    """The spans of every trace in the file that a message ID, a request ID or a trace ID names.

    Raises UsageError for an empty identifier, OpsError where the file cannot be read.
    """
    found = SpanFile(path).find(identifier)
    notes = []
    if found.unreadable:
        lines = formatting.count(found.unreadable, "line or span", "lines or spans")
        notes.append(f"{lines} of {path} could not be read, the first in line {found.first_unreadable_line}.")
    look = QueryCost(partial=tuple(notes))
    searched = (Searched(f"spans in {path}", len(found.spans)),)
    if not found.spans:
        step = "Give a message ID, a request ID or a trace ID in full; a job's own ID is in no span of the extension."
        return not_found(identifier, searched, look, step)
    spans = _spans(tuple(tree_order(found.spans)))
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    total = (end - start).total_seconds()
    failed = [span for span in spans if span.failure]
    text = (
        f"{formatting.count(len(spans), 'span')} of {formatting.count(len(found.trace_ids), 'trace')} in {_took(total)}"
    )
    level = Level.WARNING if failed else Level.OK
    if failed:
        text += f"; {formatting.count(len(failed), 'span')} failed: {failed[-1].failure[:100]}"
    root = PathSpan(identifier, SpanKind.JOB, start, total, 0, Basis.INFERRED, "everything below")
    return JobTrace(
        identifier,
        Finding(level, f"{text}."),
        (root, *spans[:MAX_SPANS]),
        trace_ids=found.trace_ids,
        attempts=sum(span.kind is SpanKind.ATTEMPT for span in spans),
        left_out=max(0, len(spans) - MAX_SPANS) + found.left_out,
        searched=searched,
        start=start,
        end=end,
        look=look,
    )


def _took(seconds: float) -> str:
    return formatting.latency(seconds * 1000)


def _spans(ordered: tuple[tuple[OtlpSpan, int], ...]) -> list[PathSpan]:
    number, spans = 0, []
    for span, depth in ordered:
        kind = KINDS.get(span.name, SpanKind.ATTEMPT if span.kind == SERVER else SpanKind.STEP)
        number += kind is SpanKind.ATTEMPT
        spans.append(
            PathSpan(
                f"attempt {number}: {span.name}" if kind is SpanKind.ATTEMPT else span.name,
                kind,
                _moment(span.start_ns),
                span.duration_ns / 1e9,
                depth + 1,
                Basis.MEASURED,
                SOURCE,
                attempt=number if kind is not SpanKind.WAIT else 0,
                failure=span.failure,
                detail=span.service,
                message_id=str(span.attributes.get("messaging.message.id", "")),
                request_id=str(span.attributes.get("faas.invocation_id", "")),
            )
        )
    return spans


def _moment(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(min(nanoseconds, 4_000_000_000_000_000_000) / 1e9, UTC)
