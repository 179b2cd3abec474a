"""Prices at a month's volume: later tiers cost less, and the free tier costs nothing.

AWS counts what the whole account uses (all accounts of an organization with consolidated billing): of that only this
workload is known, so tiers are reached later here, and the free tier is all this workload's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ops.pricing import Prices

FREE_TIER_NOTE = "the free tier counts for a whole account; here it is all this workload's"
TIERS_NOTE = "volume tiers count what a whole account uses; here they are reached by this workload alone"


def at_volume(prices: Prices, monthly: Mapping[str, float], *, tiers: bool, free_tier: bool) -> Prices:
    """The prices at the mean price per unit for this many units a month, by the price's name."""
    changed: dict[str, Any] = {
        name: month_usd(prices, name, units, tiers=tiers, free_tier=free_tier) / units
        for name, units in monthly.items()
        if units > 0
    }
    return replace(prices, **changed)


def month_usd(prices: Prices, name: str, units: float, *, tiers: bool, free_tier: bool) -> float:
    """Dollars for so many units a month."""
    first: float = getattr(prices, name)
    steps = prices.tiers.get(name, ()) if tiers else ()
    left = max(0.0, units - (prices.free.get(name, 0.0) if free_tier else 0.0))
    usd, below = 0.0, 0.0
    for up_to, price in steps or ((math.inf, first),):
        within = min(left, up_to) - below
        if within <= 0:
            break
        usd, below = usd + within * price, up_to
    return usd
