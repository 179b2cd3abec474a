"""Claims of each page, from the Overview's metrics, so that its cards and headline are no better than any page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ops.insight.report_types import Level
from ops.insight.reports import dead_letters
from ops.insight.rules import backlog, failed_work, levels
from ops.insight.rules.cold_starts import cold_share
from ops.insight.rules.concurrency import concurrency_use
from ops.insight.rules.cost import cost_claims, usage_readings
from ops.insight.rules.findings import Observation
from ops.insight.sources import queue_depths

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm
    from ops.insight.sources.function_usage import FunctionUsage
    from ops.insight.sources.invocations import Invocations
    from ops.insight.sources.metrics import Readings
    from ops.insight.sources.queue_depths import Depths
    from ops.workload import Workload

MAJOR = ("failures", "concurrency")
"""Pages whose every warning is in the headline, beside those of the queue and of the dead letters, which it words itself."""
MINOR = ("queue", "dead_letters", "cold_starts", "cost")
"""Pages whose warning is in the headline only where nothing else is as bad."""


def observe_pages(
    workload: Workload,
    readings: Readings,
    there: Depths,
    known: tuple[Alarm, ...],
    found: Invocations | None,
    used: FunctionUsage,
    spent: Mapping[str, Sequence[float]],
) -> Mapping[str, list[Observation]]:
    """Page → what it would say. ``found``: REPORT lines of a function without invocation records. ``spent``: of
    ``cost_model.spend``."""
    spend = cost_claims.Spend.of(workload, spent, usage_readings.successes(readings, used))
    new = dead_letters.arrived(readings, workload.dlq, there)
    return {
        "dead_letters": dead_letters.observe_dead_letters(workload, readings, there, new),
        "queue": [
            *backlog.observe_queue(workload, readings, there, known),
            *backlog.balance(workload, there, readings),
        ],
        "failures": failed_work.observe_failures(
            workload,
            readings,
            known,
            failed_work.by_metrics(workload, readings),
            when=f" {queue_depths.range_text(readings.window)}",
        ),
        "concurrency": concurrency_use.observe_concurrency(workload, readings, there, known),
        "cold_starts": [cold_share.observe_cold_starts(cold_share.count_cold(readings, found))],
        "cost": [cost_claims.observe_cost(workload, readings, spend)],
    }


def with_warnings(claims: list[Observation], pages: Mapping[str, list[Observation]]) -> list[Observation]:
    """The headline's ``claims``, and warnings that only a page has: at least one of each page that is worse."""
    every = {claim.text: claim for claim in claims}
    for page in (*MAJOR, *MINOR):
        warnings = [claim for claim in pages[page] if claim.level in (Level.WARNING, Level.CRITICAL)]
        if page in MAJOR or is_worse(warnings, every.values()):
            every |= {claim.text: claim for claim in warnings if claim.text not in every}
    return list(every.values())


def is_worse(some: Iterable[Observation], others: Iterable[Observation]) -> bool:
    first, second = (levels.worst(*(claim.level for claim in claims)) for claims in (some, others))
    return levels.worst(first, second) is not second
