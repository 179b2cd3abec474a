"""The rows of the catalogue, read from alarms.toml beside this module; its head explains the fields."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ops.alarms.catalogue.errors import CatalogueError
from ops.alarms.catalogue.model import Severity

SUBJECTS = ("queue", "dlq", "undelivered", "function", "account", "extension", "jobs")
COMPARISONS = {
    "above": "GreaterThanThreshold",
    "at least": "GreaterThanOrEqualToThreshold",
    "below": "LessThanThreshold",
}
METRIC_PERIOD = ""
"""A row without a period: as often as its metrics are published."""


@dataclass(frozen=True)
class RowMetric:
    id: str
    subject: str
    metric: str
    statistic: str


@dataclass(frozen=True)
class ThresholdFormula:
    """The formula of a threshold, with the metrics that it applies to."""

    formula: str
    reason: str
    metrics: tuple[RowMetric, ...]
    expression: str


@dataclass(frozen=True)
class CatalogueRow:
    """``period``: a formula, or METRIC_PERIOD. ``datapoints``: the formulas of M and N. ``thresholds``: the first of which
    all settings are known is taken; it may be of other metrics than the others, which are of the same subjects."""

    id: str
    title: str
    severity: Severity
    runbook: str
    incidents: tuple[str, ...]
    comparison: str
    thresholds: tuple[ThresholdFormula, ...]
    period: str
    datapoints: tuple[str, str]
    missing: str
    composite: bool

    @property
    def subjects(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.subject for formula in self.thresholds for each in formula.metrics))


@cache
def rows() -> tuple[CatalogueRow, ...]:
    """Raises CatalogueError."""
    data = tomllib.loads((Path(__file__).parent / "alarms.toml").read_text())
    return tuple(_row(id_, fields) for id_, fields in data.items())


def _row(id_: str, fields: dict[str, Any]) -> CatalogueRow:
    try:
        composite = bool(fields.get("composite"))
        given, thresholds = {"threshold": "0", **fields}, []
        while given:
            thresholds.append(_threshold(given))
            fallback = given.pop("fallback", None)
            given = {**given, **fallback} if fallback else {}
        to_alarm, _, periods = fields.get("datapoints", "1 of 1").partition(" of ")
        return CatalogueRow(
            id=id_,
            title=fields["title"],
            severity=fields["severity"],
            runbook=f"runbooks/{fields['runbook']}.md",
            incidents=tuple(fields["incidents"]),
            comparison="" if composite else COMPARISONS[fields["watch"]],
            thresholds=tuple(thresholds),
            period=fields.get("period", METRIC_PERIOD),
            datapoints=(to_alarm, periods),
            missing=fields.get("missing", "notBreaching"),
            composite=composite,
        )
    except (KeyError, ValueError) as error:
        raise CatalogueError(f"Row {id_} of the catalogue: {error}") from error


def _threshold(fields: dict[str, Any]) -> ThresholdFormula:
    metrics = tuple(_metric(name, text) for name, text in fields.get("metrics", {}).items())
    return ThresholdFormula(fields["threshold"], fields["reason"], metrics, fields.get("expression", ""))


def _metric(name: str, text: str) -> RowMetric:
    subject, metric, statistic = text.split()
    if subject not in SUBJECTS:
        raise ValueError(f"{subject} is not a subject ({', '.join(SUBJECTS)})")
    return RowMetric(name, subject, metric, statistic)
