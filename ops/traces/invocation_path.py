"""The path of whole invocations, where a request ID or a trace ID was asked for: the batch, INIT, and all steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from ops.traces.logged_invocations import HANDLER, LoggedInvocation
from ops.traces.logged_steps import logged_steps
from ops.traces.model import Basis, PathSpan, SpanKind

MAX_WAITS = 20
"""Messages of a batch whose waits are drawn, the longest first; a batch may have 10,000."""
Steps = Callable[[LoggedInvocation, Iterable[str] | None], Sequence[PathSpan]]


def invocation_spans(invocations: Sequence[LoggedInvocation], steps: Steps) -> list[PathSpan]:
    """Below the root, depth first. An asynchronous retry keeps its request ID: each attempt is numbered."""
    return [
        replace(span, attempt=number) if span.kind is not SpanKind.WAIT else span
        for number, invocation in enumerate(invocations, 1)
        for span in _of(invocation, number, steps)
    ]


def _of(invocation: LoggedInvocation, number: int, steps: Steps) -> Iterator[PathSpan]:
    init_s = invocation.init_s or invocation.restore_s or 0.0
    begin = invocation.begin - timedelta(seconds=init_s)
    known = sorted((seen.sent, seen.id, seen.receives) for seen in invocation.messages.values() if seen.sent)
    for sent, message_id, receives in known[:MAX_WAITS]:
        if sent is not None and sent <= begin:
            again = f"receive {receives}: the time includes earlier attempts" if receives > 1 else ""
            length = (begin - sent).total_seconds()
            yield PathSpan(
                "queue wait",
                SpanKind.WAIT,
                sent,
                length,
                1,
                Basis.MEASURED,
                HANDLER,
                detail=again,
                message_id=message_id,
            )
    if init_s:
        yield PathSpan(
            "INIT" if invocation.init_s else "restore",
            SpanKind.INIT,
            begin,
            init_s,
            1,
            Basis.MEASURED,
            invocation.source,
            detail="its length is measured; it is drawn as ending where the attempt began",
            request_id=invocation.request_id,
        )
    batch = f"batch of {len(invocation.messages)}" if invocation.messages else ""
    left_out = f"waits of {len(known) - MAX_WAITS} more messages not drawn" if len(known) > MAX_WAITS else ""
    ended = "" if invocation.duration_s is not None else "its end is not on record"
    yield PathSpan(
        f"attempt {number}",
        SpanKind.ATTEMPT,
        invocation.begin,
        invocation.duration_s,
        1,
        Basis.MEASURED if invocation.started else Basis.INFERRED,
        invocation.source,
        failure=invocation.failure,
        detail=", ".join(filter(None, (batch, left_out, ended))),
        request_id=invocation.request_id,
    )
    traced = steps(invocation, None)
    if traced:
        yield from (replace(step, depth=step.depth + 2, request_id=invocation.request_id) for step in traced)
        return
    yield from logged_steps(invocation)
