"""What a round of the campaign redrives and what goes wrong meanwhile, drawn from its seed."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass, replace

from ops.deadletters.plan_model import Action, Edit
from tests.chaos.proxy import CALM, Weather
from tests.fakes.sqs.faults import THROTTLED, Fault


@dataclass(frozen=True)
class Round:
    """What is redriven and what goes wrong meanwhile."""

    seed: int
    messages: int
    body_bytes: int
    fifo: bool
    action: Action
    share: float  # of the messages that the plan selects
    edits: tuple[Edit, ...]
    rate: float | None
    latency_s: float
    weather: Weather
    faults: tuple[Fault, ...]
    kills: int
    watched: bool = False  # in steps, each awaited
    imported: bool = False  # from the snapshot only: nothing of it lies in the queue
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
        if fifo:  # such a queue delivers once, and its leases end in time
            trouble = [fault for fault in trouble if fault.kind not in ("twice", "end leases")]
        weather = chance.choice(weathers)
        if fifo and weather.cut_answer > 0.1:
            weather = CALM  # a receive whose answer is lost locks its groups for a whole lease
        return cls(
            seed=seed,
            messages=chance.choice((12, 40, 80, 200)),
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

    @property
    def gentle(self) -> bool:
        """Ctrl-C and nothing else: it can give back all that it holds."""
        return self.signal == signal.SIGINT and not self.faults and self.weather == CALM
