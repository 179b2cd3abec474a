"""Replaces the spans of a batch's other jobs by one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops import formatting
from ops.traces.model import Basis, PathSpan, SpanKind


def folded(rest: Sequence[PathSpan], depth: int) -> Iterator[PathSpan]:
    """One span from the start of the first of ``rest`` to the end of the last; nothing if there are none."""
    if not rest:
        return
    start, end = min(span.start for span in rest), max(span.end for span in rest)
    yield PathSpan(
        f"rest of the batch ({formatting.count(len(rest), 'span')})",
        SpanKind.STEP,
        start,
        (end - start).total_seconds(),
        depth,
        Basis.INFERRED,  # no one span lasted so long: its ends are those of several
        rest[0].source,
        detail="of other jobs, or of the batch as a whole",
        request_id=rest[0].request_id,
        folded=len(rest),
    )
