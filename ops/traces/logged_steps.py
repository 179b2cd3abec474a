"""The jobs of an invocation that is not traced, by their log lines."""

from __future__ import annotations

from collections.abc import Iterator

from ops.traces.logged_invocations import HANDLER, LoggedInvocation
from ops.traces.model import Basis, PathSpan, SpanKind


def logged_steps(invocation: LoggedInvocation) -> Iterator[PathSpan]:
    """Jobs of a batch run one after another, so each lasts from the line before its own."""
    previous = invocation.begin
    for line in invocation.lines:
        yield PathSpan(
            f"job {line.kind}".strip() if line.kind else "job",
            SpanKind.STEP,
            previous,
            max(0.0, (line.at - previous).total_seconds()),
            2,
            Basis.INFERRED,
            HANDLER,
            failure=line.failure,
            detail="from the log line before its own: jobs of a batch run one after another",
            message_id=line.message_id,
            request_id=invocation.request_id,
        )
        previous = max(previous, line.at)
