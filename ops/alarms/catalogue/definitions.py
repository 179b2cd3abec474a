"""A row of the catalogue and a workload's settings, as the alarm that PutMetricAlarm takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ops.alarms.catalogue.formula import Values, compute, in_expression, in_sentence
from ops.alarms.catalogue.model import RecommendedAlarm
from ops.alarms.catalogue.rows import METRIC_PERIOD, CatalogueRow, RowMetric, ThresholdFormula
from ops.alarms.catalogue.settings import Dimensions
from ops.alarms.evaluate.composite.alarm_rule import MAX_CHILDREN
from ops.doctor.settings import NotChecked
from ops.pricing import Prices

RESULT = "watched"
"""ID of the query of the expression."""
MAX_RULE = 10_240
"""Characters of a composite alarm's rule (PutCompositeAlarm, botocore 1.44.5)."""


@dataclass(frozen=True)
class Filling:
    """``places``: the namespace and dimensions of each subject. ``metric_period``: seconds."""

    values: Values
    places: Mapping[str, Dimensions]
    metric_period: int
    prices: Prices


def metric_alarm(row: CatalogueRow, name: str, filling: Filling, actions: Sequence[str] | None) -> RecommendedAlarm:
    """Raises NotChecked for a setting that is unknown."""
    values = filling.values
    chosen, threshold = _threshold(row.thresholds, values)
    period = filling.metric_period if row.period == METRIC_PERIOD else int(compute(row.period, values))
    to_alarm, periods = (int(compute(each, values)) for each in row.datapoints)
    definition: dict[str, Any] = {
        "AlarmName": name,
        "AlarmDescription": description(row),
        **_watched(row, chosen, filling, period),
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": to_alarm,
        "ComparisonOperator": row.comparison,
        "Threshold": int(threshold) if float(threshold).is_integer() else threshold,
        "TreatMissingData": row.missing,
        **_actions(actions),
    }
    reason = in_sentence(chosen.reason, values)
    return _recommended(row, definition, reason, _monthly_usd(len(chosen.metrics), period, filling.prices))


def composite_alarms(
    row: CatalogueRow, name: str, children: Sequence[str], actions: Sequence[str] | None, prices: Prices
) -> tuple[RecommendedAlarm, ...]:
    """One; or, where its rule would be too long for CloudWatch, parts without actions, and last the one over them."""
    groups = _groups(children)
    if len(groups) == 1:
        return (_composite(row, name, children, actions, prices),)
    reason = f"A part of {name}: a rule names at most {MAX_CHILDREN} alarms, in {MAX_RULE:,} characters."
    parts = [
        replace(_composite(row, f"{name}-{number}", group, None, prices), reason=reason)
        for number, group in enumerate(groups, 1)
    ]
    return (*parts, _composite(row, name, [part.name for part in parts], actions, prices))


def _groups(children: Sequence[str]) -> list[list[str]]:
    """The fewest groups of which each fits into one alarm rule, in order."""
    groups: list[list[str]] = [[]]
    for child in children:
        if len(groups[-1]) == MAX_CHILDREN or len(_any_of([*groups[-1], child])) > MAX_RULE:
            groups.append([])
        groups[-1].append(child)
    return groups


def _any_of(names: Sequence[str]) -> str:
    return " OR ".join(f'ALARM("{name}")' for name in names)


def _composite(
    row: CatalogueRow, name: str, children: Sequence[str], actions: Sequence[str] | None, prices: Prices
) -> RecommendedAlarm:
    definition = {
        "AlarmName": name,
        "AlarmDescription": description(row),
        "AlarmRule": _any_of(children),
        **_actions(actions),
    }
    return _recommended(row, definition, row.thresholds[0].reason, prices.composite_alarm_month)


def description(row: CatalogueRow) -> str:
    """The alarm's description: what happened, ``Severity: ticket`` if it can wait, and the runbook. ``ops`` reads
    severity and runbook from it."""
    return f"{row.title}.{' Severity: ticket.' if row.severity == 'ticket' else ''} Runbook: {row.runbook}"


def _recommended(row: CatalogueRow, definition: Mapping[str, Any], reason: str, usd: float) -> RecommendedAlarm:
    return RecommendedAlarm(
        id=row.id,
        definition=definition,
        composite=row.composite,
        title=row.title,
        reason=reason,
        severity=row.severity,
        runbook=row.runbook,
        monthly_usd=usd,
        incidents=row.incidents,
    )


def _threshold(thresholds: Sequence[ThresholdFormula], values: Values) -> tuple[ThresholdFormula, float]:
    """The first one of which all settings are known, and its value."""
    for number, each in enumerate(thresholds, 1):
        try:
            return each, compute(each.formula, values)
        except NotChecked:
            if number == len(thresholds):
                raise
    raise AssertionError("a row has a threshold")


def _watched(row: CatalogueRow, chosen: ThresholdFormula, filling: Filling, period: int) -> dict[str, Any]:
    if chosen.expression:
        expression = in_expression(chosen.expression, filling.values)
        watched = {"Id": RESULT, "Expression": expression, "Label": row.title, "ReturnData": True}
        return {"Metrics": [watched, *(_query(each, filling, period) for each in chosen.metrics)]}
    metric = chosen.metrics[0]
    kind = "ExtendedStatistic" if metric.statistic.startswith("p") else "Statistic"
    return {**_metric(metric, filling), kind: metric.statistic, "Period": period}


def _query(metric: RowMetric, filling: Filling, period: int) -> dict[str, Any]:
    stat = {"Metric": _metric(metric, filling), "Period": period, "Stat": metric.statistic}
    return {"Id": metric.id, "MetricStat": stat, "ReturnData": False}


def _metric(metric: RowMetric, filling: Filling) -> dict[str, Any]:
    namespace, dimensions = filling.places[metric.subject]
    named = [{"Name": name, "Value": value} for name, value in dimensions]
    return {"Namespace": namespace, "MetricName": metric.metric, **({"Dimensions": named} if named else {})}


def _actions(actions: Sequence[str] | None) -> dict[str, list[str]]:
    return {} if actions is None else {"AlarmActions": list(actions), "OKActions": list(actions)}


def _monthly_usd(metrics: int, period: int, prices: Prices) -> float:
    """An alarm is priced by the metrics that it reads, and costs more with a period below a minute."""
    return round(metrics * (prices.alarm_month if period >= 60 else prices.fast_alarm_month), 2)
