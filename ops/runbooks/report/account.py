"""What the account shows about the time of an incident: alarms, changes, metrics, cost. Any may be unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ops import formatting, workload
from ops.aws import Aws, cloudwatch, sqs, sts
from ops.aws.cloudwatch import Alarm, StateChange
from ops.errors import NotFound, UsageError
from ops.insight import time_window
from ops.insight.report_types import Window
from ops.insight.reports.alarms import short_reason
from ops.insight.rules.cost import cost_model
from ops.insight.sources import config_changes, incident_time
from ops.insight.sources.alarm_history import StateSpan
from ops.insight.sources.event_model import DEPLOY
from ops.runbooks.report import period as periods
from ops.runbooks.report.model import EntryKind, IncidentCost, IncidentPeriod, TimelineEntry
from ops.runbooks.report.sections import ALARMS, CHANGES, Unread
from ops.runbooks.run_state import RunbookRun
from ops.target import Target
from ops.workload import Workload


def describe(run: RunbookRun, target: Target) -> tuple[Aws, Workload]:
    """The run's workload as it is now. Raises OpsError, also where the credentials are of another account."""
    place = replace(target, stack=run.stack or None, queue=run.queue, function=None, region=run.region or target.region)
    aws = Aws(place)
    account = sts.caller_identity(aws).account
    if account != run.account:
        raise UsageError(
            f"The credentials are of account {account}, and the run was in account {run.account}.",
            "Choose that account: --profile NAME.",
        )
    try:
        return aws, workload.describe(aws, place)
    except NotFound:
        if not run.stack:
            raise
        return aws, workload.describe(aws, replace(place, stack=None))  # the stack may be gone, the queue not


@dataclass(frozen=True)
class AlarmHistory:
    """``spans``: the times in ALARM by alarm. ``alarms``: the metric alarms that exist now."""

    changes: tuple[StateChange, ...] = ()
    spans: dict[str, tuple[StateSpan, ...]] = field(default_factory=dict)
    alarms: tuple[Alarm, ...] = ()

    @property
    def descriptions(self) -> dict[str, str]:
        return {alarm.name: alarm.description for alarm in self.alarms}


def read_alarms(aws: Aws, described: Workload, start: datetime, end: datetime, unread: Unread) -> AlarmHistory:
    names = (*described.alarms, *described.composite_alarms)
    if not names:
        unread.add(ALARMS, "The workload has no alarms.")
        return AlarmHistory()
    no_changes: tuple[tuple[StateChange, ...], bool] = ((), False)
    changes, more = unread.attempt(ALARMS, lambda: cloudwatch.alarm_state_changes(aws, names, start, end), no_changes)
    alarms: tuple[Alarm, ...] = unread.attempt(ALARMS, lambda: cloudwatch.describe_alarms(aws, described.alarms), ())
    if more:
        unread.add(ALARMS, "Earlier alarm changes are not shown: the account has too many of them.")
    known_from = changes[0].at if more and changes else start
    present = {alarm.name: (alarm.state, alarm.since) for alarm in alarms}
    spans = {
        name: periods.alarm_spans(name, present.get(name, ("", None)), changes, start, end, known_from)
        for name in names
    }
    return AlarmHistory(changes, spans, alarms)


def alarm_entries(changes: Sequence[StateChange]) -> list[TimelineEntry]:
    """The changes into ALARM and out of it, oldest first."""
    return [
        TimelineEntry(
            change.at,
            EntryKind.ALARM,
            change.alarm,
            f"{change.before} → {change.after}",
            details=(short_reason(change.reason),) if change.reason else (),
        )
        for change in changes
        if periods.IN_ALARM in (change.before, change.after)
    ]


def read_config_changes(aws: Aws, described: Workload, window: Window, unread: Unread) -> list[TimelineEntry]:
    events, notes = config_changes.read_changes(aws, described, window)
    unread.add(CHANGES, *notes)
    return [
        TimelineEntry(event.start, EntryKind.DEPLOY if event.kind == DEPLOY else EntryKind.CONFIG, event.name)
        for event in events
    ]


def cost_start(history: AlarmHistory, period: IncidentPeriod, queue: str, now: datetime) -> tuple[datetime, str]:
    """From when on the incident cost, and which time that is: the first datapoint that breached is before the transition to
    ALARM. Where the history does not tell it, the period's start and an empty text."""
    alarms = {alarm.name: alarm for alarm in history.alarms if alarm.name in period.alarms}
    found = [
        incident_time.first_breach(alarms[change.alarm], change, queue, now)
        for change in history.changes
        if change.alarm in alarms and change.after == periods.IN_ALARM and period.start <= change.at <= period.end
    ]
    start, why = min(found, default=(period.start, ""))
    return (start, why) if start < period.start else (period.start, "")


def read_cost(
    aws: Aws, described: Workload, start: datetime, end: datetime, now: datetime, since: str = ""
) -> IncidentCost | None:
    """None where it is shorter than a metric period. ``since``: which time ``start`` is, as a sentence."""
    from ops.insight.reports import cost  # with pandas, for which the help is not to wait

    window = time_window.between(start, end, aws.target.finest_period, now)
    if end - start < timedelta(seconds=window.period):
        return None
    found = cost.report(aws, described, window)
    parts = zip(found.parts["component"], found.parts["usd"], strict=True)
    return IncidentCost(
        found.total_usd,
        found.failures_usd,
        tuple(sorted(((str(name), float(usd)) for name, usd in parts if usd), key=lambda part: -part[1])),
        found.left_out,
        found.prices_dated,
        cost_model.unpriced_reason(described),
        since,
    )


def messages_in_dlq(aws: Aws, described: Workload, now: datetime) -> str:
    """A sentence while there are any, else empty."""
    if described.dlq is None:
        return ""
    depth = sqs.queue_depth(aws, described.dlq)
    total = depth.visible + depth.in_flight + depth.delayed
    if not total:
        return ""
    is_are = "is" if total == 1 else "are"
    return f"{formatting.count(total, 'message')} {is_are} in {described.dlq.name} ({formatting.clock(now, now)})."
