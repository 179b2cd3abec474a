"""The same load with other settings, with the cost of each until the drain and per month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ops import formatting
from ops.aws.lambda_ import DEFAULT_MAXIMUM_POLLERS, DEFAULT_MINIMUM_POLLERS
from ops.errors import UsageError
from ops.insight.forecast.forecast import Forecast, Goals, forecast
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import (
    FIFO_BATCH_RANGE,
    MAXIMUM_CONCURRENCY_RANGE,
    Environments,
    ScalingSettings,
)
from ops.insight.rules.concurrency import concurrency_limits
from ops.insight.rules.cost import cost_model

if TYPE_CHECKING:
    from ops.pricing import Prices
    from ops.workload import Workload

NO_MAXIMUM, FASTER = "no maximum concurrency", 2.0
MORE = 2
FASTER_RANGE = (0.01, 1_000.0)
MEMORY_RANGE = (128, 10_240)
"""MB of a function (Lambda quotas, 2026-11)."""
VCPU_MB = 1_769
"""Memory with which a function has one vCPU (Lambda developer guide, 2026-11); below it CPU is in proportion, and above it only
work in several threads gains."""
MINUTES_PER_MONTH = cost_model.HOURS_PER_MONTH * 60


@dataclass(frozen=True)
class Changes:
    """Changes to the settings; None leaves one as it is. ``faster``: speed-up of the job. Validated when applied."""

    maximum_concurrency: int | None = None
    pollers: tuple[int, int] | None = None
    reserved: int | None = None
    batch_size: int | None = None
    window_s: int | None = None
    memory_mb: int | None = None
    faster: float | None = None

    def ensure_possible(self) -> None:
        """Raises UsageError for what AWS rejects, whatever the workload."""
        pollers, maximum = self.pollers, self.maximum_concurrency
        ScalingSettings(maximum_concurrency=maximum, pollers=pollers, reserved=self.reserved)
        if self.batch_size is not None:
            ScalingSettings(window_s=1).with_changes(batch_size=self.batch_size)
        if self.window_s is not None:
            ScalingSettings().with_changes(window_s=self.window_s)
        _within("The memory (MB)", self.memory_mb, MEMORY_RANGE)
        _within("How many times as fast the job is", self.faster, FASTER_RANGE)

    def variant(self, settings: ScalingSettings) -> Variant | None:
        """Named by what differs; None where nothing does. Raises UsageError for what AWS rejects."""
        self.ensure_possible()
        named = (
            ("maximum concurrency {}", self.maximum_concurrency),
            ("{} provisioned pollers", "{:,} to {:,}".format(*self.pollers) if self.pollers else None),
            ("reserved concurrency {}", self.reserved),
            ("batch size {}", None if self.batch_size is None else f"{self.batch_size:,}"),
            ("batching window {} s", self.window_s),
            ("memory {} MB", None if self.memory_mb is None else f"{self.memory_mb:,}"),
            ("a job {} times as fast", None if self.faster is None else f"{self.faster:g}"),
        )
        name = ", ".join(text.format(value) for text, value in named if value is not None)
        changed = settings.with_changes(
            maximum_concurrency=self.maximum_concurrency,
            pollers=self.pollers,
            reserved=self.reserved,
            batch_size=self.batch_size,
            window_s=self.window_s,
        )
        return Variant(name, changed, self.faster or 1.0, self.memory_mb) if name else None


@dataclass(frozen=True)
class Variant:
    """``faster``: how many times as fast the job is; the time for one message is divided by it. ``memory_mb``: None: the
    function's own."""

    name: str
    settings: ScalingSettings
    faster: float = 1.0
    memory_mb: int | None = None


@dataclass(frozen=True)
class VariantForecast:
    """``usd``: Lambda's duration and requests, SQS's receives and deletes, and provisioned pollers until the backlog is drained;
    None where it is not. ``usd_month``: the same for a month of the arrivals; None without a price. ``usd_month_idle``: of
    it, what is paid with no work at all. ``in_flight``: messages, at most. ``note``: what
    speaks against the setting; empty where nothing is known against it."""

    name: str
    forecast: Forecast
    usd: float | None
    usd_month: float | None
    usd_month_idle: float
    in_flight: float
    note: str = ""


def variants(now: ScalingSettings, seconds_per_message: float = 0.0, timeout_s: float = 0.0) -> list[Variant]:
    """Changes worth a look: the maximum concurrency doubled and gone, provisioned pollers, a larger batch where its time is
    within the function's timeout, a job twice as fast."""
    found: list[Variant] = []
    if now.maximum_concurrency is not None:
        doubled = min(now.maximum_concurrency * MORE, MAXIMUM_CONCURRENCY_RANGE[1])
        found.append(Variant(f"maximum concurrency {doubled}", now.with_changes(maximum_concurrency=doubled)))
        found.append(Variant(NO_MAXIMUM, replace(now, maximum_concurrency=None)))
    if now.pollers is None and now.groups is None:
        least, most = DEFAULT_MINIMUM_POLLERS, DEFAULT_MAXIMUM_POLLERS
        found.append(Variant(f"{least} to {most} provisioned pollers", now.with_changes(pollers=(least, most))))
    found.append(Variant(f"a job {FASTER:g} times as fast", now, FASTER))
    if now.reserved is not None:
        doubled = now.reserved * MORE
        found.append(Variant(f"reserved concurrency {doubled}", now.with_changes(reserved=doubled)))
    current = now.law()
    found = [variant for variant in found if variant.faster != 1.0 or variant.settings.law() != current]
    batch = now.batch_size * MORE
    if batch <= FIFO_BATCH_RANGE[1] and 0 < batch * seconds_per_message < timeout_s:
        found.append(Variant(f"batch size {batch}", now.with_changes(batch_size=batch)))
    return found


