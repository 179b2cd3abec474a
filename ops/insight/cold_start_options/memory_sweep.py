"""INIT and duration by memory, as a sweep of real jobs measured them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SweptMemory:
    """``inits_ms``: of the cold starts, ascending, at least one. ``duration_ms``: the mean of ``warm`` invocations."""

    memory_mb: int
    inits_ms: tuple[float, ...]
    duration_ms: float
    warm: int

    @property
    def init_ms(self) -> float:
        """The median."""
        return statistics.median(self.inits_ms)


@dataclass(frozen=True)
class MemorySweep:
    ended: datetime
    sizes: tuple[SweptMemory, ...]

    def at(self, memory_mb: int) -> SweptMemory | None:
        return next((size for size in self.sizes if size.memory_mb == memory_mb), None)
