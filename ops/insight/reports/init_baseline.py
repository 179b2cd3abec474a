"""The init durations of the previous version, with which an alarm compares those of a newer one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from ops import clock
from ops.alarms.catalogue import InitBaseline
from ops.formatting import count
from ops.insight import time_window
from ops.insight.rules.cold_starts import cold_share, versions
from ops.insight.sources import invocations, metric_queries, metrics
from ops.insight.sources.log_totals import read_totals_of

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.workload import Workload

DAYS = 14
MIN_COLD_STARTS = 20
"""Cold starts of a version, below which its p95 is that of one of them. Our choice."""
KEPT_S, KEPT_WITHOUT_S, MAX_KEPT = 24 * 3600.0, 3600.0, 64
_kept: dict[Hashable, tuple[float, InitBaseline | str]] = {}
"""Until when (``clock.elapsed_s``), and what was read."""


def read_daily(aws: Aws, workload: Workload) -> InitBaseline | str:
    """``read``, cached for a day per deployed version, or for an hour if there is no baseline: a page asks every few
    minutes, and each query is billed for the GB of two weeks."""
    function = workload.function
    deployed = (function.arn, function.version, function.deployed_at) if function else None
    key = (aws.target, workload.queue.arn, deployed)
    until, found = _kept.get(key, (0.0, ""))
    if clock.elapsed_s() < until:
        return found
    found = read(aws, workload)
    _kept.pop(key, None)
    _kept[key] = clock.elapsed_s() + (KEPT_WITHOUT_S if isinstance(found, str) else KEPT_S), found
    for oldest in list(_kept)[:-MAX_KEPT]:
        _kept.pop(oldest, None)
    return found


def read(aws: Aws, workload: Workload) -> InitBaseline | str:
    """The baseline of the latest version but one that has enough cold starts in two weeks, or of the only version; or a
    sentence that says why there is none. One GetMetricData call and one Logs Insights query; aggregates of all lines if
    one query cannot return them. Raises what ``ops.aws`` raises."""
    window = time_window.last(DAYS * 24 * 60, aws.target.finest_period)
    wanted = [*cold_share.queries(workload.function), *metric_queries.function(workload.function, "invocations")]
    readings = metrics.read(aws, wanted, window)
    logged = invocations.read(aws, workload, window, readings.total("invocations"))
    totals = None
    if logged.sample is not None:
        totals = read_totals_of(aws, workload, window, has_records=bool(readings.total("recorded"))).totals
    if totals is not None:
        found = versions.of_totals(totals, logged.measured.versions)
    else:
        counted = logged.frame.loc[versions.waited_ms(logged.frame).index, "version"].value_counts()
        found = versions.by_version(logged.frame, logged.measured.versions)
        # A cold start whose line has no init duration says nothing of it.
        found = found.assign(cold=[int(counted.get(version, 0)) for version in found["version"]])
    numbered = found[found["version"].str.fullmatch(r"\d+") & ~found["version"].isin(logged.measured.versions)]
    enough = numbered[numbered["cold"] >= MIN_COLD_STARTS]
    if enough.empty:
        cold = zip(found["version"], found["cold"], strict=True)
        seen = ", ".join(f"{version} ({count(number, 'cold start')})" for version, number in cold)
        why = (
            logged.unread
            or f"no version has {MIN_COLD_STARTS} measured cold starts in {DAYS} days: {seen or 'none ran'}"
        )
        return f"init-slower compares with no version: {why}."
    before = enough[enough["version"] != numbered["version"].iloc[-1]]
    row: dict[Any, Any] = (enough if before.empty else before).iloc[-1].to_dict()
    return InitBaseline(int(row["version"]), round(float(row["init_p95_ms"]), 1), int(row["cold"]))
