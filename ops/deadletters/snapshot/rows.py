"""Messages as rows of the snapshot, and back again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from ops.aws.sqs import Attribute
from ops.deadletters.messages import message_body
from ops.deadletters.messages.model import Cause, DeadLetter, Kind, Place, SnapshotMessage
from ops.deadletters.messages.parse import parse_timestamp
from ops.deadletters.snapshot.schema import dumps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MESSAGE_COLUMNS = """letters.id, place, kind, sent, receives, source, original_id, request_id, seen,
    error_type, error_message, location, cause_source, cause_request_id, died, version, job_kind, fingerprint, label,
    likely, attributes, types, system, body"""
MESSAGE_TABLES = "letters JOIN contents USING (n)"
SUMMARY_COLUMNS = """id, kind, original_id, request_id, sent, json_extract(system, '$.ApproximateFirstReceiveTimestamp'), source,
    body"""

INSERT_MESSAGE = """INSERT INTO letters (error_type, error_message, location, cause_source, cause_request_id, died, version,
    job_kind, fingerprint, label, likely, id, place, kind, sent, receives, source, original_id, request_id, bytes, form)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"""
INSERT_CONTENTS = """INSERT INTO contents (n, attributes, types, system, outline, body)
    SELECT n, ?, ?, ?, ?, ? FROM letters WHERE id = ?"""
UPDATE_CAUSE = """UPDATE letters SET error_type = ?, error_message = ?, location = ?, cause_source = ?, cause_request_id = ?,
    died = ?, version = ?, job_kind = ?, fingerprint = ?, label = ?, likely = ? WHERE id = ?"""


def message_values(message: DeadLetter, cause: Cause, place: Place, form: message_body.BodyFormat) -> tuple[Any, ...]:
    """Values for ``INSERT_MESSAGE``."""
    return (
        *_cause_columns(cause),
        storable(message.message_id),
        place.value,
        message.kind.value,
        to_milliseconds(message.sent),
        message.receives,
        storable(message.source_arn),
        storable(message.original_message_id),
        storable(message.request_id),
        len(message.body.encode("utf-8", "surrogatepass")),
        int(form),
    )


def contents_values(message: DeadLetter, value: Any, form: message_body.BodyFormat) -> tuple[Any, ...]:
    """Values for ``INSERT_CONTENTS``. ``value``: its body, parsed."""
    return (
        dumps({name: attribute.value for name, attribute in message.attributes.items()}),
        dumps({name: attribute.data_type for name, attribute in message.attributes.items()}),
        dumps(dict(message.system)),
        _outline(message.body, value) if form is message_body.BodyFormat.JSON else None,
        encode_body(message.body),
        storable(message.message_id),
    )


def _outline(body: str, value: Any) -> str | None:
    """Stored only where it is much shorter to read than the body. Written as bodies are: SQLite compares the
    characters of a key, and not what their escapes mean."""
    if (found := message_body.body_outline(value)) is None:
        return None
    try:
        written = _encode_outline(found)
    except ValueError:  # 1e999 is a number to Python, and infinite
        return None
    return written if len(written) * 2 <= len(body) else None


_encode_outline = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def cause_values(message_id: str, cause: Cause) -> tuple[Any, ...]:
    """Values for ``UPDATE_CAUSE``."""
    return *_cause_columns(cause), message_id


@lru_cache(maxsize=256)  # a hundred thousand may be guessed to have failed with the same cause
def _cause_columns(cause: Cause) -> tuple[Any, ...]:
    return (
        *(storable(text) for text in (cause.error_type, cause.error_message, cause.location, cause.source)),
        storable(cause.request_id),
        None if cause.failed_at is None else (cause.failed_at - EPOCH) // timedelta(microseconds=1),
        *(storable(text) for text in (cause.function_version, cause.job_kind, cause.fingerprint, cause.label)),
        int(cause.likely),
    )


def message_from_row(row: Sequence[Any]) -> SnapshotMessage:
    """A row of ``MESSAGE_COLUMNS`` as a message. Raises ``atomic_file.MALFORMED`` if it is not one, since the file may
    be damaged."""
    if set(map(type, _text_columns(row))) != {str} or type(row[4]) is not int:
        raise ValueError("a column holds what it never does")
    attributes, types = _named_texts(row[20]), _named_texts(row[21])
    place = Place(row[1])
    message = DeadLetter(
        message_id=row[0],
        body=decode_body(row[23]),
        attributes={name: Attribute(types[name], value) for name, value in attributes.items()},
        system=_named_texts(row[22]),
        kind=Kind(row[2]),
        sent=from_milliseconds(row[3]),
        receives=row[4],
        source_arn=row[5],
        original_message_id=row[6],
        request_id=row[7],
        imported=place is Place.IMPORTED,
    )
    cause = Cause(
        error_type=row[9],
        error_message=row[10],
        location=row[11],
        source=row[12],
        request_id=row[13],
        failed_at=from_microseconds(row[14]),
        function_version=row[15],
        job_kind=row[16],
        fingerprint=row[17],
        label=row[18],
        likely=bool(row[19]),
    )
    return SnapshotMessage(message, cause, place, from_milliseconds(row[8]))


_text_columns = itemgetter(0, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 17, 18)


class MessageSummary(NamedTuple):
    """What is needed of a message to search for its cause: ten times faster to read than the whole message."""

    message_id: str
    kind: Kind
    original_id: str
    request_id: str
    sent: datetime | None
    first_received: datetime | None
    source: str
    body: str


def summary_from_row(row: Sequence[Any]) -> MessageSummary:
    """A row of ``SUMMARY_COLUMNS`` as a summary."""
    return MessageSummary(
        row[0],
        Kind(row[1]),
        row[2],
        row[3],
        from_milliseconds(row[4]),
        parse_timestamp(row[5]),
        row[6],
        decode_body(row[7]),
    )


_raw_decode = json.JSONDecoder().raw_decode


def _decoded(written: str) -> Any:
    """Decodes what ``dumps`` wrote. It has no surrounding spaces, so skipping the search for them saves a third of the
    time, three times per message."""
    return _raw_decode(written)[0]


def _named_texts(written: str) -> dict[str, str]:
    found = _decoded(written)
    if type(found) is not dict or not set(map(type, found.values())) <= _ONLY_STR:
        raise ValueError("not an object of texts")
    return found


_ONLY_STR = {str}


def encode_body(text: str) -> str | bytes:
    """A body as SQLite keeps it: bytes where it holds lone surrogates, or a NUL that would end it."""
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return text.encode("utf-8", "surrogatepass")


def decode_body(kept: str | bytes) -> str:
    return kept if isinstance(kept, str) else kept.decode("utf-8", "surrogatepass")


def storable(text: str) -> str:
    """What was read from logs, without what SQLite's text cannot hold."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "␀")


def from_milliseconds(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else EPOCH + timedelta(milliseconds=milliseconds)


def from_microseconds(since: int | None) -> datetime | None:
    """None too for a time beyond the calendar, which an earlier version took from a message."""
    try:
        return None if since is None else EPOCH + timedelta(microseconds=since)
    except OverflowError:
        return None


def to_milliseconds(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // timedelta(milliseconds=1)
