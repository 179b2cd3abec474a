"""Starts, answers, stops and undoes runs from a page: calls return at once, a separate process does the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from ops import access
from ops.aws import Aws
from ops.deadletters.queue import open_queue
from ops.errors import OpsError, UsageError
from ops.runbooks import rollback, runs
from ops.runbooks.actions.action import ActionContext, StepPreview
from ops.runbooks.background.order import RunOrder, RunWork
from ops.runbooks.background.prepared_operator import PreparedAnswer, PreparedOperator
from ops.runbooks.background.run_process import RunProcess
from ops.runbooks.engine import StepRunner
from ops.runbooks.locking import SharedHold, SharedHolder, read_holder
from ops.runbooks.model import Runbook
from ops.runbooks.record import RunRecord, find_record
from ops.runbooks.run_state import PersonRequest
from ops.runbooks.runs import Session
from ops.target import state_folder
from ops.workload import Workload

REASON_REQUIRED = UsageError(
    "A reason is required for the record.", "Enter what happened, with a ticket if there is one."
)


def spawn(record: RunRecord, order: RunOrder) -> None:
    RunProcess(record).spawn(order)


class RunControl:
    """Runs on one workload. Everything raises OpsError, and ReadOnly where nothing may be changed."""

    def __init__(self, aws: Aws, workload: Workload, spawn: Callable[[RunRecord, RunOrder], None] = spawn) -> None:
        self._aws, self._workload, self._spawn_order = aws, workload, spawn
        self.home = state_folder(aws.target)

    def find_other_machine(self) -> SharedHolder | None:
        """The run on another machine that keeps runs here out; None also where that cannot be read, as a run then goes on."""
        try:
            return SharedHold(self._session("").context, self.home, "", "").find_other()
        except OpsError:
            return None

    def start(self, document: Runbook, reason: str, over: SharedHolder | None = None) -> str:
        """Returns the ID of the run, which is on record. ``over``: the run on another machine that is taken over, as it was
        shown."""
        access.ensure_may("a run of a runbook")
        session = replace(self._session(_given(reason)), take_over=self._still_holds(over))
        record = runs.prepare(session, document)
        self._spawn(record, RunWork.CONTINUE, reason)
        return record.run

    def answer(self, run: str, request: PersonRequest, value: str, reason: str) -> None:
        """``request``: as it was shown. Raises UsageError when the run waits for something else by now."""
        access.ensure_may("an answer to a runbook")
        record = find_record(self.home, run)
        _, state = runs.read_run(record)
        if state.request is None or state.request.id != request.id:
            raise UsageError("This was answered already, here or elsewhere.", "See what the run shows now.")
        PreparedAnswer(state.request, value)  # refuses what is not an answer
        self._spawn(record, RunWork.CONTINUE, reason, request=state.request, value=value)

    def resume(self, run: str, reason: str, again: str = "", over: SharedHolder | None = None) -> None:
        access.ensure_may("resuming a run")
        record, take_over = find_record(self.home, run), self._still_holds(over)
        self._spawn(record, RunWork.CONTINUE, reason, again=again, take_over=take_over)

    def stop(self, run: str) -> None:
        """Stop at once if no process is running it, otherwise at its next safe point. Raises UsageError for a run in a
        terminal."""
        access.ensure_may("stopping a run")
        record = find_record(self.home, run)
        process = RunProcess(record)
        if process.is_running():
            process.request_stop()
            if process.is_running():  # it looks once more when it has ended; one that had ended before does not
                return
        holder = read_holder(self.home, self._workload)
        if holder is not None and holder.run == record.run:
            raise UsageError(
                f"{holder.who} runs it in a terminal.", f"Stop it there with Ctrl-C (process {holder.pid})."
            )
        runs.stop(self._session("stopped on the dashboard"), record)

    def preview_undo(self, run: str, only: str = "") -> dict[str, StepPreview]:
        """Previews by step ID, the latest step first."""
        record = find_record(self.home, run)
        document, _ = runs.read_run(record)
        session = self._session("preview")
        return rollback.preview_undo(StepRunner(document, record, session.context, session.operator), only)

    def roll_back(self, run: str, reason: str, expected: dict[str, StepPreview], only: str = "") -> None:
        """``expected``: of ``preview_undo``, as confirmed."""
        access.ensure_may("undoing a run")
        changes = {step: preview.changes for step, preview in expected.items()}
        self._spawn(find_record(self.home, run), RunWork.ROLL_BACK, reason, only=only, expected=changes)

    def _still_holds(self, over: SharedHolder | None) -> bool:
        """Raises UsageError where by now another run holds the workload than the one that a person decided about."""
        now = self.find_other_machine() if over else None
        if over is not None and now is not None and now.run != over.run:
            raise UsageError(f"By now {now} holds the workload.", "Ask them, or take it over from that run.")
        return now is not None

    def _spawn(self, record: RunRecord, work: RunWork, reason: str, **more: Any) -> None:
        order = RunOrder(self._aws.target, str(record.folder), work, _given(reason), **more)
        self._spawn_order(record, order)

    def _session(self, reason: str) -> Session:
        operator = PreparedOperator(None, lambda: False)
        context = ActionContext(
            aws=self._aws,
            workload=self._workload,
            open_dlq=cache(lambda: open_queue(self._aws, self._workload)),
            reason=reason,
            ask=operator.ask,
            progress=lambda _line: None,
        )
        return Session(self.home, context, operator)


def _given(reason: str) -> str:
    if not reason.strip():
        raise REASON_REQUIRED
    return reason.strip()
