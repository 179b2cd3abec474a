"""A run's course without AWS: a plan, a ledger in memory, a mover by hand, and a fate for what it sends."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ops.deadletters.course import Became, Course
from ops.deadletters.pace import Limiter
from ops.deadletters.plan import Action, Destination, Estimate, Pace, Plan, Selection, Steps
from ops.deadletters.run import Outcome, Run, Sent, State, Step

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def a_plan(letters: int, steps: Steps) -> Plan:
    ids = tuple(f"m{number:05}" for number in range(letters))
    return Plan(
        id="20261124T040000-0001",
        made_at=NOW,
        made_by="arn:aws:iam::123456789012:user/one",
        queue_arn="arn:aws:sqs:eu-west-1:123456789012:dead",
        queue_url="https://sqs.eu-west-1.amazonaws.com/123456789012/dead",
        action=Action.REDRIVE,
        selection=Selection(),
        ids=ids,
        bytes=letters,
        looked_at=NOW,
        queue_count=letters,
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
class Memory:
    """A ledger that forgets everything with the test."""

    planned: int
    book: dict[str, Sent] = field(default_factory=dict)
    back: Counter[str] = field(default_factory=Counter)
    steps: dict[int, tuple[int, str]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    rates: list[tuple[float | None, str]] = field(default_factory=list)
    vanished: int = 0
    cancelled: bool = False

    def run(self) -> Run:
        def count(outcome: Outcome, step: int | None = None) -> int:
            some = self.book.values()
            return sum(one.outcome is outcome and step in (None, one.step) for one in some)

        steps = tuple(
            Step(
                number,
                upto,
                sum(one.step == number for one in self.book.values()),
                count(Outcome.SUCCEEDED, number),
                count(Outcome.CAME_BACK, number),
                count(Outcome.WAITING, number),
                state,
            )
            for number, (upto, state) in sorted(self.steps.items())
        )
        sent = len(self.book)
        return Run(
            id="r", plan_hash="", reason="", who="", state=State.RUNNING, began=NOW, ended=None, engine="ledger",
            planned=self.planned, sent=sent, deleted=sent, failed=0, vanished=self.vanished,
            succeeded=count(Outcome.SUCCEEDED), came_back=count(Outcome.CAME_BACK), waiting=count(Outcome.WAITING),
            rate=0.0, rate_limit=None, rate_why="", said="", steps=steps, causes_back=tuple(self.back.most_common()),
        )  # fmt: skip

    def said(self, text: str) -> None:
        self.texts.append(text)

    def rate(self, limit: float | None, why: str) -> None:
        self.rates.append((limit, why))

    def step(self, number: int, upto: int, state: str) -> None:
        self.steps[number] = (upto, state)

    def letters(self, outcome: Outcome | None = None) -> list[Sent]:
        return [one for one in self.book.values() if outcome in (None, one.outcome)]

    def outcomes(self, rows: Iterable[Became]) -> None:
        for message_id, outcome, _, cause in rows:
            self.book[message_id] = replace(self.book[message_id], outcome=outcome)
            if outcome is Outcome.CAME_BACK:
                self.back[cause] += 1


@dataclass(frozen=True)
class Went:
    why: str = ""


@dataclass
class Hand:
    """Marks letters as sent, ``pause`` of them at a time."""

    plan: Plan
    ledger: Memory
    stopping: threading.Event
    slow: float = 0.0
    gone: int = 0

    def move(self, upto: int, step: int) -> Went:
        for message_id in self.plan.ids[len(self.ledger.book) : upto - self.gone]:
            if self.stopping.is_set():
                break
            if self.slow and self.stopping.wait(self.slow):
                break
            self.ledger.book[message_id] = Sent(message_id, message_id, (f"new-{message_id}",), NOW, step)
        self.ledger.vanished = self.gone
        return Went()


@dataclass
class Fate:
    """Decides at once what becomes of each message; None: nothing is known yet."""

    of: Callable[[Sent], Outcome | None]
    pause_s: float = 0.0
    note: str = ""

    def look(self, waiting: Sequence[Sent], run: Run, moving: bool) -> list[Became]:
        return [
            (one.message_id, outcome, NOW, "ValueError: no column" if outcome is Outcome.CAME_BACK else "")
            for one in waiting
            if (outcome := self.of(one))
        ]


def course(plan: Plan, fate: Fate | None, **more: object) -> tuple[Course, Memory]:
    ledger, stopping = Memory(len(plan.ids)), threading.Event()
    hand = Hand(plan, ledger, stopping)
    for name in ("slow", "gone"):
        if name in more:
            setattr(hand, name, more.pop(name))
    made = Course(plan, ledger, hand, fate, None, Limiter(None, "no limit"), stopping, tick_s=0.002)
    for name, value in more.items():
        setattr(made, name, value)
    return made, ledger


def succeeds(_: Sent) -> Outcome:
    return Outcome.SUCCEEDED
