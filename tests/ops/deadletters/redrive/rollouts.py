"""A rollout without AWS: a plan, a ledger in memory, a fake mover and fake outcomes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ops.deadletters.ledger.model import MessageOutcome, Outcome, Run, RunState, RunStep, SentMessage
from ops.deadletters.plan_model import Action, Destination, Estimate, Pace, Plan, Selection, Steps
from ops.deadletters.redrive.rollout import Rollout
from ops.deadletters.transfer.rate_limiter import RateLimiter

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def a_plan(messages: int, steps: Steps) -> Plan:
    ids = tuple(f"m{number:05}" for number in range(messages))
    return Plan(
        id="20261124T040000-0001",
        made_at=NOW,
        made_by="arn:aws:iam::123456789012:user/one",
        queue_arn="arn:aws:sqs:eu-west-1:123456789012:dead",
        queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
        action=Action.REDRIVE,
        selection=Selection(),
        ids=ids,
        bytes=messages,
        looked_at=NOW,
        queue_count=messages,
        margin=0.1,
        destination=Destination(),
        edits=(),
        pace=Pace(None, headroom=False),
        steps=steps,
        engine="ledger",
        engine_why="",
        causes={},
        estimate=Estimate(0, 0, 0),
        permissions=(),
        sample=ids[:3],
    )


@dataclass
class MemoryLedger:
    """A ledger in memory. As the real one, it is read while the mover's thread writes."""

    planned: int
    watched: bool = True
    book: dict[str, SentMessage] = field(default_factory=dict)
    causes: Counter[str] = field(default_factory=Counter)
    steps: dict[int, tuple[int, str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    rates: list[tuple[float | None, str]] = field(default_factory=list)
    missing: int = 0
    cancel_requested: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self) -> Run:
        book = self.sent_messages()

        def count(outcome: Outcome, step: int | None = None) -> int:
            return sum(sent.outcome is outcome and step in (None, sent.step) for sent in book)

        steps = tuple(
            RunStep(
                number,
                upto,
                sum(sent.step == number for sent in book),
                count(Outcome.SUCCEEDED, number),
                count(Outcome.FAILED_AGAIN, number),
                count(Outcome.WAITING, number),
                state,
            )
            for number, (upto, state) in sorted(self.steps.items())
        )
        sent = len(book)
        return Run(
            id="r", plan_hash="", reason="", who="", state=RunState.RUNNING, began=NOW, ended=None, engine="ledger",
            planned=self.planned, sent=sent, deleted=sent, failed=0, missing=self.missing,
            succeeded=count(Outcome.SUCCEEDED), failed_again=count(Outcome.FAILED_AGAIN), waiting=count(Outcome.WAITING),
            rate=0.0, rate_limit=None, rate_reason="", status_text="", steps=steps, failed_again_causes=tuple(self.causes.most_common()),
        )  # fmt: skip

    def set_status_text(self, text: str) -> None:
        self.texts.append(text)

    def set_rate_limit(self, limit: float | None, why: str) -> None:
        self.rates.append((limit, why))

    def set_step_state(self, number: int, upto: int, state: str) -> None:
        self.steps[number] = (upto, state)

    def send(self, ids: Sequence[str], step: int) -> None:
        """All at once, as a batch is: a reader sees all of them or none."""
        outcome = Outcome.WAITING if self.watched else Outcome.UNWATCHED
        with self.lock:
            self.book.update(
                (name, SentMessage(name, name, (f"new-{name}",), NOW, step, outcome=outcome)) for name in ids
            )

    def sent_messages(self, outcome: Outcome | None = None) -> list[SentMessage]:
        with self.lock:
            return [sent for sent in self.book.values() if outcome in (None, sent.outcome)]

    def record_outcomes(self, rows: Iterable[MessageOutcome]) -> None:
        with self.lock:
            for message_id, outcome, _, cause in rows:
                self.book[message_id] = replace(self.book[message_id], outcome=outcome)
                if outcome is Outcome.FAILED_AGAIN:
                    self.causes[cause] += 1


@dataclass(frozen=True)
class FakeMoveResult:
    why: str = ""


@dataclass
class FakeMover:
    """Marks a step's messages as sent. At ``rests_at`` it waits up to a minute to be stopped, so that a test can stop it
    in time, however slow the machine is."""

    plan: Plan
    ledger: MemoryLedger
    stopping: threading.Event
    rests_at: int | None = None
    gone: int = 0

    def move(self, upto: int, step: int) -> FakeMoveResult:
        end = upto - self.gone
        if self.rests_at is not None and self.rests_at < end:
            self._send(self.rests_at, step)
            self.stopping.wait(60)
        self._send(end, step)
        self.ledger.missing = self.gone
        return FakeMoveResult()

    def _send(self, end: int, step: int) -> None:
        if not self.stopping.is_set():
            self.ledger.send(self.plan.ids[len(self.ledger.book) : end], step)


@dataclass
class FakeOutcomes:
    """The outcome of each message, at once; None: not known yet."""

    of: Callable[[SentMessage], Outcome | None]
    pause_s: float = 0.0
    note: str = ""

    def check(self, waiting: Sequence[SentMessage], run: Run, moving: bool) -> list[MessageOutcome]:
        return [
            (sent.message_id, outcome, NOW, "ValueError: no column" if outcome is Outcome.FAILED_AGAIN else "")
            for sent in waiting
            if (outcome := self.of(sent))
        ]


def make_rollout(plan: Plan, outcomes: FakeOutcomes | None, **more: object) -> tuple[Rollout, MemoryLedger]:
    ledger, stopping = MemoryLedger(len(plan.ids), outcomes is not None), threading.Event()
    mover = FakeMover(plan, ledger, stopping)
    for name in ("rests_at", "gone"):
        if name in more:
            setattr(mover, name, more.pop(name))
    rollout = Rollout(plan, ledger, mover, outcomes, None, RateLimiter(None, "no limit"), stopping, tick_s=0.002)
    for name, value in more.items():
        setattr(rollout, name, value)
    return rollout, ledger


def succeeds(_: SentMessage) -> Outcome:
    return Outcome.SUCCEEDED
