"""More memory: a Lambda function gets processor time by its memory size."""

from __future__ import annotations

from ops import formatting
from ops.insight.cold_start_options.model import Between, ColdBase, Option, Verdict

ONE_PROCESSOR_MB = 1_769
"""One vCPU (Lambda quotas, 2026). Importing is the work of one thread, which a second processor does not help."""
NAME = "More memory"


def more_memory(base: ColdBase) -> Option:
    memory = base.function.memory_mb
    if memory >= ONE_PROCESSOR_MB:
        why = f"{memory:,} MB already are one processor ({ONE_PROCESSOR_MB:,} MB), and imports run in one thread"
        return Option(NAME, Verdict.NO, f"More memory shortens INIT little: {why}.", "quota of Lambda")
    wanted = min(ONE_PROCESSOR_MB, memory * 2)
    grows = wanted / memory
    wait = Between(base.wait_ms / grows, base.wait_ms)
    usd = Between(base.usd, base.usd * grows)
    sentence = (
        f"With {wanted:,} MB instead of {memory:,} MB, INIT takes {formatting.latency(wait.low)} at best instead of "
        f"{formatting.latency(base.wait_ms)}, and a month costs {formatting.usd(usd.low)} to {formatting.usd(usd.high)} "
        f"instead of {formatting.usd(base.usd)}."
    )
    basis = "inferred: from all of INIT and duration bound by the processor, to none of it"
    notes = (
        "Measure it before you change it: a sweep of memory sizes shows how much of the work is bound by the processor.",
    )
    return Option(f"{NAME} ({wanted:,} MB)", Verdict.COSTS, sentence, basis, wait, base.cold, usd, notes)
