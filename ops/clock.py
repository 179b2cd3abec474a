"""Time that only runs forward, even while the machine sleeps: leases and outcomes are measured by it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""CLOCK_BOOTTIME counts the time that a machine sleeps, so a laptop that was closed sees that a lease has ended."""


def elapsed_s() -> float:
    """Seconds since some fixed moment; clock changes do not touch it."""
    return time.clock_gettime(_CLOCK)


_START, _STARTED = datetime.now(UTC), elapsed_s()


def now_utc() -> datetime:
    """The time of day of this process: its clock was read once, so that one that is set in the meantime ends no lease,
    and makes no message older than it is."""
    return _START + timedelta(seconds=elapsed_s() - _STARTED)
