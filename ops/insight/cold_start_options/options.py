"""All options, the recommended one first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ops import formatting
from ops.insight.cold_start_options.fewer_imports import fewer_imports
from ops.insight.cold_start_options.memory import more_memory
from ops.insight.cold_start_options.model import MIN_COLD_STARTS, Between, ColdBase, Option, Verdict
from ops.insight.cold_start_options.provisioned import ProvisionedHour, provisioned, provisioned_hours
from ops.insight.cold_start_options.snap_start import snap_start

WORTH = 0.05
"""Share of the waiting that an option has to save to be recommended. Our choice."""
_ORDER = list(Verdict)


@dataclass(frozen=True)
class ColdStartOptions:
    """``sentence``: what to do, or why that is not known; then there are no options. ``base``: as it is now."""

    sentence: str
    options: tuple[Option, ...] = ()
    hours: tuple[ProvisionedHour, ...] = ()
    base: ColdBase | None = None


def compare_options(base: ColdBase, measured: int, failures: str = "") -> ColdStartOptions:
    """``measured``: cold starts whose INIT is known. ``failures``: a sentence that most of them came after failures, which no
    option changes."""
    if measured < MIN_COLD_STARTS:
        few = formatting.count(measured, "cold start")
        return ColdStartOptions(
            f"Too few to say what would change it: {few} with a known init duration in the log lines read; {MIN_COLD_STARTS} are needed."
        )
    found = [more_memory(base), *fewer_imports(base), provisioned(base), snap_start(base)]
    found.sort(
        key=lambda option: (_ORDER.index(option.verdict), option.extra_usd(base) / max(option.saved_s(base), 1e-9))
    )
    first = _recommended(found, base)
    kept = _as_it_is(base, first is None)
    if first is None:
        return ColdStartOptions(f"{failures}{kept.sentence}", (kept, *found), provisioned_hours(base), base)
    others = [option for option in found if option is not first]
    chosen = replace(first, verdict=Verdict.RECOMMENDED)
    return ColdStartOptions(f"{failures}{first.sentence}", (chosen, *others, kept), provisioned_hours(base), base)


def _recommended(found: list[Option], base: ColdBase) -> Option | None:
    """The one that saves the most of those that cost no more."""
    waited = base.cold * base.wait_ms / 1000
    free = [
        option
        for option in found
        if option.verdict is Verdict.HELPS and option.extra_usd(base) <= 0 and option.saved_s(base) >= WORTH * waited
    ]
    return max(free, key=lambda option: option.saved_s(base), default=None)


def _as_it_is(base: ColdBase, recommended: bool) -> Option:
    sentence = (
        f"No option shortens cold starts at no cost. They add {formatting.duration(base.cold * base.wait_ms / 1000)} "
        f"of waiting per month, and INIT is {formatting.usd(base.init_usd)} of the {formatting.usd(base.usd)}."
        if recommended
        else "As it is now."
    )
    verdict = Verdict.RECOMMENDED if recommended else Verdict.NOW
    wait = Between(base.wait_ms, base.wait_ms)
    return Option("As it is", verdict, sentence, "measured", wait, base.cold, Between(base.usd, base.usd))
