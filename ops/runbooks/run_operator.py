"""Who answers a run's questions: a person at a terminal or on a page, or answers that were prepared."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from ops.runbooks.actions.action import RunbookAction, StepPreview
from ops.runbooks.model import RunbookStep
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_state import PersonRequest


class Confirmation(Enum):
    YES = "yes"
    SKIP = "skip"  # a person decided that the step is not needed
    LATER = "later"  # no one decided: only what reads is carried out
    STOP = "stop"


class Operator(Protocol):
    """Who is asked, and who is shown what happens."""

    def confirm(self, step: RunbookStep, action: RunbookAction, preview: StepPreview) -> Confirmation: ...

    def continue_anyway(self, step: RunbookStep, text: str) -> bool:
        """Whether to continue although a check is not as expected."""

    def show(self, step: RunbookStep | None, event: RecordedEvent) -> None: ...


class PersonAwaited(Exception):
    """An operator's answer to any question: no one is there now. The run ends its process here and waits, on disk, for
    a resume that brings the answer."""

    def __init__(self, request: PersonRequest) -> None:
        super().__init__(request.text)
        self.request = request
