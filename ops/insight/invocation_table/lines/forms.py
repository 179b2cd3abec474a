"""The usual forms of records and REPORT lines, each read by one pattern or one decoder.

What is not exactly in one of these forms is left to ``ops.invocation_log.parse``, so these may be strict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from handler import contract
from ops.invocation_log.extension_record import RECORD_NUMBERS, RECORD_TEXTS
from ops.invocation_log.platform_lines import METRICS

_NUMBER = r"((?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,6})?)"  # as in JSON, and below invocation_log.values.MAX_NUMBER
REPORT_NUMBERS = (
    "duration_ms",
    "billed_ms",
    "memory_size_mb",
    "memory_used_mb",
    "init_ms",
    "restore_ms",
    "billed_restore_ms",
)
REPORT_TEXTS = ("status", "error_type", "trace")
_match_report = re.compile(
    rf"REPORT RequestId: ([0-9a-f-]{{36}})\tDuration: {_NUMBER} ms\tBilled Duration: {_NUMBER} ms"
    rf"\tMemory Size: {_NUMBER} MB\tMax Memory Used: {_NUMBER} MB(?:\tInit Duration: {_NUMBER} ms)?"
    rf"(?:\tRestore Duration: {_NUMBER} ms)?(?:\tBilled Restore Duration: {_NUMBER} ms)?"
    r"(?:\tStatus: ([a-z]{1,20}))?(?:\tError Type: ([A-Za-z.]{1,100}))?[\t ]*"
    r"(?:\n(?:XRAY TraceId: ([0-9a-f-]{1,100})\tSegmentId: [0-9a-f]{0,100}\tSampled: (?:true|false)[\t ]*\n?)?)?"
).fullmatch
"""The line's forms since 2020."""

_decode_numbers = msgspec.json.Decoder(list[float | None]).decode

_NUMERIC, _TEXT = float | None, str | None
ExtensionRecord = msgspec.defstruct(
    "ExtensionRecord",
    [
        ("record", str),
        ("request_id", str, msgspec.field(name=contract.INV_REQUEST_ID)),
        ("started", _TEXT, msgspec.field(name=contract.INV_STARTED, default="")),
        ("cold", int | None, msgspec.field(name=contract.INV_COLD, default=None)),
        ("function", _TEXT, msgspec.field(name=contract.INVOCATION_DIMENSION, default="")),
        *((ours, _NUMERIC, msgspec.field(name=theirs, default=math.nan)) for theirs, ours in RECORD_NUMBERS.items()),
        *((ours, _TEXT, msgspec.field(name=theirs, default="")) for theirs, ours in RECORD_TEXTS.items()),
    ],
    gc=False,
)
_decode_record: Any = msgspec.json.Decoder(ExtensionRecord).decode

_Metrics = msgspec.defstruct(
    "Metrics",
    [(ours, _NUMERIC, msgspec.field(name=theirs, default=math.nan)) for theirs, ours in METRICS.items()],
    gc=False,
)


class _Tracing(msgspec.Struct, gc=False):
    value: str | None = ""


class _PlatformReport(msgspec.Struct, gc=False):
    requestId: str
    metrics: _Metrics  # type: ignore[valid-type]  # made from METRICS
    status: str | None = ""
    errorType: str | None = ""
    initializationType: str | None = ""
    tenantId: str | None = ""
    tracing: _Tracing | None = None


class _PlatformEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    time: Any
    type: str
    record: _PlatformReport


_decode_event: Any = msgspec.json.Decoder(_PlatformEvent).decode
_IRREGULAR = (msgspec.DecodeError, msgspec.ValidationError)
_REPORT_EVENT = "platform.report"
_HEAD = 80
"""Characters of a platform event in which its type is, as Lambda writes it."""
EVENT_TEXTS = {
    "status": "status",
    "errorType": "error_type",
    "initializationType": "init_type",
    "tenantId": "tenant",
}
"""Columns by attribute of an event's record."""


def decode_numbers(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Numbers that ``match_report`` found; NaN for an empty text. A JSON decoder takes a third of the time of
    ``float``."""
    written = ",".join([text or "null" for text in texts])
    return np.fromiter(_decode_numbers(f"[{written}]"), float, len(texts))


def match_report(message: str) -> tuple[str, ...] | None:
    """The request ID, ``REPORT_NUMBERS`` and ``REPORT_TEXTS`` of a line; empty where it lacks one."""
    return found.groups("") if (found := _match_report(message)) else None


def decode_record(message: str) -> Any:
    """An extension's record; None for what is not quite one."""
    try:
        return _decode_record(message)
    except _IRREGULAR:
        return None


def decode_event(message: str) -> Any:
    """The record of a ``platform.report`` event; None for another event, and for what is not quite one."""
    if _REPORT_EVENT not in message[:_HEAD]:
        return None
    try:
        event = _decode_event(message)
    except _IRREGULAR:
        return None
    return event.record if event.type == _REPORT_EVENT else None
