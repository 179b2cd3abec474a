"""What happens to functions and mappings, counted as it happens and handed to the metrics publisher once per period.

Counting costs a lock and a few additions an invocation. Counts belong to the period in which the invocation *began*:
CloudWatch stamps Lambda's metrics with the start of the invocation (LDG monitoring-metrics-types, read 2026-11), so
that the errors of long invocations appear late and in the past.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

Owner = tuple[str, str, str]  # account, region, name of the function or UUID of the mapping


@dataclass
class FunctionCounts:
    invocations: int = 0
    errors: int = 0
    throttles: int = 0
    durations: Counter[float] = field(default_factory=Counter)  # milliseconds → how often
    asynchronous: Counter[str] = field(default_factory=Counter)  # AsyncEventsReceived and the like


@dataclass
class ConcurrencyCounter:
    now: int = 0
    peak: int = 0

    def enter(self) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)

    def leave(self) -> None:
        self.now -= 1

    def take(self) -> int:
        peak, self.peak = self.peak, self.now
        return peak


@dataclass
class UsageSnapshot:
    """What was counted since the last time."""

    functions: dict[tuple[Owner, float], FunctionCounts]  # by owner and start of the period (epoch seconds)
    mappings: dict[Owner, Counter[str]]
    concurrency: dict[Owner, int]  # highest number at once
    account: dict[tuple[str, str], int]
    unreserved: dict[tuple[str, str], int]


class UsageCounters:
    """Safe to use from many threads. ``period`` in seconds."""

    def __init__(self, period: float) -> None:
        self._period = period
        self._lock = threading.Lock()
        self._functions: dict[tuple[Owner, float], FunctionCounts] = defaultdict(FunctionCounts)
        self._mappings: dict[Owner, Counter[str]] = defaultdict(Counter)
        self._running: dict[Owner, ConcurrencyCounter] = defaultdict(ConcurrencyCounter)
        self._account: dict[tuple[str, str], ConcurrencyCounter] = defaultdict(ConcurrencyCounter)
        self._unreserved: dict[tuple[str, str], ConcurrencyCounter] = defaultdict(ConcurrencyCounter)

    def began(self, owner: Owner, *, reserved: bool) -> None:
        with self._lock:
            self._running[owner].enter()
            self._account[owner[:2]].enter()
            if not reserved:
                self._unreserved[owner[:2]].enter()

    def ended(self, owner: Owner, *, reserved: bool, started: float, error: bool, duration_ms: float | None) -> None:
        """``started`` in epoch seconds; ``duration_ms`` None when the function never ran."""
        with self._lock:
            self._running[owner].leave()
            self._account[owner[:2]].leave()
            if not reserved:
                self._unreserved[owner[:2]].leave()
            if duration_ms is None:
                return
            counts = self._functions[owner, self._period_of(started)]
            counts.invocations += 1
            counts.errors += error
            counts.durations[round(duration_ms, 2)] += 1

    def throttled(self, owner: Owner, when: float) -> None:
        with self._lock:
            self._functions[owner, self._period_of(when)].throttles += 1

    def asynchronous(self, owner: Owner, metric: str, when: float) -> None:
        with self._lock:
            self._functions[owner, self._period_of(when)].asynchronous[metric] += 1

    def mapping(self, owner: Owner, metric: str, count: int) -> None:
        with self._lock:
            self._mappings[owner][metric] += count

    def take(self) -> UsageSnapshot:
        with self._lock:
            taken = UsageSnapshot(
                functions=dict(self._functions),
                mappings=dict(self._mappings),
                concurrency={owner: running.take() for owner, running in self._running.items()},
                account={place: running.take() for place, running in self._account.items()},
                unreserved={place: running.take() for place, running in self._unreserved.items()},
            )
            self._functions.clear()
            self._mappings.clear()
        return taken

    def _period_of(self, when: float) -> float:
        return when // self._period * self._period
