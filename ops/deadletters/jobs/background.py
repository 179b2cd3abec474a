"""Long work in a separate process: it continues when the page is left, or the dashboard or its terminal is closed.

``start_job(source, work)`` starts ``python -m ops.deadletters.jobs.background`` with its order on standard input, so
that credentials are on no command line and in no file. A job is known by its name; one of a name runs at a time. Each
has three files in ``<source folder>/jobs``: ``NAME.json`` (its progress; replaced as a whole), ``NAME.log`` (its output;
its process holds a lock on it, so that "is it running?" needs no process ID) and ``NAME.stop`` (it was asked to stop).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ops import access, typed_json
from ops.deadletters.queue import DeadLetterQueue, folder_error, open_queue
from ops.detached_process import start_process
from ops.errors import OpsError, UsageError
from ops.files import file_lock
from ops.files.atomic_file import MALFORMED, atomic_write, open_regular, private_opener, read_file
from ops.target import Target

UNRESTRICTED_JOBS = frozenset({"export"})
"""Tasks that only write a file on this machine, and so need no permission to act."""
RUNNING, DONE, FAILED, LOST = "running", "done", "failed", "lost"
_WRITE_EVERY_S = 0.25
"""The shortest time between two progress updates on disk."""
_UNLOCK_TIMEOUT_S = 10.0
"""A job's file shows its end before its process releases the lock: the next start waits that long for it."""


@dataclass(frozen=True)
class BackgroundJob:
    """``state``: running | done | failed (``error`` and ``next_step`` say why) | lost (its process ended before it
    could report; see ``log``). ``done`` of ``expected``: messages; 0 of 0 while nothing can be counted."""

    name: str
    work: str
    state: str
    began: datetime
    ended: datetime | None = None
    done: int = 0
    expected: int = 0
    status_text: str = ""
    notes: tuple[str, ...] = ()
    error: str = ""
    next_step: str = ""
    log: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        return self.state == RUNNING


def start_job(source: DeadLetterQueue, work: str, name: str = "", **arguments: Any) -> BackgroundJob:
    """Starts ``work`` (a key of ``tasks.TASKS``) under ``name``, with ``arguments`` in JSON's types.

    Raises UsageError when a job of that name is running, OpsError when the folder cannot be used.
    """
    if work not in UNRESTRICTED_JOBS:
        access.ensure_may(f"a job ({work})")
    files = _JobFiles(source.folder, name or work)
    job = BackgroundJob(
        files.name, work, RUNNING, datetime.now(UTC), status_text="Starting", log=str(files.log), arguments=arguments
    )
    order = {
        "target": asdict(source.aws.target),
        "queue": source.queue.url,
        "folder": str(source.folder),
        "name": job.name,
        "work": work,
        "arguments": arguments,
    }
    with files.take() as log:  # closed here; the lock stays with the process that is started
        files.write(job)
        start_process("ops.deadletters.jobs.background", json.dumps(order).encode(), log, job.name)
    return job


def read_job(source: DeadLetterQueue, name: str) -> BackgroundJob | None:
    """The latest job of that name; None when there was none."""
    return _JobFiles(source.folder, name).read()


def stop_job(source: DeadLetterQueue, name: str) -> None:
    """Asks it to stop cleanly; it checks for that at every step. Nothing happens when it is not running."""
    files = _JobFiles(source.folder, name)
    if (job := files.read()) and job.running:
        if job.work not in UNRESTRICTED_JOBS:
            access.ensure_may(f"stopping a job ({job.work})")
        files.stop.touch()


class JobReporter:
    """A job's progress, written to disk a few times per second at most."""

    def __init__(self, files: _JobFiles, job: BackgroundJob) -> None:
        self._files, self._job, self._written = files, job, time.monotonic()

    def progress(self, done: int, expected: int, text: str = "") -> None:
        self._job = replace(self._job, done=done, expected=expected, status_text=text or self._job.status_text)
        if time.monotonic() - self._written >= _WRITE_EVERY_S:
            self._write()

    def set_status_text(self, text: str) -> None:
        self._job = replace(self._job, status_text=text)
        self._write()

    def stop_requested(self) -> bool:
        return self._files.stop.exists()

    def end(self, state: str, text: str, notes: tuple[str, ...] = (), error: OpsError | None = None) -> None:
        why, next_step = ("", "") if error is None else (str(error), error.next_step)
        now = datetime.now(UTC)
        self._job = replace(
            self._job, state=state, status_text=text, notes=notes, ended=now, error=why, next_step=next_step
        )
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._files.write(self._job)


