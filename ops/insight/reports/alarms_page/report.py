"""The report of the Alarms page: every alarm of the workload, a week of its states, and the chart of one alarm.

The level is of the alarms' states alone, as on the Overview. Whom they tell is a setting: it is in the sentence, and has
no level, as the doctor's findings have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, pricing
from ops.alarms.evaluate import NO_QUOTAS, Quotas, account_quotas
from ops.aws import cloudwatch, lambda_
from ops.errors import AwsError
from ops.insight.report_types import Finding, Level, QueryCost, Window
from ops.insight.reports import alarms
from ops.insight.reports.alarms_page import chart, rows
from ops.insight.reports.alarms_page.chart import AlarmChart, ChartPlan
from ops.insight.reports.alarms_page.rows import AlarmRow
from ops.insight.rules import levels
from ops.insight.sources import config_changes, metrics
from ops.insight.sources.alarm_history import NOT_READ, StateSpan, state_spans

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm, CompositeAlarm, StateChange
    from ops.insight.rules.findings import Observation
    from ops.insight.sources.event_model import Event
    from ops.workload import Workload

HISTORY = timedelta(days=7)
EARLIER_UNREAD = "Earlier changes of alarms are not shown: the account has too many of them."


@dataclass(frozen=True)
class AlarmsReport:
    """``history``: of what time the rows' spans are, and the ``events`` in it: deployments, changes of configuration,
    redrives. ``chosen``: the alarm whose ``chart`` it is; without a chart, ``no_chart`` says why. ``past``: the range is
    over, and states are current."""

    finding: Finding
    rows: tuple[AlarmRow, ...]
    history: Window
    events: tuple[Event, ...]
    chosen: str
    chart: AlarmChart | None
    no_chart: str
    look: QueryCost
    price_region: str
    """Whose prices the rows are shown at."""
    past: bool = False
    unread: str = ""
    """Why it is not known which alarms there are, or their states; empty where it is known."""

    @property
    def monthly_usd(self) -> float | None:
        """Monthly price in US dollars of the alarms whose price is known; None without any."""
        known = [row.monthly_usd for row in self.rows if row.monthly_usd is not None]
        return sum(known) if known else None

    @property
    def firing(self) -> int:
        return sum(row.state == "ALARM" for row in self.counted)

    @property
    def counted(self) -> tuple[AlarmRow, ...]:
        """Without the composite alarms, which repeat the alarms in their rules."""
        return rows.counted(self.rows)

    @property
    def firing_composites(self) -> int:
        """Number of composite alarms in ALARM, which ``firing`` does not count."""
        return sum(row.state == "ALARM" for row in self.rows) - self.firing


def report(aws: Aws, workload: Workload, window: Window, chosen: str = "") -> AlarmsReport:
    """Two or three DescribeAlarms calls, one DescribeAlarmHistory, one ListVersionsByFunction, and one GetMetricData for the
    chart. ``chosen``: an alarm's name; of another one than the workload's, and without one, the first is shown."""
    known, missing = alarms.read(aws, workload)
    composites, notes = _composites(aws, workload)
    every: list[Alarm | CompositeAlarm] = [*known, *composites]
    history = Window(window.end - HISTORY, window.end, window.period, window.past, window.fine)
    changes, known_from, unread = _changes(aws, [alarm.name for alarm in every], history)
    events, changes_unread = config_changes.read_changes(aws, workload, history)
    spans = {
        alarm.name: state_spans(
            alarm.state,
            alarm.since,
            changes.get(alarm.name, ()),
            history.start,
            history.end,
            known_from or history.start,
        )
        for alarm in every
    }
    dlq = workload.dlq.name if workload.dlq else None
    prices = pricing.load(workload.region)
    made = rows.make(known, composites, spans, changes, workload.stack, prices, dlq)
    row = next((row for row in made if row.name == chosen), made[0] if made else None)
    drawn, why, look = _chart(aws, next((alarm for alarm in known if row and alarm.name == row.name), None), window)
    return AlarmsReport(
        finding=observe_states(made, alarms.observe_missing(workload, known, missing), window),
        rows=made,
        history=history,
        events=tuple(sorted(events, key=lambda event: event.start)),
        chosen=row.name if row else "",
        chart=drawn,
        no_chart=why,
        look=replace(look, partial=(*look.partial, *missing, *notes, *unread, *changes_unread)),
        price_region=prices.region,
        past=window.past,
        unread=alarms.unread_reason(workload, missing),
    )


def _composites(aws: Aws, workload: Workload) -> tuple[tuple[CompositeAlarm, ...], tuple[str, ...]]:
    if not workload.alarms:
        return (), ()
    try:
        return rows.of_workload(cloudwatch.composite_alarms(aws), workload.alarms), ()
    except AwsError as error:
        return (), (f"No composite alarms: {error} {error.next_step}".strip(),)


def _changes(
    aws: Aws, names: Sequence[str], history: Window
) -> tuple[dict[str, list[StateChange]], datetime | None, tuple[str, ...]]:
    """State changes by alarm, oldest first; the time from which they are known; and what could not be read."""
    if not names:
        return {}, None, ()
    try:
        changes, more = cloudwatch.alarm_state_changes(aws, names, history.start, history.end)
    except AwsError as error:
        return {}, history.end, (f"No alarm history: {error} {error.next_step}".strip(),)
    own: dict[str, list[StateChange]] = defaultdict(list)
    for change in changes:
        own[change.alarm].append(change)
    if not more:
        return own, history.start, ()
    return own, changes[0].at if changes else history.end, (EARLIER_UNREAD,)


def _chart(aws: Aws, alarm: Alarm | None, window: Window) -> tuple[AlarmChart | None, str, QueryCost]:
    """The chart of a metric alarm."""
    if alarm is None:
        return None, "", QueryCost()
    try:
        planned = chart.plan(alarm, window, _quotas(aws, alarm))
        if not isinstance(planned, ChartPlan):
            return None, planned, QueryCost()
        readings = metrics.read(aws, planned.queries, window)
        return chart.draw(planned, dict(readings.fine), window), "", readings.look
    except AwsError as error:
        return None, f"{error} {error.next_step}".strip(), QueryCost()


def _quotas(aws: Aws, alarm: Alarm) -> Quotas:
    """Asked only for an expression that needs them."""
    expressions = [str(query.get("Expression", "")) for query in alarm.definition.get("Metrics") or ()]
    if not any("SERVICE_QUOTA" in each for each in expressions):
        return NO_QUOTAS
    return account_quotas(lambda_.account_concurrency(aws))


def observe_states(made: Sequence[AlarmRow], missing: Sequence[Observation], window: Window) -> Finding:
    """The sentence of the page. ``missing``: what could not be read."""
    if window.past:
        return _of_past(made, window)
    level = levels.worst(*(claim.level for claim in missing))
    others = tuple(claim.text for claim in missing)
    if not made:
        text = (
            "the alarms cannot be read" if missing else "this workload has no alarms: no one is notified when it fails"
        )
        return _sentence(Level.NO_DATA, text, () if missing else others)
    firing = [row for row in made if row.state == "ALARM"]
    counted = rows.counted(made)
    if firing:
        todo = next((f": follow {row.runbook}" for row in firing if row.runbook), "")
        number = sum(row.state == "ALARM" for row in counted)
        text = f"{number} of {formatting.count(len(counted), 'alarm')} {'is' if number == 1 else 'are'} in ALARM{todo}"
        if not number:
            text = f"{formatting.count(len(firing), 'composite alarm is', 'composite alarms are')} in ALARM{todo}"
        found = _sentence(levels.worst(level, *(row.level for row in firing)), text, others)
        return replace(found, page=next((row.page for row in firing if row.page), ""))
    silent = sum(row.state == "INSUFFICIENT_DATA" for row in counted)
    if silent:
        others = (*others, f"{silent} without data")
    return _sentence(level, f"none of {formatting.count(len(counted), 'alarm')} is in ALARM", others)


def _of_past(made: Sequence[AlarmRow], window: Window) -> Finding:
    """The finding for a past range: the states that the alarms had in it."""
    counted = rows.counted(made)
    fired = [row for row in counted if _seconds_in_alarm(row.spans, window)]
    unknown = sum(not row.spans or row.spans[0].state == NOT_READ for row in counted)
    text = f"{len(fired)} of {formatting.count(len(counted), 'alarm')} were in ALARM in this range; states are current"
    if unknown:
        text += f"; of {unknown} not all is known"
    return Finding(Level.NO_DATA, f"{Level.NO_DATA.label}: {text}.")


def _seconds_in_alarm(spans: Sequence[StateSpan], window: Window) -> float:
    return sum(
        (min(span.end, window.end) - max(span.start, window.start)).total_seconds()
        for span in spans
        if span.state == "ALARM" and span.end > window.start and span.start < window.end
    )


def _sentence(level: Level, text: str, others: tuple[str, ...]) -> Finding:
    whole = "; ".join((text, *others))
    headline = f"{level.label}: {text}." if others else ""
    return Finding(level, f"{level.label}: {whole}.", "", headline, others)


def with_clauses(finding: Finding, clauses: Sequence[str]) -> Finding:
    """The report with the clauses of the slower checks in its finding."""
    if not clauses:
        return finding
    text = f"{finding.text.removesuffix('.')}; {'; '.join(clauses)}."
    return replace(finding, text=text, headline=finding.headline or finding.text, chips=(*finding.chips, *clauses))
