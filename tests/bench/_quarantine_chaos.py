"""A step that moves dead letters to a quarantine queue, killed at seeded moments while it sends and deletes."""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ops.deadletters.ledger import Ledger
from tests.bench._chaos_figures import Figures, entries, page_of
from tests.bench._runbook_command import command
from tests.fakes.sqs.client import FakeQueue, FakeSqs
from tests.fakes.sqs.faults import Fault

MESSAGES = 120
STALL_S = 0.1
"""Before each call of the move is answered, so that a kill meets a message between two steps."""
KILLS_A_RUN = 4
MAX_FAILURES = 2
WAIT_S = 120.0
DOCUMENT = page_of(
    "id: find\naction: workload.find\n",
    "id: scan\naction: dlq.scan\n",
    "id: explain\naction: dlq.explain\n",
    "id: plan\naction: dlq.plan-quarantine\nwith:\n  queue: aside\n  cause: InvalidJob\n",
    "id: aside\naction: dlq.quarantine\nwith:\n  plan:\n    from: steps.plan.plan\notherwise: Stop.\n",
)


def kill_moves(kills: int, server: FakeSqs, folder: Path, forks: Any) -> Figures:
    page = folder / "moving.md"
    page.write_text(DOCUMENT)
    figures = Figures()
    for seed in count():
        if figures.kills >= kills:
            break
        one_run(seed, page, server, forks, figures)
    return figures


def one_run(seed: int, page: Path, server: FakeSqs, forks: Any, figures: Figures) -> None:
    random_ = random.Random(seed)
    server.heal()
    dlq = server.queue("jobs-dlq")
    server.queue("jobs", dlq="jobs-dlq")
    aside = server.queue("aside")
    error = {"DataType": "String", "StringValue": "InvalidJob"}
    bodies = [f"{seed}-{number}" for number in range(MESSAGES)]
    ids = dlq.put([{"body": body, "attributes": {"ErrorType": error, "ErrorMessage": error}} for body in bodies])
    server.fault(*(Fault("stall after", operation=f"{name}*", seconds=STALL_S) for name in ("Send", "Delete")))
    with tempfile.TemporaryDirectory() as home:
        environment = server.environ() | {"OPS_HOME": home}
        words = ["run", str(page), "--reason", "chaos"]
        kills = failures = 0
        exit_code: int | None = None
        while exit_code != 0 and failures <= MAX_FAILURES:
            process = forks.Process(target=command, args=(environment, words, "jobs", "aside\n"))
            process.start()
            if kills < KILLS_A_RUN:
                _kill_in_step(process, Path(home), aside, random_)
            process.join(WAIT_S)
            exit_code = process.exitcode
            failures += exit_code not in (0, -signal.SIGKILL)
            if exit_code == -signal.SIGKILL:
                kills += 1
                figures.kills += 1
                figures.kills_while_moving += bool(aside.messages()) and bool(dlq.messages())
            dlq.end_leases()  # as if their time was over
            words = ["resume"] if list(Path(home).glob("runbooks/*/record.jsonl")) else words
        moved = Counter(message["Body"] for message in aside.messages())
        left = Counter(message["Body"] for message in dlq.messages())
        judge(moved, left, dict(zip(ids, bodies, strict=True)), Path(home), exit_code, figures)


def _kill_in_step(process: BaseProcess, home: Path, aside: FakeQueue, random_: random.Random) -> None:
    """Kills it once it has announced the move, and moved a number of messages; not where it ended before."""
    announced, goal = len(_intents(home)), random_.randint(_moved(aside), MESSAGES)
    while len(_intents(home)) == announced or _moved(aside) < goal:
        if not process.is_alive():
            return
        time.sleep(0.01)
    time.sleep(random_.random() * STALL_S)
    if process.is_alive():
        os.kill(process.pid or 0, signal.SIGKILL)


def _moved(aside: FakeQueue) -> int:
    return len({message["Body"] for message in aside.messages()})


def _intents(home: Path) -> list[Any]:
    return [entry for entry in entries(home) if (entry.get("step"), entry.get("event")) == ("aside", "step.intended")]


def judge(
    moved: Counter[str],
    left: Counter[str],
    bodies: dict[str, str],
    home: Path,
    exit_code: int | None,
    figures: Figures,
) -> None:
    """A message may be in the quarantine queue more than once only where its redrive lists it. ``bodies``: by ID."""
    listed: set[str] = set()
    for path in home.glob("*/runs/*.db"):
        with Ledger.open(path) as ledger:
            listed |= {bodies[message] for message in ledger.run().possible_duplicates}
    figures.repeated_effects += sum(number > 1 and body not in listed for body, number in moved.items())
    figures.lost_messages += sum(not moved[body] and not left[body] for body in bodies.values())
    figures.lost_records += bool(moved) and not _intents(home)
    figures.lost_records += sum(not entry for entry in entries(home))
    figures.stuck += exit_code != 0 or any(not moved[body] for body in bodies.values()) or bool(left)
    if exit_code != 0:
        print(json.dumps([entry.get("text", "") for entry in entries(home)][-3:]), flush=True)
