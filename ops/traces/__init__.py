"""One job's path: API, queue wait, INIT, handler steps, results, retries, the dead-letter queue and redrives.

``find_trace`` puts it together from log lines, X-Ray, the snapshot and the redrives on this machine; ``read_span_file`` from a
file of OpenTelemetry spans. Each span says where it is known from, and whether it was measured or inferred.
"""

from ops.traces.find import TraceRange, find_trace
from ops.traces.model import Basis, JobTrace, PathSpan, Searched, SpanKind

__all__ = ["Basis", "JobTrace", "PathSpan", "Searched", "SpanKind", "TraceRange", "find_trace"]
