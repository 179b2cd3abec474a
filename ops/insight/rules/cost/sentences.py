"""One sentence for each chart of the Cost page; the week before has its own (``comparison``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ops import formatting
from ops.insight.rules.cost import cost_model

NAMED = 2
"""Components that the sentence names; more is what the chart is for."""


def where_it_goes(parts: Mapping[str, float], total: float) -> str:
    """``parts``: dollars by component."""
    if not total:
        return "Nothing that costs money was used in this range."
    largest = sorted(parts.items(), key=lambda part: -part[1])[:NAMED]
    named = " and ".join(f"{name} ({formatting.percent(usd / total)})" for name, usd in largest if usd)
    return f"Of {formatting.usd(total)} in this range, most went into {named}."


def failures(costs: Sequence[tuple[str, float]], failed: float, total: float) -> str:
    """``costs``: cause and dollars, the most expensive first."""
    if not costs or not total:
        return "No money went into failed attempts."
    cause, usd = costs[0]
    text = f"Failed attempts took {formatting.usd(failed)} ({formatting.percent(failed / total)} of the cost)"
    if len(costs) == 1:
        return f"{text}, all of it {cause}."
    return f"{text}; {cause} alone took {formatting.usd(usd)}."


def break_even(jobs_per_hour: float | None, now: float | None, capacity: float) -> str:
    """``now``: jobs per hour of the range; None where nothing is known of them."""
    if not now:
        return "No job succeeded in this range, so there is no price of one to compare with an instance's."
    load = f"this range had {formatting.count(now)}"
    if jobs_per_hour is None:
        return f"Lambda is cheaper at every load that one instance carries ({formatting.count(capacity)} jobs per hour); {load}."
    side = "at that load, Lambda is" if now < jobs_per_hour else "at that load, an instance is"
    return f"An always-on instance is cheaper from {formatting.count(jobs_per_hour)} jobs per hour; {load}: {side} cheaper."


def own_spending(refresh_usd: float, totals_hourly_usd: float = 0.0) -> str:
    """A sentence on the cost of the page's own queries. ``totals_hourly_usd``: for totals of log lines, which serve
    several refreshes."""
    month = (refresh_usd * 60 + totals_hourly_usd) * cost_model.HOURS_PER_MONTH
    besides = f" and {formatting.usd(totals_hourly_usd)} an hour for totals of log lines" if totals_hourly_usd else ""
    return (
        f"One refresh of this page costs {formatting.usd(refresh_usd)} on AWS (metrics and log queries){besides}; refreshed "
        f"each minute for a month, {formatting.usd(month)}."
    )
