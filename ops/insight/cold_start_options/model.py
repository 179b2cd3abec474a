"""One option, and the base that all options start from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from ops.aws.lambda_ import Function
from ops.insight.cold_start_options.memory_sweep import MemorySweep
from ops.pricing import Prices

if TYPE_CHECKING:
    import pandas as pd

    from ops.insight.imports.model import ImportRecord

HOURS_PER_MONTH = 730
MIN_COLD_STARTS = 10
"""Cold starts with a known duration, below which nothing is said. Our choice."""


class Verdict(StrEnum):
    RECOMMENDED = "recommended"
    HELPS = "helps"
    COSTS = "helps, costs more"
    NO = "not worth it"
    IMPOSSIBLE = "not possible"
    UNKNOWN = "not known"
    NOW = "as now"


@dataclass(frozen=True)
class Between:
    low: float
    high: float

    @property
    def mid(self) -> float:
        return (self.low + self.high) / 2


@dataclass(frozen=True)
class ColdBase:
    """The current state, which options are compared with. ``cold``, ``invocations``, ``usd`` and ``init_usd``: a month
    like the selected range, which has ``hours`` from ``start`` on; ``usd``: duration and INIT. ``wait_ms``,
    ``runtime_ms``: medians of INIT and of its part that is the runtime's and the function's own. ``complete``:
    ``frame`` has all invocations of the range. ``sweep``: the last one of memory sizes, where one is saved."""

    function: Function
    prices: Prices
    frame: pd.DataFrame
    imports: ImportRecord | None
    start: datetime
    hours: float
    cold: float
    invocations: float
    wait_ms: float
    runtime_ms: float
    usd: float
    init_usd: float
    complete: bool = True
    sweep: MemorySweep | None = None

    @property
    def gb(self) -> float:
        return self.function.memory_mb / 1024

    @property
    def usd_per_s(self) -> float:
        return self.gb * self.prices.gb_second(self.function.architecture)


@dataclass(frozen=True)
class Option:
    """``wait_ms``: what a cold start then waits for (median); ``cold``, ``usd``: a month then. None where it is not known.
    ``basis``: on what the numbers rest. ``notes``: further sentences."""

    name: str
    verdict: Verdict
    sentence: str
    basis: str = ""
    wait_ms: Between | None = None
    cold: float | None = None
    usd: Between | None = None
    notes: tuple[str, ...] = ()

    def saved_s(self, base: ColdBase) -> float:
        """Seconds of waiting that a month has less, at the middle of what is known."""
        if self.wait_ms is None or self.cold is None:
            return 0.0
        return (base.cold * base.wait_ms - self.cold * self.wait_ms.mid) / 1000

    def extra_usd(self, base: ColdBase) -> float:
        return self.usd.mid - base.usd if self.usd is not None else 0.0
