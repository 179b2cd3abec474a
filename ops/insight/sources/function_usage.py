"""Share of a function's metrics by workload, and the environments it ran in: its price depends on both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler.extension.records import rules
from ops import formatting
from ops.aws import sqs
from ops.insight.sources import metric_queries

if TYPE_CHECKING:
    from ops.insight.invocation_table import InvocationTable
    from ops.insight.sources.metrics import Readings
    from ops.workload import Workload


@dataclass(frozen=True)
class FunctionUsage:
    """Shares from 0 to 1. ``queue``: of the function's work that is this queue's. ``handled``: of the messages deleted
    from the queue that an invocation had. ``restores``: of the invocations. The others: of the function's billed time.
    ``provisioned_environments``: those of provisioned concurrency, whether they are used or not. ``snapshots``: versions with
    SnapStart that ran."""

    queue: float = 1.0
    handled: float = 1.0
    provisioned: float = 0.0
    managed: float = 0.0
    restored: float = 0.0
    restores: float = 0.0
    snapshots: int = 0
    provisioned_environments: int = 0
    inferred: tuple[str, ...] = ()
    """The figures that are inferred, not counted, in words."""


def read_usage(
    readings: Readings,
    workload: Workload,
    table: InvocationTable | None = None,
    provisioned_environments: int = 0,
) -> FunctionUsage:
    """Usage by the metrics, and by the invocations in ``table`` where there is no metric. ``provisioned_environments``:
    as configured."""
    handled, about_filter = _handled(readings, workload)
    share, about_share = _queue_share(readings, workload, handled)
    by_type = _billed_by_type(table) if table else {}
    return FunctionUsage(
        queue=share,
        handled=handled,
        provisioned=_provisioned(readings, by_type),
        managed=_managed(workload, by_type),
        restored=_restored(table) if table else 0.0,
        restores=_restores(table) if table else 0.0,
        snapshots=_snapshots(table) if table else 0,
        provisioned_environments=provisioned_environments,
        inferred=about_share + about_filter,
    )


def _queue_share(readings: Readings, workload: Workload, handled: float) -> tuple[float, tuple[str, ...]]:
    """A function that reads several queues has one set of metrics. Its work is shared out by messages received."""
    others = [sqs.name_of(mapping.source_arn) for mapping in workload.other_mappings]
    if not others or workload.function is None:
        return 1.0, ()
    own = (readings.total("received") or 0.0) * handled
    every = own + sum(readings.total(key) or 0.0 for key in metric_queries.other_keys(workload))
    if not every:
        return 1.0, ()
    share = own / every
    text = (
        f"inferred share: {formatting.percent(share)} of the work of {workload.function.name} is for this queue, by "
        f"messages received; it also reads {', '.join(others)}"
    )
    return share, (text,)


def _handled(readings: Readings, workload: Workload) -> tuple[float, tuple[str, ...]]:
    """Messages that a mapping's filters drop are deleted, too, without an invocation."""
    mapping, deleted = workload.mapping, readings.total("deleted") or 0.0
    if mapping is None or not (mapping.filters or mapping.unreadable_filters) or not deleted:
        return 1.0, ()
    if (dropped := readings.total("filtered_out")) is not None:
        return max(0.0, 1.0 - dropped / deleted), ()
    ran = max(0.0, (readings.total("invocations") or 0.0) - (readings.total("errors") or 0.0))
    most = ran * mapping.batch_size
    text = (
        f"inferred successes: a filter drops messages of this queue, and at most {formatting.count(most)} of "
        f"{formatting.count(deleted)} deleted messages were in successful invocations (enable the event source mapping's "
        "EventCount metrics for exact counts)"
    )
    return min(1.0, most / deleted), (text,)


def _managed(workload: Workload, by_type: dict[str, float]) -> float:
    """Share of invocations on Managed Instances: 1 by the function's configuration, otherwise from its records."""
    if workload.function is not None and workload.function.managed:
        return 1.0
    return math.fsum(part for kind, part in by_type.items() if rules.managed(kind))


def _provisioned(readings: Readings, by_type: dict[str, float]) -> float:
    """The metric is there for every function with provisioned concurrency; without it, what records say counts."""
    if (provisioned := readings.total("provisioned_invocations")) is not None:
        every = readings.total("invocations") or 0.0
        return min(1.0, provisioned / every) if every else 0.0
    return by_type.get(rules.PROVISIONED, 0.0)


def _billed_by_type(table: InvocationTable) -> dict[str, float]:
    """Initialization type → share of the time. Managed Instances report no billed time; durations are used."""
    sums = table.sums_by("init_type", table.first_known("billed_ms", "duration_ms"))
    total = math.fsum(sums.values())
    return {init_type: part / total for init_type, part in sorted(sums.items())} if total else {}


def _restored(table: InvocationTable) -> float:
    billed = float(table.first_known("billed_ms").sum())
    return float(table.first_known("billed_restore_ms").sum()) / billed if billed else 0.0


def _restores(table: InvocationTable) -> float:
    restored = table.numbers["restore_ms"]
    return float((restored == restored).mean())  # without NaN


def _snapshots(table: InvocationTable) -> int:
    return len(set(table.codes["version"][table.is_one_of("init_type", rules.SNAP_START)].tolist()))
