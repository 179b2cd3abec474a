"""Rounds of a redrive that is killed again and again, and what the queues hold in the end.

A round fills a dead-letter queue of the in-memory SQS, looks, plans and redrives through the proxy, as a person would.
The redriving process is killed with SIGKILL at a seeded moment (by the clock, or as a request or an answer is on its
way), resumed, killed again; in the end it may finish. Then each letter is counted: in the job queue and in the
dead-letter queue. Everything is decided by ``random.Random(seed)``, so a round is told by its seed; only the threads'
order is not.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ops.aws import sqs
from ops.deadletters import plans
from ops.deadletters.letter import Place
from ops.deadletters.letters import letter
from ops.deadletters.look import look
from ops.deadletters.plan import Action, Destination, Edit, Pace, Selection, Steps
from ops.deadletters.shelf import Shelf
from ops.deadletters.source import Source
from tests.bench._sqs_faults import THROTTLED, Fault
from tests.bench._sqs_server import Aws, Letters, serve
from tests.chaos.proxy import CALM, Proxy, Weather, proxy
from tests.chaos.runner import opened

LONGEST_S = 90.0
"""A process that is not over by then hangs."""
A_LEASE_S = 43_200
TRIES = 8
BEGINNING = {"run": 26, "resume": 16}
"""Turns of the proxy before the first letter is received: asking about queues, who asks, what the plan says."""
MARK = "mark"


@dataclass(frozen=True)
class Round:
    """What is redriven and what goes wrong meanwhile."""

    seed: int
    letters: int
    body_bytes: int
    fifo: bool
    action: Action
    share: float  # of the letters that the plan is about
    edits: tuple[Edit, ...]
    rate: float | None
    latency_s: float
    weather: Weather
    faults: tuple[Fault, ...]
    kills: int
    watched: bool = False  # in steps, each awaited
    imported: bool = False  # from the shelf only: nothing of it lies in the queue
    signal: int = signal.SIGKILL  # what ends the process; Ctrl-C must give everything back

    @classmethod
    def drawn(cls, seed: int) -> Round:
        chance = random.Random(seed)
        trouble = [
            Fault("entries", "SendMessageBatch", share=0.3, code="InternalError", entry_share=0.4),
            Fault("entries", "DeleteMessageBatch", share=0.3, code="InternalError", entry_share=0.4),
            Fault("refuse", "*Message*", share=0.1),
            Fault("refuse after", "SendMessageBatch", share=0.1, status=503, code="ServiceUnavailable"),
            Fault("refuse after", "DeleteMessageBatch", share=0.2),
            replace(THROTTLED, operation="*Message*", share=0.15),
            Fault("end leases", "ReceiveMessage", "dead*", share=0.1),
            Fault("end leases", "SendMessageBatch", "jobs*", share=0.1),
            Fault("twice", "ReceiveMessage", "dead*", share=0.2),
            Fault("empty", "ReceiveMessage", share=0.2),
        ]
        weathers = [
            CALM,
            Weather(cut_request=0.05, cut_answer=0.05, cut_within=0.02),
            Weather(cut_answer=0.15),
            Weather(stall=0.05, cut_answer=0.03),
        ]
        fifo = chance.random() < 0.2
        weather = chance.choice(weathers)
        if fifo and weather.cut_answer > 0.1:
            weather = CALM  # a receive whose answer is lost locks its groups for a whole lease
        return cls(
            seed=seed,
            letters=chance.choice((12, 40, 80, 200)),
            body_bytes=chance.choice((100, 1000, 1000, 150_000)),
            fifo=fifo,
            action=Action.COPY if chance.random() < 0.1 else Action.REDRIVE,
            share=chance.choice((1.0, 1.0, 1.0 if fifo else 0.5)),  # in a FIFO queue, a group's others stand before it
            edits=(Edit("body.edited", seed),) if chance.random() < 0.3 else (),
            rate=chance.choice((None, None, 300.0)),
            latency_s=chance.choice((0.0, 0.002, 0.01)),
            weather=weather,
            faults=tuple(chance.sample(trouble, chance.choice((0, 0, 1, 2)))),
            kills=chance.choice((2, 3, 4, 5)),
            watched=chance.random() < 0.25,
            imported=chance.random() < 0.1,
            signal=signal.SIGINT if chance.random() < 0.15 else signal.SIGKILL,
        )


@dataclass
class Verdict:
    """Of one round. Marks name letters; what is said is for the person who repeats the round by its seed."""

    kills: int = 0
    early: int = 0  # of them, before the run had begun
    lost: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)  # twice in the job queue, and not listed
    doubled: int = 0
    listed: int = 0
    problems: list[str] = field(default_factory=list)

    def told(self) -> str:
        parts = [f"{self.kills} killed ({self.early} early), {self.doubled} twice, {self.listed} listed"]
        parts += [f"LOST {self.lost}"] if self.lost else []
        parts += [f"UNLISTED {self.unlisted}"] if self.unlisted else []
        return "; ".join((*parts, *self.problems))


class Processes:
    """The runner, and one redriving process at a time."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )

    def start(self, call: dict[str, Any]) -> int:
        assert self._runner.stdin is not None
        self._runner.stdin.write(json.dumps({**call, "environ": self._environ}) + "\n")
        self._runner.stdin.flush()
        return int(self._answer()["pid"])

    def wait(self) -> int:
        return int(self._answer()["status"])

    def _answer(self) -> Any:
        assert self._runner.stdout is not None
        return json.loads(self._runner.stdout.readline())

    def close(self) -> None:
        assert self._runner.stdin is not None and self._runner.stdout is not None
        self._runner.stdin.close()
        self._runner.wait()
        self._runner.stdout.close()


