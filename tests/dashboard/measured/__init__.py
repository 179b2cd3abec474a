"""Every number of Trace, Compare and Right-sizing, and where it stands: on the page, in the command's text and in its JSON."""

from __future__ import annotations

from collections.abc import Sequence

from tests.dashboard.measured.comparison import read_comparison
from tests.dashboard.measured.sweep import read_sweep
from tests.dashboard.measured.trace import read_trace
from tests.dashboard.shown_numbers import Shown

INSTANCES = ("m7g.large", "fargate")
OBJECTIVES = {"balanced": "Balanced", "cost": "Lowest cost", "latency": "Lowest latency"}
"""As commands name them → as the page and its address do."""


def read(shown: Shown, jobs: Sequence[str], *, commands: bool = True, choices: bool = False) -> None:
    """``jobs``: IDs to trace, whether or not there is one. Without ``commands`` the pages alone. ``choices``: with every
    objective of a sweep and several instance types, not the default alone."""
    for job in jobs:
        read_trace(shown, job, commands)
    for instance in INSTANCES if choices else INSTANCES[:1]:
        read_comparison(shown, instance, commands)
    for objective, title in list(OBJECTIVES.items())[: None if choices else 1]:
        read_sweep(shown, objective, title, commands)
