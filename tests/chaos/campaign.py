"""Rounds of a redrive that is killed again and again, and what the queues hold in the end.

A round fills a dead-letter queue of the in-memory SQS, scans, plans and redrives through the proxy, as a person would.
The redriving process is killed with SIGKILL at a seeded moment (by the clock, or as a request or an answer is on its
way), resumed, killed again; in the end it may finish. Then each message is counted: in the job queue and in the
dead-letter queue. Everything is decided by ``random.Random(seed)``, so a round is told by its seed; only the threads'
order is not.
"""

from __future__ import annotations

import base64
import json
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.aws import sqs
from ops.deadletters import plans
from ops.deadletters.messages.model import Place
from ops.deadletters.messages.parse import parse_message
from ops.deadletters.plan_model import Destination, Pace, Plan, Selection, Steps
from ops.deadletters.queue import DeadLetterQueue
from ops.deadletters.scan.scan import scan_queue
from ops.deadletters.snapshot import Snapshot
from tests.chaos.counting import RoundResult, count_messages, message_bodies
from tests.chaos.processes import Killer, Processes, processes
from tests.chaos.proxy import CALM, Proxy, proxy
from tests.chaos.rounds import Round
from tests.chaos.runner import opened
from tests.fakes.sqs.client import FakeQueue, FakeSqs
from tests.fakes.sqs.server import serve

TIMEOUT_S = 150.0
"""A process that is not over by then hangs."""
A_LEASE_S = 43_200
TRIES = 8
BEGINNING = {"run": 26, "resume": 16}
"""Turns of the proxy before the first message is received: reading queues, the identity and the plan."""


@dataclass
class Totals:
    kills: int = 0
    lost: int = 0
    unlisted: int = 0
    doubled: int = 0
    listed: int = 0
    problems: int = 0

    def add(self, result: RoundResult) -> None:
        self.kills += result.kills
        self.lost += len(result.lost)
        self.unlisted += len(result.unlisted)
        self.doubled += result.doubled
        self.listed += result.listed
        self.problems += len(result.problems)


def campaign(folder: Path, kills: int, first_seed: int, say: Callable[[str], None]) -> Totals:
    """Rounds until ``kills`` processes were killed, with a line of what each came to."""
    totals, seed = Totals(), first_seed
    home = folder / "home"
    with serve(process=True, seed=first_seed) as aws, proxy(aws.endpoint, seed=first_seed) as between:
        environ = {**aws.environ(between.endpoint), "OPS_HOME": str(home)}
        with pytest.MonkeyPatch.context() as patch, processes(environ) as running:
            for name, value in environ.items():
                patch.setenv(name, value)
            aws.waits(0.1)
            while True:
                round_ = Round.drawn(seed)
                result = play(round_, aws, between, running, folder)
                totals.add(result)
                bad = result.lost or result.unlisted or result.problems
                say(f"{seed}: {result.summary()}" + (f" in {round_}" if bad else ""))
                seed += 1
                if totals.kills >= kills:
                    break
    return totals


