"""An action of a runbook: its inputs, what it would change, the call, the check, and the undo."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from ops import clock, masking
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.deadletters.queue import DeadLetterQueue
    from ops.workload import Workload

Value = int | str | bool | None
"""The value of a setting, as JSON can hold it."""
Outputs = Mapping[str, Any]
"""JSON's values by name: what later steps may refer to. ``lines`` is a list of texts that a person reads instead; they
may hold what some code logged, and are untrusted."""


class Effect(Enum):
    READ = "reads only"
    TRACE = "changes no setting, but leaves a trace"  # a scan counts as a receive; a plan is a file
    CHANGE = "can be undone"
    FINAL = "cannot be undone"


@dataclass(frozen=True)
class PlannedChange:
    """One thing that a step changes. ``what`` includes where: "maximum concurrency of mapping 14e0db71"."""

    what: str
    before: Value
    after: Value


@dataclass(frozen=True)
class StepPreview:
    """``changes`` is empty where nothing would change. ``undo``: the command, or a sentence why there is none.
    ``confirmation``: what a person types for what cannot be undone; empty: the ID of the step. ``revision``: of what
    would be changed, where AWS makes a change only to that one (``RevisionId``); ``command`` has it, ``undo`` cannot:
    the change gives it another one."""

    changes: tuple[PlannedChange, ...] = ()
    notes: tuple[str, ...] = ()
    command: str = ""
    undo: str = ""
    confirmation: str = ""
    revision: str = ""

    def masked(self) -> StepPreview:
        """The preview with secrets in settings masked, as in the record."""
        return msgspec.convert(masking.mask_value(asdict(self)), StepPreview)

    def is_true(self, now: StepPreview) -> bool:
        """Whether the preview of now is of the same change to the same revision."""
        return self.changes == now.changes and self.revision == now.revision

    def difference(self, now: StepPreview) -> str:
        """What changed between this preview and that of now, as a clause."""
        old = {change.what: change for change in self.changes}
        for change in now.changes:
            if change.what in old and old[change.what].before != change.before:
                return (
                    f"{change.what} was {old[change.what].before} in the preview and is {change.before} now; "
                    "preview it again."
                )
        if self.changes and self.changes == now.changes:
            return "AWS has a newer revision of it than the one in the preview; preview it again."
        return "the preview is no longer true; preview it again."


@dataclass(frozen=True)
class Paper:
    """What a person types who has no ``ops``: shell lines, and those that undo them."""

    commands: tuple[str, ...]
    undo: tuple[str, ...] = ()


class StepVerdict(Enum):
    HOLDS = "verified"
    NOT_YET = "not yet"
    FAILED = "failed"


@dataclass(frozen=True)
class StepVerification:
    verdict: StepVerdict
    text: str = ""


class Reconciliation(Enum):
    """Whether a call took place of which no outcome is recorded."""

    DONE = "it took place"
    NOT_DONE = "it did not take place"
    PARTLY = "it took place in part, or not at all; its own ledger lets it go on"
    UNKNOWN = "it cannot be told"


class PersonNeeded(OpsError):
    """The step needs an answer, and no one can give one here."""


class AskPerson(Protocol):
    def __call__(self, question: str, choices: tuple[str, ...], default: str) -> str: ...


@dataclass(frozen=True)
class ActionContext:
    """What an action works with. ``ask`` raises PersonNeeded where no one can answer; ``progress`` takes a line."""

    aws: Aws
    workload: Workload
    open_dlq: Callable[[], DeadLetterQueue]
    reason: str
    ask: AskPerson
    progress: Callable[[str], None]
    interruptible: Callable[[], AbstractContextManager[Callable[[], bool]]] = lambda: nullcontext(lambda: False)
    """While an action moves messages: yields ``stop()``, true once it should end cleanly."""
    waits: bool = True
    """Whether a step may wait; it does not where nothing is carried out that would be worth waiting for."""
    pause: Callable[[float], None] = time.sleep
    elapsed_s: Callable[[], float] = clock.elapsed_s
    previewed: StepPreview | None = None
    """While a change is carried out: its last preview. What is no longer as it shows is not changed."""
    changed_ago_s: float | None = None
    """How long before this step the run changed a setting or moved messages last; None: it has not. What was so before
    that does not tell whether the change has helped."""
    minute_s: float = 60.0
    """How long each of the minutes is over which a step adds a metric up: shorter in a rehearsal, as the periods of its
    twin's alarms are. Deadlines are not shorter."""


class RunbookAction(Protocol):
    """An action of the registry. ``inputs``: a struct whose fields are what a step may give. What takes a context may call AWS,
    and raises OpsError."""

    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def inputs(self) -> type[msgspec.Struct]: ...
    @property
    def outputs(self) -> tuple[str, ...]: ...
    @property
    def permissions(self) -> tuple[str, ...]: ...
    @property
    def sets(self) -> tuple[str, ...]:
        """Shell variables that its paper text sets."""

    @property
    def deadline_s(self) -> float:
        """How long ``verify`` may answer NOT_YET."""

    def paper(self, values: Mapping[str, str | None]) -> Paper:
        """``values``: inputs as text; one that is known during the run only is a word in capitals."""

    def preview(self, context: ActionContext, inputs: Any) -> StepPreview: ...

    def execute(self, context: ActionContext, inputs: Any) -> Outputs: ...

    def verify(self, context: ActionContext, inputs: Any, outputs: Outputs) -> StepVerification: ...

    def reconcile(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> Reconciliation: ...

    def preview_undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> StepPreview:
        """Raises OpsError where it cannot be undone: the setting is no longer what the step made of it."""

    def undo(self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]) -> None: ...

    def verify_undo(
        self, context: ActionContext, inputs: Any, changes: tuple[PlannedChange, ...]
    ) -> StepVerification: ...
