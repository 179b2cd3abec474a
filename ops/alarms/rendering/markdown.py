"""The catalogue as the table in its README, filled in for the reference workload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ops import pricing
from ops.alarms.catalogue import CatalogueRow, RecommendedAlarm, rows

BEGIN = "<!-- catalogue: .venv/bin/python -m ops.alarms.rendering writes it -->\n"
END = "<!-- end of the catalogue -->\n"
SIGNS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<"}


def with_catalogue(text: str, alarms: Iterable[RecommendedAlarm]) -> str:
    """The text with the part between the marks made again. ``alarms``: of the reference workload."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(_lines(alarms))
    return f"{before}{BEGIN}{table}\n{END}{after}"


def _lines(alarms: Iterable[RecommendedAlarm]) -> Iterator[str]:
    by_id = {alarm.id: alarm for alarm in alarms}
    yield "| alarm | watches | M of N | threshold | severity | why | $ a month (us-east-1) |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in rows():
        alarm = by_id.get(row.id)
        reason = alarm.reason if alarm else row.thresholds[0].reason
        usd = (
            f"{alarm.monthly_usd:.2f}"
            if alarm
            else f"{pricing.load(pricing.PRICE_REGION).alarm_month * len(row.thresholds[0].metrics):.2f}"
        )
        cells = (
            f"`{row.id}`",
            _watches(row, alarm),
            _datapoints(row, alarm),
            _threshold(row, alarm),
            row.severity,
            reason,
            usd,
        )
        yield f"| {' | '.join(cells)} |"


def _watches(row: CatalogueRow, alarm: RecommendedAlarm | None) -> str:
    if row.composite:
        return "the alarms of severity page"
    shown = row.thresholds[-1] if alarm and "Metrics" in alarm.definition else row.thresholds[0]
    metrics = ", ".join(f"{each.metric} {each.statistic} of {each.subject}" for each in shown.metrics)
    return f"`{shown.expression}` of {metrics}" if shown.expression else metrics


def _datapoints(row: CatalogueRow, alarm: RecommendedAlarm | None) -> str:
    if row.composite:
        return "–"
    if alarm is None:
        return " of ".join(row.datapoints)
    definition = alarm.definition
    period = definition.get("Period") or definition["Metrics"][-1]["MetricStat"]["Period"]
    return f"{definition['DatapointsToAlarm']} of {definition['EvaluationPeriods']} × {period} s"


def _threshold(row: CatalogueRow, alarm: RecommendedAlarm | None) -> str:
    if row.composite:
        return "any in ALARM"
    formula = row.thresholds[0].formula
    sign = SIGNS[row.comparison]
    if alarm is None or not any(name.isalpha() for name in formula):
        return f"{sign} {formula}"
    others = "".join(f", else `{each.formula}`" for each in row.thresholds[1:])
    return f"{sign} {alarm.definition['Threshold']:,}: `{formula}`{others}"
