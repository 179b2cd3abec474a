"""Monotonic seconds for measuring, and what the wall clock said at such a moment."""

from __future__ import annotations

import time

now = time.monotonic
_OFFSET = time.time() - time.monotonic()


def wall(moment: float) -> float:
    """Unix time of a ``now()`` value."""
    return moment + _OFFSET


def moment_of(unix: float) -> float:
    """The ``now()`` value of a Unix time."""
    return unix - _OFFSET


def epoch_ms(moment: float) -> int:
    return int(wall(moment) * 1000)
