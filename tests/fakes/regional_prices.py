"""A region with prices of its own, as ops prices refresh leaves them: in a file of the state folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ops import pricing
from ops.pricing import price_file
from ops.pricing.price_list import ListedPrices


@contextmanager
def priced(region: str, **usd: float) -> Iterator[pricing.Prices]:
    """Within it ``region`` has these prices, and those of us-east-1 for the rest; yields them."""
    path = price_file.write(region, ListedPrices(usd, {}, "2026-11-20"), "2026-11-21")
    pricing.load.cache_clear()
    try:
        yield pricing.load(region)
    finally:
        path.unlink()
        pricing.load.cache_clear()
