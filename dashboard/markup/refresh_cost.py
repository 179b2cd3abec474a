"""The cost of a page's refresh, in one line."""

from __future__ import annotations

from dashboard import formatting
from ops.formatting import count, price
from ops.insight.report_types import QueryCost


def text(cost: QueryCost, is_twin: bool, refresh_s: int | None) -> str:
    """``refresh_s``: seconds between refreshes; None: automatic refresh is off."""
    metrics, usd = f"{count(cost.metrics_requested, 'metric')} per refresh", price(cost.usd)
    if is_twin:
        line = f"{metrics}. Free on the twin; {usd} on AWS."
    elif refresh_s:
        hourly = price(cost.usd * 3600 / refresh_s)
        line = f"{metrics}: {usd}, {hourly} per hour while this page is open."
    else:
        line = f"{metrics}: {usd}. Automatic refresh is off."
    return f'<span class="so-quiet">{formatting.escape(line)}</span>'
