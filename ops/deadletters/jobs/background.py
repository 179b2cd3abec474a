"""Long work in a process of its own: it goes on when the page is left, the dashboard ends or its terminal is closed.

``start(source, work)`` starts ``python -m ops.deadletters.jobs.background`` with its order on standard input (keys are on
no command line and in no file). A job is known by its name, and there is one of a name at a time. Of each there lie in
``<source folder>/jobs``: ``NAME.json`` (how far it is; replaced as a whole), ``NAME.log`` (what it printed; its process
holds a lock on it, so that "is it running?" needs no process id) and ``NAME.stop`` (somebody asked it to stop).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ops import access, file_lock
from ops.atomic_file import MALFORMED, atomic_write, open_regular, private_opener, read_file
from ops.deadletters.queue import DeadLetterQueue, folder_error, open_queue
from ops.errors import OpsError, UsageError
from ops.target import Target

UNRESTRICTED_JOBS = frozenset({"export"})
"""Work that changes nothing but a file of this machine."""
RUNNING, DONE, FAILED, LOST = "running", "done", "failed", "lost"
_WRITE_EVERY_S = 0.25
"""Between two notes of progress on disk, at least."""
_UNLOCK_TIMEOUT_S = 10.0
"""A job's file says that it ended before its process lets go of the lock; who starts the next one waits for that."""


@dataclass(frozen=True)
class BackgroundJob:
    """``state``: running | done | failed (``error`` and ``next_step`` say why) | lost (its process ended without a
    word; ``log`` may tell). ``done`` of ``expected``: letters; 0 of 0 while nothing can be counted."""

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
    """Starts ``work`` (a key of ``works.WORKS``), called ``name``. ``arguments`` are what JSON can hold.

    Raises UsageError when a job of that name runs, OpsError when the folder cannot be used.
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
    with files.take() as log:  # closed here, the lock stays with the process that is started
        files.write(job)
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.deadletters.jobs.background"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).resolve().parents[3],  # where `ops` is found, installed or not
            start_new_session=True,  # the dashboard's Ctrl-C is not its
        )
    assert process.stdin is not None  # noqa: S101 (it was asked for)
    with suppress(BrokenPipeError), process.stdin as line:  # broken: it died at once, and its log says why
        line.write(json.dumps(order).encode())
    threading.Thread(target=process.wait, daemon=True, name=f"wait for {job.name}").start()
    return job


def read_job(source: DeadLetterQueue, name: str) -> BackgroundJob | None:
    """The last job of that name, as far as it is; None when there was none."""
    return _JobFiles(source.folder, name).read()


def list_jobs(source: DeadLetterQueue) -> tuple[BackgroundJob, ...]:
    """The last job of every name, the newest first."""
    names = sorted(path.stem for path in (source.folder / "jobs").glob("*.json"))
    found = [known for name in names if (known := read_job(source, name))]
    return tuple(sorted(found, key=lambda one: one.began, reverse=True))


def stop_job(source: DeadLetterQueue, name: str) -> None:
    """Asks it to stop cleanly; it looks for that at every step. Nothing happens when it does not run."""
    files = _JobFiles(source.folder, name)
    if (known := files.read()) and known.running:
        if known.work not in UNRESTRICTED_JOBS:
            access.ensure_may(f"stopping a job ({known.work})")
        files.stop.touch()


class JobReporter:
    """What a job tells while it works: kept on disk, a few times a second at most."""

    def __init__(self, files: _JobFiles, job: BackgroundJob) -> None:
        self._files, self._job, self._written = files, job, time.monotonic()

    def progress(self, done: int, expected: int, said: str = "") -> None:
        self._job = replace(self._job, done=done, expected=expected, status_text=said or self._job.status_text)
        if time.monotonic() - self._written >= _WRITE_EVERY_S:
            self._write()

    def set_status_text(self, said: str) -> None:
        self._job = replace(self._job, status_text=said)
        self._write()

    def stop_requested(self) -> bool:
        """Somebody asked it to stop."""
        return self._files.stop.exists()

    def end(self, state: str, said: str, notes: tuple[str, ...] = (), error: OpsError | None = None) -> None:
        why, next_step = ("", "") if error is None else (str(error), error.next_step)
        at = datetime.now(UTC)
        self._job = replace(
            self._job, state=state, status_text=said, notes=notes, ended=at, error=why, next_step=next_step
        )
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._files.write(self._job)


class _JobFiles:
    """A job's three files."""

    def __init__(self, folder: Path, name: str) -> None:
        if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
            raise UsageError(f"{name!r} cannot be a job's name.", "Use letters, digits, - and _.")
        self.name, self._folder = name, folder / "jobs"
        self.state, self.log, self.stop = (self._folder / f"{name}.{kind}" for kind in ("json", "log", "stop"))

    def take(self) -> Any:
        """The log, empty and locked. Raises UsageError when a running job holds it."""
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            log = open(self.log, "a", encoding="utf-8", opener=private_opener)  # noqa: SIM115 - held for longer
        except OSError as error:
            raise folder_error(self._folder, error) from error
        patience = time.monotonic() + _UNLOCK_TIMEOUT_S
        while not self._locked(log):
            if self._unfinished() or time.monotonic() > patience:
                log.close()
                raise UsageError(
                    "That is already being done, by a process of this machine.", "Wait for it, or stop it first."
                )
            time.sleep(0.02)  # it has said its last word, and lets go of the lock next
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
            stored = {_STORED_KEYS.get(name, name): value for name, value in asdict(job).items()}
            stream.write(json.dumps(stored, default=datetime.isoformat).encode())

    def read(self) -> BackgroundJob | None:
        held = self.held()  # before the state: a job that ends in between is not taken for lost
        known = self._load()
        return replace(known, state=LOST) if known and known.running and not held else known

    def _unfinished(self) -> bool:
        """Whether the last one has not said that it ended, whatever became of its process."""
        known = self._load()
        return known is not None and known.running

    def _load(self) -> BackgroundJob | None:
        try:
            kept = json.loads(read_file(self.state))
            times = {name: kept[name] and datetime.fromisoformat(kept[name]).astimezone(UTC) for name in _TIMES}
            fields = {name: kept.pop(key) for name, key in _STORED_KEYS.items()}
            return _validated(BackgroundJob(**{**kept, **times, **fields, "notes": tuple(kept["notes"])}))
        except (OpsError, *MALFORMED):
            return None


