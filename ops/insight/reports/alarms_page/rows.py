"""One row for each alarm: its state over a week, what it watches, its price, and whom it notifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from ops.alarms import catalogue
from ops.alarms.catalogue import CatalogueRow
from ops.alarms.evaluate.composite.alarm_rule import alarm_rule
from ops.alarms.evaluate.errors import AlarmError
from ops.aws.cloudwatch import CompositeAlarm
from ops.insight.report_types import Level
from ops.insight.reports.alarms import short_reason
from ops.insight.rules import alarm_rules
from ops.insight.rules.alarm_rules import alarm_receivers, alarm_words
from ops.insight.rules.alarm_rules.alarm_receivers import AlarmReceivers

if TYPE_CHECKING:
    from ops.aws.cloudwatch import Alarm, StateChange
    from ops.insight.sources.alarm_history import StateSpan
    from ops.pricing import Prices

PAGE = "page"
METRIC, MATH, COMPOSITE = "metric", "math", "composite"
_ORDER = ("ALARM", "INSUFFICIENT_DATA", "OK")
MAX_CHANGES = 5
"""The latest changes of an alarm that are shown with their reasons."""


@dataclass(frozen=True)
class AlarmRow:
    """``label``: the name without its stack's. ``kind``: metric | math | composite. ``children``: of a composite, name →
    state, empty where that alarm is not known. ``changes``: the latest ones, newest first. ``monthly_usd``: None where not
    known. ``severity``: page | ticket, by the catalogue's alarm of that name; empty without one. ``level``: what its state
    ALARM means."""

    name: str
    label: str
    state: str
    since: datetime | None
    reason: str
    kind: str
    watches: str
    condition: str
    runbook: str
    monthly_usd: float | None
    spans: tuple[StateSpan, ...]
    receivers: AlarmReceivers
    arn: str = ""
    severity: str = ""
    level: Level = Level.CRITICAL
    missing_data: str = ""
    statistic: str = ""
    expression: str = ""
    children: tuple[tuple[str, str], ...] = ()
    changes: tuple[StateChange, ...] = ()
    page: str = ""
    """The page that shows the cause; empty where none does."""


@cache
def _listed() -> dict[str, tuple[int, CatalogueRow]]:
    return {row.id: (place, row) for place, row in enumerate(catalogue.rows())}


def urgency(name: str, stack: str | None) -> tuple[bool, int, str]:
    """Sort key for alarms of one state: those that page first, in the catalogue's order."""
    place, row = _listed().get(name.removeprefix(f"{stack}-"), (len(_listed()), None))
    return row is None or row.severity != PAGE, place, name


def counted(rows: Sequence[AlarmRow]) -> tuple[AlarmRow, ...]:
    """Without the composite alarms, which repeat the alarms in their rules; all where there is nothing else."""
    return tuple(row for row in rows if row.kind != COMPOSITE) or tuple(rows)


def make(
    alarms: Sequence[Alarm],
    composites: Sequence[CompositeAlarm],
    spans: Mapping[str, tuple[StateSpan, ...]],
    changes: Mapping[str, Sequence[StateChange]],
    stack: str | None,
    prices: Prices,
    dlq: str | None = None,
) -> tuple[AlarmRow, ...]:
    """Rows of the page: alarms in ALARM first, then those without data, each with those that page first, in the
    catalogue's order. ``composites``: of the workload. ``dlq``: the name of its dead-letter queue."""
    every: list[Alarm | CompositeAlarm] = [*composites, *alarms]
    by_name = {alarm.name: alarm for alarm in every}
    named = {composite.name: children(composite) for composite in composites}
    rows: list[AlarmRow] = []
    for alarm in every:
        through = [composite for composite in composites if alarm.name in named[composite.name]]
        below = named.get(alarm.name, ())
        _, of_catalogue = _listed().get(alarm.name.removeprefix(f"{stack}-"), (0, None))
        latest = [replace(change, reason=short_reason(change.reason)) for change in changes.get(alarm.name, ())]
        rows.append(
            AlarmRow(
                name=alarm.name,
                label=alarm.name.removeprefix(f"{stack}-") if stack else alarm.name,
                state=alarm.state,
                since=alarm.since,
                reason=short_reason(alarm.reason),
                arn=alarm.arn,
                severity=of_catalogue.severity if of_catalogue else "",
                level=alarm_rules.level(alarm),
                runbook=alarm_rules.runbook(alarm),
                spans=spans.get(alarm.name, ()),
                receivers=alarm_receivers.of_settings(
                    alarm, through, [by_name[name] for name in below if name in by_name]
                ),
                children=tuple((name, by_name[name].state if name in by_name else "") for name in below),
                changes=tuple(latest[: -MAX_CHANGES - 1 : -1]),
                page="" if isinstance(alarm, CompositeAlarm) else alarm_rules.page_of(alarm, dlq),
                **_watched(alarm, stack, of_catalogue.title if of_catalogue else "", prices),
            )
        )
    order = {state: place for place, state in enumerate(_ORDER)}
    return tuple(sorted(rows, key=lambda row: (order.get(row.state, 1), urgency(row.name, stack))))


def _watched(alarm: Alarm | CompositeAlarm, stack: str | None, title: str, prices: Prices) -> dict[str, Any]:
    """``title``: of the catalogue's alarm of that name, which says more than an expression."""
    if isinstance(alarm, CompositeAlarm):
        watches = alarm_words.composite_words(alarm.rule, children(alarm))
        return {
            "kind": COMPOSITE,
            "watches": watches,
            "expression": alarm.rule,
            "condition": "",
            "monthly_usd": prices.composite_alarm_month,
        }
    return {
        "kind": MATH if alarm.math else METRIC,
        "watches": (alarm.math and title) or alarm_words.watches(alarm, stack),
        "expression": alarm_words.expression(alarm),
        "condition": alarm_words.condition(alarm),
        "monthly_usd": alarm_words.monthly_usd(alarm, prices),
        "missing_data": "" if alarm.promql else alarm.missing_data,  # which does not apply to it
        "statistic": ", ".join(dict.fromkeys(metric.statistic for metric in alarm.metrics)),
    }


def children(composite: CompositeAlarm) -> tuple[str, ...]:
    """The names of the alarms in its rule; none of a rule that cannot be read."""
    try:
        return alarm_rule(composite.rule).alarms
    except AlarmError:
        return ()


def of_workload(composites: Sequence[CompositeAlarm], names: Sequence[str]) -> tuple[CompositeAlarm, ...]:
    """The composite alarms on these alarms, also by way of another composite alarm."""
    known, left = set(names), list(composites)
    while more := [composite for composite in left if known & set(children(composite))]:
        known |= {composite.name for composite in more}
        left = [composite for composite in left if composite not in more]
    return tuple(composite for composite in composites if composite.name in known)
