"""The catalogue of alarms for SQS → Lambda workloads: data (alarms.toml), and what it comes to for one workload.

``recommend`` is a pure function of settings and options. Each definition is accepted by ``ops.alarms.evaluate``.
"""

from __future__ import annotations

from ops.alarms.catalogue.errors import CatalogueError
from ops.alarms.catalogue.model import (
    CatalogueOptions,
    InitBaseline,
    JobMetrics,
    Recommendation,
    RecommendedAlarm,
    Severity,
    SkippedRow,
)
from ops.alarms.catalogue.recommendation import recommend
from ops.alarms.catalogue.rows import CatalogueRow, rows

__all__ = [
    "CatalogueError",
    "CatalogueOptions",
    "CatalogueRow",
    "InitBaseline",
    "JobMetrics",
    "Recommendation",
    "RecommendedAlarm",
    "Severity",
    "SkippedRow",
    "recommend",
    "rows",
]