_TIMES = ("began", "ended")
_STORED_KEYS = {"status_text": "said"}
"""Where a field has another name in a job's file."""


def _validated(job: BackgroundJob) -> BackgroundJob | None:
    """``job`` where its file holds what is written to one."""
    texts = (job.name, job.work, job.state, job.status_text, job.log, job.error, job.next_step, *job.notes)
    numbers = (job.done, job.expected)
    whole = all(isinstance(text, str) for text in texts) and all(isinstance(number, int) for number in numbers)
    return job if whole and isinstance(job.began, datetime) and isinstance(job.arguments, dict) else None


def run_job(order: Mapping[str, Any]) -> None:
    """Carries out one order; what became of it stands in the job's file."""
    from ops import workload
    from ops.aws import Aws
    from ops.deadletters.jobs.tasks import TASKS

    files = _JobFiles(Path(order["folder"]), order["name"])
    notes = JobReporter(files, files.read() or BackgroundJob(order["name"], order["work"], RUNNING, datetime.now(UTC)))
    try:
        target = Target(**order["target"])
        aws = Aws(target)
        source = open_queue(aws, workload.describe(aws, target), order["queue"])
        said, more = TASKS[order["work"]](source, notes, **order["arguments"])
    except OpsError as error:
        notes.end(FAILED, str(error), error=error)
    else:
        notes.end(DONE, said, more)


if __name__ == "__main__":
    run_job(json.load(sys.stdin))
    file_lock.unlock(sys.stdout)  # Python takes a while to end, and the next one may begin
