"""A run as its record shows it: the state of each step, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ops.errors import OpsError
from ops.files import atomic_file
from ops.runbooks.actions.action import PlannedChange
from ops.runbooks.record import RecordedEvent

_HEADER = (
    *(
        "runbook",
        "file",
        "digest",
        "actor",
        "account",
        "region",
        "queue",
        "dlq",
        "function",
        "workload",
        "stack",
        "reason",
    ),
)
"""Fields of ``run.started``; one that an earlier version did not write is empty."""


class RunPhase(StrEnum):
    RUNNING = "running"  # or interrupted, where no process holds its lock
    WAITING = "waiting"  # for a person; no process is needed for that
    DONE = "done"
    CHECKED = "checked"  # read-only: nothing was changed, and what changes something was only previewed
    STOPPED = "stopped"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"


class StepState(StrEnum):
    PENDING = "pending"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # its call was announced, and no outcome is recorded
    EXECUTED = "executed, not verified"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class RequestKind(StrEnum):
    """What a person is asked for."""

    CONFIRM = "confirm"  # to carry out a step, by its preview
    ANSWER = "answer"  # to a question of the runbook
    CONTINUE = "continue"  # although a check is not as expected


@dataclass(frozen=True)
class PersonRequest:
    """What a run waits for. ``changes`` … ``confirmation``: of the preview to confirm. ``id``: so that no answer is taken for
    another question's."""

    id: str
    kind: RequestKind
    text: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    changes: tuple[PlannedChange, ...] = ()
    notes: tuple[str, ...] = ()
    command: str = ""
    undo: str = ""
    confirmation: str = ""
    revision: str = ""
    step: str = ""
    """Set by the engine."""


@dataclass
class StepProgress:
    """``changes``: what the step changed, or may have changed. ``undo``: the command for that, as its preview said."""

    state: StepState = StepState.PENDING
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[PlannedChange, ...] = ()
    undo: str = ""
    text: str = ""


@dataclass
class RunbookRun:
    """``steps``: those that something happened to, by ID. ``queue``: of the workload, by ARN; ``dlq`` and
    ``function``: by name."""

    id: str
    runbook: str = ""
    file: str = ""
    digest: str = ""
    actor: str = ""
    account: str = ""
    region: str = ""
    queue: str = ""
    dlq: str = ""
    function: str = ""
    workload: str = ""
    stack: str = ""
    reason: str = ""
    phase: RunPhase = RunPhase.RUNNING
    text: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    steps: dict[str, StepProgress] = field(default_factory=dict)
    request: PersonRequest | None = None
    """Set while the run is WAITING."""

    def step(self, step_id: str) -> StepProgress:
        return self.steps.setdefault(step_id, StepProgress())

    def outputs(self) -> dict[str, Mapping[str, Any]]:
        """What later steps may refer to."""
        return {name: step.outputs for name, step in self.steps.items() if step.outputs}

    def apply(self, event: RecordedEvent) -> None:
        """Take in one event more."""
        data = event.data
        if event.kind.startswith("run."):
            self.request = None
        match event.kind:
            case "run.started":
                self.began = event.at
                for name in _HEADER:
                    setattr(self, name, str(data.get(name, "")))
            case "run.resumed" | "run.rollback":
                self.phase, self.text, self.ended = RunPhase.RUNNING, "", None
            case "run.waiting":
                self.phase, self.request = RunPhase.WAITING, _request(event)
            case "run.ended":
                self.phase, self.text, self.ended = RunPhase(data["phase"]), str(data.get("text", "")), event.at
            case _:
                self._apply_to_step(event)

    def _apply_to_step(self, event: RecordedEvent) -> None:
        step, data = self.step(event.step), event.data
        step.text = str(data.get("text", ""))
        match event.kind:
            case "step.intended":
                step.state, step.inputs, step.outputs = StepState.UNKNOWN, data.get("inputs", {}), {}
                step.changes = tuple(PlannedChange(**change) for change in data.get("changes", ()))
                step.undo = str(data.get("undo", ""))
            case "step.executed":
                step.state, step.outputs = StepState.EXECUTED, data.get("outputs", {})
            case "step.verified":
                step.state = StepState.DONE
            case "step.skipped":
                step.state = StepState.SKIPPED
            case "step.failed":
                if step.state is not StepState.EXECUTED:  # else it took place, and what failed is its verification
                    step.changes = ()
                step.state = StepState.FAILED
            case "step.not_done":
                step.state, step.changes, step.outputs = StepState.PENDING, (), {}
            case "step.again" | "step.unfinished":  # what it changed is still there to be undone
                step.state, step.outputs = StepState.PENDING, {}
            case "undo.verified":
                for name in (event.step, *data.get("also", ())):
                    self.step(name).state = StepState.UNDONE


def _request(event: RecordedEvent) -> PersonRequest:
    data = event.data
    return PersonRequest(
        id=str(data["request"]),
        kind=RequestKind(data["asks"]),
        text=str(data.get("text", "")),
        choices=tuple(data.get("choices", ())),
        default=str(data.get("default", "")),
        changes=tuple(PlannedChange(**change) for change in data.get("changes", ())),
        notes=tuple(data.get("notes", ())),
        command=str(data.get("command", "")),
        undo=str(data.get("undo", "")),
        confirmation=str(data.get("confirmation", "")),
        revision=str(data.get("revision", "")),
        step=event.step,
    )


def fold(run: str, events: Iterable[RecordedEvent]) -> RunbookRun:
    """Raises OpsError for an event that says something else than this version writes."""
    state = RunbookRun(run)
    for number, event in enumerate(events, 1):
        try:
            state.apply(event)
        except atomic_file.MALFORMED as error:
            raise OpsError(
                f"Event {number} ({event.kind}) of run {run} cannot be read: it is damaged, or of another version of ops.",
                "Use the version of ops that started the run, or start a new run.",
            ) from error
    return state