@dataclass
class Totals:
    kills: int = 0
    lost: int = 0
    unlisted: int = 0
    doubled: int = 0
    listed: int = 0
    problems: int = 0

    def add(self, verdict: Verdict) -> None:
        self.kills += verdict.kills
        self.lost += len(verdict.lost)
        self.unlisted += len(verdict.unlisted)
        self.doubled += verdict.doubled
        self.listed += verdict.listed
        self.problems += len(verdict.problems)


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
                verdict = play(round_, aws, between, running, folder)
                totals.add(verdict)
                bad = verdict.lost or verdict.unlisted or verdict.problems
                say(f"{seed}: {verdict.told()}" + (f" in {round_}" if bad else ""))
                seed += 1
                if totals.kills >= kills:
                    break
    return totals


@contextmanager
def processes(environ: Mapping[str, str]) -> Iterator[Processes]:
    running = Processes(environ)
    try:
        yield running
    finally:
        running.close()


class Killer:
    """Kills a process group once, by the clock or at a turn of the proxy."""

    def __init__(self, proxy: Proxy, signal_: int) -> None:
        self.proxy = proxy
        self._signal = signal_
        self.struck = False
        self._pid = 0
        self._timer: threading.Timer | None = None

    def arm(self, pid: int, turns: int | None = None, seconds: float | None = None) -> None:
        self._pid = pid
        if turns is not None:
            due = self.proxy.turns + turns
            self.proxy.moment = lambda turn, _: self._strike() if turn >= due else None
        if seconds is not None:
            self._timer = threading.Timer(seconds, self._strike)
            self._timer.start()

    def disarm(self) -> None:
        self.proxy.moment = None
        if self._timer:
            self._timer.cancel()
            self._timer.join()

    def _strike(self) -> None:
        if not self.struck:
            self.struck = True
            os.kill(self._pid, self._signal)


