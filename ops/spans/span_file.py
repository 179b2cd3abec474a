"""A file of spans as the OpenTelemetry Collector's file exporter writes it (format json, one request per line).

Lines of metrics and logs may be between them. The file is read line by line, so that its size does not matter; a name
that ends in ``.gz`` is decompressed. The exporter's own rotated files are files of their own.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ops.errors import OpsError, UsageError
from ops.spans.model import FoundSpans, OtlpSpan
from ops.spans.otlp_json import spans

LINE_LIMIT = 32 << 20
"""Bytes of a line. A collector's batch is 8,192 spans by default, some 8 MB."""
SPAN_LIMIT = 10_000
TRACE_LIMIT = 100
"""Traces of one identifier: a message that is received again and again has one per attempt."""
_XRAY = re.compile(r"(?:.*Root=)?1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?:;.*)?")
_TRACE = re.compile(r"[0-9a-fA-F]{32}")
_NAMING = ("messaging.message.id", "faas.invocation_id")
"""Attributes that name a message, or the request of an invocation (semantic conventions)."""


class SpanFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, identifier: str, limit: int = SPAN_LIMIT) -> FoundSpans:
        """The spans of every trace that a message ID, a request ID or a trace ID (X-Ray's form or 32 digits) names.

        No spans where nothing has that ID. Raises UsageError for an empty or overlong identifier, OpsError where the
        file cannot be read or no line of it is OTLP/JSON.
        """
        identifier = identifier.strip()
        if not identifier or len(identifier) > 512:
            raise UsageError("the identifier is empty or too long", "Give a message ID, a request ID or a trace ID.")
        if trace := _trace_id(identifier):
            return self._read(lambda span: span.trace_id == trace, (trace,), limit)
        named = self._read(lambda span: any(span.attributes.get(key) == identifier for key in _NAMING), (identifier,))
        wanted = named.trace_ids[:TRACE_LIMIT]
        if not wanted:
            return named
        return self._read(lambda span: span.trace_id in wanted, wanted, limit)

    def _read(self, wanted: Callable[[OtlpSpan], bool], texts: tuple[str, ...], limit: int = SPAN_LIMIT) -> FoundSpans:
        """``texts``: a line without any of them (in whatever case) is not parsed, which is most of the time saved."""
        needles = [text.lower().encode() for text in texts]
        plain = all(text.isascii() and text.isprintable() and not set(text) & set('"\\/') for text in texts)
        found: dict[tuple[str, str], OtlpSpan] = {}
        unreadable = first_unreadable = left_out = lines = other = 0
        for number, line in self._lines():
            lines += 1
            if not line.startswith(b"{"):
                other += 1
            elif plain and not any(needle in line.lower() for needle in needles):
                continue
            for span in spans(line):
                if span is None:
                    unreadable += 1
                    first_unreadable = first_unreadable or number
                elif wanted(span):
                    if len(found) < limit or (span.trace_id, span.span_id) in found:
                        found[span.trace_id, span.span_id] = span  # a repeated request has the same span again
                    else:
                        left_out += 1
        if lines and lines == other:
            raise OpsError(
                f"{self._path} is not OTLP/JSON, one request per line",
                "Write it with the collector's file exporter, format json, without compression.",
            )
        ordered = sorted(found.values(), key=lambda span: (span.start_ns, span.span_id))
        return FoundSpans(tuple(ordered), unreadable, first_unreadable, left_out)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Number (from 1) and content of each line that is not empty; an overlong one without its content."""
        with self._open() as file:
            number = 0
            while line := file.readline(LINE_LIMIT):
                number += 1
                whole = line
                while not line.endswith(b"\n") and (line := file.readline(LINE_LIMIT)):
                    whole = b"too long"
                if whole := whole.strip():
                    yield number, whole

    @contextmanager
    def _open(self) -> Iterator[gzip.GzipFile | BufferedReader]:
        try:
            with gzip.open(self._path) if self._path.name.endswith(".gz") else self._path.open("rb") as file:
                yield file
        except (EOFError, zlib.error) as error:
            raise OpsError(f"{self._path} ends in the middle of its compressed data") from error
        except OSError as error:
            raise OpsError(f"{self._path} cannot be read: {error.strerror or error}") from error


def _trace_id(text: str) -> str:
    """32 lower-case digits where it is a trace ID in any of its forms, else empty."""
    if match := _XRAY.fullmatch(text):
        return (match[1] + match[2]).lower()
    return text.lower() if _TRACE.fullmatch(text) else ""
