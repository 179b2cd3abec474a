"""Reads a stretch of a workload's metrics, and makes an incident of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from ops import pricing
from ops.alarms.incidents.known_metrics import KNOWN_METRICS
from ops.alarms.incidents.model import Incident, IncidentPhase, IncidentSeries
from ops.alarms.recording.recorded_metrics import RecordedMetric, recorded_metrics
from ops.aws import cloudwatch
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Points
    from ops.workload import Workload

MAX_DURATION = timedelta(days=3)
"""Of a recording: about 200,000 values. Our choice."""
BY_MINUTE, BY_FIVE = timedelta(days=15), timedelta(days=63)
"""How long CloudWatch keeps values by the minute and by five minutes; below a minute, three hours (GetMetricData,
CloudWatch API reference, 2026-11)."""
FINE = timedelta(hours=3)
RUN = 6
"""Equal periods from which they are one phase."""
NOT_KEPT = (
    "Each metric was recorded as one statistic of each period (sum of counts, maximum of depths and ages, p90 of "
    "durations, average of the rest): others than that are not known any more."
)
Cell = tuple[float, int] | None  # value and samples


@dataclass(frozen=True)
class Recording:
    """``usd``: what CloudWatch charges for it. ``without_data``: metrics that have no value in that time."""

    incident: Incident
    requested: int
    usd: float
    partial: tuple[str, ...]
    without_data: tuple[str, ...]


def record(aws: Aws, workload: Workload, start: datetime, end: datetime, now: datetime, title: str) -> Recording:
    """Whole periods from the minute of ``start`` on. Raises UsageError: too long, too old, or without any data."""
    start = start.replace(second=0, microsecond=0)
    period = _period(start, end, now, aws.target.finest_period)
    count = int((end - start).total_seconds()) // period
    end = start + timedelta(seconds=count * period)
    metrics = list(recorded_metrics(workload))
    queries = [query for each in metrics for query in (each.values, each.samples) if query is not None]
    data = cloudwatch.get_metric_data(aws, queries, start, end, period)
    series = [_series(each, data.series, start, period, count) for each in metrics]
    known = tuple(each for each in series if each.phases)
    if not known:
        raise UsageError(
            f"No metric of {workload.name} has data from {start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC.",
            "Choose another time.",
        )
    incident = Incident(
        name=title,
        title=title,
        source="",
        start=start.timestamp(),
        length=count * period,
        story="",
        trouble=None,
        series=known,
        limits=_limits(workload),
        inferred=(NOT_KEPT,),
    )
    missing = tuple(f"{each.role}.{each.metric}" for each in series if not each.phases)
    return Recording(
        incident, data.requested, data.requested * pricing.load(workload.region).metric_requested, data.partial, missing
    )


def _period(start: datetime, end: datetime, now: datetime, finest: int) -> int:
    if end - start < timedelta(minutes=5):
        raise UsageError("The recording is shorter than 5 minutes.", "Choose a later --to, or an earlier --from.")
    if end - start > MAX_DURATION:
        raise UsageError(f"{(end - start).days} days are too long for a recording.", "Choose at most 3 days.")
    if now - start > BY_FIVE:
        raise UsageError("CloudWatch keeps values by five minutes for 63 days.", "Choose a later --from.")
    if now - start > BY_MINUTE:
        return 300
    return finest if finest in (10, 20, 30) and now - start <= FINE else 60


def _limits(workload: Workload) -> dict[str, float]:
    known: dict[str, float | None] = {
        "visibility": workload.queue.visibility_s,
        "retention": workload.queue.retention_s,
        "max_receives": workload.queue.max_receive_count,
        "dlq_retention": workload.dlq.retention_s if workload.dlq else None,
        "timeout": workload.function.timeout_s if workload.function else None,
        "memory": workload.function.memory_mb if workload.function else None,
        "batch_size": workload.mapping.batch_size if workload.mapping else None,
        "concurrency": workload.mapping.maximum_concurrency if workload.mapping else None,
    }
    return {name: float(value) for name, value in known.items() if value}


def _series(
    each: RecordedMetric, points: dict[str, Points], start: datetime, period: int, count: int
) -> IncidentSeries:
    cells: list[Cell] = [None] * count
    samples = dict(points[each.samples.key]) if each.samples else {}
    for moment, value in points[each.values.key]:
        at = int((moment - start).total_seconds()) // period
        if 0 <= at < count:
            cells[at] = (value, max(1, round(samples.get(moment, 1))))
    unit = KNOWN_METRICS[each.role][each.metric]
    return IncidentSeries(each.role, each.metric, unit, tuple(_phases(cells, period)), period)


def _phases(cells: Sequence[Cell], period: int) -> list[IncidentPhase]:
    """Equal periods in a row as one phase, others as they are; none where there is no data."""
    phases: list[IncidentPhase] = []
    loose: list[Cell] = []
    at = 0

    def put_loose(end: int) -> None:
        if loose and any(loose):
            values = tuple(cell[0] if cell else None for cell in loose)
            samples = tuple(cell[1] if cell else 1 for cell in loose)
            phases.append(_phase(end - len(loose), end, period, values, samples))
        loose.clear()

    for cell, same in groupby(cells):
        length = len(list(same))
        if length < RUN:
            loose += [cell] * length
        else:
            put_loose(at)
            if cell is not None:
                phases.append(_phase(at, at + length, period, (cell[0],), (cell[1],)))
        at += length
    put_loose(at)
    return phases


def _phase(
    first: int, end: int, period: int, values: tuple[float | None, ...], samples: tuple[int, ...]
) -> IncidentPhase:
    alike = len(set(samples)) == 1
    return IncidentPhase(first * period, end * period, values, samples=samples[:1] if alike else samples)
