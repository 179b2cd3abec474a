"""The X-Ray trace of an invocation or a message: its ID, a link to the console, and on the twin what it recorded."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import page_runtime
from dashboard.components.logs_and_traces.log_panel import HEIGHT_PX
from dashboard.formatting import escape, millis, sendable
from ops.insight.sources.traces import MAX_SPANS, TraceSpan, trace_id


def show_trace(header: str | None, key: str) -> None:
    """Nothing where ``header`` (a trace header or ID) names no trace that was recorded."""
    found = trace_id(header)
    if not found:
        return
    trace = page_runtime.report_source().trace(found)
    link = f'<a href="{escape(trace.console)}" target="_blank" rel="noopener noreferrer">{escape(found)}</a>'
    st.html(f'<span class="so-quiet">X-Ray trace {link if trace.console else escape(found)}</span>')
    if trace.spans:
        with st.expander("Trace segments", icon=":material/account_tree:", key=f"trace-{key}"):
            height: Any = HEIGHT_PX if len(trace.spans) > 14 else "content"
            st.code(spans_text(trace.spans), language=None, wrap_lines=False, height=height)
            if len(trace.spans) == MAX_SPANS:
                st.html(f'<span class="so-quiet">The first {MAX_SPANS} segments.</span>')


def spans_text(spans: tuple[TraceSpan, ...]) -> str:
    """A line for each: when it started, how long it took, and its name below that of the span that it is part of."""
    return "\n".join(
        f"{'+' + millis(span.start_s * 1000):>10}  {_took(span):>9}  {'  ' * min(span.depth, 20)}"
        f"{sendable(' '.join(span.name.split()))}{_failure(span)}"
        for span in spans
    )


def _took(span: TraceSpan) -> str:
    return "open" if span.duration_s is None else millis(span.duration_s * 1000)


def _failure(span: TraceSpan) -> str:
    return f"  ✗ {sendable(' '.join(span.failure.split()))}" if span.failure else ""
