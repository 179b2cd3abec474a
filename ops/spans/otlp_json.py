"""One line of OTLP/JSON: an ``ExportTraceServiceRequest`` (OTLP specification 1.5, "JSON Protobuf Encoding").

Members that are unknown are ignored, as the specification wants it, and 64-bit integers are read from text and from numbers. A span
that cannot be read costs that span only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ops.spans.model import OtlpSpan, Value

HEX = frozenset("0123456789abcdef")
ERROR = 2
TEXT_LIMIT = 4_096
"""Characters of a name or a value that are kept."""
DEPTH_LIMIT = 8
_UNREADABLE = (msgspec.DecodeError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class _Resource(msgspec.Struct):
    attributes: msgspec.Raw = msgspec.Raw(b"[]")


class _ScopeSpans(msgspec.Struct):
    spans: list[msgspec.Raw] = []


class _ResourceSpans(msgspec.Struct, rename="camel"):
    scope_spans: list[_ScopeSpans] = []
    resource: _Resource | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


class _Status(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Link(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str
    span_id: str
    start_time_unix_nano: str | int
    end_time_unix_nano: str | int = 0
    parent_span_id: str = ""
    name: str = ""
    kind: int = 0
    attributes: list[dict[str, Any]] = []
    links: list[_Link] = []
    status: _Status | None = None


_request = msgspec.json.Decoder(_Request)
_span = msgspec.json.Decoder(_Span)


def spans(line: bytes) -> Iterator[OtlpSpan | None]:
    """The spans of a line; None in place of what cannot be read. Nothing for a line of metrics or logs."""
    try:
        request = _request.decode(line)
    except _UNREADABLE:
        yield None
        return
    for part in request.resource_spans or ():
        try:
            resource = _attributes(msgspec.json.decode(part.resource.attributes)) if part.resource else {}
        except _UNREADABLE:
            resource = {}
            yield None
        for scope in part.scope_spans:
            for raw in scope.spans:
                try:
                    yield _read(_span.decode(raw), resource)
                except _UNREADABLE:
                    yield None


def _read(span: _Span, resource: Mapping[str, Value]) -> OtlpSpan:
    start_ns = _nanoseconds(span.start_time_unix_nano)
    failed = span.status is not None and span.status.code == ERROR
    return OtlpSpan(
        trace_id=identifier(span.trace_id, 32),
        span_id=identifier(span.span_id, 16),
        parent_id=identifier(span.parent_span_id, 16) if span.parent_span_id else "",
        name=span.name[:TEXT_LIMIT],
        kind=span.kind,
        start_ns=start_ns,
        end_ns=_nanoseconds(span.end_time_unix_nano) or start_ns,
        attributes=_attributes(span.attributes),
        resource=resource,
        links=tuple((identifier(link.trace_id, 32), identifier(link.span_id, 16)) for link in span.links),
        failure=(span.status.message[:TEXT_LIMIT] or "failed") if failed and span.status else "",
    )


def identifier(text: str, length: int) -> str:
    """An ID in lower case. Raises ValueError where it is none; all zeros is none, too."""
    lowered = text.lower()
    if len(lowered) != length or set(lowered) - HEX or set(lowered) == {"0"}:
        raise ValueError("not an ID")
    return lowered


def _nanoseconds(value: str | int) -> int:
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) < 21):
        raise ValueError("not a time")
    number = int(value)
    if not 0 <= number < 1 << 63:
        raise ValueError("not a time")
    return number


def _attributes(pairs: list[dict[str, Any]]) -> dict[str, Value]:
    return {str(pair["key"])[:TEXT_LIMIT]: _value(pair.get("value") or {}, 0) for pair in pairs if "key" in pair}


def _value(value: Any, depth: int) -> Value:
    """An ``AnyValue``; maps become tuples of (key, value) pairs."""
    if not isinstance(value, dict) or depth > DEPTH_LIMIT:
        raise TypeError("not a value")
    for kind, inner in value.items():
        if kind in ("stringValue", "bytesValue"):
            return str(inner)[:TEXT_LIMIT]
        if kind == "boolValue":
            return bool(inner)
        if kind == "intValue":
            return int(str(inner)[:20])
        if kind == "doubleValue":
            number = float(inner)
            return number if math.isfinite(number) else str(number)
        if kind == "arrayValue":
            return tuple(_value(each, depth + 1) for each in inner.get("values", ()))
        if kind == "kvlistValue":
            return tuple((str(each["key"]), _value(each["value"], depth + 1)) for each in inner.get("values", ()))
    return ""
