"""A run in the audit log of the dead letters: its start and end, and each change that it makes, before and after."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ops.deadletters.archive import audit_log
from ops.errors import OpsError
from ops.runbooks.actions import ACTIONS
from ops.runbooks.actions.action import Effect, PlannedChange
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent, RecordError
from ops.runbooks.run_state import RunbookRun, StepState
from ops.workload import Workload

STEP, UNDO = "runbook step", "runbook undo"
BEGAN, INTERRUPTED = "began", "interrupted"
_CHANGING = (Effect.CHANGE, Effect.FINAL)
_OUTCOMES = {"executed": "carried out", "failed": "failed", "not_done": "not done", "unfinished": "not finished"}
"""What ends an intent. One whose outcome is not known stays open until a resume finds out."""

_OF_SETTINGS = ("before", "after")
"""Outputs that the change says already."""


class RunAudit:
    """``home``: where the audit log is. Each method raises RecordError where it cannot be written: nothing may be done
    that it would not show."""

    def __init__(self, home: Path, workload: Workload, run: RunbookRun, who: str, reason: str) -> None:
        self._home, self._workload, self._run, self._who, self._reason = home, workload, run, who, reason
        unknown = {name: step for name, step in run.steps.items() if step.state is StepState.UNKNOWN}
        self._intended = {name: _shown(step.changes) for name, step in unknown.items()}

    def add(self, action: str, outcome: str, note: str) -> None:
        record = audit_log.Record(
            datetime.now(UTC),
            self._who,
            self._workload.account,
            self._workload.region,
            action,
            self._workload.queue.name,
            self._reason,
            plan=self._run.id,
            plan_hash=self._run.digest,
            outcome=outcome,
            note=note,
        )
        try:
            audit_log.append_record(self._home, record)
        except OpsError as error:
            raise RecordError(f"The audit log cannot be written: {error}", error.next_step) from error

    def add_event(self, step: RunbookStep, event: RecordedEvent) -> None:
        """The intent and the outcome of what changes something."""
        kind, _, what = event.kind.partition(".")
        if kind not in ("step", "undo") or ACTIONS[step.action].effect not in _CHANGING:
            return
        action = UNDO if kind == "undo" else STEP
        name = f"({step.id}, {step.action})"
        if what == "intended":
            changes = _shown(tuple(PlannedChange(**change) for change in event.data.get("changes", ())))
            self._intended[step.id] = changes
            self.add(action, BEGAN, f"{changes} {name}")
        elif what in _OUTCOMES and step.id in self._intended:
            outputs = {key: value for key, value in event.data.get("outputs", {}).items() if key not in _OF_SETTINGS}
            found = ", ".join(f"{key} {_value(value)}" for key, value in outputs.items())
            parts = (f"{self._intended.pop(step.id)} {name}", found, str(event.data.get("text", "")))
            self.add(action, _OUTCOMES[what], ". ".join(part for part in parts if part))


def _shown(changes: tuple[PlannedChange, ...]) -> str:
    return "; ".join(f"{change.what}: {_value(change.before)} → {_value(change.after)}" for change in changes)


def _value(value: object) -> str:
    return "none" if value is None else str(value)
