"""The runs of one queue, read once each: a run that has ended is cached until its ledger's files change.

A page needs all runs, which may be those of a year, several times per rerun. A run that has not ended is read each
time: whether its process is alive is not in its ledger.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters.ledger.model import RunState
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.queue import DeadLetterQueue

Stamp = tuple[int, int] | None


def file_stamps(path: Path) -> tuple[Stamp, Stamp]:
    """The stamps of a database and its write-ahead log; they change with each write.

    An empty log, as a reader briefly leaves, counts as no log."""
    log = _stamp(path.with_name(path.name + "-wal"))
    return _stamp(path), log if log and log[1] else None


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


class RunCache:
    """Safe to use from several threads: each entry is replaced as a whole."""

    def __init__(self, source: DeadLetterQueue) -> None:
        self._source = source
        self._ended: dict[str, tuple[tuple[Stamp, Stamp], Run]] = {}

    def load_all(self) -> tuple[Run | OpsError, ...]:
        """The run that started last first; then an error for each whose ledger cannot be read."""
        results = [self._load(path) for path in sorted(self._source.runs_folder.glob("*.db"))]
        runs = [run for run in results if not isinstance(run, OpsError)]
        runs.sort(key=lambda run: run.began, reverse=True)
        return (*runs, *(error for error in results if isinstance(error, OpsError)))

    def _load(self, path: Path) -> Run | OpsError:
        stamps = file_stamps(path)  # before the file is read: a write in the meantime changes the stamps
        cached = self._ended.get(path.stem)
        if cached and cached[0] == stamps:
            return cached[1]
        from ops.deadletters.redrive import runs

        try:
            run = runs.read_run(self._source, path.stem)
        except OpsError as error:
            return error
        if run.state not in (RunState.RUNNING, RunState.INTERRUPTED):
            self._ended[path.stem] = (stamps, run)
        return run
