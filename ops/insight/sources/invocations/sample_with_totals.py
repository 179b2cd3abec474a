"""Adds the aggregates of a range to the sample of its invocations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ops.insight.sources import log_totals
from ops.insight.sources.invocations.model import Invocations

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.insight.report_types import Window
    from ops.workload import Workload


def with_totals(
    aws: Aws,
    workload: Workload,
    window: Window,
    logged: Invocations,
    *,
    has_records: bool,
    with_failed_jobs: bool = False,
) -> Invocations:
    """``logged`` with the aggregates and outcomes of its range and what they cost, where its rows are a sample."""
    if logged.sample is None:
        return logged
    answer = log_totals.read_totals_of(
        aws, workload, window, has_records=has_records, with_outcomes=True, with_failed_jobs=with_failed_jobs
    )
    look = replace(logged.look, usd=logged.look.usd + answer.usd, partial=logged.look.partial + answer.notes)
    return replace(logged, totals=answer.totals, look=look)
