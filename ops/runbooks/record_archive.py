"""Old runs in one file per month, a line of JSON per run with all of its files; nothing of them is lost.

``<home>/runbook-archive/2026-11.jsonl``. A run's folder goes once its line is on disk and was read back; a kill in between
leaves both, and the next time it is written again. Of a run with several lines the last one counts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ops.errors import OpsError, UsageError
from ops.files import atomic_file, file_lock
from ops.runbooks.locking import lock_path
from ops.runbooks.record import FOLDER, RunRecord, append_line, list_records
from ops.runbooks.run_state import RunbookRun, RunPhase, fold

ARCHIVE = "runbook-archive"
LOCK_FILE = "archive.lock"
"""Beside the runs. One process archives at a time: a write that fails on a full disk is cut off the end of the file, where
another's would be."""
_GOING, _COMING = ".removed-", ".restored-"
"""Names of folders that are not runs: what a kill leaves of them is removed by the next one."""


@dataclass(frozen=True)
class ArchivedRuns:
    """``left``: a sentence for each run that is old enough, and was left as it is."""

    runs: tuple[str, ...]
    left: tuple[str, ...]


def archive_runs(home: Path, before: datetime) -> ArchivedRuns:
    """Archive the runs that ended ``before``. One that is in progress, waits or was interrupted stays. Raises OpsError where
    the archive cannot be written: then its run is where it was; UsageError where another process archives now."""
    lock = home / FOLDER / LOCK_FILE
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(lock, "a", opener=atomic_file.private_opener) as held:
            if not file_lock.lock_exclusively(held, 0.0):
                raise UsageError("Another process archives runs now.", "Wait until it ends.")
            return _archive_all(home, before)
    except OSError as error:
        raise atomic_file.file_error(lock, error) from error


def _archive_all(home: Path, before: datetime) -> ArchivedRuns:
    for remains in (home / FOLDER).glob(f"{_GOING}*"):
        shutil.rmtree(remains, ignore_errors=True)
    done, left = [], []
    for record in list_records(home):
        stamp = record.stamp()
        try:
            state = fold(record.run, record.events())
        except OpsError as error:
            left.append(f"{record.run}: {error}")
            continue
        began = state.began or before
        if state.phase in (RunPhase.RUNNING, RunPhase.WAITING):
            if began < before:
                left.append(f"{record.run} has not ended: {state.phase.value}.")
        elif state.ended is not None and state.ended < before:
            if _archive(home, record, state, began, stamp):
                done.append(record.run)
            else:
                left.append(f"{record.run}: its workload is in use, or its folder holds more than files.")
    return ArchivedRuns(tuple(done), tuple(left))


def archived_runs(home: Path) -> tuple[str, ...]:
    """IDs, the latest first."""
    return tuple(sorted({run for path in _archives(home) for run, _ in _lines(path)}, reverse=True))


def restore_run(home: Path, named: str) -> RunRecord:
    """Put the run whose ID is, or begins or ends with ``named`` back among the runs. Raises UsageError."""
    found: dict[str, dict[str, str]] = {}
    for path in _archives(home):
        found |= {run: files for run, files in _lines(path) if run.startswith(named) or run.endswith(named)}
    if named in found:
        found = {named: found[named]}
    if not named or len(found) != 1:
        what = f"{len(found)} archived runs match {named}" if named and found else f"There is no archived run {named}"
        raise UsageError(f"{what}.", "List them: ops runbook runs --archived.")
    ((run, files),) = found.items()
    folder, part = home / FOLDER / run, home / FOLDER / f"{_COMING}{run}"
    if folder.exists():
        raise UsageError(f"Run {run} is there already.", f"Show it: ops runbook record {run}.")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
        for name, text in files.items():
            with atomic_file.atomic_write(part / name) as stream:
                stream.write(text.encode("utf-8", "surrogateescape"))
        part.rename(folder)
        atomic_file.sync_folder(folder.parent)
    except OSError as error:
        raise atomic_file.file_error(folder, error) from error
    return RunRecord(folder)


def _archive(home: Path, record: RunRecord, state: RunbookRun, began: datetime, stamp: tuple[int, int]) -> bool:
    """False where it was left: someone works with it, or has since its ``stamp`` was read, or its folder is not as a run
    leaves it."""
    lock = lock_path(home, state.account, state.region, state.queue.rpartition(":")[2])
    path = home / ARCHIVE / f"{began:%Y-%m}.jsonl"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(lock, "a", opener=atomic_file.private_opener) as held:
            if not file_lock.lock_exclusively(held, 0.0) or record.stamp() != stamp:
                return False
            entries = list(record.folder.iterdir())
            if not all(entry.is_file() and not entry.is_symlink() for entry in entries):
                return False
            files = {entry.name: entry.read_bytes().decode("utf-8", "surrogateescape") for entry in sorted(entries)}
            size = path.stat().st_size if path.exists() else 0
            append_line(path, json.dumps({"run": record.run, "files": files}).encode())
            if dict(_lines(path, size)).get(record.run) != files:
                raise OpsError(f"{path} does not hold what was written to it.", "Check the disk; the run is kept.")
            going = record.folder.with_name(f"{_GOING}{record.run}")
            record.folder.rename(going)
            atomic_file.sync_folder(going.parent)
            shutil.rmtree(going)
    except OSError as error:
        raise atomic_file.file_error(path, error) from error
    return True


def _archives(home: Path) -> list[Path]:
    return sorted((home / ARCHIVE).glob("*.jsonl"))


def _lines(path: Path, start: int = 0) -> Iterator[tuple[str, dict[str, str]]]:
    """Each run's ID and its files, of the lines from byte ``start`` on. What a kill cut off is left out: its run was not
    removed."""
    for line in atomic_file.read_file(path, start).split(b"\n"):
        try:
            entry = json.loads(line)
            yield str(entry["run"]), {Path(name).name: str(text) for name, text in entry["files"].items()}
        except atomic_file.MALFORMED:
            continue
