"""The process that continues a run, and the files that it leaves in the run's folder next to the record.

``process.log`` (its output; it holds a lock on it, so that "is it running?" needs no process ID), ``progress.json`` (its
latest line, or why it could not begin) and ``stop`` (it was asked to end). Its order is on standard input, so that
credentials are on no command line and in no file.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from ops import clock, typed_json
from ops.detached_process import start_process
from ops.errors import OpsError, UsageError
from ops.files import atomic_file, file_lock
from ops.runbooks.background.order import RunOrder
from ops.runbooks.record import RunRecord

_WRITE_EVERY_S = 0.5
_HANDOVER_S = 3.0
"""The record shows the end of a process before it releases its lock: the next one waits that long for it."""


@dataclass(frozen=True)
class RunProgress:
    """``text``: the latest line of the step in progress. ``error``: why the process ended outside of any step."""

    at: datetime
    text: str = ""
    error: str = ""
    next_step: str = ""


class RunProcess:
    """The process of one run; there is at most one at a time."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.log, self._progress, self._stop = (
            record.folder / name for name in ("process.log", "progress.json", "stop")
        )
        self._written = 0.0

    def spawn(self, order: RunOrder) -> None:
        """Carry out ``order`` in a process that outlives this one. Raises UsageError when one is running."""
        with self._take() as log:  # closed here; the lock stays with the process that is started
            for path in (self._progress, self._stop):
                path.unlink(missing_ok=True)
            start_process("ops.runbooks.background", typed_json.dumps(order).encode(), log, self.record.run)

    def is_running(self) -> bool:
        try:
            with os.fdopen(atomic_file.open_regular(self.log), "r") as log:
                return file_lock.is_locked(log)
        except (OSError, OpsError):
            return False

    def read_progress(self) -> RunProgress | None:
        try:
            found: RunProgress = typed_json.typed(typed_json.loads(atomic_file.read_file(self._progress)), RunProgress)
        except (OpsError, *atomic_file.MALFORMED):
            return None
        return found

    def write_progress(self, text: str) -> None:
        """Not too often: each is a file."""
        if time.monotonic() - self._written >= _WRITE_EVERY_S:
            self._written = time.monotonic()
            self._write(RunProgress(clock.now_utc(), text))

    def write_error(self, error: OpsError) -> None:
        self._write(RunProgress(clock.now_utc(), error=str(error), next_step=error.next_step))

    def request_stop(self) -> None:
        try:
            self._stop.touch(mode=0o600)
        except OSError as error:
            raise atomic_file.file_error(self._stop, error) from error

    def stop_requested(self) -> bool:
        return self._stop.exists()

    def _write(self, progress: RunProgress) -> None:
        with suppress(OpsError), atomic_file.atomic_write(self._progress, replace=True, durable=False) as stream:
            stream.write(typed_json.dumps(progress).encode())  # the record is what counts

    def _take(self) -> IO[str]:
        """The log, empty and locked."""
        try:
            log = open(self.log, "a", encoding="utf-8", opener=atomic_file.private_opener)  # noqa: SIM115 - held for longer
            if not file_lock.lock_exclusively(log, _HANDOVER_S):
                log.close()
                raise UsageError("This run is carried on by another process already.", "Wait until it stops or asks.")
            log.truncate(0)
        except OSError as error:
            raise atomic_file.file_error(self.log, error) from error
        return log
