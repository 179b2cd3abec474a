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


class Teller(Protocol):
    """Who is told how far a job is, and knows whether it is to stop."""

    def progress(self, done: int, expected: int, said: str = "") -> None: ...
    def say(self, said: str) -> None: ...
    def stopped(self) -> bool: ...


Ended = tuple[str, tuple[str, ...]]
"""The last sentence, and notes."""


def look(source: DeadLetterQueue, tell: Teller, limit: int) -> Ended:
    """Reads the letters onto the shelf, gives them back, and asks the logs why they died."""
    from ops.deadletters import causes
    from ops.deadletters.outcomes import late_outcomes
    from ops.deadletters.scan import scan as looks

    tell.say("Receiving letters and giving them back")
    done = looks.scan_queue(source, limit=limit, progress=tell.progress, stop=tell.stopped)
    tell.say("Asking the logs why they died")
    explained = causes.explain(source, progress=tell.say)
    said = f"{formatting.count(done.letters, 'letter')} read, {formatting.count(done.new)} of them new"
    asked = f"Asking the logs took {formatting.count(explained.queries, 'query', 'queries')} for {formatting.price(explained.usd)}."
    return said, (*done.notes, asked, *explained.notes, *late_outcomes.record_late_outcomes(source))


def explain(source: DeadLetterQueue, tell: Teller) -> Ended:
    """Asks the logs again about letters whose cause is not known."""
    from ops.deadletters import causes

    explained = causes.explain(source, progress=tell.say)
    return f"{formatting.count(explained.letters, 'letter')} asked about", explained.notes


def redrive(source: DeadLetterQueue, tell: Teller, plan: str, reason: str) -> Ended:
    from ops.deadletters import plans
    from ops.deadletters.redrive import redrive as redrives

    return _ended(
        redrives.run(source, plans.load(plan, source), reason=reason, progress=_following(tell), stop=tell.stopped)
    )


def resume(source: DeadLetterQueue, tell: Teller, plan: str, reason: str) -> Ended:
    from ops.deadletters.redrive import redrive as redrives

    return _ended(redrives.resume(source, plan, reason=reason, progress=_following(tell), stop=tell.stopped))


def purge(source: DeadLetterQueue, tell: Teller, plan: str, export: str, confirmation: str, reason: str) -> Ended:
    from ops.deadletters import plans
    from ops.deadletters.redrive import purge as purges

    done = purges.run(
        source,
        plans.load(plan, source),
        export=Path(export),
        confirmation=confirmation,
        reason=reason,
        progress=tell.progress,
        stop=tell.stopped,
    )
    left = "" if done.outcome == "done" else f"; {done.outcome} before the end"
    return f"{formatting.count(done.deleted, 'letter')} deleted{left}", done.notes


def export(source: DeadLetterQueue, tell: Teller, selection: dict[str, Any], path: str, format: str) -> Ended:
    from ops.deadletters.archive import exports

    done = exports.export_messages(source, _selection(selection), Path(path), format)
    said = f"{formatting.count(done.letters, 'letter')} written to {done.path}"
    if done.unreached:
        said += f"; about {formatting.count(done.unreached, 'message')} more, which no scan has reached, are not in it"
    return said, (f"SHA-256 {done.sha256}", *done.notes)


def plain(selection: Selection) -> dict[str, Any]:
    """A selection as JSON holds it: what ``export`` takes."""
    kept = vars(selection).items()
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in kept}


def _selection(kept: dict[str, Any]) -> Selection:
    times = {name: datetime.fromisoformat(kept[name]) if kept.get(name) else None for name in ("since", "until")}
    return Selection(**{**kept, **times, "ids": tuple(kept["ids"])})


def _following(tell: Teller) -> Callable[[Run], None]:
    return lambda run: tell.progress(run.sent, run.planned, run.said)


def _ended(run: Run) -> Ended:
    return run.said, ()


WORKS: dict[str, Callable[..., Ended]] = {
    work.__name__: work for work in (look, explain, redrive, resume, purge, export)
}
