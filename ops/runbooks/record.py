"""The record of a run: one line of JSON per event, in an append-only file, synced before the next step.

Secrets are masked before a line is written, so that nothing that reads a record can show one.

``<home>/runbooks/<run>/record.jsonl``, beside the document that the run started with. An intent is written before its
call and the outcome after it, so that a run that was killed in between shows which outcome is not known.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from ops import clock, masking, typed_json
from ops.errors import OpsError, UsageError
from ops.files import atomic_file

VERSION = 1
FOLDER, RECORD_FILE, DOCUMENT_FILE = "runbooks", "record.jsonl", "document.md"
_ID_TIME, _NEXT = "%Y%m%dT%H%M%S%f", timedelta(microseconds=1)
_RUN_ID = re.compile(r"[0-9A-Za-z_-]{1,120}")


class RecordError(OpsError):
    """The record could not be written: nothing may be done that it would not show."""


@dataclass(frozen=True)
class RecordedEvent:
    """``kind``: ``run.started``, ``step.intended`` … ``step`` is empty for an event of the whole run."""

    at: datetime
    kind: str
    step: str
    data: Mapping[str, Any]


def ending_text(ended: RecordedEvent, before: RecordedEvent | None) -> str:
    """What ``run.ended`` says, without the error that the event of its step, right ``before`` it, says already."""
    text = str(ended.data.get("text", ""))
    said = str(before.data.get("text", "")) if before is not None else ""
    return text.replace(f": {said}", ".") if said else text


class RunRecord:
    """The record of one run. One process writes (it holds the workload's lock); any may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = folder.name
        self._path = folder / RECORD_FILE

    @classmethod
    def create(cls, home: Path, run: str, runbook: str, document: str, **header: Any) -> RunRecord:
        """A new record, on disk, with ``run.started``. ``run``: of ``new_run``. Raises RecordError."""
        record = cls(home / FOLDER / run)
        try:
            record.folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise _failed(record.folder, error) from error
        try:
            with atomic_file.atomic_write(record.folder / DOCUMENT_FILE) as stream:
                stream.write(document.encode())
        except OpsError as error:
            raise RecordError(str(error), error.next_step) from error
        record.append("run.started", version=VERSION, runbook=runbook, **header)
        for folder in (record.folder, record.folder.parent):
            atomic_file.sync_folder(folder)
        return record

    def append(self, kind: str, step: str = "", **data: Any) -> RecordedEvent:
        """Write one event, with secrets masked; it is on disk on return, and as it is there. Raises RecordError."""
        event = RecordedEvent(clock.now_utc(), kind, step, masking.mask_value(data))
        entry = {"at": event.at.isoformat(timespec="milliseconds"), "event": kind, "step": step, **event.data}
        try:
            append_line(self._path, json.dumps(entry, ensure_ascii=True, allow_nan=False).encode())
        except OSError as error:
            raise _failed(self._path, error) from error
        return event

    def events(self) -> tuple[RecordedEvent, ...]:
        """All events, oldest first. A line that a kill or a full disk cut off is left out: what it announced had not
        started. Raises OpsError for a record that is missing or from another version."""
        found = [event for line in atomic_file.read_file(self._path).split(b"\n") if (event := _event(line))]
        if not found or found[0].kind != "run.started":
            raise OpsError(f"{self._path} is not the record of a run.", "List the runs: ops runbook runs.")
        if (version := found[0].data.get("version")) != VERSION:
            raise UsageError(
                f"Run {self.run} was recorded by another version of ops (format {version}, this one reads {VERSION}).",
                "Use the version of ops that started it.",
            )
        return tuple(found)

    def stamp(self) -> tuple[int, int]:
        """Changes with every event: when it was written last, and its length. (0, 0) where there is no record."""
        try:
            found = self._path.stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_size

    def document(self) -> str:
        """The text that the run started with, whatever the file is now."""
        return atomic_file.read_file(self.folder / DOCUMENT_FILE).decode()


def append_line(path: Path, line: bytes) -> None:
    """All of ``line`` or nothing, on disk on return; a line that a kill cut off before stays one of its own. Raises OSError."""
    handle = atomic_file.open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        atomic_file.append_bytes(handle, (b"\n" if _is_torn(handle) else b"") + line + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def new_run(home: Path, runbook: str) -> str:
    """An ID for a run that starts now. It sorts after those that are there, also where the clock was set back: the
    latest run is the one that started last."""
    now = clock.now_utc()
    for folder in _folders(home)[:1]:
        try:
            now = max(now, datetime.strptime(folder.name.partition("-")[0], _ID_TIME).replace(tzinfo=UTC) + _NEXT)
        except (ValueError, OverflowError):
            continue  # a folder that something else made
    return f"{now:{_ID_TIME}}-{runbook}-{secrets.token_hex(2)}"


def find_record(home: Path, run: str) -> RunRecord:
    """The record of the run whose ID is or begins or ends with ``run``; empty: the latest. Raises UsageError."""
    folders = _folders(home)
    if not run:  # what was killed before its first event was on disk has done nothing
        folders = list(islice((folder for folder in folders if (folder / RECORD_FILE).is_file()), 1))
    else:
        exact = [folder for folder in folders if folder.name == run]
        folders = exact or [folder for folder in folders if folder.name.startswith(run) or folder.name.endswith(run)]
    if not folders:
        what = f"There is no run {run} of a runbook" if run else "No runbook has been run"
        raise UsageError(
            f"{what} on this machine.", "List the runs: ops runbook runs; those in the archive: --archived."
        )
    if run and len(folders) > 1:
        raise UsageError(
            f"{len(folders)} runs match {run}: {folders[0].name} …", "Use more characters of the run's ID."
        )
    return RunRecord(folders[0])


def list_records(home: Path) -> tuple[RunRecord, ...]:
    """The latest first."""
    return tuple(RunRecord(folder) for folder in _folders(home))


def _folders(home: Path) -> list[Path]:
    try:
        found = [path for path in (home / FOLDER).iterdir() if _RUN_ID.fullmatch(path.name) and path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise atomic_file.file_error(home / FOLDER, error) from error
    return sorted(found, reverse=True)


def _event(line: bytes) -> RecordedEvent | None:
    try:
        entry = json.loads(line)
        at, kind, step = datetime.fromisoformat(entry.pop("at")), str(entry.pop("event")), str(entry.pop("step"))
        return RecordedEvent(typed_json.in_utc(at), kind, step, masking.mask_value(entry))
    except atomic_file.MALFORMED:
        return None


def _is_torn(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _failed(path: Path, error: OSError) -> RecordError:
    said = atomic_file.file_error(path, error)
    return RecordError(str(said), said.next_step)