def play(round_: Round, aws: Aws, between: Proxy, running: Processes, folder: Path) -> Verdict:
    """One round, to its end."""
    chance, verdict = random.Random(round_.seed), Verdict()
    suffix = ".fifo" if round_.fifo else ""
    extra = {"FifoQueue": "true"} if round_.fifo else {}
    names = f"dead-{round_.seed}{suffix}", f"jobs-{round_.seed}{suffix}"
    aws.heal()
    aws.latency(0)
    between.weather = CALM
    dead, jobs = aws.queue(names[0], **extra), aws.queue(names[1], dlq=names[0], **extra)
    ids = dead.put(letters(round_))
    marks = dict(zip(ids, (str(n) for n in range(round_.letters)), strict=True))

    source = opened(names[1])
    _shelve(source, dead, Place.IMPORTED if round_.imported else Place.QUEUE)
    if round_.imported:
        dead.remove(ids)
    wanted = chance.sample(ids, max(1, int(len(ids) * round_.share)))
    plan = plans.make(
        source,
        Selection() if round_.share == 1 else Selection(ids=tuple(wanted)),
        action=round_.action,
        destination=Destination(),
        edits=round_.edits,
        pace=Pace(max_per_s=round_.rate, headroom=False),
        steps=Steps(watch=round_.watched),
        engine="ledger",
    )
    plans.save(source, plan)
    aws.latency(round_.latency_s)
    aws.fault(*round_.faults)
    between.weather = round_.weather
    do, last = "run", {"state": "none"}
    for attempt in range(round_.kills + TRIES):
        answer = folder / f"{round_.seed}-{attempt}.json"
        if attempt >= round_.kills + TRIES // 2:  # the storm is over
            between.weather = CALM
            aws.heal()
        killer = Killer(between, round_.signal if attempt < round_.kills else signal.SIGKILL)
        pid = running.start({"do": do, "run": plan.id, "queue": names[1], "answer": str(answer)})
        if attempt < round_.kills:
            by_turn = chance.random() < 0.6
            span = 14 + 8 * round_.letters // 10
            killer.arm(
                pid,
                turns=BEGINNING[do] + chance.randrange(span) if by_turn else None,
                seconds=None if by_turn else chance.uniform(0.3, 1.5),
            )
        else:
            killer.arm(pid, seconds=LONGEST_S)
        before, began = between.turns, time.monotonic()
        status = running.wait()
        killer.disarm()
        if killer.struck and attempt < round_.kills:
            verdict.kills += status != 0 or round_.signal == signal.SIGINT
            if round_.signal == signal.SIGINT and not round_.faults and round_.weather == CALM:
                hidden = sum(message["hidden"] for message in dead.messages())
                verdict.problems += [f"{hidden} letters were not given back after Ctrl-C"] if hidden else []
            verdict.early += not _begun(source, plan.id)
        elif killer.struck:
            verdict.problems.append(f"attempt {attempt} hung for {LONGEST_S:.0f} s")
        last = json.loads(answer.read_text()) if answer.exists() else {"state": "killed"}
        if status not in (0, -signal.SIGKILL):
            verdict.problems.append(f"attempt {attempt} ended with {status}: {_log(answer)}")
        do = "resume" if _begun(source, plan.id) else "run"
        if os.environ.get("CHAOS_TALK"):  # XXX
            print(
                attempt,
                do,
                status,
                killer.struck,
                between.turns - before,
                round(time.monotonic() - began, 2),
                str(last)[:200],
                flush=True,
            )
        if last["state"] == "done":
            break
        aws.advance(chance.choice((0, 60, A_LEASE_S)) if attempt < round_.kills - 1 else A_LEASE_S)
    else:
        verdict.problems.append(f"never done: {last}")
    judge(round_, verdict, marks, wanted, dead, jobs, last)
    return verdict


def _shelve(source: Source, dead: Letters, place: Place) -> None:
    """As a look does; of a FIFO queue, whose groups show no more than their first letters, as many looks would."""
    if not source.queue.fifo and place is Place.QUEUE:
        look(source)
        return
    found = dead.messages()
    for message in found:
        for value in message.get("MessageAttributes", {}).values():
            if "BinaryValue" in value:
                value["BinaryValue"] = base64.b64decode(value["BinaryValue"])
    with Shelf.open(source) as shelf:
        shelf.add((letter(sqs.message(message)) for message in found), place)


def _begun(source: Source, plan_id: str) -> bool:
    return (source.runs / f"{plan_id}.db").exists()


def _log(answer: Path) -> str:
    log = answer.with_suffix(".log")
    return log.read_text()[-2000:] if log.exists() else ""


