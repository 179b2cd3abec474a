"""Share of cold invocations, and its level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler import contract
from ops import formatting
from ops.aws.cloudwatch import MetricQuery
from ops.insight.report_types import Level
from ops.insight.rules.findings import Observation
from ops.insight.sources import metric_queries

if TYPE_CHECKING:
    from ops.aws.lambda_ import Function
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.log_totals import LogTotals
    from ops.insight.sources.metrics import Readings

COLD_SHARE, MIN_INVOCATIONS = 0.1, 50
"""Share of cold invocations that is worth a warning, and of how many at least: where little runs, most of it is cold.
Our choice, there is no AWS figure."""
SLOW_INIT_MS = 10_000 * 0.8
"""Init is stopped and tried again at 10 s (Lambda developer guide, runtimes): close to that, it is near to failing."""


@dataclass(frozen=True)
class ColdStarts:
    """``cold`` of ``recorded`` invocations. ``slowest_init_ms``: None when unknown. ``interval``: of the share, with 95%
    confidence, where it is estimated from a sample."""

    cold: float
    recorded: float
    slowest_init_ms: float | None = None
    interval: tuple[float, float] | None = None

    @property
    def share(self) -> float:
        return self.cold / self.recorded

    @property
    def too_few(self) -> bool:
        """Whether there are too few invocations to judge a share that would otherwise be a warning."""
        return self.share >= COLD_SHARE and self.recorded < MIN_INVOCATIONS

    def __str__(self) -> str:
        about = "about " if self.interval else ""
        return f"{about}{formatting.count(self.cold)} of {formatting.count(self.recorded, 'invocation')}"


def queries(function: Function | None) -> list[MetricQuery]:
    """``cold``, ``recorded`` and ``slowest_init_ms``."""
    if function is None:
        return []
    at = ((contract.INVOCATION_DIMENSION, function.name),)
    slowest = MetricQuery("slowest_init_ms", contract.INVOCATION_NAMESPACE, contract.INV_INIT, "Maximum", at)
    return [*metric_queries.records(function, "cold", "recorded"), slowest]


def count_cold(readings: Readings, found: Invocations | None, totals: LogTotals | None = None) -> ColdStarts | None:
    """Counts by the metrics; for a function without them, by ``totals`` of its log lines (or those of ``found``), by
    all of them, or by a sample. None when unknown."""
    if recorded := readings.total("recorded"):
        slowest = max((ms for _, ms in readings.points("slowest_init_ms")), default=None)
        return ColdStarts(readings.total("cold") or 0.0, recorded, slowest)
    if totals is None and found is not None:
        totals = found.totals
    if totals is not None:
        return ColdStarts(totals.cold, totals.invocations)
    if found is None or not len(found.table) or (found.truncated and found.sample is None):
        return None
    cold, inits = found.table.cold, found.table.numbers["init_ms"]
    known = inits[cold & (inits == inits)]  # without NaN
    slowest = float(known.max()) if len(known) else None
    count, rows = float(cold.sum()), float(len(cold))
    if found.sample is None:
        return ColdStarts(count, rows, slowest)
    from ops.insight.sources.invocations import range_sample  # with NumPy, which `ops status` does without

    interval = range_sample.share_interval(cold, found.parts)
    return ColdStarts(round(count * found.scale), round(rows * found.scale), slowest, interval)


def unlike_the_metric(starts: ColdStarts | None, readings: Readings, found: Invocations) -> str:
    """A note where the metric and the log lines, both complete in the range, count different numbers; else empty."""
    if starts is None or not readings.total("recorded") or found.truncated or found.unread:
        return ""
    cold = found.table.cold
    logged = int(cold.sum())
    if logged == round(starts.cold):
        return ""
    silent = int((cold & ~found.table.recorded).sum())
    return (
        f"Cold starts are counted in two ways. The share is of the extension's records, by their metric: {starts}. Reasons, "
        f"versions and durations are of the log lines: {formatting.count(logged)} of "
        f"{formatting.count(len(cold), 'invocation')}, of which {formatting.count(silent, 'has', 'have')} a REPORT line and no record, as "
        "where an environment ends before its extension has written one. A metric counts an invocation when it begins, the "
        "lines when they are written. Neither counts an INIT of an environment that served no invocation."
    )


def observe_cold_starts(starts: ColdStarts | None, details: str = "") -> Observation:
    """``details``: what the page knows besides, as further parts of the clause."""
    if starts is None:
        return Observation(Level.NO_DATA, "no invocation records or REPORT lines in this time range")
    were = "was" if starts.recorded == 1 else "were"
    text = f"{starts} {were} cold ({formatting.percent(starts.share)}{_within(starts)}){details}"
    if starts.slowest_init_ms is not None and starts.slowest_init_ms >= SLOW_INIT_MS:
        slowest = formatting.latency(starts.slowest_init_ms)
        text += f"; the slowest init ({slowest}) is close to Lambda's 10 s init timeout"
        return Observation(Level.WARNING, text, "cold_starts")
    if starts.too_few:
        text += f"; fewer than {MIN_INVOCATIONS} invocations are too few to judge"
    many = starts.share >= COLD_SHARE and not starts.too_few
    return Observation(Level.WARNING if many else Level.OK, text, "cold_starts")


def _within(starts: ColdStarts) -> str:
    if starts.interval is None:
        return ""
    low, high = starts.interval
    return f", {formatting.percent(low)} to {formatting.percent(high)} by a sample"
