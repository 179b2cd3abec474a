"""GetMetricData about a busy day: sums and percentiles of its invocations, and of the queue before it."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import numpy as np

from handler import contract
from tests.fakes.busy_day.traffic import BATCH, BURST, BYTES_PER_INVOCATION, DAY_S, INCIDENT, MINUTES, BusyDay, Floats


class BusyMetrics:
    """``answer``: a GetMetricData request as JSON → its response. Metrics of anything else have no points."""

    def __init__(self, day: BusyDay) -> None:
        self._day = day
        self._of_day: dict[Any, tuple[Floats, Floats]] = {}

    def answer(self, asked: dict[str, Any], now: float) -> dict[str, Any]:
        start, end = float(asked["StartTime"]), min(float(asked["EndTime"]), now)
        results = []
        for query in asked["MetricDataQueries"]:
            times, values = self._query(query.get("MetricStat"), start, end) if "MetricStat" in query else ([], [])
            results.append({"Id": query["Id"], "StatusCode": "Complete", "Timestamps": times, "Values": values})
        return {"MetricDataResults": results}

    def _query(self, asked: dict[str, Any], start: float, end: float) -> tuple[list[float], list[float]]:
        metric, period, stat = asked["Metric"], int(asked["Period"]), asked["Stat"]
        about = {dimension["Value"] for dimension in metric.get("Dimensions", [])}
        name = (metric["Namespace"], metric["MetricName"], *(about & {self._day.deployed.dlq}))
        if about - self._dimensions or name not in self._series:
            return [], []
        bounds = start // period * period, end // max(period, 60) * max(period, 60)
        key = (name, stat, period)
        if key not in self._of_day:
            self._of_day[key] = _by_period(*self._series[name], stat, period)
        return _points(*self._of_day[key], *bounds)

    @cached_property
    def _dimensions(self) -> set[str]:
        deployed = self._day.deployed
        return {deployed.function, deployed.queue, deployed.dlq, deployed.log_group, contract.SERVICE}

    @cached_property
    def _series(self) -> dict[tuple[str, ...], tuple[Floats, Floats]]:
        """By namespace and name: the times (s since midnight) and values that it was published with."""
        day = self._day
        minutes: Any = np.arange(MINUTES) * 60.0
        start, done = day.start_s, day.failure == 0

        def of(values: Any, times: Any = start) -> tuple[Floats, Floats]:
            published: Any = np.asarray(values, dtype=float)
            known = ~np.isnan(published)
            return times[known], published[known]

        def by_minute(values: Any) -> tuple[Floats, Floats]:
            return minutes, np.asarray(values, dtype=float)

        queue, depth = self._queue, self._depth
        ended = by_minute(np.bincount(day.minute, weights=done * float(BATCH), minlength=MINUTES))
        nothing = by_minute(np.zeros(MINUTES))
        failed = np.where((np.arange(MINUTES) >= INCIDENT.stop), day.dead_letters, 0)
        found = {
            ("AWS/Lambda", "Invocations"): of(np.ones(len(start))),
            ("AWS/Lambda", "Errors"): of((~done).astype(float)),
            ("AWS/Lambda", "Throttles"): nothing,
            ("AWS/Lambda", "Duration"): of(day.duration_ms),
            ("AWS/Lambda", "ConcurrentExecutions"): by_minute(day.environments),
            ("AWS/Lambda", "ClaimedAccountConcurrency"): by_minute(day.environments + 20),
            ("AWS/Logs", "IncomingBytes"): by_minute(day.counts * BYTES_PER_INVOCATION),
            ("AWS/SQS", "NumberOfMessagesSent"): by_minute(queue),
            ("AWS/SQS", "NumberOfMessagesReceived"): by_minute(day.counts * BATCH),
            ("AWS/SQS", "NumberOfMessagesDeleted"): ended,
            ("AWS/SQS", "NumberOfEmptyReceives"): by_minute(np.full(MINUTES, 15)),
            ("AWS/SQS", "SentMessageSize"): by_minute(np.full(MINUTES, 2_400)),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): by_minute(depth),
            ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"): by_minute(day.environments * BATCH // 2),
            ("AWS/SQS", "ApproximateNumberOfMessagesDelayed"): nothing,
            ("AWS/SQS", "ApproximateAgeOfOldestMessage"): by_minute(1 + depth / (day.counts * BATCH) * 60),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", day.deployed.dlq): by_minute(failed),
            ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", day.deployed.dlq): nothing,
            (contract.JOB_NAMESPACE, contract.METRIC_JOBS_SUCCEEDED): ended,
            (contract.JOB_NAMESPACE, contract.METRIC_JOBS_FAILED): of((~done) * float(BATCH)),
            (contract.JOB_NAMESPACE, contract.METRIC_JOBS_REJECTED): nothing,
            (contract.JOB_NAMESPACE, contract.METRIC_JOBS_REPEATED): nothing,
            (contract.JOB_NAMESPACE, contract.METRIC_END_TO_END): of(
                day.duration_ms + (1 + depth / (day.counts * BATCH) * 60)[day.minute] * 1000
            ),
        }
        return found | (self._records(of) if day.deployed.extension else {})

    def _records(self, of: Any) -> dict[tuple[str, ...], tuple[Floats, Floats]]:
        day = self._day
        values = {
            contract.INV_COLD: day.cold,
            contract.INV_INIT: day.init_ms,
            contract.INV_DURATION: day.duration_ms,
            contract.INV_BILLED: day.billed_ms,
            contract.INV_MEMORY_USED: day.memory_mb,
            contract.INV_COST: day.usd,
            contract.INV_FAILED: day.failure > 0,
        }
        return {(contract.INVOCATION_NAMESPACE, name): of(one) for name, one in values.items()}

    @cached_property
    def _queue(self) -> Floats:
        """Messages sent by minute: those of the burst in its first quarter, and a backlog until they are received."""
        sent = self._day.counts * float(BATCH)
        extra = sent[BURST] * 2 / 3
        sent[BURST] -= extra
        quarter = (BURST.stop - BURST.start) // 4
        sent[BURST.start : BURST.start + quarter] += extra.sum() / quarter
        return np.round(sent)

    @cached_property
    def _depth(self) -> Floats:
        behind = np.cumsum(self._queue - self._day.counts * BATCH)
        depth: Floats = np.round(np.maximum(0, behind) + np.random.default_rng(1).integers(0, 12, MINUTES))
        return depth


def _points(at: Floats, values: Floats, start: float, end: float) -> tuple[list[float], list[float]]:
    """A day's points, of each day from ``start`` to before ``end``."""
    times: list[float] = []
    found: list[float] = []
    for day in range(int(start // DAY_S), int(end // DAY_S) + 1):
        low, high = np.searchsorted(at, [start - day * DAY_S, end - day * DAY_S])
        times += (at[low:high] + day * DAY_S).tolist()
        found += values[low:high].tolist()
    return times, found


def _by_period(times: Floats, values: Floats, stat: str, period: int) -> tuple[Floats, Floats]:
    """A day's points. Each day has the same, because its length is a multiple of the period."""
    if not len(times):
        return times, values
    bins = (times // period).astype(np.int64)
    first = np.flatnonzero(np.r_[True, bins[1:] != bins[:-1]])
    begins: Any = bins[first] * float(period)
    return begins, np.asarray(_statistic(stat, values, first), dtype=float)


def _statistic(stat: str, values: Floats, first: Any) -> Any:
    """Of each run of ``values`` that begins at one of ``first``."""
    if stat == "Sum":
        return np.add.reduceat(values, first)
    if stat == "Maximum":
        return np.maximum.reduceat(values, first)
    if stat == "Minimum":
        return np.minimum.reduceat(values, first)
    sizes = np.diff(np.r_[first, len(values)])
    if stat == "SampleCount":
        return sizes.astype(float)
    if stat == "Average":
        return np.add.reduceat(values, first) / sizes
    share = float(re.fullmatch(r"p([\d.]+)", stat)[1]) / 100  # type: ignore[index]
    ordered = values[np.lexsort((values, np.repeat(np.arange(len(first)), sizes)))]
    return ordered[first + np.minimum(sizes - 1, (sizes * share).astype(np.int64))]
