"""The invocations of one day as arrays: a curve over the day, a burst with a backlog, an hour of failures, a deployment."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_S, MINUTES = 86_400, 1_440
BATCH = 5
"""Messages per invocation."""
BURST = slice(10 * 60 + 15, 10 * 60 + 35)
"""Minutes of a campaign, whose messages are sent in the first quarter of it."""
INCIDENT = slice(16 * 60 + 20, 17 * 60 + 5)
"""Minutes in which an input that nobody expected fails every tenth invocation."""
DEPLOYED_MINUTE = 14 * 60
ERRORS = ("", "Function.Unhandled", "Sandbox.Timedout", "Runtime.OutOfMemory")
STATUS = ("success", "failure", "timeout", "error")
"""Of each of ``ERRORS``."""
JOB_ERROR = "ValueError"
"""Of each job in a failed invocation."""


def job_message(place: int) -> str:
    """Of the jobs in the failed invocation at ``place`` of the day."""
    return "model is too old" if place % 2 else f"no segment S{place} in the list"


GB_SECOND_USD, REQUEST_USD = 0.0000166667, 0.0000002
FIRST_VERSION = 40
BYTES_PER_INVOCATION = 3_000
"""Of all its log lines together."""


@dataclass(frozen=True)
class Deployed:
    """What the day's lines and metrics are about: as the account that answers the other calls has it."""

    function: str
    queue: str
    dlq: str
    log_group: str
    memory_mb: int = 512
    timeout_s: int = 60
    extension: bool = True
    """Whether the function writes invocation records."""


@dataclass
class BusyDay:
    """Arrays of one entry per invocation, by start: ``start_s`` (s since midnight UTC), ``duration_ms``, ``init_ms`` (NaN:
    warm), ``failure`` (a place in ``ERRORS``), ``memory_mb``, ``slot`` and ``began`` (the environment: its number, and the
    minute in which it started). ``counts``: invocations by minute."""

    deployed: Deployed
    invocations: int = 1_000_000
    seed: int = 14
    dead_letters: int = 0
    """Messages in the dead-letter queue after the incident."""
    counts: Ints = field(init=False)
    start_s: Floats = field(init=False)
    minute: Ints = field(init=False)
    duration_ms: Floats = field(init=False)
    init_ms: Floats = field(init=False)
    failure: Ints = field(init=False)
    memory_mb: Floats = field(init=False)
    slot: Ints = field(init=False)
    began: Ints = field(init=False)
    environments: Ints = field(init=False)

    def __post_init__(self) -> None:
        chance = np.random.default_rng(self.seed)
        minutes = np.arange(MINUTES)
        curve = 0.3 + 0.7 * np.sin(np.pi * ((minutes / 60 - 4) % 24) / 24) ** 2
        curve *= chance.lognormal(0, 0.06, MINUTES)
        curve[BURST] *= 3
        self.counts = chance.multinomial(self.invocations, curve / curve.sum())
        self.minute = np.repeat(minutes, self.counts)
        self.start_s = np.sort(self.minute * 60 + chance.random(self.invocations) * 60)
        self._lasting(chance)
        self._environments(chance)

    def _lasting(self, chance: Any) -> None:
        longest = self.deployed.timeout_s * 1000.0
        after = self.minute >= DEPLOYED_MINUTE
        usual = chance.lognormal(np.log(380), 0.6, self.invocations) * np.where(after, 1.08, 1.0)
        self.duration_ms = np.round(np.clip(usual, 15, longest * 0.9), 2)
        draw = chance.random(self.invocations)
        trouble = (self.minute >= INCIDENT.start) & (self.minute < INCIDENT.stop)
        edges = np.where(trouble, 0.1, 0.002)
        self.failure = np.where(draw < edges, 1, np.where(draw > 0.9998, 2, np.where(draw > 0.9997, 3, 0)))
        self.duration_ms[self.failure == 2] = longest
        used = chance.normal(0.55, 0.05, self.invocations).clip(0.3, 0.92) * self.deployed.memory_mb
        self.memory_mb = np.where(self.failure == 3, float(self.deployed.memory_mb), np.round(used))

    def _environments(self, chance: Any) -> None:
        busy = np.bincount(self.minute, weights=self.duration_ms, minlength=MINUTES) / 60_000
        self.environments = np.ceil(busy * 1.3 + 1).astype(np.int64)
        slots = np.arange(self.environments.max())[:, None]
        there = slots < self.environments
        lives = chance.integers(110, 170, len(slots))[:, None]
        minutes = np.arange(MINUTES)
        new = there & ~np.roll(there, 1, axis=1) | ((minutes + slots * 37) % lives == 0)
        new[:, 0] = new[:, DEPLOYED_MINUTE] = True
        generations = np.maximum.accumulate(np.where(new, minutes, 0), axis=1)
        self.slot = (chance.random(self.invocations) * self.environments[self.minute]).astype(np.int64)
        self.began = generations[self.slot, self.minute]
        _, first = np.unique(self.slot * MINUTES + self.began, return_index=True)
        self.init_ms = np.full(self.invocations, np.nan)
        slower = np.where(self.began[first] >= DEPLOYED_MINUTE, 1.12, 1.0)
        self.init_ms[first] = np.round(chance.lognormal(np.log(1_900), 0.12, len(first)) * slower, 2)

    @cached_property
    def cold(self) -> npt.NDArray[np.bool_]:
        return ~np.isnan(self.init_ms)

    @cached_property
    def billed_ms(self) -> Floats:
        """Duration and INIT, rounded up together."""
        return np.ceil(self.duration_ms + np.nan_to_num(self.init_ms))

    @cached_property
    def usd(self) -> Floats:
        usd: Floats = self.billed_ms / 1000 * self.deployed.memory_mb / 1024 * GB_SECOND_USD + REQUEST_USD
        return usd

    def version(self, day: int, began: int) -> str:
        """Of an environment: deployed each afternoon. ``day``: since 1970."""
        return str(FIRST_VERSION + day % 50 + (began >= DEPLOYED_MINUTE))

    def between(self, day: int, start: float, end: float) -> slice:
        """The invocations of ``day`` that start from ``start`` to before ``end`` (s since 1970)."""
        low, high = np.searchsorted(self.start_s, [start - day * DAY_S, end - day * DAY_S])
        return slice(int(low), int(high))
