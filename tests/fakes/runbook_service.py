"""Runbooks and runs without a record on disk: the documents of this checkout, and one run that is folded from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.services.runbook_service import RecordedRuns, RunbookEntry, RunbookList, ShownRun
from ops.errors import UsageError
from ops.files.lock_holder import LockHolder
from ops.runbooks import library, validate
from ops.runbooks.actions.action import StepPreview
from ops.runbooks.locking import SharedHolder
from ops.runbooks.model import Runbook
from ops.runbooks.record import RecordedEvent
from ops.runbooks.run_state import PersonRequest, fold

RUN = "20261129T021000000000-stalled-consumer-ab12"
START = datetime(2026, 11, 29, 2, 10, tzinfo=UTC)
STARTED = ("run.started", "", {
    "version": 1, "runbook": "stalled-consumer", "file": "runbooks/stalled-consumer.md", "digest": "0",
    "actor": "arn:aws:sts::123456789012:assumed-role/OnCall/alex", "account": "123456789012", "region": "eu-west-1",
    "queue": "arn:aws:sqs:eu-west-1:123456789012:scilearn-jobs", "workload": "scilearn", "reason": "alarm scilearn-stalled",
})  # fmt: skip
CHECKS = (
    ("step.executed", "find", {"outputs": {"queue": "scilearn-jobs", "function": "scilearn-worker"}}),
    ("step.verified", "find", {"text": ""}),
    ("step.executed", "queue", {"outputs": {"visible": 1_284, "in_flight": 0}}),
    ("step.verified", "queue", {"text": ""}),
    ("step.executed", "mapping", {"outputs": {"state": "Disabled", "reason": "User action"}}),
    ("step.verified", "mapping", {"text": ""}),
    ("step.executed", "function", {"outputs": {"reserved_concurrency": None}}),
    ("step.verified", "function", {"text": ""}),
)
PREVIEW = ("run.waiting", "turn_on", {
    "request": "ab12cd34", "asks": "confirm",
    "changes": [{"what": "polling of mapping 14e0db71", "before": "off", "after": "on"}],
    "command": "aws lambda update-event-source-mapping --uuid 14e0db71 --enabled",
    "undo": "aws lambda update-event-source-mapping --uuid 14e0db71 --no-enabled",
})  # fmt: skip

Told = tuple[str, str, dict[str, Any]]


def events(told: Sequence[Told]) -> tuple[RecordedEvent, ...]:
    return tuple(
        RecordedEvent(START + timedelta(seconds=3 * place), kind, step, data)
        for place, (kind, step, data) in enumerate(told)
    )


class SampleRunbookService:
    """``told``: the events of the one run; empty: none. ``foreign``: appended to what others may have written. ``here``,
    ``holder``: who carries it on. ``other``: who holds the workload on another machine. ``previews``: of its undo.
    ``changed``: how the file of the run's document differs since."""

    def __init__(
        self,
        told: Sequence[Told] = (),
        foreign: str = "",
        firing: bool = False,
        here: bool = False,
        holder: LockHolder | None = None,
        previews: Mapping[str, StepPreview] | None = None,
        other: SharedHolder | None = None,
        changed: str = "",
    ) -> None:
        self._told, self._foreign, self._firing, self._here = told, foreign, firing, here
        self._holder, self._previews = holder, dict(previews or {})
        self._other, self._changed = other, changed
        self.calls: list[tuple[Any, ...]] = []

    def list_documents(self) -> RunbookList:
        entries = [self.document(name) for name in library.names()]
        if self._firing:
            entries = [
                RunbookEntry(entry.document, entry.problems, (f"scilearn-stalled{self._foreign}",), 0)
                if entry.document.name == "stalled-consumer"
                else entry
                for entry in entries
            ]
        return RunbookList(tuple(entries))

    def document(self, name: str) -> RunbookEntry:
        document, problems = library.read_file(library.find(name))
        if self._foreign:
            text = document.text.replace("## Impact\n", f"## Impact\n{self._foreign} <script>boom()</script>\n")
            document, problems = validate.read(document.name, document.file, text, with_paper=False)
        return RunbookEntry(document, problems)

    def list_runs(self) -> RecordedRuns:
        return RecordedRuns((fold(RUN, events(self._told)),) if self._told else ())

    def run(self, run: str) -> ShownRun:
        if not self._told:
            raise UsageError(f"There is no run {run} of a runbook on this machine.", "List the runs: ops runbook runs.")
        told = events(self._told)
        state = fold(RUN, told)
        document = self.document(state.runbook).document
        return ShownRun(document, state, told, self._here, self._holder, changed=self._changed)

    def find_other_machine(self) -> SharedHolder | None:
        return self._other

    def start(self, document: Runbook, reason: str, over: SharedHolder | None = None) -> str:
        self.calls.append(("start", document.name, reason))
        self._told = (STARTED, *CHECKS, PREVIEW)
        return RUN

    def answer(self, run: str, request: PersonRequest, value: str, reason: str) -> None:
        self.calls.append(("answer", request.id, value, reason))

    def resume(self, run: str, reason: str, over: SharedHolder | None = None) -> None:
        self.calls.append(("resume", run, reason))

    def stop(self, run: str) -> None:
        self.calls.append(("stop", run))

    def preview_undo(self, run: str, only: str = "") -> dict[str, StepPreview]:
        return self._previews

    def roll_back(self, run: str, reason: str, expected: dict[str, StepPreview], only: str = "") -> None:
        self.calls.append(("roll_back", run, reason, only))

    def report(self, run: str) -> str:
        return f"# Report of {run}{self._foreign}"