def run(
    variant: Variant, load: Load, goals: Goals, there: Environments, workload: Workload, prices: Prices
) -> VariantForecast:
    settings = variant.settings
    law = settings.law(there)
    changed = replace(
        load.under(law).with_faster_job(variant.faster),
        batch=min(load.batch, float(settings.batch_size)),
        window_s=float(settings.window_s),
    )
    found = forecast(changed, law, goals)
    idle = (settings.pollers[0] if settings.pollers else 0) * prices.lambda_poller_hour * cost_model.HOURS_PER_MONTH
    usd = _Dollars(workload, prices, variant, changed)
    return VariantForecast(
        name=variant.name,
        forecast=found,
        usd=usd.until_drained(found),
        usd_month=usd.month(idle),
        usd_month_idle=idle,
        in_flight=min(found.peak_depth, law.limit * settings.batch_size),
        note=_note(variant, changed, workload),
    )


def _note(variant: Variant, load: Load, workload: Workload) -> str:
    batch, function = variant.settings.batch_size, workload.function
    lasts_s = batch * load.seconds_per_message
    if function is not None and lasts_s > function.timeout_s:
        return (
            f"a full batch of {batch:,} takes {formatting.duration(lasts_s)}: above the function's timeout of "
            f"{formatting.duration(function.timeout_s)}"
        )
    if variant.memory_mb is not None and function is not None and variant.memory_mb != function.memory_mb:
        share = min(variant.memory_mb, VCPU_MB) / min(function.memory_mb, VCPU_MB)
        bound = "" if share == 1 else f": one that only calculates would be about {share:.2g} times as fast (--faster)"
        return f"memory changes the price alone here; how much the job's time follows is not known{bound}"
    if variant.settings.law().throttles and load.throttled_gap_s is None:
        return (
            "the mapping asks for more than the limit and is throttled; how long its pollers then wait is not known, so it may "
            "take longer (set a maximum concurrency that is not above the limit)"
        )
    window_s = variant.settings.window_s
    if workload.mapping is not None and window_s > workload.mapping.window_s:
        return f"a message waits up to {formatting.duration(window_s)} for its batch to fill"
    return ""


@dataclass(frozen=True)
class _Dollars:
    workload: Workload
    prices: Prices
    variant: Variant
    load: Load

    def until_drained(self, found: Forecast) -> float | None:
        if found.drained_s is None or self.workload.function is None:
            return None
        seconds = np.array([found.drained_s.mid])
        messages = self.load.backlog + float(self.load.arrivals.total(seconds)[0])
        settings = self.variant.settings
        usd = messages * self._message(settings.batch_size)
        if settings.pollers is not None:
            path = found.course
            until = path.seconds <= found.drained_s.mid
            at_work = np.maximum(settings.pollers[0], path.concurrency / concurrency_limits.POLLER_CONCURRENCY)
            usd += float(np.trapezoid(at_work[until], path.seconds[until])) / 3600 * self.prices.lambda_poller_hour
        return usd

    def month(self, idle: float) -> float | None:
        """Without a backlog a batch holds what arrived within the window, and no less than was observed."""
        if self.workload.function is None:
            return None
        per_minute, settings = self.load.arrivals.mean_per_minute, self.variant.settings
        fill = min(float(settings.batch_size), max(self.load.batch, per_minute / 60 * settings.window_s, 1.0))
        return idle + per_minute * MINUTES_PER_MONTH * self._message(fill)

    def _message(self, fill: float) -> float:
        """Dollars of one message, where a batch holds ``fill``; on Managed Instances no duration is billed."""
        function, prices = self.workload.function, self.prices
        assert function is not None  # noqa: S101 (both callers have asked)
        sqs_request = prices.sqs_fifo_request if self.workload.queue.fifo else prices.sqs_request
        memory_mb = self.variant.memory_mb or function.memory_mb
        job_s = self.load.seconds_per_message - self.load.gap_s
        billed_s = 0.0 if function.managed else job_s
        duration = billed_s * memory_mb / 1024 * prices.gb_second(function.architecture)
        return duration + prices.lambda_request / fill + 2 * sqs_request


def _within(what: str, number: float | None, allowed: tuple[float, float]) -> None:
    if number is not None and not allowed[0] <= number <= allowed[1]:
        raise UsageError(
            f"{what} is {allowed[0]:g} to {allowed[1]:,g}, not {number:,g}.", "Choose a number in that range."
        )
