"""What a background process should do with a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ops.runbooks.actions.action import PlannedChange
from ops.runbooks.run_state import PersonRequest
from ops.target import Target


class RunWork(StrEnum):
    CONTINUE = "continue"
    ROLL_BACK = "roll back"


@dataclass(frozen=True)
class RunOrder:
    """``folder``: of the run. ``request`` and ``value``: an answer to what it waits for. ``again``: a step to do again.
    ``only``: the one step to undo. ``take_over``: from a run on another machine. ``expected``: the changes of each undo as
    they were confirmed."""

    target: Target
    folder: str
    work: RunWork
    reason: str
    request: PersonRequest | None = None
    value: str = ""
    again: str = ""
    only: str = ""
    take_over: bool = False
    expected: dict[str, tuple[PlannedChange, ...]] = field(default_factory=dict)
