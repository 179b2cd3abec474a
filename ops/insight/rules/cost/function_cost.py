"""Cost of a function in one period, by component."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from handler.extension.records import prices as recorded_prices
from handler.extension.records import rules
from ops import pricing

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.pricing import Prices

REPORT_COLUMNS = ("report_billed_ms", "report_init_ms")
"""Columns of what REPORT lines say, for a function without records."""
DURATION_COMPONENT, INIT_COMPONENT, REQUESTS_COMPONENT = "Lambda duration", "Lambda INIT", "Lambda requests"
LAMBDA_COMPONENTS = (DURATION_COMPONENT, INIT_COMPONENT, REQUESTS_COMPONENT)
RESTORE_COMPONENT, RESTORED_GB_COMPONENT = "Lambda restore", "SnapStart restores by the GB"
"""Only of functions with SnapStart: the billed time of restores, and what is billed for each by the memory."""
CACHE_COMPONENT, PROVISIONED_COMPONENT = "SnapStart cache", "Provisioned concurrency"
"""Components billed by the hour, used or not."""
FREE_TMP_MB = 512
GB = 1e9
"""CloudWatch Logs bills decimal or binary gigabytes without saying which; the difference is 7%."""


@dataclass(frozen=True)
class BilledTime:
    """Milliseconds of one period; INIT and restores are part of what is billed."""

    billed_ms: float
    init_ms: float

    @classmethod
    def of(cls, points: Mapping[str, float]) -> BilledTime:
        """Billed time by the extension's records, else REPORT lines, else Duration, which does not include INIT."""
        init_ms = points.get("init_ms" if "billed_ms" in points else REPORT_COLUMNS[1], 0.0)
        sources = ("billed_ms", REPORT_COLUMNS[0], "duration_ms")
        return cls(next((points[name] for name in sources if name in points), 0.0), init_ms)


def is_compute(component: str) -> bool:
    """Whether it is Lambda's own price for running: duration, INIT, restores and requests."""
    return component in LAMBDA_COMPONENTS or component in (RESTORE_COMPONENT, RESTORED_GB_COMPONENT)


def function_usd(
    points: Mapping[str, float], function: Function, log_bytes: float, prices: Prices, use: FunctionUsage
) -> dict[str, float]:
    """The cost of the whole function. ``log_bytes``: per invocation."""
    spent = _running_usd(points, function, prices, use)
    if "estimated_usd" in points:
        # The records' prices are us-east-1's, of the first tier: each part of them is taken at its own price.
        there = _running_usd(points, function, _of_records(), use)
        recorded = _as_recorded(there, points["estimated_usd"])
        spent = {name: recorded[name] * _ratio(usd, there[name]) for name, usd in spent.items()}
    invocations = points.get("invocations", 0.0)
    spent["Logs"] = invocations * log_bytes / GB * prices.log_gb_ingested
    if use.restores and not _is_java(function) and prices.lambda_snapstart_restore_gb is not None:
        restored_gb = invocations * use.restores * function.memory_mb / 1024
        spent[RESTORED_GB_COMPONENT] = restored_gb * prices.lambda_snapstart_restore_gb
    if extra_tmp_gb := max(0, function.ephemeral_mb - FREE_TMP_MB) / 1024:
        spent["Ephemeral storage"] = BilledTime.of(points).billed_ms / 1000 * extra_tmp_gb * prices.lambda_tmp_gb_second
    return spent


def hourly_usd(function: Function, prices: Prices, use: FunctionUsage) -> dict[str, float]:
    """Fixed cost per hour in US dollars, by component."""
    gb = function.memory_mb / 1024
    spent: dict[str, float] = {}
    if use.provisioned_environments:
        price = prices.provisioned_concurrency_gb_second(function.architecture)
        spent[PROVISIONED_COMPONENT] = use.provisioned_environments * gb * 3600 * price
    if use.snapshots and not _is_java(function) and prices.lambda_snapstart_cache_gb_second is not None:
        spent[CACHE_COMPONENT] = use.snapshots * gb * 3600 * prices.lambda_snapstart_cache_gb_second
    return spent


def _is_java(function: Function) -> bool:
    """Snapshots and restores of Java are not billed: only those of Python and .NET are (LDG snapstart, 2026)."""
    return function.runtime.startswith("java")


def _running_usd(
    points: Mapping[str, float], function: Function, prices: Prices, use: FunctionUsage
) -> dict[str, float]:
    """The cost of running, by usage and price."""
    time = BilledTime.of(points)
    gb_seconds = function.memory_mb / 1024 / 1000
    on_demand = prices.gb_second(function.architecture)
    provisioned = prices.gb_second(function.architecture, rules.PROVISIONED)
    price = max(0.0, 1.0 - use.managed - use.provisioned) * on_demand + use.provisioned * provisioned
    restore_ms = time.billed_ms * use.restored
    spent = {
        # Billed is Duration and Init (or Restore) rounded up together: what is neither is duration.
        DURATION_COMPONENT: max(0.0, time.billed_ms - time.init_ms - restore_ms) * gb_seconds * price,
        INIT_COMPONENT: time.init_ms * gb_seconds * on_demand,
        REQUESTS_COMPONENT: points.get("invocations", 0.0) * prices.lambda_request,
    }
    if use.restored:
        spent[RESTORE_COMPONENT] = restore_ms * gb_seconds * on_demand
    return spent


def _of_records() -> Prices:
    """The prices that EstimatedCost is worked out with."""
    return replace(
        pricing.load(),
        lambda_gb_second_x86_64=recorded_prices.GB_SECOND["x86_64"],
        lambda_gb_second_arm64=recorded_prices.GB_SECOND["arm64"],
        lambda_provisioned_gb_second_x86_64=recorded_prices.PROVISIONED_GB_SECOND["x86_64"],
        lambda_provisioned_gb_second_arm64=recorded_prices.PROVISIONED_GB_SECOND["arm64"],
        lambda_request=recorded_prices.REQUEST,
    )


def _as_recorded(spent: Mapping[str, float], estimated_usd: float) -> dict[str, float]:
    """Lambda's parts in their proportions, adding up to the records' EstimatedCost."""
    requests = min(spent[REQUESTS_COMPONENT], estimated_usd)
    rest = estimated_usd - requests
    timed = {name: usd for name, usd in spent.items() if name != REQUESTS_COMPONENT}
    total = sum(timed.values())
    scaled = {name: usd * rest / total if total > 0 else 0.0 for name, usd in timed.items()}
    if not total > 0:  # with nothing billed to divide it by, the rest is for the duration
        scaled[DURATION_COMPONENT] = rest
    return {**scaled, REQUESTS_COMPONENT: requests}


def _ratio(usd: float, there: float) -> float:
    """1 where nothing is billed by which to tell."""
    return usd / there if there > 0 else 1.0