def play(round_: Round, aws: FakeSqs, between: Proxy, running: Processes, folder: Path) -> RoundResult:
    """One round, to its end."""
    chance, result = random.Random(round_.seed), RoundResult()
    suffix, extra = (".fifo", {"FifoQueue": "true"}) if round_.fifo else ("", {})
    names = f"dead-{round_.seed}{suffix}", f"jobs-{round_.seed}{suffix}"
    _calm(aws, between)
    dead, jobs = aws.queue(names[0], "", 3, **extra), aws.queue(names[1], names[0], 3, **extra)
    ids = dead.put(message_bodies(round_))
    source = opened(names[1])
    _shelve(source, dead, Place.IMPORTED if round_.imported else Place.QUEUE)
    if round_.imported:
        dead.remove(ids)
    wanted = chance.sample(ids, max(1, int(len(ids) * round_.share)))
    plan = _plan(source, round_, wanted)

    aws.latency(round_.latency_s)
    aws.fault(*round_.faults)
    between.weather = round_.weather
    last: dict[str, Any] = {}
    for attempt in range(round_.kills + TRIES):
        if attempt >= round_.kills + TRIES // 2:  # the storm is over
            _calm(aws, between)
        answer = folder / f"{round_.seed}-{attempt}.json"
        last = _attempt(round_, attempt, plan, source, between, running, answer, chance, result)
        if round_.gentle and attempt < round_.kills:
            hidden = sum(message["hidden"] for message in dead.messages())
            result.problems += [f"{hidden} messages were not released after Ctrl-C"] if hidden else []
        if last["state"] == "done":
            break
        aws.advance(chance.choice((0, 60, A_LEASE_S)) if attempt < round_.kills - 1 else A_LEASE_S)
    else:
        result.problems.append(f"never done: {last}")
    marks = dict(zip(ids, map(str, range(round_.messages)), strict=True))
    count_messages(round_, result, marks, wanted, dead, jobs, last)
    return result


def _calm(aws: FakeSqs, between: Proxy) -> None:
    aws.heal()
    aws.latency(0)
    between.weather = CALM


def _plan(source: DeadLetterQueue, round_: Round, wanted: list[str]) -> Plan:
    plan = plans.make_plan(
        source,
        Selection(ids=() if round_.share == 1 else tuple(wanted), imported=round_.imported),
        action=round_.action,
        destination=Destination(),
        edits=round_.edits,
        pace=Pace(max_per_s=round_.rate, headroom=False),
        steps=Steps(watch=round_.watched),
        engine="ledger",
    )
    plans.save_plan(source, plan)
    return plan


def _attempt(
    round_: Round,
    attempt: int,
    plan: Plan,
    source: DeadLetterQueue,
    between: Proxy,
    running: Processes,
    answer: Path,
    chance: random.Random,
    result: RoundResult,
) -> dict[str, Any]:
    """One process, killed or not; what its redrive returned."""
    doomed = attempt < round_.kills
    ledger = source.runs_folder / f"{plan.id}.db"
    do = "resume" if ledger.exists() else "run"
    killer = Killer(between, round_.signal if doomed else signal.SIGKILL)
    pid = running.start({"do": do, "run": plan.id, "queue": source.workload.queue.name, "answer": str(answer)})
    if not doomed:
        killer.arm(pid, seconds=TIMEOUT_S)
    elif chance.random() < 0.6:
        killer.arm(pid, turns=BEGINNING[do] + chance.randrange(14 + 8 * round_.messages // 10))
    else:
        killer.arm(pid, seconds=chance.uniform(0.2, 0.9))
    status = running.wait()
    killer.disarm()
    if doomed:
        result.kills += status == -signal.SIGKILL
        result.early += status == -signal.SIGKILL and not ledger.exists()
    elif killer.struck:
        result.problems.append(f"attempt {attempt} hung for {TIMEOUT_S:.0f} s")
    if status not in (0, -signal.SIGKILL, -signal.SIGINT):
        log = answer.with_suffix(".log")
        result.problems.append(f"attempt {attempt} ended with {status}: {log.read_text() if log.exists() else ''}")
    return dict(json.loads(answer.read_text())) if answer.exists() else {"state": "killed"}


def _shelve(source: DeadLetterQueue, dead: FakeQueue, place: Place) -> None:
    """As a scan does; of a FIFO queue, whose groups deliver only their first messages, as many scans would."""
    if not source.queue.fifo and place is Place.QUEUE:
        scan_queue(source)
        return
    found = dead.messages()
    for message in found:
        for value in message.get("MessageAttributes", {}).values():
            if "BinaryValue" in value:
                value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    with Snapshot.open(source) as snapshot:
        snapshot.add((parse_message(sqs.received_message(message)) for message in found), place)
