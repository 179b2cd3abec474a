"""Estimates a sweep's time and cost before it starts: the trial's time is assumed to shrink only with CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops.pricing import Prices
from ops.rightsize import sizes

CHANGE_S = 5.0
"""How long a change of memory and its new version take, roughly: a few seconds for an image. Our choice."""
INIT_MS = 3_000.0
"""A cold start's INIT, on the safe side. Our choice."""


@dataclass(frozen=True)
class SweepEstimate:
    """Roughly. ``changes``: of ``$LATEST``'s memory."""

    invocations: int
    seconds: float
    usd: float
    changes: int


def estimate(
    memories: Sequence[int],
    batch_sizes: Sequence[int],
    rounds: int,
    per_round: int,
    job_ms: float,
    job_memory_mb: int,
    architecture: str,
    prices: Prices,
) -> SweepEstimate:
    """``job_ms``: what one job took with ``job_memory_mb``. Less memory is taken to make it slower in proportion below
    one vCPU, more not faster."""
    seconds = usd = 0.0
    for memory in memories:
        cores, had = (min(1.0, sizes.vcpus(size)) for size in (memory, job_memory_mb))
        slower = max(1.0, had / cores)
        warm = sum(batch_size * per_round * rounds for batch_size in batch_sizes) * job_ms * slower
        cold = rounds * (INIT_MS + batch_sizes[0] * job_ms) * slower
        spent = (warm + cold) / 1000
        seconds += spent
        usd += spent * memory / 1024 * prices.gb_second(architecture)
    count = len(memories) * rounds * (per_round * len(batch_sizes) + 1)
    changes = len(memories) * rounds + 1
    return SweepEstimate(count, seconds + changes * CHANGE_S, usd + count * prices.lambda_request, changes)
