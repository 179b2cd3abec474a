"""The oracle of the forecast: a queue, its pollers and execution environments as single events, in SimPy.

Written from AWS's description alone: it shares nothing with the model that it checks but the numbers of a case.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy


@dataclass(frozen=True)
class Case:
    """``per_minute``: arrivals, one rate for each ``step_s`` seconds, over and over. ``start``, ``growth``, ``limit``:
    invocations at once at first, more of them a minute, and the most. ``groups``: of a FIFO queue; each has at most one
    batch at work, and messages of one group only. ``busiest``: the share of the messages that are in one of them, the others
    being alike; None: all are. Which group a message belongs to is chance. ``seconds``: of work for one message."""

    name: str
    backlog: int
    oldest_s: float
    per_minute: tuple[float, ...]
    step_s: float
    start: int
    growth: float
    limit: int
    batch: int
    seconds: float
    spread: float
    groups: int | None = None
    busiest: float | None = None


@dataclass(frozen=True)
class Simulated:
    """``drained_s``: when the last message is done that waited before nothing did for the first time, in each group."""

    drained_s: float
    peak_age_s: float


class Drain:
    def __init__(self, case: Case, seed: int) -> None:
        self.case, self.random, self.world = case, random.Random(seed), simpy.Environment()
        lanes = case.groups or 1
        self.lanes: list[deque[float]] = [deque() for _ in range(lanes)]
        self.busy = [False] * lanes
        self.peak_age = self.at_work_until = 0.0
        self.nothing_waited = False
        for number in range(case.backlog):
            sent = -case.oldest_s * (1 - number / case.backlog)
            self.lanes[self.lane_of_next()].append(sent)
        self.free = [(lane[0], number) for number, lane in enumerate(self.lanes) if lane]
        heapq.heapify(self.free)  # groups with messages of which none is at work, by their oldest
        self.full = {number for number, lane in enumerate(self.lanes) if lane}  # have not been empty yet
        self.drained = self.world.event()
        self.idle: list[Any] = []  # events that environments without work wait for

    def run(self) -> Simulated:
        self.world.process(self.arrivals())
        self.world.process(self.scaling())
        self.world.run(until=self.drained)
        return Simulated(float(self.world.now), self.peak_age)

    def arrivals(self) -> Generator[Any, Any, None]:
        for step in itertools.count():
            rate, ends = self.case.per_minute[step % len(self.case.per_minute)] / 60, (step + 1) * self.case.step_s
            while rate > 0 and (until := min(ends, self.world.now + self.unreachable_s())) > self.world.now:
                at = self.world.now
                while (at := at + self.random.expovariate(rate)) < until:
                    self.lanes[0].append(at)
                yield self.world.timeout(until - self.world.now)
            while rate > 0 and (at := self.world.now + self.random.expovariate(rate)) < ends:
                yield self.world.timeout(at - self.world.now)
                lane = self.lane_of_next()
                self.lanes[lane].append(float(self.world.now))
                if len(self.lanes[lane]) == 1 and not self.busy[lane]:
                    heapq.heappush(self.free, (self.lanes[lane][0], lane))
                self.wake()
            yield self.world.timeout(max(0.0, ends - self.world.now))  # memoryless: the next step draws again

    def unreachable_s(self) -> float:
        """How long what arrives at the end of a long queue is surely not taken: it needs no event of its own. A batch is done
        in no less than a quarter of its mean time (seven standard deviations), and each environment takes one at once."""
        if self.case.groups is not None or not self.lanes[0]:
            return 0.0
        later_batches = len(self.lanes[0]) // (self.case.batch * self.case.limit) - 1
        return max(0, later_batches) * self.case.batch * self.case.seconds / 4

    def lane_of_next(self) -> int:
        lanes, busiest = len(self.lanes), self.case.busiest
        if lanes == 1 or busiest is None:
            return self.random.randrange(lanes) if lanes > 1 else 0
        return 0 if self.random.random() < busiest else self.random.randrange(1, lanes)

    def scaling(self) -> Generator[Any, Any, None]:
        running = min(self.case.start, self.case.limit)
        for _ in range(running):
            self.world.process(self.environment())
        while running < self.case.limit and self.case.growth > 0:
            yield self.world.timeout(60 / self.case.growth)
            running += 1
            self.world.process(self.environment())

    def environment(self) -> Generator[Any, Any, None]:
        fifo = self.case.groups is not None
        while True:
            lane = (heapq.heappop(self.free)[1] if self.free else None) if fifo else 0
            if lane is None or not self.lanes[lane]:
                called = self.world.event()
                self.idle.append(called)
                yield called
                continue
            taken = min(self.case.batch, len(self.lanes[lane]))
            self.busy[lane] = fifo
            for _ in range(taken):
                self.peak_age = max(self.peak_age, self.world.now - self.lanes[lane].popleft())
            noise = self.random.lognormvariate(-(self.case.spread**2) / 2, self.case.spread)
            lasts = self.case.seconds * taken * noise
            self.at_work_until = max(self.at_work_until, self.world.now + lasts)
            if not self.lanes[lane]:
                self.full.discard(lane)
            if not self.full and not self.nothing_waited:
                self.nothing_waited = True
                self.world.process(self.end())
            yield self.world.timeout(lasts)
            if fifo:
                self.busy[lane] = False
                if self.lanes[lane]:
                    heapq.heappush(self.free, (self.lanes[lane][0], lane))
                self.wake()

    def end(self) -> Generator[Any, Any, None]:
        yield self.world.timeout(self.at_work_until - self.world.now)
        self.drained.succeed()

    def wake(self) -> None:
        """One environment, if one has nothing to do."""
        if self.idle:
            self.idle.pop().succeed()
