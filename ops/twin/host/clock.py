"""Monotonic seconds for measuring, and what the wall clock says about such a moment.

The two are compared at each question: a laptop that slept, or a corrected clock, moves them apart.
"""

from __future__ import annotations

import time

now = time.monotonic


def wall(moment: float) -> float:
    """Unix time of a ``now()`` value."""
    return time.time() - time.monotonic() + moment


def moment_of(unix: float) -> float:
    """The ``now()`` value of a Unix time."""
    return time.monotonic() - time.time() + unix


def epoch_ms(moment: float) -> int:
    return int(wall(moment) * 1000)
