"""What can be done in the background, by name: each takes a source, somebody to tell, and its own arguments.

Each returns the sentence that it ends with and what else is to be known, and raises OpsError.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ops import formatting
from ops.deadletters.plan_model import Selection

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.queue import DeadLetterQueue


class ProgressReporter(Protocol):
    """Who is told how far a job is, and knows whether it is to stop."""

    def progress(self, done: int, expected: int, said: str = "") -> None: ...
    def set_status_text(self, said: str) -> None: ...
    def stop_requested(self) -> bool: ...


TaskResult = tuple[str, tuple[str, ...]]
"""The last sentence, and notes."""


def scan(source: DeadLetterQueue, tell: ProgressReporter, limit: int) -> TaskResult:
    """Reads the letters onto the shelf, gives them back, and asks the logs why they died."""
    from ops.deadletters import causes
    from ops.deadletters.outcomes import late_outcomes
    from ops.deadletters.scan import scan as looks

    tell.set_status_text("Receiving letters and giving them back")
    done = looks.scan_queue(source, limit=limit, progress=tell.progress, stop=tell.stop_requested)
    tell.set_status_text("Asking the logs why they died")
    explained = causes.explain_causes(source, progress=tell.set_status_text)
    said = f"{formatting.count(done.letters, 'letter')} read, {formatting.count(done.new)} of them new"
    asked = f"Asking the logs took {formatting.count(explained.queries, 'query', 'queries')} for {formatting.price(explained.usd)}."
    return said, (*done.notes, asked, *explained.notes, *late_outcomes.record_late_outcomes(source))


def explain(source: DeadLetterQueue, tell: ProgressReporter) -> TaskResult:
    """Asks the logs again about letters whose cause is not known."""
    from ops.deadletters import causes

    explained = causes.explain_causes(source, progress=tell.set_status_text)
    return f"{formatting.count(explained.letters, 'letter')} asked about", explained.notes


def redrive(source: DeadLetterQueue, tell: ProgressReporter, plan: str, reason: str) -> TaskResult:
    from ops.deadletters import plans
    from ops.deadletters.redrive import redrive as redrives

    return _ended(
        redrives.start_redrive(
            source,
            plans.load_plan(plan, source),
            reason=reason,
            progress=_report_progress(tell),
            stop=tell.stop_requested,
        )
    )


def resume(source: DeadLetterQueue, tell: ProgressReporter, plan: str, reason: str) -> TaskResult:
    from ops.deadletters.redrive import redrive as redrives

    return _ended(
        redrives.resume_redrive(source, plan, reason=reason, progress=_report_progress(tell), stop=tell.stop_requested)
    )


def purge(
    source: DeadLetterQueue, tell: ProgressReporter, plan: str, export: str, confirmation: str, reason: str
) -> TaskResult:
    from ops.deadletters import plans
    from ops.deadletters.redrive import purge as purges

    done = purges.purge_messages(
        source,
        plans.load_plan(plan, source),
        export=Path(export),
        confirmation=confirmation,
        reason=reason,
        progress=tell.progress,
        stop=tell.stop_requested,
    )
    left = "" if done.outcome == "done" else f"; {done.outcome} before the end"
    return f"{formatting.count(done.deleted, 'letter')} deleted{left}", done.notes


def export(
    source: DeadLetterQueue, tell: ProgressReporter, selection: dict[str, Any], path: str, format: str
) -> TaskResult:
    from ops.deadletters.archive import exports

    done = exports.export_messages(source, _selection_from_json(selection), Path(path), format)
    said = f"{formatting.count(done.letters, 'letter')} written to {done.path}"
    if done.unreached:
        said += f"; about {formatting.count(done.unreached, 'message')} more, which no scan has reached, are not in it"
    return said, (f"SHA-256 {done.sha256}", *done.notes)


def selection_to_json(selection: Selection) -> dict[str, Any]:
    """A selection as JSON holds it: what ``export`` takes."""
    kept = vars(selection).items()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept}


def _selection_from_json(kept: dict[str, Any]) -> Selection:
    times = {name: datetime.fromisoformat(kept[name]) if kept.get(name) else None for name in ("since", "until")}
    return Selection(**{**kept, **times, "ids": tuple(kept["ids"])})


def _report_progress(tell: ProgressReporter) -> Callable[[Run], None]:
    return lambda run: tell.progress(run.sent, run.planned, run.status_text)


def _ended(run: Run) -> TaskResult:
    return run.status_text, ()


TASKS: dict[str, Callable[..., TaskResult]] = {
    "look": scan,
    "explain": explain,
    "redrive": redrive,
    "resume": resume,
    "purge": purge,
    "export": export,
}
"""Each task by its name, which job files keep."""
