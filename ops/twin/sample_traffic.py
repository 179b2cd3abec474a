"""A minute of traffic for a twin that has none yet, in a process of its own: the dashboard stays free meanwhile."""

from __future__ import annotations

import os
import sys

from ops import access, twin_state
from ops.errors import UsageError
from ops.twin import processes

COUNT, PER_SECOND, MINUTES = 150, 3, 1
ROLE = "sample-traffic"
"""The process's name; its log is ``<ROLE>.log`` in the twin's folder."""


def start_sample() -> None:
    """Send at most ``COUNT`` jobs, some of which fail. Raises UsageError while a sample is being sent or without a
    twin."""
    access.ensure_may("traffic")
    if twin_state.read() is None:
        raise UsageError("The twin is not running.", "Start it with ops twin up.")
    if is_sending():
        raise UsageError("Sample traffic is being sent already.", "It ends within a few minutes by itself.")
    bounds = ("--count", str(COUNT), "--rate", str(PER_SECOND), "--minutes", str(MINUTES))
    processes.start(ROLE, [sys.executable, "-m", "ops", "twin", "traffic", *bounds], os.environ, bound=False)


def is_sending() -> bool:
    return processes.role_runs(ROLE)
