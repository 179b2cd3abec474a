"""Options against the cold starts that were read, for a month like the selected range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops import pricing
from ops.errors import OpsError
from ops.insight.cold_start_options.model import HOURS_PER_MONTH, ColdBase
from ops.insight.cold_start_options.options import ColdStartOptions, compare_options
from ops.insight.imports import store
from ops.insight.rules.cold_starts import versions
from ops.insight.rules.cold_starts.reasons import ColdReason

if TYPE_CHECKING:
    import pandas as pd

    from ops.aws import Aws
    from ops.insight.cold_start_options.memory_sweep import MemorySweep
    from ops.insight.imports.model import ImportRecord
    from ops.insight.report_types import Window
    from ops.insight.rules.cold_starts.cold_share import ColdStarts
    from ops.insight.sources.invocations import Invocations
    from ops.workload import Workload


def read_imports(aws: Aws, workload: Workload) -> tuple[ImportRecord | None, str]:
    """The record of ``ops imports`` for the function, or why it cannot be read."""
    if workload.function is None:
        return None, ""
    try:
        return store.load(aws.target, workload.function), ""
    except OpsError as error:
        return None, f"{error} {error.next_step}"


def read_options(
    logged: Invocations,
    starts: ColdStarts | None,
    workload: Workload,
    window: Window,
    imports: ImportRecord | None,
    sweep: MemorySweep | None,
    explained: pd.DataFrame,
) -> ColdStartOptions:
    """The effect of each possible change on waits and cost: calls a month at the rate of ``window``, in US dollars at
    the prices of the workload's region. ``starts``: None where nothing is known of cold starts; then a reason stands
    in for the options. ``explained``: the cold starts by their reasons, as of ``reasons()``."""
    frame, function = logged.frame, workload.function
    waits = versions.waited_ms(frame)
    if function is None or starts is None or not len(waits):
        return ColdStartOptions("There is no cold start with a known init duration, so nothing is known to change.")
    prices = pricing.load(workload.region)
    hours = window.length.total_seconds() / 3600
    a_month = HOURS_PER_MONTH / hours
    usd_per_ms = prices.gb_second(function.architecture) * function.memory_mb / 1024 / 1000
    lasted = frame["duration_ms"].fillna(0.0) + frame["init_ms"].fillna(0.0)
    billed = frame["billed_ms"].fillna(lasted)
    runtime = frame.loc[frame["cold"], "runtime_init_ms"].dropna()
    wait_ms, cold, invocations = float(waits.median()), starts.cold * a_month, starts.recorded * a_month
    base = ColdBase(
        function=function,
        prices=prices,
        frame=frame,
        imports=imports,
        start=window.start,
        hours=hours,
        cold=cold,
        invocations=invocations,
        wait_ms=wait_ms,
        runtime_ms=float(runtime.median()) if len(runtime) else wait_ms,
        usd=float(billed.mean()) * invocations * usd_per_ms,
        init_usd=float(waits.mean()) * cold * usd_per_ms,
        complete=not logged.truncated,
        sweep=sweep,
    )
    return compare_options(base, len(waits), _after_failures(explained))


def _after_failures(explained: pd.DataFrame) -> str:
    """A sentence, where most cold starts replaced an environment that a failure ended."""
    failed = explained["cold"][explained["reason"].isin((ColdReason.RESET.value, ColdReason.FAILED_INIT.value))].sum()
    every = explained["cold"].sum()
    if failed * 2 <= every:
        return ""
    return (
        f"Fix the failures first: {failed:,} of {every:,} cold starts came after a crash, a timeout or a failed INIT. "
    )
