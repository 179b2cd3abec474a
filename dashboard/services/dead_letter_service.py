"""The interface of pages to a dead-letter queue, and its implementation by ``ops``.

Everything is read from the snapshot, the ledgers and the jobs' state files. Long work runs in a process of its own
(ops.deadletters.jobs.background), which continues when the page is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dashboard.services.run_cache import RunCache, file_stamps
from ops.deadletters.jobs import background, tasks
from ops.deadletters.plan_model import Action, Destination, Edit, Pace, Plan, Selection, Steps
from ops.errors import OpsError
from ops.target import state_folder

if TYPE_CHECKING:
    from ops.deadletters.archive.audit_log import Record, Verification
    from ops.deadletters.archive.imports import ImportResult
    from ops.deadletters.causes import CausesReport, Timeline
    from ops.deadletters.edits.preview import Preview
    from ops.deadletters.jobs.background import BackgroundJob
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.messages.model import SnapshotMessage
    from ops.deadletters.queue import DeadLetterQueue
    from ops.deadletters.snapshot import CauseArrivals, SnapshotInfo


class DeadLetterService(Protocol):
    """One dead-letter queue. Everything raises OpsError."""

    queue: str
    """The queue's name."""

    def version(self) -> tuple[Any, ...]:
        """Changes whenever the snapshot may have changed; until then, what was read from it can be cached."""

    def info(self) -> SnapshotInfo | None:
        """None before the first scan."""

    def causes(self, imported: bool = False) -> CausesReport: ...
    def arrivals(self, imported: bool = False) -> CauseArrivals:
        """Arrival times of the messages by cause."""

    def find(
        self, selection: Selection, order: str, descending: bool, limit: int, offset: int
    ) -> tuple[SnapshotMessage, ...]: ...
    def count(self, selection: Selection) -> int: ...
    def message(self, message_id: str) -> SnapshotMessage: ...
    def timeline(self, message_id: str) -> Timeline:
        """Searches the logs."""

    def parse_edits(self, sets: Sequence[str], merge_patch: str) -> tuple[Edit, ...]: ...
    def create_plan(
        self,
        selection: Selection,
        action: Action,
        destination: Destination = Destination(),  # noqa: B008 (frozen)
        edits: tuple[Edit, ...] = (),
        pace: Pace = Pace(),  # noqa: B008 (frozen)
        steps: Steps = Steps(),  # noqa: B008 (frozen)
    ) -> Plan:
        """Create and save a plan; no message is sent or deleted."""

    def load_plan(self, plan: str) -> Plan: ...

    def preview_messages(self, plan: Plan) -> tuple[Preview, ...]:
        """The plan's sample of messages as they will be sent."""

    def runs(self) -> tuple[Run, ...]: ...
    def unreadable_runs(self) -> tuple[str, ...]:
        """A sentence for each run whose ledger cannot be read."""

    def run(self, plan: str) -> Run | None:
        """None when it has not started."""

    def cancel(self, run: str) -> None: ...
    def start(self, work: str, name: str = "", **arguments: Any) -> BackgroundJob: ...
    def job(self, name: str) -> BackgroundJob | None: ...
    def stop(self, name: str) -> None: ...
    def export_path(self, format: str) -> Path:
        """The path for an export that starts now."""

    def import_messages(self, path: Path) -> ImportResult:
        """Add the messages of an export to the snapshot and find their failure causes."""

    def undo_import(self, path: Path) -> ImportResult:
        """Remove the messages that ``import_messages`` added to the snapshot."""

    def audit(self, limit: int | None = None) -> tuple[Record, ...]: ...
    def verify_audit(self) -> Verification: ...


