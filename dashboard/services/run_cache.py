"""The runs of one queue, read once each: a run that has ended is kept until its ledger's files change.

A page asks for all of them several times a rerun, and whoever is woken at night finds those of a year. One that has not
ended is read each time: whether its process lives is not in its ledger.
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
    """Others whenever a database was written to: of its file, and of the log beside it that holds what is new.

    An empty log, as a reader leaves for a moment, is none."""
    log = _stamp(path.with_name(path.name + "-wal"))
    return _stamp(path), log if log and log[1] else None


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class RunCache:
    """May be asked from several threads: each answer is put in place as a whole."""

    def __init__(self, source: DeadLetterQueue) -> None:
        self._source = source
        self._ended: dict[str, tuple[tuple[Stamp, Stamp], Run]] = {}

    def load_all(self) -> tuple[Run | OpsError, ...]:
        """The run that began last first; then an error for each whose ledger cannot be read."""
        found = [self._one(path) for path in sorted(self._source.runs.glob("*.db"))]
        runs = sorted((one for one in found if not isinstance(one, OpsError)), key=lambda run: run.began, reverse=True)
        return (*runs, *(one for one in found if isinstance(one, OpsError)))

    def _one(self, path: Path) -> Run | OpsError:
        now = file_stamps(path)  # before it is read: what is written meanwhile makes another stamp
        kept = self._ended.get(path.stem)
        if kept and kept[0] == now:
            return kept[1]
        from ops.deadletters.redrive import redrive

        try:
            run = redrive.read_run(self._source, path.stem)
        except OpsError as error:
            return error
        if run.state not in (RunState.RUNNING, RunState.INTERRUPTED):
            self._ended[path.stem] = (now, run)
        return run
