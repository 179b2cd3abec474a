"""Time that only runs forward, also while the machine sleeps: what a lease is measured by."""

from __future__ import annotations

import time

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Of a laptop that was closed over a lease's end, the monotonic clock would not know."""


def elapsed() -> float:
    """Seconds since some fixed moment; clock changes do not touch it."""
    return time.clock_gettime(_CLOCK)
