"""A run as its ledger records it: its facts, and counts of its messages."""

from __future__ import annotations

import json
import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ops.deadletters.ledger.model import Run, RunState, RunStep
from ops.deadletters.ledger.schema import DELETED, FAILED, FAILED_AGAIN, MISSING, SENT, SUCCEEDED, WAITING

MOVE_TASK_PREFIX = "moved by the task of "
"""The keys of facts about a move task, before its start time: one per task, so that none is counted twice."""
PENDING_MOVE_TASK = "move tasks before the one to come"
"""The fact with the start times of earlier tasks, while a task was (or may have been) started that is not known yet."""
PLAN_KEY = "plan"
"""The fact that holds the plan that the run started with."""
MAX_REASONS = 20
"""Failure reasons and causes that are read, the most frequent ones."""


def read_run(db: sqlite3.Connection) -> Run:
    """From the counters; of the messages, only those in partial indexes are read. Raises ValueError and sqlite3.Error for a
    damaged ledger."""
    db.execute("BEGIN")  # all of it as of one moment
    try:
        rows = db.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN_KEY])  # a plan may take megabytes
        facts = RunFacts({key: json.loads(value) for key, value in rows})
        tally = db.execute("SELECT step, state, outcome, letters FROM tally").fetchall()
        steps = db.execute("SELECT number, upto, state FROM steps ORDER BY number").fetchall()
        duplicates = [name for (name,) in db.execute("SELECT id FROM letters WHERE twice = 1 ORDER BY number")]
        failures = _most_frequent(db, "error", f"state = {FAILED}")
        causes = _most_frequent(db, "cause_back", f"outcome = {FAILED_AGAIN}")
    finally:
        db.execute("COMMIT")
    states: Counter[int] = Counter()
    outcomes: Counter[int] = Counter()
    by_step: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for step, state, outcome, number in tally:
        states[state] += number
        outcomes[outcome] += number
        by_step[step]["sent"] += number if state in (SENT, DELETED) else 0
        by_step[step][_OUTCOME_NAMES.get(outcome, "")] += number
    unseen, taken = facts.count("unseen", 0), facts.count("taken", 0)
    if sum(states.values()) != facts.count("planned") or min(*states.values(), *outcomes.values(), 0) < 0:
        raise ValueError("its counts do not add up")
    keeps_originals = facts.flag("stays")
    if steps:  # what a move task takes unseen is sent in the last step
        by_step[steps[-1][0]]["sent"] += taken
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
        sent=states[SENT] + states[DELETED] + taken,
        deleted=0 if keeps_originals else states[DELETED] + taken,
        failed=states[FAILED],
        missing=states[MISSING],
        succeeded=outcomes[SUCCEEDED],
        failed_again=outcomes[FAILED_AGAIN],
        waiting=outcomes[WAITING],
        rate=facts.number("rate") or 0.0,
        rate_limit=facts.number("rate_limit"),
        rate_reason=facts.text("rate_why", ""),
        status_text=facts.text("said", ""),
        steps=tuple(
            RunStep(
                number=number,
                upto=int(upto),
                sent=by_step[number]["sent"],
                succeeded=by_step[number]["succeeded"],
                failed_again=by_step[number]["failed_again"],
                waiting=by_step[number]["waiting"],
                state=str(state),
            )
            for number, upto, state in steps
        ),
        possible_duplicates=tuple(map(str, duplicates)),
        failures=failures,
        failed_again_causes=causes,
        keeps_originals=keeps_originals,
        stopping=facts.text("state") == RunState.RUNNING and facts.flag("cancelled"),
        unseen=unseen,
        unmarked=facts.count("unmarked", 0),
        moved=sum(facts.count(key) for key in facts.names if key.startswith(MOVE_TASK_PREFIX)),
    )


_OUTCOME_NAMES = {SUCCEEDED: "succeeded", FAILED_AGAIN: "failed_again", WAITING: "waiting"}


@dataclass(frozen=True)
class RunFacts:
    """The facts that the ledger stores by name. Each is checked as it is read (ValueError, KeyError): the file may be
    damaged, and whatever shows a run relies on it."""

    values: Mapping[str, Any]

    @property
    def names(self) -> Iterable[str]:
        return self.values.keys()

    def text(self, name: str, default: str | None = None) -> str:
        return _of_type(self._value(name, default), str)

    def count(self, name: str, default: int | None = None) -> int:
        value = _of_type(self._value(name, default), int)
        if value < 0:
            raise ValueError(f"{name} is {value}")
        return value

    def number(self, name: str) -> float | None:
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{name} is not a number")
        return float(value)

    def flag(self, name: str) -> bool:
        return bool(self.values.get(name))

    def optional_time(self, name: str) -> datetime | None:
        return self.required_time(name) if self.values.get(name) else None

    def required_time(self, name: str) -> datetime:
        """The time in UTC. A time without a zone, or one that is out of range in UTC, is refused."""
        time = datetime.fromisoformat(_of_type(self.values[name], str))
        if time.tzinfo is None:
            raise ValueError(f"{name} has no time zone")
        return time.astimezone(UTC)

    def _value(self, name: str, default: Any) -> Any:
        return self.values[name] if default is None else self.values.get(name, default)


_T = TypeVar("_T")


def _of_type(value: Any, kind: type[_T]) -> _T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{value!r:.40} is of the wrong type")
    return value


def _most_frequent(db: sqlite3.Connection, column: str, where: str) -> tuple[tuple[str, int], ...]:
    """``where`` spells its state out, as the partial index does: SQLite does not match parameters with it."""
    sql = f"SELECT {column}, COUNT(*) FROM letters WHERE {where} GROUP BY 1 ORDER BY 2 DESC LIMIT {MAX_REASONS}"  # noqa: S608 - constants
    return tuple((str(text or "unknown"), int(number)) for text, number in db.execute(sql))
