"""The send rate: a token bucket that all workers share, and whose rate headroom adjusts while they run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BURST_S = 0.1
"""Unused time that may be caught up on: short, so that a pause is not followed by a burst."""
STOP_CHECK_S = 0.2
"""How often a waiting worker checks whether to stop."""


class RateLimiter:
    """At most ``rate`` messages per second over all threads; None: no limit; 0: paused. ``why``: the reason for the
    current rate, a clause."""

    def __init__(self, rate: float | None, why: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._rate = rate
        self._why = why
        self._tokens = 0.0
        self._refilled_at = clock()

    @property
    def rate(self) -> float | None:
        return self._rate

    @property
    def why(self) -> str:
        return self._why

    def set(self, rate: float | None, why: str = "") -> None:
        """Change the rate, also for callers that are already waiting."""
        with self._changed:
            self._refill()
            self._rate, self._why = rate, why
            self._changed.notify_all()

    def take(self, count: int = 1, stop: Callable[[], bool] | None = None) -> bool:
        """Wait until ``count`` more messages may be sent. False when ``stop`` became true meanwhile: then none may.

        A count above the tokens at hand is a debt that the next caller waits for, so that a batch of ten never waits
        for ten tokens at a slow rate, and the rate still holds on average.
        """
        if self._rate is None:
            return not (stop and stop())
        with self._changed:
            while not (stop and stop()):
                self._refill()
                if self._rate is None or (self._rate > 0 and self._tokens >= 0):
                    self._tokens -= count if self._rate is not None else 0
                    return True
                missing = -self._tokens / self._rate if self._rate else STOP_CHECK_S
                self._changed.wait(min(missing, STOP_CHECK_S))
        return False

    def _refill(self) -> None:
        now = self._clock()
        if self._rate is not None:
            self._tokens = min(self._rate * BURST_S, self._tokens + (now - self._refilled_at) * self._rate)
        else:
            self._tokens = 0.0
        self._refilled_at = now
