"""Bodies that a service or a framework wrote around something: each is a kind of its own, known by its fields.

Formats as of 2026-11: Lambda developer guide (events of SNS, S3, Kinesis, DynamoDB), EventBridge user guide,
CloudEvents 1.0; the sources of MassTransit 8, NServiceBus 9, Celery 5 (protocol 2), Sidekiq 7, Active Job 7, Laravel 11
and Bull 4.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ops.deadletters.messages import message_body, s3_pointers

MAX_LABEL = 60
"""Characters of a name."""
MAX_DECODED = 65_536
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}\s*")
_OTHER = re.compile(r"[0-9a-f-]+|[0-9A-F-]+|[A-Z]?[a-z_-]+|[A-Z_-]+|\d+")
"""Hex, a UUID, a number or a word."""
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
_BINARY = 0.1
"""Share of such characters in what is not text."""
_GZIP = b"\x1f\x8b"


def envelope_label(body: str, value: Any) -> str:
    """Words such as ``SNS-notification topic=orders`` for what ``body`` is (``value``: as JSON); empty for a body of
    the workload's own."""
    if s3_pointers.pointer_in(value):
        return "pointer-to-S3"
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _record(value[0])
    return "" if value is not None else _encoded(body)


def decoded(body: str) -> bytes | None:
    """What a body that is base64 holds; None for others."""
    text = body.strip()
    if (
        len(text) < 24
        or len(text) % 4
        or not _BASE64.fullmatch(text, 0, MAX_DECODED if len(text) > MAX_DECODED else len(text))
    ):
        return None
    if _OTHER.fullmatch(text):
        return None
    try:
        return base64.b64decode(text[:MAX_DECODED].translate(_URL_SAFE))
    except (binascii.Error, ValueError):
        return None


_URL_SAFE = str.maketrans("-_", "+/")


def _encoded(body: str) -> str:
    """Base64, and what is not text at all."""
    held = decoded(body)
    if held is None:
        odd = len(_CONTROL.findall(body[:4_096]))
        return "binary" if odd and odd > _BINARY * len(body[:4_096]) else ""
    if held.startswith(_GZIP):
        return "base64 gzip"
    try:
        text = held.decode()
    except UnicodeDecodeError:
        return "base64 binary"
    value = message_body.parse_body(text)
    if value is None:
        return "base64 binary" if _CONTROL.search(text) else "base64 text"
    inner = envelope_label(text, value)
    return f"base64 {inner}" if inner else ""


def _of_object(value: Mapping[str, Any]) -> str:
    for keys, name in _KINDS:
        if all(key in value for key in keys) and (found := name(value)):
            return found
    return ""


def _word(value: Any) -> str:
    text = "-".join(str(value).split())[:MAX_LABEL] if isinstance(value, str) else ""
    return text or "…"


def _last(value: Any) -> str:
    return _word(re.split(r"[:/]", value)[-1]) if isinstance(value, str) else "…"


def _records(value: Mapping[str, Any]) -> str:
    records = value["Records"]
    first = records[0] if isinstance(records, list) and records else None
    return _record(first) if isinstance(first, dict) else ""


def _record(record: Mapping[str, Any]) -> str:
    """One record of S3, Kinesis, DynamoDB, SQS or SNS, as Lambda and Pipes hand it over."""
    source = record.get("eventSource", record.get("EventSource"))
    if not isinstance(source, str) or not source.startswith("aws:"):
        return ""
    service = {"s3": "S3-event", "kinesis": "Kinesis-record", "dynamodb": "DynamoDB-record", "sns": "SNS-record"}
    name = service.get(source[4:], f"{_word(source[4:])}-record")
    return f"{name} event={_word(record['eventName'])}" if "eventName" in record and source != "aws:kinesis" else name


def _notification(value: Mapping[str, Any]) -> str:
    return f"SNS-{_word(value['Type']).lower()} topic={_last(value['TopicArn'])}"


def _masstransit(value: Mapping[str, Any]) -> str:
    types = value["messageType"]
    return f"MassTransit type={_last(types[0])}" if isinstance(types, list) and types else ""


def _nservicebus(value: Mapping[str, Any]) -> str:
    headers = value["Headers"]
    if not isinstance(headers, dict) or not any(str(name).startswith("NServiceBus.") for name in headers):
        return ""
    kind = str(headers.get("NServiceBus.EnclosedMessageTypes", "")).partition(",")[0]
    return f"NServiceBus type={_word(kind)}"


def _celery(value: Mapping[str, Any]) -> str:
    headers = value["headers"]
    task = headers.get("task") if isinstance(headers, dict) else None
    return f"Celery task={_word(task)}" if task else ""


def _named(name: str, key: str, field: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda value: f"{name} {key}={_word(value[field])}"


def _event(value: Mapping[str, Any]) -> str:
    return f"EventBridge-event detail-type={_word(value['detail-type'])} source={_word(value['source'])}"


_KINDS: Sequence[tuple[tuple[str, ...], Callable[[Mapping[str, Any]], str]]] = (
    (("Type", "TopicArn"), _notification),
    (("Records",), _records),
    (("eventSource",), _record),
    (("Service", "Event", "Bucket"), lambda value: f"S3-test-event bucket={_word(value['Bucket'])}"),
    (("detail-type", "source", "detail"), _event),
    (("KinesisBatchInfo",), lambda _: "Kinesis-batch"),
    (("DDBStreamBatchInfo",), lambda _: "DynamoDB-batch"),
    (("AlarmName", "NewStateValue"), lambda _: "CloudWatch-alarm"),
    (("specversion", "type", "source"), _named("CloudEvent", "type", "type")),
    (("messageType", "message"), _masstransit),
    (("Headers", "Body"), _nservicebus),
    (("headers", "body"), _celery),
    (("task", "id", "args", "kwargs"), _named("Celery", "task", "task")),
    (("class", "args", "jid"), _named("Sidekiq", "class", "class")),
    (("job_class", "arguments"), _named("Active-Job", "class", "job_class")),
    (("displayName", "job", "data"), _named("Laravel", "job", "displayName")),
    (("name", "data", "opts"), _named("Bull", "name", "name")),
)
