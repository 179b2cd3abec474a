"""Lambda's memory sizes, and the CPU that comes with them."""

from __future__ import annotations

from ops.errors import UsageError

MIN_MB, MAX_MB = 128, 10_240
"""Lambda's memory sizes, in steps of 1 MB (LDG gettingstarted-limits, 2026)."""
MB_PER_VCPU = 1_769
"""Memory with which a function has the equivalent of one vCPU (LDG configuration-memory, 2026); in proportion below."""


def vcpus(memory_mb: int) -> float:
    """The CPU share of an environment, in cores."""
    return memory_mb / MB_PER_VCPU


def ensure_sizes(sizes: tuple[int, ...]) -> None:
    """Raises UsageError for none, for one twice, or for one that Lambda does not have."""
    if not sizes:
        raise UsageError("No memory size is given.", "Use a form like --memory 512,1024,1769.")
    wrong = next((size for size in sizes if not MIN_MB <= size <= MAX_MB), None)
    if wrong is not None:
        raise UsageError(f"{wrong} MB is not a memory size of Lambda.", f"Choose sizes from {MIN_MB} to {MAX_MB:,} MB.")
    if len(set(sizes)) < len(sizes):
        raise UsageError("A memory size is given twice.", "Name each size once.")
