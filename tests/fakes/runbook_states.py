"""Runs that a page seldom shows: failed, unknown, elsewhere, waiting for words to be typed, rolled back, one of hundreds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.services.runbook_service import RecordedRuns
from ops.files.lock_holder import LockHolder
from ops.runbooks.actions.action import PlannedChange, StepPreview
from ops.runbooks.locking import SharedHolder
from ops.runbooks.run_state import PersonRequest
from tests.fakes.runbook_service import CHECKS, PREVIEW, RUN, START, STARTED, SampleRunbookService, Told

PLAN = "20261129T021112-7f3a"
CHANGE = {"what": "polling of mapping 14e0db71", "before": "off", "after": "on"}
ON = "aws lambda update-event-source-mapping --uuid 14e0db71 --enabled"
OFF = "aws lambda update-event-source-mapping --uuid 14e0db71 --no-enabled"
ASKED: tuple[Told, ...] = (
    ("step.executed", "paused", {"outputs": {"answer": "no"}}),
    ("step.verified", "paused", {"text": ""}),
)
INTENDED: Told = ("step.intended", "turn_on", {"inputs": {}, "changes": [CHANGE], "command": ON, "undo": OFF})
DENIED = (
    "arn:aws:sts::123456789012:assumed-role/OnCall/alex may not call lambda:UpdateEventSourceMapping on mapping 14e0db71. "
    "Otherwise: Ask someone who may, or use the console."
)
FAILED: tuple[Told, ...] = (
    STARTED, *CHECKS, *ASKED, INTENDED,
    ("step.failed", "turn_on", {"text": DENIED, "next_step": "Allow lambda:UpdateEventSourceMapping, or use another profile."}),
    ("run.ended", "", {"phase": "failed", "text": f"Step turn_on failed: {DENIED} Allow it, or use another profile."}),
)  # fmt: skip
UNKNOWN: tuple[Told, ...] = (
    STARTED, *CHECKS, *ASKED, INTENDED,
    ("step.unknown", "turn_on", {"text": "Lambda did not answer within 25 s (mapping 14e0db71)."}),
    ("run.ended", "", {
        "phase": "failed",
        "text": "The outcome of step turn_on is not known: Lambda did not answer within 25 s (mapping 14e0db71).",
    }),
)  # fmt: skip
INTERRUPTED: tuple[Told, ...] = (STARTED, *CHECKS, *ASKED, INTENDED)
DONE: tuple[Told, ...] = (
    STARTED, *CHECKS, *ASKED, INTENDED,
    ("step.executed", "turn_on", {"outputs": {"before": "off", "after": "on"}}),
    ("step.verified", "turn_on", {"text": "polling is on (Enabled)."}),
    ("run.ended", "", {"phase": "done", "text": "Every step is done."}),
)  # fmt: skip
CHECKED: tuple[Told, ...] = (
    STARTED, *CHECKS,
    ("run.ended", "", {"phase": "checked", "text": "Checks only: nothing was changed. Step turn_on would change 1 setting."}),
)  # fmt: skip
STOPPED: tuple[Told, ...] = (
    *DONE[:-1],
    ("run.ended", "", {"phase": "stopped", "text": "Stopped by arn:aws:sts::123456789012:assumed-role/OnCall/alex."}),
)
ROLLED_BACK: tuple[Told, ...] = (
    *DONE[:-1],
    ("run.rollback", "", {"actor": STARTED[2]["actor"], "reason": "it made it worse"}),
    ("undo.verified", "turn_on", {"text": "polling is off again."}),
    ("run.ended", "", {"phase": "rolled back", "text": "1 change was undone."}),
)
REDRIVE: tuple[Told, ...] = (
    (STARTED[0], "", STARTED[2] | {"runbook": "dlq-redrive", "file": "runbooks/dlq-redrive.md", "reason": "alarm scilearn-dead-letters"}),
    ("step.executed", "plan", {"outputs": {"plan": PLAN, "messages": 54, "warnings": [], "engine": "ledger"}}),
    ("step.verified", "plan", {"text": ""}),
    ("run.waiting", "redrive", {
        "request": "cd34ef56", "asks": "confirm",
        "changes": [{"what": "messages of scilearn-jobs-dead that are sent back", "before": 0, "after": 54}],
        "notes": ["In stages of 5, 1%, 10%, 100%; stops when too many fail again."],
        "command": f"ops dlq redrive {PLAN}", "undo": "Sent messages cannot be recalled.",
    }),
)  # fmt: skip
BUSY = LockHolder(RUN, "arn:aws:sts::123456789012:assumed-role/OnCall/sam", 4711, "2026-11-29T02:10:00+00:00")
ELSEWHERE = SharedHolder(
    "20261129T015500000000-backlog-77aa", "0123abcd4567ef89", datetime(2026, 11, 29, 2, 55, tzinfo=UTC),
    "arn:aws:sts::123456789012:assumed-role/OnCall/kim",
)  # fmt: skip
LEFT = StepPreview(
    notes=(
        "The outcome of step turn_on is not known, so that it is left as it is: Lambda did not answer within 25 s. "
        f"If it took place, undo it manually: {OFF}",
    )
)
CHANGED = (
    "runbooks/stalled-consumer.md has changed since the run started; the run keeps the version that it started with."
)
UNDO = {"turn_on": StepPreview((PlannedChange("polling of mapping 14e0db71", "on", "off"),), command=OFF)}


class Redriving(SampleRunbookService):
    """Waits for the words of its redrive; once they are given, it is done at once."""

    def __init__(self) -> None:
        super().__init__(REDRIVE)

    def answer(self, run: str, request: PersonRequest, value: str, reason: str) -> None:
        super().answer(run, request, value, reason)
        self._told = (
            *REDRIVE,
            ("run.resumed", "", {"actor": STARTED[2]["actor"], "reason": reason, "answer": value}),
            ("run.ended", "", {"phase": "done", "text": f"Answered {value}: {reason}."}),
        )


class ManyRuns(SampleRunbookService):
    """300 runs of this workload that are over, and 40 of others."""

    def __init__(self) -> None:
        super().__init__(DONE)

    def list_runs(self) -> RecordedRuns:
        (done,) = super().list_runs().own
        began = [START - timedelta(hours=number) for number in range(300)]
        own = (replace(done, id=f"{done.id}-{number}", began=at) for number, at in enumerate(began))
        return RecordedRuns(tuple(own), 40)


def _with(
    told: tuple[Told, ...],
    holder: LockHolder | None = None,
    previews: Mapping[str, StepPreview] | None = None,
    other: SharedHolder | None = None,
    here: bool = False,
    changed: str = "",
) -> Callable[[], SampleRunbookService]:
    return lambda: SampleRunbookService(told, here=here, holder=holder, previews=previews, other=other, changed=changed)


STATES: dict[str, Callable[[], SampleRunbookService]] = {
    "runbook-failed": _with(FAILED),
    "runbook-unknown": _with(UNKNOWN, previews={"turn_on": LEFT}),
    "runbook-interrupted": _with(INTERRUPTED),
    "runbook-busy": _with((STARTED, *CHECKS), BUSY),
    "runbook-elsewhere": _with((), other=ELSEWHERE),
    "runbook-interrupted-elsewhere": _with(INTERRUPTED, other=ELSEWHERE),
    "runbook-done": _with(DONE, previews=UNDO),
    "runbook-running": _with((STARTED, *CHECKS[:3]), here=True),
    "runbook-checked": _with(CHECKED),
    "runbook-stopped": _with(STOPPED, previews=UNDO),
    "runbook-rolled-back": _with(ROLLED_BACK),
    "runbook-typed": Redriving,
    "runbook-many": ManyRuns,
    "runbook-changed": _with((STARTED, *CHECKS, PREVIEW), changed=CHANGED),
}
"""By the name of the sample."""
