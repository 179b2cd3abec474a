"""A span as OpenTelemetry defines it, and the order of a trace's spans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Value = str | bool | int | float | tuple["Value", ...]


@dataclass(frozen=True)
class OtlpSpan:
    """IDs are lower-case hexadecimal: 32 digits of a trace, 16 of a span. Times are nanoseconds since 1970.

    ``parent_id``: empty for a root. ``kind``: the number of SpanKind (2 is SERVER). ``failure``: the status message of a
    span whose status is ERROR, "failed" where it has none, else empty. ``links``: (trace ID, span ID) of other spans.
    All texts are untrusted.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    resource: Mapping[str, Value] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    failure: str = ""

    @property
    def service(self) -> str:
        return str(self.resource.get("service.name", ""))

    @property
    def duration_ns(self) -> int:
        """Not negative, whatever the clocks of its hosts."""
        return max(0, self.end_ns - self.start_ns)


@dataclass(frozen=True)
class FoundSpans:
    """Spans by start. ``unreadable``: lines or spans that could not be read, the first of them in ``first_unreadable_line``
    (from 1). ``left_out``: spans beyond the limit."""

    spans: tuple[OtlpSpan, ...]
    unreadable: int = 0
    first_unreadable_line: int = 0
    left_out: int = 0

    @property
    def trace_ids(self) -> tuple[str, ...]:
        """Their trace IDs, in order of their first span."""
        return tuple(dict.fromkeys(span.trace_id for span in self.spans))


def tree_order(spans: Iterable[OtlpSpan]) -> Iterator[tuple[OtlpSpan, int]]:
    """Each span with its depth, depth first, siblings by start. A span whose parent is not here has depth 0.

    Spans that are each other's parents, which nothing valid makes, come last with depth 0.
    """
    ordered = sorted(spans, key=lambda span: (span.start_ns, span.span_id))
    known = {(span.trace_id, span.span_id) for span in ordered}
    children: dict[tuple[str, str], list[OtlpSpan]] = defaultdict(list)
    roots = []
    for span in ordered:
        parent = (span.trace_id, span.parent_id)
        if span.parent_id and parent in known and span.parent_id != span.span_id:
            children[parent].append(span)
        else:
            roots.append(span)
    given: set[tuple[str, str]] = set()
    for start in (roots, ordered):
        waiting = [(span, 0) for span in reversed(start) if (span.trace_id, span.span_id) not in given]
        while waiting:
            span, depth = waiting.pop()
            place = (span.trace_id, span.span_id)
            if place in given:
                continue
            given.add(place)
            yield span, depth
            waiting += [(child, depth + 1) for child in reversed(children[place])]
