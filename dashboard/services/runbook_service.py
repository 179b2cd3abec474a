"""The interface of the Runbooks page, and its implementation by ``ops``.

Everything about a run is read from its record, so a run of the command line and one of the page look the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ops.errors import OpsError
from ops.runbooks import library, locking, runs
from ops.runbooks.actions.action import StepPreview
from ops.runbooks.background.run_process import RunProcess, RunProgress
from ops.runbooks.model import DocumentProblem, Runbook
from ops.runbooks.record import RecordedEvent, find_record
from ops.runbooks.run_state import PersonRequest, RunbookRun, RunPhase

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.files.lock_holder import LockHolder
    from ops.runbooks.background.control import RunControl
    from ops.runbooks.locking import SharedHolder
    from ops.workload import Workload


@dataclass(frozen=True)
class RunbookEntry:
    """A document of the library. ``firing``: alarms in ALARM now that it belongs to, by their full names. ``rank``: of the
    most urgent one whose link opens it, by the order of the page Alarms; None without one."""

    document: Runbook
    problems: tuple[DocumentProblem, ...] = ()
    firing: tuple[str, ...] = ()
    rank: int | None = None

    @property
    def live(self) -> bool:
        """Whether it can be run."""
        return bool(self.document.steps) and not self.problems


@dataclass(frozen=True)
class RunbookList:
    """``unread``: what could not be read, in sentences."""

    entries: tuple[RunbookEntry, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordedRuns:
    """``own``: of this workload, the latest first; ``others``: how many there are of other workloads."""

    own: tuple[RunbookRun, ...] = ()
    others: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownRun:
    """A run with the document that it started with. ``here``: a process of the dashboard carries it on; ``holder``: who
    carries it on elsewhere; ``changed``: how the document's file differs now, as a sentence, or empty."""

    document: Runbook
    state: RunbookRun
    events: tuple[RecordedEvent, ...]
    here: bool = False
    holder: LockHolder | None = None
    progress: RunProgress | None = None
    changed: str = ""

    @property
    def active(self) -> bool:
        """Whether a process carries it on."""
        return self.here or self.holder is not None

    @property
    def interrupted(self) -> bool:
        return self.state.phase is RunPhase.RUNNING and not self.active

    @property
    def in_progress(self) -> bool:
        """Whether it keeps others out."""
        return self.active or self.state.phase is RunPhase.WAITING


class RunbookService(Protocol):
    """The runbooks and runs of one workload. Everything raises OpsError."""

    def list_documents(self) -> RunbookList:
        """All documents, and the alarms that fire: one call to AWS."""

    def document(self, name: str) -> RunbookEntry:
        """One document, without alarms."""

    def list_runs(self) -> RecordedRuns: ...
    def run(self, run: str) -> ShownRun: ...
    def find_other_machine(self) -> SharedHolder | None:
        """The run on another machine that holds the workload: a call to AWS."""

    def start(self, document: Runbook, reason: str, over: SharedHolder | None = None) -> str:
        """Returns the run's ID. ``over``, here and below: the run on another machine that is taken over."""

    def answer(self, run: str, request: PersonRequest, value: str, reason: str) -> None: ...
    def resume(self, run: str, reason: str, over: SharedHolder | None = None) -> None: ...
    def stop(self, run: str) -> None: ...
    def preview_undo(self, run: str, only: str = "") -> dict[str, StepPreview]: ...
    def roll_back(self, run: str, reason: str, expected: dict[str, StepPreview], only: str = "") -> None: ...
    def report(self, run: str) -> str:
        """The incident report, as Markdown."""


class LocalRunbookService:
    """Reads the records on this machine; carries runs on in processes of their own."""

    def __init__(self, aws: Aws, workload: Workload) -> None:
        self._aws, self._workload = aws, workload
        self._made: RunControl | None = None

    @property
    def _control(self) -> RunControl:
        from ops.runbooks.background.control import RunControl

        self._made = self._made or RunControl(self._aws, self._workload)
        return self._made

    def list_documents(self) -> RunbookList:
        from ops.insight.reports import alarms
        from ops.insight.reports.alarms_page import rows

        found = [library.read_file(library.find(name)) for name in library.names()]
        try:
            states, unread = alarms.read(self._aws, self._workload)
        except OpsError as error:
            states, unread = (), (f"Alarms cannot be read: {error}",)
        in_alarm = sorted(
            (alarm for alarm in states if alarm.state == "ALARM"),
            key=lambda alarm: rows.urgency(alarm.name, self._workload.stack),
        )
        firing: dict[str, list[str]] = defaultdict(list)
        ranks: dict[str, int] = {}
        for rank, alarm in enumerate(in_alarm):
            documents = library.for_alarm(alarm.name, alarm.description)
            for document in documents:
                firing[document.name].append(alarm.name)
            if documents:
                ranks.setdefault(documents[0].name, rank)
        entries = (
            RunbookEntry(document, problems, tuple(firing[document.name]), ranks.get(document.name))
            for document, problems in found
        )
        return RunbookList(tuple(entries), unread)

    def document(self, name: str) -> RunbookEntry:
        return RunbookEntry(*library.read_file(library.find(name)))

    def list_runs(self) -> RecordedRuns:
        states, unread = runs.list_runs(self._control.home)
        own = tuple(state for state in states if state.queue == self._workload.queue.arn)
        return RecordedRuns(own, len(states) - len(own), unread)

    def run(self, run: str) -> ShownRun:
        record = find_record(self._control.home, run)
        process = RunProcess(record)
        here = process.is_running()  # before the record: a run that ends in between is not taken for interrupted
        holder = locking.read_holder(self._control.home, self._workload)
        document, state = runs.read_run(record)
        elsewhere = holder if holder is not None and holder.run == record.run and not here else None
        changed = library.change_since(document)
        return ShownRun(document, state, record.events(), here, elsewhere, process.read_progress(), changed)

    def find_other_machine(self) -> SharedHolder | None:
        return self._control.find_other_machine()

    def start(self, document: Runbook, reason: str, over: SharedHolder | None = None) -> str:
        return self._control.start(document, reason, over)

    def answer(self, run: str, request: PersonRequest, value: str, reason: str) -> None:
        self._control.answer(run, request, value, reason)

    def resume(self, run: str, reason: str, over: SharedHolder | None = None) -> None:
        self._control.resume(run, reason, over=over)

    def stop(self, run: str) -> None:
        self._control.stop(run)

    def preview_undo(self, run: str, only: str = "") -> dict[str, StepPreview]:
        return self._control.preview_undo(run, only)

    def roll_back(self, run: str, reason: str, expected: dict[str, StepPreview], only: str = "") -> None:
        self._control.roll_back(run, reason, expected, only)

    def report(self, run: str) -> str:
        from ops.runbooks.report import build, markdown

        return markdown(build(find_record(self._control.home, run), self._aws.target))
