"""A job's path as HTML: a row per span, with its bar where it was in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboard import theme
from dashboard.formatting import millis, number, utc
from dashboard.markup.templates import Macros
from ops.traces.model import Basis, SpanKind
from ops.traces.scale import TimeScale

if TYPE_CHECKING:
    from ops.traces import JobTrace, PathSpan

MACROS = Macros("waterfall.html")
COLOURS = {
    SpanKind.JOB: theme.NEUTRAL,
    SpanKind.API: theme.DELAYED,
    SpanKind.WAIT: theme.VISIBLE,
    SpanKind.INIT: theme.COLD,
    SpanKind.ATTEMPT: theme.IN_FLIGHT,
    SpanKind.STEP: theme.IN_FLIGHT,
    SpanKind.RESULT: theme.SUCCESS,
    SpanKind.DEAD: theme.DEAD,
    SpanKind.REDRIVE: theme.WARNING,
}
"""The colors of the other pages: waiting, in flight, cold, dead and succeeded have one each."""
TICKS = 4
"""Parts of the axis. At its ends, labels stand inside."""
MIN_AXIS_S = 0.001
"""Seconds: a shorter one, as of one attempt without an end, has its beginning only."""
MAX_FAILURE_CHARS = 240


@dataclass(frozen=True)
class _Row:
    name: str
    kind: str
    colour: str
    depth: int
    starts: str
    takes: str
    left: str
    width: str
    moment: bool
    is_open: bool
    """Whether its end is unknown; the template draws it open."""
    inferred: bool
    failed: bool
    failure: str
    """Why; empty where the row before says the same."""
    detail: str
    hover: str


def waterfall(trace: JobTrace, *, shorten: bool = True) -> str:
    """The rows and the axis. ``shorten``: long waits are drawn shorter, which the axis shows."""
    scale = scale_of(trace, shorten=shorten)
    parts = TICKS if scale.seconds_at(1.0) >= MIN_AXIS_S else 0
    ticks = [(f"{100 * at / TICKS:g}%", f"+{millis(scale.seconds_at(at / TICKS) * 1000)}") for at in range(parts + 1)]
    start, shown_failure, rows = trace.spans[0].start, "", []
    for span in trace.spans:
        failure = span.failure if span.kind is not SpanKind.JOB and span.failure != shown_failure else ""
        shown_failure = failure or shown_failure
        rows.append(_row(span, scale, (span.start - start).total_seconds(), failure))
    return str(MACROS.waterfall(rows, ticks))


def legend(trace: JobTrace) -> str:
    """The kinds that the waterfall has, with their colours."""
    kinds = dict.fromkeys(span.kind for span in trace.spans if span.kind not in (SpanKind.JOB, SpanKind.STEP))
    inferred = any(span.basis is Basis.INFERRED for span in trace.spans[1:])
    return str(MACROS.legend([(kind.value, COLOURS[kind]) for kind in kinds], inferred))


def scale_of(trace: JobTrace, *, shorten: bool = True) -> TimeScale:
    return TimeScale(trace.spans, trace.end, shorten=shorten)


def _row(span: PathSpan, scale: TimeScale, starts_s: float, failure: str) -> _Row:
    left = scale.at(span.start)
    right = 1.0 if span.duration_s is None else scale.at(span.end)
    is_moment = span.duration_s == 0
    inferred = span.basis is Basis.INFERRED and span.kind is not SpanKind.JOB
    takes = "open" if span.duration_s is None else "" if is_moment else millis(span.duration_s * 1000)
    failed = bool(span.failure) and span.kind is not SpanKind.JOB
    basis = f"{span.basis.value}, {span.source}"
    ids = [
        f"message {span.message_id}" if span.message_id else "",
        f"request {span.request_id}" if span.request_id else "",
    ]
    return _Row(
        name=span.name,
        kind=span.kind.name.lower(),
        colour=theme.DEAD if failed else COLOURS[span.kind],
        depth=min(span.depth, 8),
        starts=f"+{millis(starts_s * 1000)}",
        takes=f"~{takes}" if inferred and takes else takes,
        left=f"{left * 100:.3f}%",
        width=f"{max(0.0, right - left) * 100:.3f}%",
        moment=is_moment,
        is_open=span.duration_s is None,
        inferred=inferred,
        failed=failed,
        failure=_cut(failure),
        detail=span.detail if span.depth == 1 else "",
        hover=" · ".join(filter(None, (span.name, utc(span.start), takes, basis, *ids, span.detail))),
    )


def _cut(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= MAX_FAILURE_CHARS else f"{one_line[: MAX_FAILURE_CHARS - 1]}…"


def left_out(trace: JobTrace) -> str:
    return f"{number(trace.left_out)} more spans are not shown." if trace.left_out else ""
