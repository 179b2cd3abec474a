"""A message as one line of JSON, whole: read again it is the same message, byte for byte. The format of exports."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.aws.sqs import Attribute, Message
from ops.deadletters import cause_record
from ops.deadletters.messages import parse
from ops.deadletters.messages.model import Cause, SnapshotMessage
from ops.deadletters.snapshot import rows
from ops.errors import UsageError
from ops.files import atomic_file

SCHEMA = 1
MAX_LINE_BYTES = 16 * 1_048_576
"""Bytes of a line: more than six for each byte of the largest message, as JSON escapes them."""


def encode_line(stored: SnapshotMessage) -> bytes:
    """One line with its end, all ASCII. The cause goes along: its logs may have expired when the file is read."""
    message, cause = stored.message, stored.cause
    entry = {
        "schema": SCHEMA,
        "message_id": message.message_id,
        "body": message.body,
        "attributes": {
            name: {"type": attribute.data_type, "value": attribute.value}
            for name, attribute in message.attributes.items()
        },
        "system": dict(message.system),
        "cause": {
            "error_type": cause.error_type,
            "error_message": cause.error_message,
            "location": cause.location,
            "source": cause.source,
            "fingerprint": cause.fingerprint,
            "request_id": cause.request_id,
            "died": cause.failed_at.isoformat() if cause.failed_at else "",
            "function_version": cause.function_version,
            "job_kind": cause.job_kind,
            "likely": cause.likely,
        },
    }
    return json.dumps(entry).encode() + b"\n"


def decode_line(line: bytes) -> SnapshotMessage:
    """The message of a line. What it is (kind, times, origin) is found again in what it holds, as at a scan; so is its
    fingerprint in its cause. What is no cause is left out.

    Raises ValueError, in a clause that says what is wrong.
    """
    entry = _json(line)
    if not isinstance(entry, dict):
        raise ValueError("it is not a JSON object")
    if entry.get("schema") != SCHEMA or type(entry["schema"]) is not int:
        raise ValueError(f"its schema is {entry.get('schema')!r:.40} and not {SCHEMA}")
    message_id, body, system = entry.get("message_id"), entry.get("body"), entry.get("system")
    if not isinstance(message_id, str) or not message_id:
        raise ValueError("it has no message_id")
    if rows.storable(message_id) != message_id:  # it would be kept by another id, and not found by its own
        raise ValueError("its message_id holds a NUL or a lone surrogate")
    if not isinstance(body, str):
        raise ValueError("its body is not text")
    if not isinstance(system, dict) or not all(isinstance(value, str) for value in system.values()):
        raise ValueError("its system attributes are not an object of texts")
    message = parse.parse_message(Message(message_id, "", body, _attributes(entry.get("attributes")), system))
    return SnapshotMessage(message, _cause(entry.get("cause")))


def read_lines(path: Path, seen: Callable[[bytes], object] | None = None) -> Iterator[tuple[int, SnapshotMessage]]:
    """Line number and message with its cause, one line in memory at a time; ``seen`` is called with each line's bytes.

    Raises UsageError for a line that is not a message, OpsError when the file cannot be read.
    """
    try:
        with os.fdopen(atomic_file.open_regular(path), "rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if seen:
                    seen(line)
                if line.strip():
                    yield number, _numbered(path, number, line)
    except OSError as error:
        raise atomic_file.file_error(path, error) from error


def _numbered(path: Path, number: int, line: bytes) -> SnapshotMessage:
    try:
        return decode_line(line)
    except ValueError as error:
        raise UsageError(
            f"{path}: line {number} is not a message: {error}.",
            "Specify an unchanged JSONL file that ops dlq export wrote.",
        ) from None


def _json(line: bytes) -> Any:
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"it is longer than {MAX_LINE_BYTES // 1_048_576} MiB")
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is not valid JSON, or is truncated") from None


def _cause(entry: Any) -> Cause:
    """A guess is none: it was made of the messages that lay beside it then."""
    if not isinstance(entry, dict) or entry.get("source") in (None, "", "none", "guess"):
        return Cause()
    texts = {name: entry.get(name, "") for name in _TEXTS}
    died = entry.get("died") or None
    try:
        at = datetime.fromisoformat(died) if died else None
    except (TypeError, ValueError):
        return Cause()
    if not all(isinstance(text, str) for text in texts.values()):
        return Cause()
    when = at.replace(tzinfo=at.tzinfo or UTC) if at else None
    return cause_record.normalize_cause(Cause(**texts, failed_at=when, likely=bool(entry.get("likely"))))


_TEXTS = ("error_type", "error_message", "location", "source", "request_id", "function_version", "job_kind")


def _attributes(entry: Any) -> Mapping[str, Attribute]:
    if not isinstance(entry, dict):
        raise ValueError("its attributes are not an object")
    return {name: _attribute(name, value) for name, value in entry.items()}


def _attribute(name: str, entry: Any) -> Attribute:
    value, data_type = (entry.get("value"), entry.get("type")) if isinstance(entry, dict) else (None, None)
    if not isinstance(value, str) or not isinstance(data_type, str):
        raise ValueError(f"attribute {name!r:.100} lacks a type or a value")
    if data_type.partition(".")[0] not in ("String", "Number", "Binary"):
        raise ValueError(f"attribute {name!r:.100} has a type that SQS does not have")
    attribute = Attribute(data_type, value)
    if attribute.binary:
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"attribute {name!r:.100} is binary and its value is not valid base64") from None
    return attribute