class _JobFiles:
    """The three files of a job."""

    def __init__(self, folder: Path, name: str) -> None:
        if not name or not all(character.isalnum() or character in "-_" for character in name):
            raise UsageError(f"{name!r} is not a valid job name.", "Use letters, digits, - and _.")
        self.name, self._folder = name, folder / "jobs"
        self.state, self.log, self.stop = (self._folder / f"{name}.{kind}" for kind in ("json", "log", "stop"))

    def take(self) -> Any:
        """The log, empty and locked. Raises UsageError when a running job holds it."""
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            log = open(self.log, "a", encoding="utf-8", opener=private_opener)  # noqa: SIM115 - held for longer
        except OSError as error:
            raise folder_error(self._folder, error) from error
        deadline = time.monotonic() + _UNLOCK_TIMEOUT_S
        while not self._locked(log):
            if self._unfinished() or time.monotonic() > deadline:
                log.close()
                raise UsageError(
                    "This is already running, in another process on this machine.", "Wait for it, or stop it first."
                )
            time.sleep(0.02)  # it has reported its end, and releases the lock next
        log.truncate(0)
        self.stop.unlink(missing_ok=True)
        return log

    def _locked(self, log: IO[str]) -> bool:
        try:
            return file_lock.lock_exclusively(log, 0.0)
        except OSError as error:
            log.close()
            raise folder_error(self._folder, error) from error

    def held(self) -> bool:
        try:
            with os.fdopen(open_regular(self.log), "r") as log:
                return file_lock.is_locked(log)
        except (OSError, OpsError):
            return False

    def write(self, job: BackgroundJob) -> None:
        with atomic_write(self.state, replace=True, durable=False) as stream:
            stored = asdict(job)
            stored[_STATUS_TEXT_KEY] = stored.pop("status_text")
            stream.write(typed_json.dumps(stored).encode())

    def read(self) -> BackgroundJob | None:
        held = self.held()  # before the state: a job that ends in between is not taken for lost
        job = self._load()
        return replace(job, state=LOST) if job and job.running and not held else job

    def _unfinished(self) -> bool:
        """Whether the latest job has not reported its end, even if its process has ended."""
        job = self._load()
        return job is not None and job.running

    def _load(self) -> BackgroundJob | None:
        try:
            stored = typed_json.loads(read_file(self.state))
            stored["status_text"] = stored.pop(_STATUS_TEXT_KEY)
            job = typed_json.typed(stored, BackgroundJob)
            return replace(job, began=typed_json.in_utc(job.began), ended=job.ended and typed_json.in_utc(job.ended))
        except (OpsError, *MALFORMED):
            return None


_STATUS_TEXT_KEY = "said"
"""The status text's name in a job's file, which an earlier version may have written."""


def run_job(order: Mapping[str, Any]) -> None:
    """Runs one order; its result is in the job's file."""
    from ops import workload
    from ops.aws import Aws
    from ops.deadletters.jobs.tasks import TASKS

    files = _JobFiles(Path(order["folder"]), order["name"])
    reporter = JobReporter(
        files, files.read() or BackgroundJob(order["name"], order["work"], RUNNING, datetime.now(UTC))
    )
    try:
        target = Target(**order["target"])
        aws = Aws(target)
        source = open_queue(aws, workload.describe(aws, target), order["queue"])
        text, notes = TASKS[order["work"]](source, reporter, **order["arguments"])
    except OpsError as error:
        reporter.end(FAILED, str(error), error=error)
    else:
        reporter.end(DONE, text, notes)


if __name__ == "__main__":
    run_job(json.load(sys.stdin))
    file_lock.unlock(sys.stdout)  # Python takes a while to end, and the next job may start
