"""The alarms of the reference workload: the part of template.yaml between two marks, made from the catalogue.

``python -m ops.alarms.rendering`` writes it; tests/template compares. CloudFormation cannot compute, so that a threshold
or a period that follows from a setting is a parameter of the template, whose default is the catalogue's formula over the
defaults of the other parameters. In metric math the parameter of the setting itself is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from handler import contract
from ops.alarms.catalogue import CatalogueOptions, JobMetrics, RecommendedAlarm, recommend
from ops.alarms.catalogue.formula import Values, compute, in_expression, number_text
from ops.alarms.catalogue.rows import CatalogueRow, rows
from ops.alarms.catalogue.settings import IN_FLIGHT_QUOTA, most_per_day_usd, read_gap_s, retry_period_s
from ops.alarms.rendering.cloudformation import resources
from ops.alarms.rendering.yaml_text import OnCondition
from ops.doctor.template import workloads
from ops.errors import UsageError

BEGIN = "  # >>> alarms from the catalogue: .venv/bin/python -m ops.alarms.rendering writes them; do not edit\n"
END = "  # <<< alarms from the catalogue\n"
TOPIC = "${AlarmTopic}"
PAGER, HAS_PAGER = "${PagerTopicArn}", "HasPagerTopic"
PERIOD = "AlarmPeriod"
REFERENCE_OPTIONS = CatalogueOptions(
    prefix="${AWS::StackName}",
    actions=(TOPIC,),
    pager=(PAGER,),
    extension=True,
    jobs=JobMetrics(contract.JOB_NAMESPACE, contract.JOB_DIMENSION, contract.SERVICE),
    undelivered_queue="${UndeliveredQueue.QueueName}",
)
FORMULAS = {
    "OldestAgeThreshold": "max(300, 1.5 * visibility_s)",
    "DurationThreshold": "0.8 * 1000 * timeout_s",
    "ConcurrencyThreshold": "floor(0.9 * concurrency_limit)",
    "RetryPeriod": "retry_period_s",
    "RecurringPeriods": "max(9, ceil(3780 / retry_period_s))",
    "ThrottledPeriods": "ceil(900 / retry_period_s) + 1",
    "StalledPeriods": "max(10, ceil(read_gap_s / 60) + 5)",
    "DailyBudget": "max(1, floor(0.5 * most_per_day_usd))",
    "MemorySize": "memory_mb",
}
"""The parameters of template.yaml that stand for formulas of the catalogue."""
GIVEN = ("MemorySize",)
"""Of them, those that are settings themselves."""
BY_FORMULA = {formula: f"${{{name}}}" for name, formula in FORMULAS.items()}
FIXED: Values = {"least_cost_usd": REFERENCE_OPTIONS.least_cost_usd, "in_flight_quota": IN_FLIGHT_QUOTA}


def reference_parameters(timeout_s: int, visibility_s: int, concurrency: int, memory_mb: int) -> dict[str, str]:
    """The values of the parameters that follow from others."""
    values: Values = {
        "timeout_s": timeout_s,
        "visibility_s": visibility_s,
        "read_gap_s": read_gap_s(visibility_s, timeout_s, window_s=0, fifo=False),
        "concurrency_limit": concurrency,
        "retry_period_s": retry_period_s(visibility_s, timeout_s),
        "most_per_day_usd": most_per_day_usd(concurrency, memory_mb),
    }
    return {name: number_text(compute(formula, values)) for name, formula in FORMULAS.items() if name not in GIVEN}


def recommended(template: Path) -> tuple[RecommendedAlarm, ...]:
    """The recommendation with the default values of the template's parameters."""
    (workload,) = workloads.read(template, {}).workloads
    # What the template's own alarms show of the workload must not decide about them.
    return recommend(replace(workload, alarms=()), REFERENCE_OPTIONS).alarms


def reference_alarms(template: Path) -> tuple[RecommendedAlarm, ...]:
    """The alarms of the template, with references to its parameters instead of values."""
    by_id = {row.id: row for row in rows()}
    return tuple(_parametrized(each, by_id[each.id]) for each in recommended(template))


def with_generated_alarms(template: Path) -> str:
    """The text of the template with the part between the marks made again. Raises UsageError without marks."""
    text = template.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UsageError(f"{template} has no marks for generated alarms.", f"Add the lines:\n{BEGIN}{END}")
    made = "\n".join(resources(reference_alarms(template)))
    return f"{before}{BEGIN}{made}\n{END}{after}"


def _parametrized(alarm: RecommendedAlarm, row: CatalogueRow) -> RecommendedAlarm:
    definition: dict[str, Any] = dict(alarm.definition)
    if alarm.composite:
        actions = {field: OnCondition(HAS_PAGER, definition[field]) for field in ("AlarmActions", "OKActions")}
        return replace(alarm, definition={**definition, **actions})
    to_alarm, periods = row.datapoints
    for field, formula in (
        ("Threshold", row.thresholds[-1].formula),
        ("EvaluationPeriods", periods),
        ("DatapointsToAlarm", to_alarm),
    ):
        definition[field] = _parameter(formula, definition[field])
    if row.thresholds[-1].expression:
        definition["Metrics"] = [_query(each, row) for each in definition["Metrics"]]
    else:
        definition["Period"] = _period(row, definition["Period"])
    return replace(alarm, definition=definition)


def _query(query: Mapping[str, Any], row: CatalogueRow) -> dict[str, Any]:
    if "Expression" in query:
        return {**query, "Expression": in_expression(row.thresholds[-1].expression, FIXED, BY_FORMULA)}
    stat = query["MetricStat"]
    return {**query, "MetricStat": {**stat, "Period": _period(row, stat["Period"])}}


def _period(row: CatalogueRow, period: int) -> int | str:
    return _parameter(row.period, period) if row.period else f"${{{PERIOD}}}"


def _parameter(formula: str, value: Any) -> Any:
    """A reference to the parameter that stands for the formula, else the value."""
    return BY_FORMULA.get(formula, value)
