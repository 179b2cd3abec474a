"""Spans where X-Ray is not used: read from a file that an OpenTelemetry collector writes.

``SpanFile(path).find(identifier)`` gives the spans of a job's traces, by message ID, request ID or trace ID;
``tree_order(spans)`` puts each below its parent, for a waterfall.
"""

from ops.spans.model import FoundSpans, OtlpSpan, tree_order
from ops.spans.span_file import SpanFile

__all__ = ["FoundSpans", "OtlpSpan", "SpanFile", "tree_order"]
