"""Recommendations of the catalogue and the options that they depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["page", "ticket"]


@dataclass(frozen=True)
class JobMetrics:
    """The custom metrics in which the handler counts finished jobs (``handler.contract``, job metrics)."""

    namespace: str
    dimension: str
    value: str


@dataclass(frozen=True)
class InitBaseline:
    """The p95 of the init durations of a version of the function, and of how many cold starts it is."""

    version: int
    p95_ms: float
    starts: int


@dataclass(frozen=True)
class CatalogueOptions:
    """``prefix``: of alarm names, by default the workload's name. ``actions``: ARNs that are notified of ALARM and OK of
    each alarm, the composite one apart; ``pager``: those that are notified of the composite alarm, and not of those below it.
    ``period_s``: of metrics by the minute, by default as often as they are published. ``deadline_s``: how long a message
    may take. ``extension``: whether our extension writes records; None: as far as the settings tell.
    ``undelivered_queue``: its name as a metric's dimension. ``least_cost_usd``: a day below it is not compared.
    ``day_budget_usd``: what a day may cost. ``compare_versions``: whether init durations are compared with those of the version
    before, which are ``init_before`` where they are known. ``only``: rows by ID; empty: all."""

    prefix: str | None = None
    actions: tuple[str, ...] = ()
    pager: tuple[str, ...] = ()
    period_s: int | None = None
    deadline_s: float | None = None
    extension: bool | None = None
    jobs: JobMetrics | None = None
    undelivered_queue: str | None = None
    least_cost_usd: float = 1.0
    day_budget_usd: float | None = None
    compare_versions: bool | None = None
    init_before: InitBaseline | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecommendedAlarm:
    """``definition``: what PutMetricAlarm or PutCompositeAlarm takes. ``reason``: why this threshold. ``runbook``: its path
    in the repository. ``monthly_usd``: its list price. ``incidents``: names of files in ``ops/alarms/incidents``."""

    id: str
    definition: Mapping[str, Any]
    composite: bool
    title: str
    reason: str
    severity: Severity
    runbook: str
    monthly_usd: float
    incidents: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.definition["AlarmName"])


@dataclass(frozen=True)
class SkippedRow:
    """``why``: a clause: "the queue has no dead-letter queue"."""

    id: str
    why: str


@dataclass(frozen=True)
class Recommendation:
    """``price_region``: of which region the prices are."""

    alarms: tuple[RecommendedAlarm, ...]
    skipped: tuple[SkippedRow, ...]
    price_region: str

    @property
    def monthly_usd(self) -> float:
        return round(sum(each.monthly_usd for each in self.alarms), 2)