def letters(round_: Round) -> Iterator[dict[str, Any]]:
    for number in range(round_.letters):
        body = json.dumps({MARK: str(number), "fill": "x" * round_.body_bytes})
        attributes: dict[str, Any] = {"Tenant": {"DataType": "String", "StringValue": "t1"}}
        if number % 3 == 0:
            attributes["Raw"] = {"DataType": "Binary", "BinaryValue": "AP8="}
        if number % 7 == 0:
            attributes |= {f"A{n}": {"DataType": "Number", "StringValue": str(n)} for n in range(8)}
        system = {"DeadLetterQueueSourceArn": f"arn:aws:sqs:eu-west-1:000000000000:jobs-{round_.seed}"}
        if round_.fifo:
            system["DeadLetterQueueSourceArn"] += ".fifo"
            system |= {
                "MessageGroupId": f"g{number % 5}",
                "SequenceNumber": f"{number:020d}",
                "MessageDeduplicationId": f"{round_.seed}-{number}",
            }
        yield {"body": body, "attributes": attributes, "system": system, "receives": 3}


def judge(
    round_: Round,
    verdict: Verdict,
    marks: Mapping[str, str],
    wanted: Sequence[str],
    dead: Letters,
    jobs: Letters,
    last: Mapping[str, Any],
) -> None:
    """Count every letter, by what is in its body."""
    arrived = [(json.loads(message["Body"]), message) for message in jobs.messages()]
    sent = Counter(body[MARK] for body, _ in arrived)
    kept = {json.loads(message["Body"])[MARK] for message in dead.messages()}
    twice = set(last.get("twice", ()))
    verdict.listed = len(twice)
    at_home = not round_.imported  # whether letters lie in the dead-letter queue until they are sent
    planned = {marks[name] for name in wanted}
    for name, mark in marks.items():
        if not sent[mark] and mark not in kept and at_home:
            verdict.lost.append(mark)
        if sent[mark] > 1:
            verdict.doubled += 1
            if name not in twice:
                verdict.unlisted.append(mark)
        if mark not in planned and (sent[mark] or (at_home and mark not in kept)):
            verdict.problems.append(f"letter {mark} was not planned and was moved")
    if last["state"] != "done":
        return
    for mark in planned:
        if round_.action is Action.REDRIVE and sent[mark] and mark in kept:
            verdict.problems.append(f"letter {mark} was sent and lies in the dead-letter queue still")
        if round_.action is Action.COPY and at_home and mark not in kept:
            verdict.problems.append(f"letter {mark} was copied and is gone")
        if not sent[mark]:
            verdict.problems.append(f"letter {mark} was never sent, and the run says it is done")
    for body, message in arrived:
        attributes = message.get("MessageAttributes", {})
        name = next(name for name, mark in marks.items() if mark == body[MARK])
        original = attributes.get("OriginalMessageId", {}).get("StringValue")
        if len(attributes) < 10 and original != name:
            verdict.problems.append(f"letter {body[MARK]} carries {original} as its first id, not {name}")
        if attributes.get("Tenant") != {"DataType": "String", "StringValue": "t1"}:
            verdict.problems.append(f"letter {body[MARK]} lost an attribute")
        if int(body[MARK]) % 3 == 0 and attributes.get("Raw") != {"DataType": "Binary", "BinaryValue": "AP8="}:
            verdict.problems.append(f"letter {body[MARK]} lost a binary attribute")
        if round_.edits and body.get("edited") != round_.seed:
            verdict.problems.append(f"letter {body[MARK]} was not edited")
    if round_.fifo:
        _in_order(verdict, [(message["Attributes"]["MessageGroupId"], int(body[MARK])) for body, message in arrived])


def _in_order(verdict: Verdict, arrived: Sequence[tuple[str, int]]) -> None:
    """First arrivals of each group must rise."""
    seen: dict[str, list[int]] = {}
    for group, number in arrived:
        if number not in seen.setdefault(group, []):
            if seen[group] and number < seen[group][-1]:
                verdict.problems.append(f"group {group}: {number} came after {seen[group][-1]}")
            seen[group].append(number)