class LocalDeadLetterService:
    """Reads the snapshot and ledgers on disk; starts jobs as processes of this machine."""

    def __init__(self, source: DeadLetterQueue) -> None:
        self._source = source
        self._run_cache = RunCache(source)
        self.queue = source.queue.name

    def version(self) -> tuple[Any, ...]:
        return file_stamps(self._source.snapshot_path)

    def info(self) -> SnapshotInfo | None:
        if not self._source.snapshot_path.exists():
            return None
        from ops.deadletters.snapshot import Snapshot

        with Snapshot.open(self._source) as snapshot:
            info = snapshot.info()
        return info if info.scanned_at or info.messages or info.imported else None

    def causes(self, imported: bool = False) -> CausesReport:
        from ops.deadletters import causes

        return causes.report_causes(self._source, imported)

    def arrivals(self, imported: bool = False) -> CauseArrivals:
        from ops.deadletters.messages.model import Place
        from ops.deadletters.snapshot import Snapshot, cause_arrivals

        with Snapshot.open(self._source) as snapshot:
            return cause_arrivals(snapshot, (Place.IMPORTED if imported else Place.QUEUE,))

    def find(
        self, selection: Selection, order: str, descending: bool, limit: int, offset: int
    ) -> tuple[SnapshotMessage, ...]:
        from ops.deadletters.snapshot import Snapshot

        with Snapshot.open(self._source) as snapshot:
            return snapshot.find(selection, order, descending, limit, offset)

    def count(self, selection: Selection) -> int:
        from ops.deadletters.snapshot import Snapshot

        with Snapshot.open(self._source) as snapshot:
            return snapshot.count(selection)

    def message(self, message_id: str) -> SnapshotMessage:
        from ops.deadletters.snapshot import Snapshot

        with Snapshot.open(self._source) as snapshot:
            return snapshot.get(message_id)

    def timeline(self, message_id: str) -> Timeline:
        from ops.deadletters import causes

        return causes.build_timeline(self._source, message_id)

    def parse_edits(self, sets: Sequence[str], merge_patch: str) -> tuple[Edit, ...]:
        from ops.deadletters.edits import edits

        return edits.parse_edits(sets, merge_patch or None)

    def create_plan(
        self,
        selection: Selection,
        action: Action,
        destination: Destination = Destination(),  # noqa: B008 (frozen)
        edits: tuple[Edit, ...] = (),
        pace: Pace = Pace(),  # noqa: B008 (frozen)
        steps: Steps = Steps(),  # noqa: B008 (frozen)
    ) -> Plan:
        from ops.deadletters import plans

        plan = plans.make_plan(
            self._source, selection, action=action, destination=destination, edits=edits, pace=pace, steps=steps
        )
        plans.save_plan(self._source, plan)
        return plan

    def load_plan(self, plan: str) -> Plan:
        from ops.deadletters import plans

        return plans.load_plan(plan, self._source)

    def preview_messages(self, plan: Plan) -> tuple[Preview, ...]:
        from ops.deadletters.edits import preview

        return tuple(preview.preview_message(self.message(message_id).message, plan) for message_id in plan.sample)

    def runs(self) -> tuple[Run, ...]:
        return tuple(run for run in self._run_cache.load_all() if not isinstance(run, OpsError))

    def unreadable_runs(self) -> tuple[str, ...]:
        errors = (run for run in self._run_cache.load_all() if isinstance(run, OpsError))
        return tuple(f"{error} {error.next_step}".strip() for error in errors)

    def run(self, plan: str) -> Run | None:
        if not (self._source.runs_folder / f"{plan}.db").exists():
            return None
        from ops.deadletters.redrive.runs import read_run

        return read_run(self._source, plan)

    def cancel(self, run: str) -> None:
        from ops.deadletters.redrive import redrive

        redrive.cancel_redrive(self._source, run)

    def start(self, work: str, name: str = "", **arguments: Any) -> BackgroundJob:
        if isinstance(arguments.get("selection"), Selection):
            arguments["selection"] = tasks.selection_to_json(arguments["selection"])
        return background.start_job(self._source, work, name, **arguments)

    def job(self, name: str) -> BackgroundJob | None:
        return background.read_job(self._source, name)

    def stop(self, name: str) -> None:
        background.stop_job(self._source, name)

    def export_path(self, format: str) -> Path:
        from ops.deadletters.archive import exports

        path = exports.default_export_path(self._source, format)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        return path

    def import_messages(self, path: Path) -> ImportResult:
        from ops.deadletters.archive import imports

        return imports.import_messages(self._source, path)

    def undo_import(self, path: Path) -> ImportResult:
        from ops.deadletters.archive import imports

        return imports.undo_import(self._source, path)

    def audit(self, limit: int | None = None) -> tuple[Record, ...]:
        from ops.deadletters.archive import audit_log

        return audit_log.read_records(state_folder(self._source.aws.target), limit)

    def verify_audit(self) -> Verification:
        from ops.deadletters.archive import audit_log

        return audit_log.verify_records(state_folder(self._source.aws.target))
