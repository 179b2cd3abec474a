"""More memory: a Lambda function gets processor time by its memory size."""

from __future__ import annotations

from ops import formatting
from ops.insight.cold_start_options.memory_sweep import MemorySweep, SweptMemory
from ops.insight.cold_start_options.model import Between, ColdBase, Option, Verdict

ONE_PROCESSOR_MB = 1_769
"""One vCPU (Lambda quotas, 2026). Importing is the work of one thread, which a second processor does not help."""
NAME = "More memory"
COMMAND = "ops rightsize"
SHORTER = 0.95
"""A memory size is worth suggesting only if INIT takes less than this share of today's. Our choice."""


def more_memory(base: ColdBase) -> Option:
    """Measured by the saved sweep, if it has the current memory size and a larger one; otherwise inferred."""
    sweep, memory = base.sweep, base.function.memory_mb
    now = sweep.at(memory) if sweep else None
    if sweep is None or now is None:
        return _inferred(base)
    larger = [size for size in sweep.sizes if size.memory_mb > memory]
    return _measured(base, sweep, now, larger) if larger else _inferred(base)


def _measured(base: ColdBase, sweep: MemorySweep, now: SweptMemory, larger: list[SweptMemory]) -> Option:
    """``wait_ms`` and ``usd`` of the range, changed by as much as the sweep's INIT and duration are."""
    quoted = "; ".join(_quoted(size) for size in sweep.sizes)
    notes = (f"Measured: {quoted}.", f"To measure again: {COMMAND}.")
    basis = f"measured: INIT and duration by memory, by the sweep of {sweep.ended:%Y-%m-%d %H:%M} UTC"
    best = min(larger, key=lambda size: size.init_ms)
    if best.init_ms > SHORTER * now.init_ms:
        text = (
            f"More memory does not shorten INIT: {formatting.latency(best.init_ms)} with {best.memory_mb:,} MB, "
            f"{formatting.latency(now.init_ms)} with {now.memory_mb:,} MB as now."
        )
        return Option(NAME, Verdict.NO, text, basis, notes=notes)
    wait = Between(*(base.wait_ms * ms / now.init_ms for ms in (best.inits_ms[0], best.inits_ms[-1])))
    size = best.memory_mb / now.memory_mb
    usd = size * (
        (base.usd - base.init_usd) * best.duration_ms / now.duration_ms + base.init_usd * best.init_ms / now.init_ms
    )
    text = (
        f"With {best.memory_mb:,} MB instead of {now.memory_mb:,} MB, INIT takes "
        f"{formatting.latency(base.wait_ms * best.init_ms / now.init_ms)} instead of {formatting.latency(base.wait_ms)}, and a "
        f"month costs {formatting.usd(usd)} instead of {formatting.usd(base.usd)}, by what a sweep measured."
    )
    verdict = Verdict.HELPS if usd <= base.usd else Verdict.COSTS
    name = f"{NAME} ({best.memory_mb:,} MB)"
    return Option(name, verdict, text, basis, wait, base.cold, Between(usd, usd), notes)


def _quoted(size: SweptMemory) -> str:
    colds = formatting.count(len(size.inits_ms), "cold start")
    return (
        f"{size.memory_mb:,} MB: INIT {formatting.latency(size.init_ms)} (median of {colds}), warm invocations "
        f"{formatting.latency(size.duration_ms)} (mean of {size.warm:,})"
    )


def _inferred(base: ColdBase) -> Option:
    memory = base.function.memory_mb
    notes = (f"Not measured: {_missing(base.sweep, memory)} To measure INIT and duration by memory: {COMMAND}.",)
    if memory >= ONE_PROCESSOR_MB:
        why = f"{memory:,} MB already are one processor ({ONE_PROCESSOR_MB:,} MB), and imports run in one thread"
        text = f"More memory shortens INIT little: {why}."
        return Option(NAME, Verdict.NO, text, "not measured: by the quota of Lambda", notes=notes)
    wanted = min(ONE_PROCESSOR_MB, memory * 2)
    grows = wanted / memory
    wait = Between(base.wait_ms / grows, base.wait_ms)
    usd = Between(base.usd, base.usd * grows)
    sentence = (
        f"With {wanted:,} MB instead of {memory:,} MB, INIT takes {formatting.latency(wait.low)} at best instead of "
        f"{formatting.latency(base.wait_ms)}, and a month costs {formatting.usd(usd.low)} to {formatting.usd(usd.high)} "
        f"instead of {formatting.usd(base.usd)}."
    )
    basis = "inferred, not measured: from all of INIT and duration bound by the processor, to none of it"
    return Option(f"{NAME} ({wanted:,} MB)", Verdict.COSTS, sentence, basis, wait, base.cold, usd, notes)


def _missing(sweep: MemorySweep | None, memory: int) -> str:
    if sweep is None:
        return "no sweep of this function is saved on this machine."
    if sweep.at(memory) is None:
        return f"the sweep that is saved has no cold start with {memory:,} MB, which the function has now."
    return f"the sweep that is saved has no cold start with more than {memory:,} MB."
