"""Who moved or deleted which messages, or changed which settings by a runbook or a memory sweep, when and why: one line of
JSON each, in a file that is only ever added to.

Each line carries the SHA-256 of the line before, so that ``verify`` finds a line that was changed, taken out or put in
later by hand, or damaged by a disk. What it cannot prove: a person who can write the file can compute the whole chain again
after a change, and lines that are missing at its end leave no trace. Where that matters, keep copies (or the hash of
the last line) where those who redrive cannot write.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops import masking, typed_json
from ops.deadletters import csv_safe
from ops.errors import UsageError
from ops.files import atomic_file, file_lock

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue

FILE = "audit.jsonl"
RUNBOOK_ACTIONS = ("runbook", "rollback", "runbook step", "runbook undo")
"""Actions whose ``plan`` is the run of a runbook."""
SWEEP = "memory sweep"
"""The action of ``ops rightsize``; ``plan`` is the sweep's ID."""
FIRST_HASH = "0" * 64
"""What the first line carries."""
VERIFY_LIMITS = (
    "A check cannot detect records removed from the end, or a file rewritten as a whole by someone who can write to "
    "it. Keep copies where those who redrive cannot write."
)
COLUMNS = (
    *("at", "who", "account", "region", "action", "queue", "reason", "plan", "plan_hash", "counts", "outcome"),
    "note",
)


@dataclass(frozen=True)
class Record:
    """``action``: redrive | copy | resume (of either) | purge | runbook | rollback | runbook step | runbook undo | memory sweep, which are
    recorded as they begin and as they end; and cancel, which asks one of the first three to stop. Scans, plans, exports and
    imports move and delete nothing, and are not recorded. ``plan``: its ID, or that of the runbook's run. ``reason`` and
    ``note`` are written with secrets masked. ``counts``: messages by outcome, of a resumed run all in all. ``outcome``:
    began | done | stopped | cancelled | failed, of a runbook the phase in which it ended; of a cancel: asked;
    of a sweep that was killed and put back later: put back."""

    at: datetime
    who: str
    account: str
    region: str
    action: str
    queue: str
    reason: str
    plan: str = ""
    plan_hash: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    outcome: str = ""
    note: str = ""


@dataclass(frozen=True)
class Verification:
    """``problems``: what is wrong, a sentence per place; empty when every line follows from the one before."""

    lines: int
    problems: tuple[str, ...]


def new_record(source: DeadLetterQueue, who: str, action: str, reason: str, **more: Any) -> Record:
    """A record of now about ``source``'s queue; ``more`` are further fields of ``Record``."""
    _, _, _, region, account, name = source.queue.arn.split(":", 5)
    return Record(datetime.now(UTC), who, account, region, action, name, reason, **more)


def require_reason(reason: str) -> str:
    """``reason`` without the space around it, secrets masked. Raises UsageError when nothing is left."""
    if not reason.strip():
        raise UsageError("A reason is required for the audit log.", 'Add one: --reason "what was fixed, ticket".')
    return masking.mask_text(reason.strip())


def append_record(home: Path, record: Record) -> None:
    """Add ``record``; it is on disk on return. Safe between processes.

    Raises UsageError without a reason, OpsError when it cannot be written.
    """
    record = replace(record, reason=require_reason(record.reason), note=masking.mask_text(record.note))
    path = home / FILE
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = not path.exists()
        with _locked(path) as handle:
            last, torn = _last(handle)
            entry = {**_plain(record), "before": _hash(last) if last is not None else FIRST_HASH}
            line = json.dumps(entry, sort_keys=True).encode() + b"\n"
            atomic_file.append_bytes(handle, b"\n" + line if torn else line)
            os.fsync(handle)
        if new:
            atomic_file.sync_folder(home)
    except OSError as error:
        raise atomic_file.file_error(path, error) from error


def read_records(home: Path, limit: int | None = None) -> tuple[Record, ...]:
    """The newest ``limit`` records, newest first; none when nothing was done yet. Lines that are damaged are left out:
    ``verify`` names them. Raises OpsError when the file cannot be read."""
    found: list[Record] = []
    for line in reversed(_lines(home)):
        record = _record(line)
        if record is not None:
            found.append(record)
        if limit is not None and len(found) >= limit:
            break
    return tuple(found)


def verify_records(home: Path) -> Verification:
    """Whether each line is whole and follows from the one before (which no more is than the module says). Raises
    OpsError when the file cannot be read."""
    problems = []
    before = FIRST_HASH
    lines = _lines(home)
    for number, line in enumerate(lines, 1):
        entry = _entry(line)
        if entry is None or _record(line) is None:
            problems.append(f"Line {number} is not a valid record: it is incomplete or damaged.")
        elif entry.get("before") != before:
            problems.append(f"Line {number} does not follow from the one before it: a record was changed or removed.")
        before = _hash(line)
    return Verification(len(lines), tuple(problems))


def records_csv(records: Sequence[Record]) -> str:
    """``records`` as a CSV file for spreadsheets, formulas made harmless."""
    rows = ([_cell(_plain(record)[column]) for column in COLUMNS] for record in records)
    return "".join(csv_safe.csv_line(row) for row in (COLUMNS, *rows))


def _cell(value: Any) -> str:
    return ", ".join(f"{name} {number}" for name, number in value.items()) if isinstance(value, dict) else str(value)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = atomic_file.open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        file_lock.wait_for_lock(handle)  # closing it unlocks it
        yield handle
    finally:
        os.close(handle)


def _last(handle: int) -> tuple[bytes | None, bool]:
    """The last line, and whether its end is missing: a process ended, or the disk was full, while writing it."""
    size = os.fstat(handle).st_size
    if size == 0:
        return None, False
    tail, at = b"", size
    while at > 0 and tail[:-1].count(b"\n") == 0:
        step = min(at, 65_536)
        at -= step
        tail = os.pread(handle, step, at) + tail
    torn = not tail.endswith(b"\n")
    return tail.removesuffix(b"\n").rsplit(b"\n", 1)[-1], torn


def _lines(home: Path) -> list[bytes]:
    path = home / FILE
    if not path.is_symlink() and not path.exists():
        return []
    data = atomic_file.read_file(path)
    return data.removesuffix(b"\n").split(b"\n") if data else []


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except atomic_file.MALFORMED:
        return None
    return entry if isinstance(entry, dict) else None


def _record(line: bytes) -> Record | None:
    entry = _entry(line)
    if entry is None:
        return None
    try:
        record = typed_json.typed(entry, Record)
        return replace(record, at=typed_json.in_utc(record.at))
    except atomic_file.MALFORMED:
        return None


def _plain(record: Record) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in COLUMNS}
    return {**fields, "at": record.at.isoformat(timespec="milliseconds"), "counts": dict(record.counts)}


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()
