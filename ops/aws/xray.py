"""X-Ray's read API: the segment documents of traces, and the traces that an annotation names.

BatchGetTraces takes at most five trace IDs (X-Ray API reference, API_BatchGetTraces, 2026-11); where Transaction Search is
on, traces that are not indexed are not found by it (the same page).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.aws.clients import Aws

IDS_PER_CALL = 5
MAX_PAGES = 20
MAX_RANGE = timedelta(hours=6)
"""The range of one GetTraceSummaries request. The API reference names no limit; short ranges are always accepted."""
MAX_RANGES = 28
"""A week in stretches of that length."""


@dataclass
class TraceDocuments:
    """``texts``: segment documents as JSON, by trace ID. ``unprocessed``: X-Ray did not answer about these."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    unprocessed: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()


def get_traces(aws: Aws, trace_ids: Sequence[str]) -> TraceDocuments:
    """The documents of each trace that X-Ray has. ``cut``: traces with more segments than X-Ray takes.

    Needs xray:BatchGetTraces. Raises what ``ops.aws`` raises.
    """
    found = TraceDocuments()
    with aws.translate_errors("xray", "X-Ray traces"):
        for at in range(0, len(trace_ids), IDS_PER_CALL):
            request = {"TraceIds": list(trace_ids[at : at + IDS_PER_CALL])}
            for _ in range(MAX_PAGES):
                answer = aws.xray.batch_get_traces(**request)
                for trace in answer.get("Traces", ()):
                    texts = found.texts.setdefault(trace["Id"], [])
                    texts += [segment["Document"] for segment in trace.get("Segments", ()) if "Document" in segment]
                    if trace.get("LimitExceeded"):
                        found.cut += (trace["Id"],)
                found.unprocessed += tuple(answer.get("UnprocessedTraceIds", ()))
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
    return found


def find_traces(aws: Aws, annotation: str, value: str, start: datetime, end: datetime) -> tuple[str, ...]:
    """IDs of the traces from ``start`` to ``end`` with this annotation, at most a week back from ``end``.

    Needs xray:GetTraceSummaries. Raises what ``ops.aws`` raises.
    """
    expression = f"annotation.{annotation} = {json.dumps(value)}"
    found: dict[str, None] = {}
    with aws.translate_errors("xray", "X-Ray trace summaries"):
        for _ in range(MAX_RANGES):
            if start >= end:
                break
            begin = max(start, end - MAX_RANGE)
            request = {"StartTime": begin, "EndTime": end, "FilterExpression": expression, "Sampling": False}
            for _ in range(MAX_PAGES):
                answer = aws.xray.get_trace_summaries(**request)
                found |= dict.fromkeys(summary["Id"] for summary in answer.get("TraceSummaries", ()) if "Id" in summary)
                if not answer.get("NextToken"):
                    break
                request["NextToken"] = answer["NextToken"]
            end = begin
    return tuple(found)
