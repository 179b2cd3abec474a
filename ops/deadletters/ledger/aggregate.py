"""A run as its ledger tells it."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ops.deadletters.ledger.model import Run, RunState, RunStep
from ops.deadletters.ledger.schema import DELETED, FAILED, FAILED_AGAIN, MISSING, SENT, SUCCEEDED, WAITING

MOVE_TASK_PREFIX = "moved by the task of "
"""What the facts' keys begin with that tell of a move task: one a task, so that none is counted twice."""
PENDING_MOVE_TASK = "move tasks before the one to come"
"""The fact that names them by their start, while one was begun (or may have been) of which nothing is known yet."""
PLAN_KEY = "plan"
"""The key of the plan that the run began with."""
MAX_REASONS = 20
"""The most frequent reasons that are told."""


def read_run(db: sqlite3.Connection) -> Run:
    """From the counters; only lists that are short by nature are read letter by letter."""
    db.execute("BEGIN")  # one moment for all
    try:
        told = db.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN_KEY])  # which may take megabytes
        facts = RunFacts({key: json.loads(value) for key, value in told})
        tally = [(step, state, outcome, letters) for step, state, outcome, letters in db.execute("SELECT * FROM tally")]
        steps = db.execute("SELECT number, upto, state FROM steps ORDER BY number").fetchall()
        twice = [name for (name,) in db.execute("SELECT id FROM letters WHERE twice = 1 ORDER BY number")]
        failures = _frequent(db, "error", f"state = {FAILED}")
        back = _frequent(db, "cause_back", f"outcome = {FAILED_AGAIN}")
    finally:
        db.execute("COMMIT")
    state: Counter[int] = Counter()
    outcome: Counter[int] = Counter()
    by_step: dict[int, Counter[str]] = {}
    for step, is_, became, letters in tally:
        state[is_] += letters
        outcome[became] += letters
        counted = by_step.setdefault(step, Counter())
        counted["sent"] += letters if is_ in (SENT, DELETED) else 0
        counted["succeeded"] += letters if became == SUCCEEDED else 0
        counted["came_back"] += letters if became == FAILED_AGAIN else 0
        counted["waiting"] += letters if became == WAITING else 0
    unseen, taken = facts.count("unseen", 0), facts.count("taken", 0)
    if sum(state.values()) != facts.count("planned") or min(*state.values(), *outcome.values(), 0) < 0:
        raise ValueError("its counts do not add up")
    stays = facts.flag("stays")
    if steps:  # what a move task takes unseen goes in the last step
        by_step.setdefault(steps[-1][0], Counter())["sent"] += taken
    return Run(
        id=facts.text("id"),
        plan_hash=facts.text("plan_hash"),
        reason=facts.text("reason"),
        who=facts.text("who"),
        state=RunState(facts.text("state")),
        began=facts.required_time("began"),
        ended=facts.optional_time("ended"),
        engine=facts.text("engine"),
        planned=facts.count("planned") + unseen + taken,
        sent=state[SENT] + state[DELETED] + taken,
        deleted=0 if stays else state[DELETED] + taken,
        failed=state[FAILED],
        missing=state[MISSING],
        succeeded=outcome[SUCCEEDED],
        failed_again=outcome[FAILED_AGAIN],
        waiting=outcome[WAITING],
        rate=facts.number("rate") or 0.0,
        rate_limit=facts.number("rate_limit"),
        rate_reason=facts.text("rate_why", ""),
        status_text=facts.text("said", ""),
        steps=tuple(
            RunStep(
                number=number,
                upto=int(upto),
                sent=by_step.get(number, Counter())["sent"],
                succeeded=by_step.get(number, Counter())["succeeded"],
                failed_again=by_step.get(number, Counter())["came_back"],
                waiting=by_step.get(number, Counter())["waiting"],
                state=str(stands),
            )
            for number, upto, stands in steps
        ),
        possible_duplicates=tuple(map(str, twice)),
        failures=failures,
        failed_again_causes=back,
        keeps_originals=stays,
        stopping=facts.text("state") == RunState.RUNNING and facts.flag("cancelled"),
        unseen=unseen,
        unmarked=facts.count("unmarked", 0),
        moved=sum(facts.count(key) for key in facts.names if key.startswith(MOVE_TASK_PREFIX)),
    )


@dataclass(frozen=True)
class RunFacts:
    """What the ledger notes by name. Each is checked as it is read (ValueError, KeyError): the file may be damaged, and
    everybody who shows a run relies on what it says."""

    known: Mapping[str, Any]

    @property
    def names(self) -> Iterable[str]:
        return self.known.keys()

    def text(self, name: str, otherwise: str | None = None) -> str:
        return _of_type(self.known.get(name, otherwise) if otherwise is not None else self.known[name], str)

    def count(self, name: str, otherwise: int | None = None) -> int:
        found = _of_type(self.known.get(name, otherwise) if otherwise is not None else self.known[name], int)
        if found < 0:
            raise ValueError(f"{name} is {found}")
        return found

    def number(self, name: str) -> float | None:
        found = self.known.get(name)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            raise ValueError(f"{name} is no number")
        return float(found)

    def flag(self, name: str) -> bool:
        return bool(self.known.get(name))

    def optional_time(self, name: str) -> datetime | None:
        return self.required_time(name) if self.known.get(name) else None

    def required_time(self, name: str) -> datetime:
        """In UTC: one that names no time zone, or lies beyond the calendar there, is no moment."""
        at = datetime.fromisoformat(_of_type(self.known[name], str))
        if at.tzinfo is None:
            raise ValueError(f"{name} names no time zone")
        return at.astimezone(UTC)


_T = TypeVar("_T")


def _of_type(found: Any, kind: type[_T]) -> _T:
    if not isinstance(found, kind) or isinstance(found, bool):
        raise ValueError(f"{found!r:.40} is of the wrong type")
    return found


def _frequent(db: sqlite3.Connection, what: str, where: str) -> tuple[tuple[str, int], ...]:
    """``where`` names its state as the partial index does, since SQLite does not look into parameters for that."""
    sql = f"SELECT {what}, COUNT(*) FROM letters WHERE {where} GROUP BY 1 ORDER BY 2 DESC LIMIT {MAX_REASONS}"  # noqa: S608
    return tuple((str(text or "unknown"), int(letters)) for text, letters in db.execute(sql))
