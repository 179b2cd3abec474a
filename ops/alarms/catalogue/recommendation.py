"""The alarms that the catalogue recommends for a workload."""

from __future__ import annotations

from collections.abc import Iterable

from ops import pricing
from ops.alarms.catalogue import settings
from ops.alarms.catalogue.definitions import Filling, composite_alarms, metric_alarm
from ops.alarms.catalogue.model import CatalogueOptions, Recommendation, RecommendedAlarm, SkippedRow
from ops.alarms.catalogue.rows import CatalogueRow, rows
from ops.doctor.settings import FunctionSettings, NotChecked, Unknown, WorkloadSettings
from ops.errors import UsageError
from ops.pricing import Prices

OF_FUNCTION = ("function", "extension")
DEFAULTS = CatalogueOptions()


def recommend(workload: WorkloadSettings, options: CatalogueOptions = DEFAULTS) -> Recommendation:
    """The alarms recommended for a workload, in the order of the catalogue. A row that needs an unknown setting is
    skipped.

    Where several functions read the queue, each has alarms of its own, named after it. Raises UsageError for a row in
    ``options.only`` that the catalogue does not have.
    """
    chosen = _chosen(options.only)
    prefix = workload.name if options.prefix is None else options.prefix
    read: tuple[FunctionSettings | Unknown, ...]
    try:
        read = settings.functions(workload)
    except NotChecked as reason:
        read = (Unknown(str(reason)),)
    prices = pricing.load(workload.price_region)
    alarms: list[RecommendedAlarm] = []
    skipped: list[SkippedRow] = []
    for row in chosen:
        if row.composite:
            continue
        several = len(read) > 1 and bool(set(OF_FUNCTION) & set(row.subjects))
        for function in read if several else read[:1]:
            name = f"{prefix}-{row.id}"
            if several and isinstance(function, FunctionSettings):
                name = f"{name}-{function.origin.name}"
            try:
                alarms.append(_alarm(row, name, workload, function, options, prices))
            except NotChecked as reason:
                skipped.append(SkippedRow(row.id, str(reason)))
    for row in chosen:
        if row.composite:
            children = [each.name for each in alarms if each.severity == row.severity]
            if children:
                alarms += composite_alarms(row, f"{prefix}-{row.id}", children, options.pager or None, prices)
            else:
                skipped.append(SkippedRow(row.id, f"there is no alarm of severity {row.severity}"))
    return Recommendation(tuple(alarms), tuple(dict.fromkeys(skipped)), prices.region)


def _chosen(only: Iterable[str]) -> tuple[CatalogueRow, ...]:
    known = {row.id: row for row in rows()}
    for id_ in only:
        if id_ not in known:
            raise UsageError(f"The catalogue has no alarm {id_}.", f"Use one of {', '.join(known)}.")
    return tuple(row for row in known.values() if not only or row.id in only)


def _alarm(
    row: CatalogueRow,
    name: str,
    workload: WorkloadSettings,
    function: FunctionSettings | Unknown,
    options: CatalogueOptions,
    prices: Prices,
) -> RecommendedAlarm:
    filling = Filling(
        settings.values(workload, function, options),
        {each: settings.dimensions(each, workload, function, options) for each in row.subjects},
        options.period_s or workload.metric_period_s,
        prices,
    )
    return metric_alarm(row, name, filling, _notified(row, options))


def _notified(row: CatalogueRow, options: CatalogueOptions) -> tuple[str, ...] | None:
    """No topic is notified of one failure by an alarm and again by the composite alarm over it. None: nothing is chosen."""
    if not options.actions or row.severity != "page":
        return options.actions or None
    return tuple(arn for arn in options.actions if arn not in options.pager)
