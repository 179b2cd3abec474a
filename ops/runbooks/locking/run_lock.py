"""One run of a runbook per workload at a time: a lock while it is carried out, and a run that waits for a person.

Of this machine, and this user's ``OPS_HOME``. For other machines see ``shared_hold``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from ops import clock, formatting, typed_json
from ops.errors import OpsError
from ops.files import atomic_file
from ops.files import lock_holder as locks
from ops.files.lock_holder import LockHolder
from ops.runbooks.record import FOLDER, RunRecord, list_records
from ops.runbooks.run_state import RunbookRun, RunPhase, fold
from ops.workload import Workload


class RunbookBusy(OpsError):
    """Another run of a runbook is in progress on this workload."""


def read_holder(home: Path, workload: Workload) -> LockHolder | None:
    """The process that carries out a run on the workload now; its ``run`` is the run's ID."""
    return _read(_path(home, workload))


def _read(path: Path) -> LockHolder | None:
    try:
        return locks.read_holder(path)
    except OSError as error:
        raise atomic_file.file_error(path, error) from error


def is_interrupted(home: Path, run: RunbookRun) -> bool:
    """Whether a run that is recorded as running has no process any more: it was killed, and can be resumed."""
    if run.phase is not RunPhase.RUNNING:
        return False
    holder = _read(lock_path(home, run.account, run.region, run.queue.rpartition(":")[2]))
    return holder is None or holder.run != run.id


def find_waiting(home: Path, queue_arn: str, last: str = "") -> RunbookRun | None:
    """The run on the workload of this queue that waits for a person. One that cannot be read is passed over. ``last``: the
    run that held its lock last, which alone can wait, since it lets no other in; empty: not known, and all are read."""
    for record in [RunRecord(home / FOLDER / last)] if last else list_records(home):
        try:
            state = fold(record.run, record.events())
        except OpsError:
            continue
        if state.queue == queue_arn and state.phase is RunPhase.WAITING:
            return state
    return None


@contextmanager
def hold_run_lock(home: Path, workload: Workload, run: str, who: str) -> Iterator[None]:
    """Hold the workload for ``run``. Raises RunbookBusy."""
    path = _path(home, workload)

    def admit(before: LockHolder | None) -> None:
        waiting = find_waiting(home, workload.queue.arn, before.run if before else "")
        if waiting is not None and waiting.id != run:
            raise RunbookBusy(
                f"A run of {waiting.runbook} on {workload.name} waits for an answer, started by {waiting.actor} "
                f"({waiting.id}).",
                f"Answer or stop it first: ops runbook resume {waiting.id}, or the dashboard's Runbooks page.",
            )

    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            stack.enter_context(locks.hold_lock(path, run, who, admit))
        except locks.LockHeld as held:
            raise _busy(workload.name, held.holder) from held
        except OSError as error:
            raise atomic_file.file_error(path, error) from error
        yield


def _busy(workload: str, holder: LockHolder | None) -> RunbookBusy:
    by = f" by {holder.who}{_lasting(holder)} ({holder.run}, process {holder.pid})" if holder else ""
    return RunbookBusy(
        f"A runbook is already running on {workload}{by}.",
        "Wait until it ends; read only meanwhile: ops runbook run NAME --yes-to read-only.",
    )


def _lasting(holder: LockHolder) -> str:
    try:
        since = typed_json.in_utc(datetime.fromisoformat(holder.since))
    except ValueError:
        return f" since {holder.since}" if holder.since else ""
    now = clock.now_utc()
    lasted = formatting.duration(max(0.0, (now - since).total_seconds()))
    return f" since {formatting.clock(since, now, seconds=True)}, for {lasted}"


def lock_path(home: Path, account: str, region: str, queue: str) -> Path:
    """``queue``: its name."""
    return home / FOLDER / f"{account}-{region}-{queue}.lock"


def _path(home: Path, workload: Workload) -> Path:
    return lock_path(home, workload.account, workload.region, workload.queue.name)
