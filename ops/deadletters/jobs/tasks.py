"""What can run in the background, by name: each task takes a queue, a progress reporter and its own arguments.

Each returns its final status text and notes, and raises OpsError.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ops import formatting, typed_json
from ops.deadletters.plan_model import Selection

if TYPE_CHECKING:
    from ops.deadletters.ledger.model import Run
    from ops.deadletters.queue import DeadLetterQueue


class ProgressReporter(Protocol):
    def progress(self, done: int, expected: int, text: str = "") -> None: ...
    def set_status_text(self, text: str) -> None: ...
    def stop_requested(self) -> bool: ...


TaskResult = tuple[str, tuple[str, ...]]
"""The final status text, and notes."""


def scan(source: DeadLetterQueue, reporter: ProgressReporter, limit: int) -> TaskResult:
    """Reads the queue into the snapshot, and searches the logs for failure causes."""
    from ops.deadletters import causes
    from ops.deadletters.outcomes import late_outcomes
    from ops.deadletters.scan import scan as scans

    reporter.set_status_text("Receiving and releasing messages")
    result = scans.scan_queue(source, limit=limit, progress=reporter.progress, stop=reporter.stop_requested)
    reporter.set_status_text("Searching the logs for failure causes")
    explained = causes.explain_causes(source, progress=reporter.set_status_text)
    text = f"{formatting.count(result.messages, 'message')} read, {formatting.count(result.new)} of them new"
    queries = formatting.count(explained.queries, "query", "queries")
    cost = f"The search of the logs took {queries} for {formatting.price(explained.usd)}."
    return text, (*result.notes, cost, *explained.notes, *late_outcomes.record_late_outcomes(source))


def explain(source: DeadLetterQueue, reporter: ProgressReporter) -> TaskResult:
    """Searches the logs again for the messages whose failure cause is unknown."""
    from ops.deadletters import causes

    explained = causes.explain_causes(source, progress=reporter.set_status_text)
    return f"Searched the logs for {formatting.count(explained.messages, 'message')}", explained.notes


def redrive(source: DeadLetterQueue, reporter: ProgressReporter, plan: str, reason: str) -> TaskResult:
    from ops.deadletters import plans
    from ops.deadletters.redrive.redrive import start_redrive

    loaded, progress = plans.load_plan(plan, source), _run_progress(reporter)
    run = start_redrive(source, loaded, reason=reason, progress=progress, stop=reporter.stop_requested)
    return run.status_text, ()


def resume(source: DeadLetterQueue, reporter: ProgressReporter, plan: str, reason: str) -> TaskResult:
    from ops.deadletters.redrive.redrive import resume_redrive

    progress = _run_progress(reporter)
    return resume_redrive(source, plan, reason=reason, progress=progress, stop=reporter.stop_requested).status_text, ()


def purge(
    source: DeadLetterQueue, reporter: ProgressReporter, plan: str, export: str, confirmation: str, reason: str
) -> TaskResult:
    from ops.deadletters import plans
    from ops.deadletters.redrive.purge import purge_messages

    result = purge_messages(
        source,
        plans.load_plan(plan, source),
        export=Path(export),
        confirmation=confirmation,
        reason=reason,
        progress=reporter.progress,
        stop=reporter.stop_requested,
    )
    early = "" if result.outcome == "done" else f"; {result.outcome} before the end"
    return f"{formatting.count(result.deleted, 'message')} deleted{early}", result.notes


def export(
    source: DeadLetterQueue, reporter: ProgressReporter, selection: dict[str, Any], path: str, format: str
) -> TaskResult:
    from ops.deadletters.archive import exports

    result = exports.export_messages(source, typed_json.typed(selection, Selection), Path(path), format)
    text = f"{formatting.count(result.messages, 'message')} written to {result.path}"
    if result.unreached:
        text += (
            f"; about {formatting.count(result.unreached, 'message')} more, which no scan has reached, are not in it"
        )
    return text, (f"SHA-256 {result.sha256}", *result.notes)


def selection_to_json(selection: Selection) -> dict[str, Any]:
    """A selection in JSON's types: the argument of ``export``."""
    fields: dict[str, Any] = typed_json.loads(typed_json.dumps(selection))
    return fields


def _run_progress(reporter: ProgressReporter) -> Callable[[Run], None]:
    return lambda run: reporter.progress(run.sent, run.planned, run.status_text)


TASKS: dict[str, Callable[..., TaskResult]] = {
    "look": scan,
    "explain": explain,
    "redrive": redrive,
    "resume": resume,
    "purge": purge,
    "export": export,
}
"""Each task by its name, which job files store."""
