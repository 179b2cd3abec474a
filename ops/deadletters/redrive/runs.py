"""The runs of a queue, read from their ledgers by any process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deadletters import queue_lock
from ops.deadletters.ledger import Ledger
from ops.deadletters.ledger.model import Run, RunState
from ops.errors import OpsError, UsageError

if TYPE_CHECKING:
    from ops.deadletters.queue import DeadLetterQueue


def list_runs(source: DeadLetterQueue) -> tuple[Run, ...]:
    """Every run of this queue whose ledger can be read, the latest first."""
    runs = (run for run in _each_run(source) if isinstance(run, Run))
    return tuple(sorted(runs, key=lambda run: run.began, reverse=True))


def list_unreadable_runs(source: DeadLetterQueue) -> tuple[str, ...]:
    """A sentence for each ledger of this queue that cannot be read: what is wrong with it, and what to do."""
    return tuple(full_text(error) for error in _each_run(source) if isinstance(error, OpsError))


def read_run(source: DeadLetterQueue, run_id: str) -> Run:
    """A run as it is now; cheap enough to be read every second. ``run_id`` may be a unique prefix.

    Raises UsageError when there is none, OpsError when its ledger is damaged or of another version.
    """
    return _read(source, ledger_path(source, run_id))


def full_text(error: OpsError) -> str:
    """An error and its next step."""
    return f"{error} {error.next_step}".strip()


def ledger_path(source: DeadLetterQueue, run_id: str) -> Path:
    """The ledger of the run whose ID is ``run_id`` or begins with it. Raises UsageError unless there is exactly one."""
    paths = []
    if re.fullmatch(r"[0-9A-Za-z-]+", run_id):
        paths = sorted(source.runs_folder.glob(f"{run_id}*.db"))
        paths = [path for path in paths if path.stem == run_id] or paths
    if len(paths) == 1:
        return paths[0]
    if paths:
        names = ", ".join(path.stem for path in paths[:3])
        raise UsageError(f"{len(paths)} runs begin with {run_id}: {names} …", "Use more characters of the run's ID.")
    raise UsageError(f"There is no run {run_id} of {source.queue.name}.", "List the redrives: ops dlq runs.")


def _each_run(source: DeadLetterQueue) -> Iterator[Run | OpsError]:
    for path in sorted(source.runs_folder.glob("*.db"), reverse=True):
        try:
            yield _read(source, path)
        except OpsError as error:
            yield error


def _read(source: DeadLetterQueue, path: Path) -> Run:
    with Ledger.open(path) as ledger:
        run = ledger.run()
    if run.state is not RunState.RUNNING:
        return run
    holder = queue_lock.lock_holder(source)
    if holder is not None and holder.run == run.id:
        return run
    return replace(
        run,
        state=RunState.INTERRUPTED,
        status_text=f"Its process ended before the run did. Nothing is lost; resume it: ops dlq resume {run.id}.",
    )
