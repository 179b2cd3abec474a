"""X-Ray traces: which one a message or an invocation belongs to, where its console is, and the twin's own segments."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.aws.naming import names

_ID = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_REGION = re.compile(r"[a-z0-9-]{1,32}")
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""Console hosts by partition; those of other partitions are not known here."""
FILES = ("traces.1.jsonl", "traces.jsonl")
"""Files in the twin's folder, the older first (``ops.twin.host.telemetry.xray`` writes them)."""
MAX_SPANS = 200
"""Spans of a trace that are shown."""
_MAX_NAME = 120
LATEST = 4e9
"""Seconds since 1970, in the year 2096: a later number is not a valid time."""
_UNREADABLE = (ValueError, TypeError, KeyError, RecursionError, OverflowError)


@dataclass(frozen=True)
class TraceSpan:
    """A segment or subsegment. ``start_s``: after the trace's first one; ``duration_s``: None while it is not over.
    ``depth``: 0 for a segment without a parent here. ``failure``: the error's type and text. Untrusted."""

    name: str
    start_s: float
    duration_s: float | None
    depth: int
    failure: str = ""


@dataclass(frozen=True)
class XrayTrace:
    """``console``: the address of its page in the AWS console; empty where there is none. ``spans``: on the twin."""

    id: str
    console: str = ""
    spans: tuple[TraceSpan, ...] = ()


def trace_id(text: str | None) -> str:
    """The ID in a trace header (``Root=1-…;Parent=…;Sampled=1``) or by itself; empty where nothing was recorded."""
    if not text or "Sampled=0" in text:
        return ""
    parts = dict(part.strip().partition("=")[::2] for part in text.split(";") if "=" in part)
    wanted = parts.get("Root", "") if parts else text.strip()
    return wanted if _ID.fullmatch(wanted) else ""


def console_url(trace: str, region: str) -> str:
    """CloudWatch's page of a trace; empty for a partition whose console is not known."""
    host = _CONSOLES.get(names.partition_of(region))
    if host is None or not _REGION.fullmatch(region):
        return ""
    return f"https://{region}.{host}/cloudwatch/home?region={region}#xray:traces/{trace}"


def twin_spans(folder: Path, trace: str) -> tuple[TraceSpan, ...]:
    """Spans that the twin recorded of a trace, each below its parent. Empty without a record."""
    documents = twin_documents(folder, trace)
    children: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    known = {document["id"] for document in documents}
    for document in sorted(documents, key=lambda segment: segment["start_time"]):
        parent = document.get("parent_id")
        children[parent if isinstance(parent, str) and parent in known else ""].append(document)
    first = min((document["start_time"] for document in documents), default=0.0)
    return tuple(span for span, _ in zip(_ordered(children, first), range(MAX_SPANS), strict=False))


def twin_documents(folder: Path, trace: str) -> list[Mapping[str, Any]]:
    """The twin's segments of a trace with all below them, each with its ``parent_id``. Untrusted, but for the types of
    ``id`` and ``start_time``."""
    return [document for name in FILES for document in _documents(folder / name, trace)]


def read_documents(texts: Iterable[str], trace: str) -> list[Mapping[str, Any]]:
    """Spans of segment documents as X-Ray's API returns them; anything else is skipped."""
    return [document for text in texts for document in _read(text, trace)]


def _ordered(children: Mapping[str, list[Mapping[str, Any]]], first: float) -> Iterator[TraceSpan]:
    """Depth first; without an end where segments with one ID are each other's parents."""
    waiting = [(document, 0) for document in reversed(children.get("", []))]
    while waiting:
        document, depth = waiting.pop()
        yield _span(document, first, depth)
        waiting += [(child, depth + 1) for child in reversed(children.get(document["id"], []))]


def _documents(path: Path, trace: str) -> Iterator[Mapping[str, Any]]:
    """The segments of one trace with all below them. Any function may have written them: what is none is left out."""
    try:
        lines = [line for line in path.read_bytes().splitlines() if trace.encode() in line]
    except OSError:
        return
    for line in lines:
        yield from _read(line, trace)


def _read(text: str | bytes, trace: str) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(text)
        return list(_flat(document, None)) if document["trace_id"] == trace else []
    except _UNREADABLE:
        return []


def _flat(document: Any, parent: str | None) -> Iterator[Mapping[str, Any]]:
    start = document["start_time"]
    if not isinstance(document["id"], str) or not isinstance(start, int | float) or not 0 <= start < LATEST:
        raise TypeError("not a segment")
    yield document if parent is None else {**document, "parent_id": parent}
    for child in document.get("subsegments", ()):
        yield from _flat(child, document["id"])


def _span(document: Mapping[str, Any], first: float, depth: int) -> TraceSpan:
    end, origin, aws = document.get("end_time"), document.get("origin"), document.get("aws")
    operation = aws.get("operation") if isinstance(aws, dict) else None
    what = origin if isinstance(origin, str) else operation if isinstance(operation, str) else ""
    name = f"{document.get('name', '')} {what}".strip()
    return TraceSpan(
        name=name[:_MAX_NAME],
        start_s=document["start_time"] - first,
        duration_s=max(0.0, end - document["start_time"])
        if isinstance(end, int | float) and math.isfinite(end)
        else None,
        depth=depth,
        failure=failure_text(document),
    )


def failure_text(document: Mapping[str, Any]) -> str:
    """The error's type and text of a failed segment; empty for others."""
    if not (document.get("fault") or document.get("error") or document.get("throttle")):
        return ""
    try:
        error = document["cause"]["exceptions"][0]
        return f"{error['type']}: {error['message']}"[:_MAX_NAME]
    except (*_UNREADABLE, IndexError):
        return "failed"
