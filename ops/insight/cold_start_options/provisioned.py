"""Provisioned concurrency: how much of it keeps invocations warm, what it costs, and in which hours it pays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from handler.extension.records import rules
from ops import formatting
from ops.aws import logs
from ops.insight.cold_start_options.concurrency import Concurrency, measure
from ops.insight.cold_start_options.model import HOURS_PER_MONTH, Between, ColdBase, Option, Verdict

NAME = "Provisioned concurrency"
WARM_SHARE = 0.95
"""The share of invocations that should find a warm environment. Our choice."""
INCOMPLETE = (
    "How many invocations ran at the same time is not known: not all of this range were read. Choose a shorter range, with at "
    f"most {logs.MAX_ROWS:,} invocations."
)


@dataclass(frozen=True)
class ProvisionedHour:
    """One hour of the day (UTC). ``needed``: environments with which 95% of its invocations are warm; ``pays``: how many
    of them cost no more than on-demand; dollars are of a month of that hour, on-demand and with ``needed``."""

    hour: int
    invocations: int
    needed: int
    pays: int
    usd_on_demand: float
    usd: float


def provisioned_hours(base: ColdBase) -> tuple[ProvisionedHour, ...]:
    """The hours of the day in which invocations began; none where only some of them were read."""
    if not base.complete:
        return ()
    whole = measure(base.frame, base.start, base.hours)
    found = []
    for hour in whole.hours:
        own = whole.at_hour(hour)
        needed = own.needed(WARM_SHARE)
        days = HOURS_PER_MONTH / 24
        before, after = (_usd_hour(base, own, number) * days for number in (0, needed))
        pays = _paying(base, own)
        found.append(ProvisionedHour(hour, len(own.arrivals), needed, pays, before, after))
    return tuple(found)


def provisioned(base: ColdBase) -> Option:
    """Provisioned concurrency for as many environments as keep ``WARM_SHARE`` of the invocations warm."""
    if not base.complete:
        return Option(NAME, Verdict.UNKNOWN, INCOMPLETE)
    whole = measure(base.frame, base.start, base.hours)
    number = whole.needed(WARM_SHARE)
    before, after = (_usd_hour(base, whole, of) * HOURS_PER_MONTH for of in (0, number))
    usd = base.usd + after - before
    cold = base.cold * whole.still_cold(number)
    pays = [hour for hour in provisioned_hours(base) if hour.pays]
    sentence = (
        f"{formatting.count(number, 'provisioned environment')} would keep {formatting.percent(1 - whole.above(number))} of the "
        f"invocations warm, and a month would cost {formatting.usd(usd)} instead of {formatting.usd(base.usd)}."
    )
    even = formatting.percent(break_even(base))
    notes = [f"An environment pays for itself from {even} of the time at work on: {_when(pays)}."]
    if base.function.version == "$LATEST":
        notes.append("It needs a published version and an alias, which the event source mapping calls.")
    if (base.frame["init_type"] == rules.PROVISIONED).any():
        notes.append("Some invocations already ran in provisioned environments.")
    verdict = Verdict.COSTS if usd > base.usd else Verdict.HELPS
    wait = Between(base.wait_ms, base.wait_ms)
    return Option(
        f"{NAME} ({number})",
        verdict,
        sentence,
        "arithmetic on the concurrency observed",
        wait,
        cold,
        Between(usd, usd),
        tuple(notes),
    )


def break_even(base: ColdBase) -> float:
    """Share of the time that an environment has to work for, to cost no more than on-demand."""
    architecture = base.function.architecture
    on_demand = base.prices.gb_second(architecture)
    saved = on_demand - base.prices.gb_second(architecture, rules.PROVISIONED)
    return base.prices.provisioned_concurrency_gb_second(architecture) / saved if saved > 0 else float("inf")


def _when(pays: list[ProvisionedHour]) -> str:
    if not pays:
        return "none would, in any hour that was read"
    hours = ", ".join(f"{hour.hour:02}:00 ({hour.pays})" for hour in pays[:6])
    more = f" and {len(pays) - 6} more" if len(pays) > 6 else ""
    return f"in the hours from {hours}{more} UTC"


def _paying(base: ColdBase, found: Concurrency) -> int:
    least, number = break_even(base), 0
    while len(found.busy) and float(np.mean(found.busy > number)) >= least:
        number += 1
    return number


def _usd_hour(base: ColdBase, found: Concurrency, number: int) -> float:
    """An hour of ``found``'s work with so many provisioned environments; what they cannot take runs on demand."""
    if not len(found.busy):
        return 0.0
    architecture = base.function.architecture
    within = float(np.mean(np.minimum(found.busy, number)))
    beyond = float(np.mean(found.busy)) - within
    usd = number * base.prices.provisioned_concurrency_gb_second(architecture)
    usd += within * base.prices.gb_second(architecture, rules.PROVISIONED) + beyond * base.prices.gb_second(
        architecture
    )
    return usd * base.gb * 3600
