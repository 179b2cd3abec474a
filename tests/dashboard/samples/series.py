"""Time series of a made-up workload, by a seeded generator, and the text of an attacker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from ops.aws.cloudwatch import Points
from ops.insight.report_types import Finding, Level, QueryCost

NOW = datetime.now(UTC).replace(microsecond=0)
MAX_CONCURRENCY, ALARM_AGE_S, TIMEOUT_MS = 10, 120.0, 6_000.0
HOSTILE = (
    '<script>document.title="owned"</script> **bold** [link](https://example.com) :material/bug_report: $x^2$ '
    "<img src=x onerror=alert(1)>"
)


def frame(minutes: int, period: int, **columns: np.ndarray) -> pd.DataFrame:
    end = NOW - timedelta(seconds=NOW.timestamp() % period)
    index = pd.date_range(end=end, periods=minutes * 60 // period, freq=f"{period}s", name="time")
    return pd.DataFrame(columns, index=index)


def spark(series: pd.Series[float]) -> Points:
    return tuple(zip(pd.DatetimeIndex(series.index).to_pydatetime(), map(float, series), strict=True))


class SampleSeries:
    """``minutes`` of a queue and its function, a value per ``period`` (s). ``trouble``: a burst of messages that fail."""

    def __init__(self, trouble: bool = True, minutes: int = 60, period: int = 30, foreign: str = "") -> None:
        self.n = minutes * 60 // period
        self.minutes, self.period, self.trouble = minutes, period, trouble
        self.rng = np.random.default_rng(7)
        self.foreign = foreign
        self.calls: list[str] = []
        t = np.linspace(0, 1, self.n)
        burst = np.clip(np.exp(-(((t - 0.62) / 0.13) ** 2)), 0, 1) if trouble else np.zeros(self.n)
        self.sent = self.rng.poisson(40 + 220 * burst).astype(float)
        self.capacity = np.minimum(130 + 0 * t, self.sent + 5) if not trouble else np.full(self.n, 120.0)
        depth = np.zeros(self.n)
        for i in range(1, self.n):
            depth[i] = max(0, depth[i - 1] + (self.sent[i] - self.capacity[i]) * period / 60)
        self.depth = np.round(depth)
        self.done = np.where(self.depth > 0, self.capacity, self.sent) * self.rng.uniform(0.95, 1.05, self.n)
        self.in_flight = np.round(np.clip(self.done / 4 + self.rng.normal(0, 2, self.n), 0, None))
        self.age = np.where(self.depth > 0, self.depth / 2 + 4, self.rng.uniform(1, 4, self.n))
        self.dead = np.round(np.clip((t - 0.55) / 0.45, 0, 1) * 54) if trouble else np.zeros(self.n)
        self.arriving, self.processed = (float(np.mean(values[-5:])) for values in (self.sent, self.done))
        """Per minute, now."""
        self.timeouts = np.where(self.depth > 50, 2.0, 0.0)
        self.out_of_memory = np.where(self.depth > 80, 1.0, 0.0)
        self.executions = np.minimum(MAX_CONCURRENCY, np.round(self.in_flight / 3))
        self.cold = np.clip(0.02 + 0.2 * burst + self.rng.normal(0, 0.01, self.n), 0, 1)

    def _frame(self, **columns: np.ndarray) -> pd.DataFrame:
        return frame(self.minutes, self.period, **columns)

    @property
    def p95_ms(self) -> np.ndarray:
        return 300 + self.age / max(100.0, float(self.age.max())) * 4_000

    @property
    def failed(self) -> int:
        """Invocations that failed."""
        return int(self.timeouts.sum() + self.out_of_memory.sum())

    @property
    def look_cost(self) -> QueryCost:
        return QueryCost(24, 0.00024, ("The last minute is not complete yet.",) if self.trouble else ())

    def finding(self, act: str, fine: str, page: str = "") -> Finding:
        if self.trouble:
            first, *others = act.split("; ")
            headline = f"Critical: {first}{self.foreign}." if others else ""
            chips = tuple(f"{other}{self.foreign}" for other in others)
            return Finding(Level.CRITICAL, f"Critical: {act}{self.foreign}", page, headline, chips)
        return Finding(Level.OK, f"OK: {fine}", "")
