"""Messages as files: JSON lines to keep, import again or purge by; CSV for spreadsheets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters import csv_safe
from ops.deadletters.archive import jsonl
from ops.deadletters.messages import s3_pointers
from ops.deadletters.messages.model import SnapshotMessage
from ops.deadletters.plan_model import Selection
from ops.deadletters.snapshot import Snapshot
from ops.errors import UsageError
from ops.files import atomic_file

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import SnapshotInfo

FORMATS = ("jsonl", "csv")
COLUMNS = (
    *("message_id", "sent", "receives", "kind", "source", "original_message_id", "request_id"),
    *("error_type", "error_message", "location", "fingerprint", "cause_from", "likely"),
    *("died", "function_version", "job_kind"),
    *("attributes", "body"),
)
CELL_LIMIT = 32_767
"""Characters that a spreadsheet's cell holds (Excel specifications); what is longer is cut, and says so."""


@dataclass(frozen=True)
class ExportResult:
    """``sha256`` of the file, ``bytes`` its size. ``notes``: sentences on what the file does not hold. ``unreached``:
    about how many more messages the queue held that no scan has read, when the whole queue was exported."""

    path: Path
    messages: int = field(metadata={"json_key": "letters"})
    sha256: str
    bytes: int
    notes: tuple[str, ...] = ()
    unreached: int = 0


def default_export_path(source: DeadLetterQueue, format: str = "jsonl") -> Path:
    """The path of a new export: in the queue's ``exports`` folder, named by the current time."""
    return source.folder / "exports" / f"{source.queue.name}-{datetime.now(UTC):%Y%m%dT%H%M%S}.{format}"


def exported_ids(path: Path) -> tuple[str, ...]:
    """Message ids of an export in JSON lines, in its order. Raises UsageError, OpsError (see ``jsonl.read_lines``)."""
    return tuple(each.message.message_id for _, each in jsonl.read_lines(atomic_file.expand_user(path)))


def export_messages(
    source: DeadLetterQueue, selection: Selection, path: Path | None = None, format: str = "jsonl"
) -> ExportResult:
    """Write what is selected to ``path`` (else ``default_export_path``), which is there whole or not at all.

    Raises UsageError (nothing selected, an unknown format, something is there already), OpsError (disk full, not
    writable), and what ``Snapshot`` raises.
    """
    if format not in FORMATS:
        raise UsageError(f"{format!r} is not an export format.", f"Choose {' or '.join(FORMATS)}.")
    target = path or default_export_path(source, format)
    if path is None:
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise atomic_file.file_error(target.parent, error) from error
    digest = hashlib.sha256()
    messages = size = 0
    kept = _Pointers()
    with Snapshot.open(source) as snapshot:
        if not snapshot.count(selection):
            raise UsageError(
                f"No message of {source.queue.name} in the snapshot matches.", "Scan again, or change the filters."
            )
        info = snapshot.info()
        with atomic_file.atomic_write(target) as stream:
            for number, line in _lines(kept.passing(snapshot.iterate(selection)), format):
                digest.update(line)
                stream.write(line)
                messages, size = messages + number, size + len(line)
    unreached = _unreached(info) if selection.selects_all else 0
    return ExportResult(target, messages, digest.hexdigest(), size, kept.notes(), unreached)


class _Pointers:
    """Messages among those that are written whose contents are in S3, and not in the file."""

    def __init__(self) -> None:
        self._number = 0
        self._first: s3_pointers.Pointer | None = None

    def passing(self, messages: Iterable[SnapshotMessage]) -> Iterator[SnapshotMessage]:
        for stored in messages:
            if pointer := s3_pointers.read_pointer(stored.message.body):
                self._number, self._first = self._number + 1, self._first or pointer
            yield stored

    def notes(self) -> tuple[str, ...]:
        return (s3_pointers.pointer_warning(self._number, self._first),) if self._first else ()


def _unreached(info: SnapshotInfo) -> int:
    if info.scanned_at is None or info.complete:
        return 0
    return max(0, int(info.last_scan.get("reported", 0)) + int(info.last_scan.get("in_flight", 0)) - info.messages)


def _lines(messages: Iterable[SnapshotMessage], format: str) -> Iterator[tuple[int, bytes]]:
    """The file line by line, each with how many messages it holds."""
    if format == "jsonl":
        yield from ((1, jsonl.encode_line(message)) for message in messages)
        return
    yield 0, b"\xef\xbb\xbf"  # or Excel takes UTF-8 for something else
    yield 0, csv_safe.csv_line(COLUMNS).encode()
    yield from ((1, csv_safe.csv_line(_row(message)).encode()) for message in messages)


def _row(stored: SnapshotMessage) -> tuple[object, ...]:
    message, cause = stored.message, stored.cause
    attributes = {name: attribute.value for name, attribute in message.attributes.items()}
    return (
        message.message_id,
        _timestamp(message.sent),
        message.receives,
        message.kind.value,
        message.source_arn,
        message.original_message_id,
        cause.request_id or message.request_id,
        cause.error_type,
        _clipped(cause.error_message),
        cause.location,
        cause.fingerprint,
        cause.source,
        "likely" if cause.likely else "",
        _timestamp(cause.failed_at),
        cause.function_version,
        cause.job_kind,
        _clipped(json.dumps(attributes, ensure_ascii=False) if attributes else ""),
        _clipped(message.body),
    )


def _timestamp(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds") if at else ""


def _clipped(text: str) -> str:
    note = f" … ({len(text):,} characters)"
    # A third of the room: characters that are escaped grow, up to tenfold for the rarest.
    return text if len(text) <= CELL_LIMIT // 3 else text[: CELL_LIMIT // 3 - len(note)] + note
