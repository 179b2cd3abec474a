"""Cost of each attempt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from handler.extension.records import rules
from ops import pricing
from ops.aws.lambda_ import Function
from ops.insight.invocation_table.table import InvocationTable


def priced(table: InvocationTable, function: Function, region: str) -> InvocationTable:
    """The table with ``cost_usd``: what a record says (EstimatedCost, at us-east-1's prices) if ``region`` has the same
    prices, or if nothing else is known; otherwise the price of the billed time and the request in ``region``, by how
    the environment is billed. Where no line states the memory, the function's is used."""
    prices = pricing.load(region)
    costs, billed = table.numbers["cost_usd"], table.numbers["billed_ms"]
    logged = table.numbers["memory_size_mb"]
    memory = np.where(logged > 0, logged, float(function.memory_mb))
    managed = np.array([rules.managed(name) for name in table.texts["init_type"]], dtype=bool)[table.codes["init_type"]]
    usd = billed / 1000 * memory / 1024 * _gb_seconds(table, function, prices) + prices.lambda_request
    usd = np.where(managed, prices.lambda_request, usd)
    unknown, elsewhere = np.isnan(costs), prices.region != pricing.PRICE_REGION
    filled = ~unknown | ~(managed | np.isnan(billed))
    return replace(
        table,
        numbers={
            **table.numbers,
            "cost_usd": np.where(unknown | (elsewhere & ~np.isnan(usd)), usd, costs),
            "memory_size_mb": np.where(filled, memory, logged),
        },
    )


def _gb_seconds(table: InvocationTable, function: Function, prices: pricing.Prices) -> npt.NDArray[np.float64]:
    """USD per GB-second of each row, looked up once per architecture and initialization type."""
    types = len(table.texts["init_type"])
    combined = table.codes["architecture"].astype(np.int64) * types + table.codes["init_type"]
    combinations, which = np.unique(combined, return_inverse=True)
    found = [
        prices.gb_second(
            table.texts["architecture"][combination // types] or function.architecture,
            table.texts["init_type"][combination % types],
        )
        for combination in combinations.tolist()
    ]
    return np.array(found, dtype=float)[which]
