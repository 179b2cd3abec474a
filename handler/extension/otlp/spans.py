"""Spans of an invocation, with its initialization or restore and the wait of its messages, as OTLP/JSON.

The invocation's span has the name of the function, kind SERVER, and the attributes of the FaaS and AWS Lambda
conventions; the others are its children, although they begin before it, so that a trace has one root and shows all of
what a job waited for. The trace's ID is that of the X-Ray header, so that logs, X-Ray and these spans name the same.
"""

from __future__ import annotations

import posix

from handler.extension.fast_json import dumps
from handler.extension.otlp.attributes import PREFIX, attributes, clean
from handler.extension.records import rules
from handler.extension.records.timestamps import now_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from handler.extension.otlp.attributes import Value
    from handler.extension.otlp.deliveries import Delivery, Message
    from handler.extension.records.emf import Function
    from handler.extension.records.model import Init, Invocation

INTERNAL, SERVER = 1, 2
ERROR = 2
WAITS = 10
"""Spans of waiting messages per invocation; a batch may have 10,000."""
LINKS = 20
HEX = frozenset("0123456789abcdef")


class TraceHeader:
    """``Root=1-5f84c7a5-e1fa4e2bd4a0e9a1b0c5d6e7;Parent=53995c3f42cd8ad8;Sampled=1``. Empty where it cannot be read."""

    __slots__ = ("parent", "sampled", "trace_id")

    def __init__(self, header: str) -> None:
        parts = dict(part.strip().partition("=")[::2] for part in header.split(";"))
        root = parts.get("Root", "").lower().split("-")
        self.trace_id = _id("".join(root[1:]), 32) if len(root) == 3 and root[0] == "1" else ""
        self.parent = _id(parts.get("Parent", "").lower(), 16)
        self.sampled = parts.get("Sampled", "")

    @property
    def link(self) -> dict[str, str] | None:
        return {"traceId": self.trace_id, "spanId": self.parent} if self.trace_id and self.parent else None


def _id(text: str, length: int) -> str:
    return text if len(text) == length and not set(text) - HEX and set(text) != {"0"} else ""


def new_id(size: int) -> str:
    """Random, ``size`` bytes in hexadecimal; never all zeros, which is not an ID."""
    return posix.urandom(size).hex().replace("0" * size * 2, "1" * size * 2)


def invocation_spans(
    invocation: Invocation, function: Function, delivery: Delivery, trace: TraceHeader, trace_id: str
) -> Iterator[str]:
    """Nothing where no telemetry came: an INVOKE event tells when an invocation began and not when it ended."""
    if invocation.started_ms is None or not invocation.seen:
        return
    span_id = new_id(8)
    started = invocation.started_ms * 1_000_000
    ended = None if invocation.duration is None else started + round(invocation.duration * 1_000_000)
    waits = sorted(delivery.messages, key=lambda message: message.sent_ms)[:WAITS]
    links = [link for message in delivery.messages[:LINKS] if (link := TraceHeader(message.trace).link)]
    yield _span(
        trace_id,
        span_id,
        # A caller that is not sampled was recorded nowhere: the span of it would never come.
        trace.parent if trace.sampled == "1" else "",
        clean(function.name),
        SERVER,
        started,
        max(started, now_ms() * 1_000_000) if ended is None else ended,
        _invocation_attributes(invocation, function, delivery),
        links,
        (invocation.error_type or invocation.status) if invocation.status not in ("", "success") else "",
    )
    for init in invocation.inits:
        yield from init_spans(init, trace_id, span_id)
    for message in waits:
        if message.sent_ms <= invocation.started_ms:
            yield _wait(message, delivery, trace_id, span_id, started)


def init_spans(init: Init, trace_id: str, parent: str = "") -> Iterator[str]:
    """An initialization, or a restore from a snapshot; nothing where its start or its length is unknown."""
    restored = init.type == rules.SNAP_START and init.phase == rules.SNAP_START
    length = init.restore if restored else init.duration
    if init.started_ms is None or length is None:
        return
    started = init.started_ms * 1_000_000
    values: dict[str, Value] = {
        PREFIX + "initialization_type": init.type,
        PREFIX + "phase": init.phase,
        PREFIX + "runtime_init_ms": _double(init.runtime),
    }
    name = "restore" if restored else "init"
    failure = init.error_type or init.status if init.status not in ("", "success") else ""
    ended = started + round(length * 1_000_000)
    yield _span(trace_id, new_id(8), parent, name, INTERNAL, started, ended, values, [], failure)


def _wait(message: Message, delivery: Delivery, trace_id: str, parent: str, started: int) -> str:
    link = TraceHeader(message.trace).link
    values: dict[str, Value] = {
        "messaging.system": "aws_sqs",
        "messaging.destination.name": delivery.queue,
        "messaging.message.id": message.id,
        PREFIX + "receive_count": message.receives,
    }
    sent = message.sent_ms * 1_000_000
    return _span(trace_id, new_id(8), parent, "queue wait", INTERNAL, sent, started, values, [link] if link else [])


def _invocation_attributes(invocation: Invocation, function: Function, delivery: Delivery) -> dict[str, Value]:
    values: dict[str, Value] = {
        "faas.invocation_id": invocation.request_id,
        "faas.trigger": delivery.trigger,
        "faas.coldstart": invocation.cold,
        "faas.instance": delivery.log_stream,
        "aws.lambda.invoked_arn": invocation.arn,
    }
    arn = invocation.arn.split(":")
    if len(arn) in (7, 8) and arn[2] == "lambda":
        version = invocation.version or function.version
        values["cloud.account.id"] = arn[4]
        values["cloud.resource_id"] = ":".join([*arn[:7], *([version] if version.isdecimal() else [])])
    if delivery.trigger == "pubsub":
        values |= {
            "messaging.system": "aws_sqs",
            "messaging.operation.type": "process",
            "messaging.destination.name": delivery.queue,
            "messaging.batch.message_count": delivery.count,
        }
    if invocation.status not in ("", "success"):
        values["error.type"] = invocation.error_type or invocation.status
    own: dict[str, Value] = {
        "status": invocation.status,
        "initialization_type": invocation.init_type,
        "billed_duration_ms": _double(invocation.billed),
        "max_memory_used_mb": _double(invocation.memory_used),
        "produced_bytes": _double(invocation.produced),
        "response_latency_ms": _double(invocation.spans.get("responseLatency")),
        "extension_overhead_ms": _double(invocation.spans.get("extensionOverhead")),
        "missing": [kind for kind in rules.expected(invocation.init_type) if kind not in invocation.seen],
    }
    return values | {PREFIX + name: value for name, value in own.items()}


def _double(value: float | None) -> float | None:
    """Always of the same type, as receivers keep one type per attribute; JSON has whole numbers among the others."""
    return None if value is None else float(value)


def _span(
    trace_id: str,
    span_id: str,
    parent: str,
    name: str,
    kind: int,
    started: int,
    ended: int,
    values: dict[str, Value],
    links: list[dict[str, str]],
    failure: str = "",
) -> str:
    """``started``, ``ended``: epoch nanoseconds, as text in JSON like all 64-bit numbers of Protobuf."""
    span: dict[str, Any] = {
        "traceId": trace_id,
        "spanId": span_id,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(started),
        "endTimeUnixNano": str(ended),
        "attributes": attributes(values),
    }
    if parent:
        span["parentSpanId"] = parent
    if links:
        span["links"] = links
    if failure:
        span["status"] = {"code": ERROR, "message": clean(failure)}
    return dumps(span)
