"""A run as its ledger tells it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import datetime

from ops.deadletters.ledger.schema import (
    CAME_BACK,
    DELETED,
    FAILED,
    SENT,
    SUCCEEDED,
    VANISHED,
    WAITING,
)
from ops.deadletters.run import Run, State, Step

MOVED = "moved by the task of "
"""What the facts' keys begin with that tell of a move task: one a task, so that none is counted twice."""
TO_COME = "move tasks before the one to come"
"""The fact that names them by their start, while one was begun (or may have been) of which nothing is known yet."""
PLAN = "plan"
"""The key of the plan that the run began with."""
FAILURES = 20
"""The most frequent reasons that are told."""


def read_run(db: sqlite3.Connection) -> Run:
    """From the counters; only lists that are short by nature are read letter by letter."""
    db.execute("BEGIN")  # one moment for all
    try:
        told = db.execute("SELECT key, value FROM run WHERE key <> ?", [PLAN])  # which may take megabytes
        facts = {key: json.loads(value) for key, value in told}
        tally = [(step, state, outcome, letters) for step, state, outcome, letters in db.execute("SELECT * FROM tally")]
        steps = db.execute("SELECT number, upto, state FROM steps ORDER BY number").fetchall()
        twice = [name for (name,) in db.execute("SELECT id FROM letters WHERE twice = 1 ORDER BY number")]
        failures = _frequent(db, "error", f"state = {FAILED}")
        back = _frequent(db, "cause_back", f"outcome = {CAME_BACK}")
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
        counted["came_back"] += letters if became == CAME_BACK else 0
        counted["waiting"] += letters if became == WAITING else 0
    return Run(
        id=facts["id"],
        plan_hash=facts["plan_hash"],
        reason=facts["reason"],
        who=facts["who"],
        state=State(facts["state"]),
        began=datetime.fromisoformat(facts["began"]),
        ended=datetime.fromisoformat(facts["ended"]) if facts.get("ended") else None,
        engine=facts["engine"],
        planned=facts["planned"],
        sent=state[SENT] + state[DELETED],
        deleted=0 if facts.get("stays") else state[DELETED],
        failed=state[FAILED],
        vanished=state[VANISHED],
        succeeded=outcome[SUCCEEDED],
        came_back=outcome[CAME_BACK],
        waiting=outcome[WAITING],
        rate=facts.get("rate", 0.0),
        rate_limit=facts.get("rate_limit"),
        rate_why=facts.get("rate_why", ""),
        said=facts.get("said", ""),
        steps=tuple(
            Step(
                number=number,
                upto=upto,
                sent=by_step.get(number, Counter())["sent"],
                succeeded=by_step.get(number, Counter())["succeeded"],
                came_back=by_step.get(number, Counter())["came_back"],
                waiting=by_step.get(number, Counter())["waiting"],
                state=stands,
            )
            for number, upto, stands in steps
        ),
        twice=tuple(twice),
        failures=failures,
        causes_back=back,
        stays=bool(facts.get("stays")),
        stopping=facts["state"] == State.RUNNING and bool(facts.get("cancelled")),
        unmarked=facts.get("unmarked", 0),
        moved=sum(number for key, number in facts.items() if key.startswith(MOVED)),
    )


def _frequent(db: sqlite3.Connection, what: str, where: str) -> tuple[tuple[str, int], ...]:
    """``where`` names its state as the partial index does, since SQLite does not look into parameters for that."""
    sql = f"SELECT {what}, COUNT(*) FROM letters WHERE {where} GROUP BY 1 ORDER BY 2 DESC LIMIT {FAILURES}"  # noqa: S608
    return tuple((str(text or "unknown"), int(letters)) for text, letters in db.execute(sql))
