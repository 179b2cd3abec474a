"""Overview: the workload's health, and where to look first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ops import formatting, pricing
from ops.aws.parallel_calls import both
from ops.insight.report_types import Finding, Level, QueryCost, Window
from ops.insight.reports import alarms, dead_letters
from ops.insight.reports.alarms import AlarmState
from ops.insight.reports.overview_parts import overview_cards, page_claims, timeline
from ops.insight.reports.overview_parts.overview_cards import Card
from ops.insight.reports.overview_parts.pipeline import EMPTY_PIPELINE, Pipeline, build_pipeline
from ops.insight.reports.overview_parts.timeline import OverviewTimeline
from ops.insight.rules import alarm_rules, backlog, failed_work, queue_readers, setting_claims
from ops.insight.rules.cold_starts import cold_share
from ops.insight.rules.concurrency import concurrency_use
from ops.insight.rules.cost import cost_model, usage_readings
from ops.insight.rules.findings import Observation, summarize
from ops.insight.rules.settings_findings import SettingsFindings, count_findings
from ops.insight.sources import events, function_usage, metric_queries, provisioned, queue_depths, watched_queues
from ops.insight.sources.metrics import Readings
from ops.insight.sources.queue_depths import Depths
from ops.insight.sources.watched_queues import WatchedQueue

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import Alarm
    from ops.workload import Workload

RATE_MINIMUM_S = 60
"""Seconds between the first and the last point of a gauge from which its rises make a rate."""
PAST_ALARMS_NOTE = "Alarm states are current and therefore not shown for a past range."
NEW_DEPLOY = timedelta(hours=24)


@dataclass(frozen=True)
class PipelineRates:
    """Rates along the pipeline, per minute, over the last full periods."""

    accepted: float | None
    started: float | None
    finished: float | None  # messages deleted from the queue
    failed: float | None
    died: float | None
    waiting: float | None  # messages visible now
    in_flight: float | None
    dead: float | None  # messages in the dead-letter queue now
    over: tuple[datetime, datetime] | None = None  # of what time the rates are the mean
    succeeded: float | None = None  # jobs that the handler counted as done; None where it does not count


@dataclass(frozen=True)
class OverviewReport:
    finding: Finding
    cards: tuple[Card, ...]
    path: PipelineRates
    alarms: tuple[AlarmState, ...]
    look: QueryCost
    sent: float | None = None
    """Messages in the range, with the unfinished period."""
    stops: Pipeline = EMPTY_PIPELINE
    alarms_missing: tuple[str, ...] = ()
    """Alarms that could not be read, or that are gone, in words."""
    alarms_unread: str = ""
    """Why it is not known which alarms there are, or their states; empty where it is known."""
    at: datetime | None = None
    """The end of a past range, of which every number is but those marked "now"; None for a range that ends now."""
    watched: tuple[WatchedQueue, ...] = ()
    timeline: OverviewTimeline | None = None
    settings: SettingsFindings | None = None
    """For a range that ends now: what is known without a further call. The page shows all that ``ops doctor`` finds."""


def report(aws: Aws, workload: Workload, window: Window, *, over_time: bool = False) -> OverviewReport:
    """One GetMetricData call, one DescribeAlarms, and the depths of the queues now; of a past range all is of its end.

    For a function that ran and has no invocation records, one Logs Insights query as well: its REPORT lines price INIT
    here as they do on the Cost page. ``over_time``: with the timeline, for three more metrics and a DescribeAlarmHistory
    call. Raises what ``ops.aws`` raises.
    """
    function = workload.function
    known, missing = alarms.read(aws, workload)
    others = watched_queues.queues(workload, known)
    queries = [
        *metric_queries.queue(workload.queue, "visible", "in_flight", "delayed", "oldest_s"),
        *metric_queries.dead(workload, window),
        *dead_letters.oldest_age_query(workload),
        *concurrency_use.queries(workload),
        *cold_share.queries(function),
        *failed_work.queries(function),
        *usage_readings.queries(workload),
        *watched_queues.queries(others),
        *(timeline.queries(workload) if over_time else ()),
    ]
    queries = list({query.key: query for query in queries}.values())
    (readings, there), happened = both(
        lambda: queue_depths.read_with_metrics(aws, workload, queries, window),
        lambda: events.read_events(aws, workload, window, known) if over_time else None,
    )
    readings, found = usage_readings.completed(aws, workload, readings)
    environments, unread = (
        provisioned.read(aws, workload) if readings.total("provisioned_invocations") is not None else (0, ())
    )
    used = function_usage.read_usage(readings, workload, found.table if found else None, environments)
    prices = pricing.load(workload.region)
    spent = cost_model.spend(readings, workload, cost_model.Assumptions(), prices, used, known)  # as Cost does at first
    pages = page_claims.observe_pages(workload, readings, there, known, found, used, spent)
    late = backlog.age_claims(readings, workload, there.work, known)
    waits = backlog.backlog_claims(workload, readings, there, aged=bool(late))
    path = _path(readings, there)
    claims = [
        *queue_readers.reading(workload, readings, there.work),
        *dead_letters.observe_depth(there, dead_letters.arrived(readings, workload.dlq, there), window),
        *setting_claims.dead_lettering(workload, window),
        *setting_claims.visibility(workload, window),
        *_alarms(known, workload, window, there),
        *alarms.observe_missing(workload, known, missing),
        *late,
        *waits,
    ]
    claims = page_claims.with_warnings(claims, pages)
    if not claims:
        claims.append(_quiet(readings, path, there))
    look, lines = readings.look, found.look if found else QueryCost()
    notes: tuple[str, ...] = (PAST_ALARMS_NOTE,) if window.past and known else ()
    history = timeline.make(workload, readings, *happened) if happened else None
    notes += (*(history.notes if history else ()), *unread)
    return OverviewReport(
        finding=readings.dated(summarize(claims, _aside(claims, waits, _deployed(workload, window)))),
        cards=overview_cards.make(readings, workload, there, used, spent, pages, known, found),
        path=path,
        sent=readings.total("sent"),
        stops=build_pipeline(workload),
        alarms_missing=missing,
        alarms_unread=alarms.unread_reason(workload, missing),
        alarms=() if window.past else alarms.states(known),
        look=QueryCost(look.metrics_requested, look.usd + lines.usd, look.partial + lines.partial + missing + notes),
        at=there.at,
        settings=None if window.past else count_findings(workload, aws.target),
        watched=_watched(others, readings, known) if over_time else watched_queues.read(others, readings),
        timeline=history,
    )


def _watched(names: tuple[str, ...], readings: Readings, known: tuple[Alarm, ...]) -> tuple[WatchedQueue, ...]:
    """The queues with their depth over time, and the thresholds of their alarms."""
    return tuple(
        replace(
            queue,
            depth=watched_queues.depth(place, readings),
            lines=alarm_rules.thresholds(known, watched_queues.DEPTH_METRIC, queue.queue, readings.window),
        )
        for place, queue in enumerate(watched_queues.read(names, readings))
    )


def _aside(claims: list[Observation], waits: list[Observation], deployed: str) -> str:
    """Further clauses for a reader who has to act: a backlog is reported beside anything worse."""
    worse = any(claim.level is Level.CRITICAL for claim in claims)
    return "; ".join([*(claim.text for claim in waits if worse), *([deployed] if deployed else [])])


def _path(readings: Readings, there: Depths) -> PipelineRates:
    per_minute = readings.per_minute
    deleted, failed, succeeded = per_minute("deleted"), backlog.unfinished(readings, there.work), None
    if readings.has("jobs_succeeded") or readings.has("jobs_failed") or readings.has("jobs_rejected"):
        succeeded = (per_minute("jobs_succeeded") or 0.0) + (per_minute("jobs_repeated") or 0.0)
        failed = (per_minute("jobs_failed") or 0.0) + (per_minute("jobs_rejected") or 0.0)
    return PipelineRates(
        accepted=per_minute("sent"),
        started=per_minute("received"),
        finished=deleted,
        succeeded=succeeded,
        failed=failed,
        died=dead_letters.rate(readings, RATE_MINIMUM_S),
        waiting=None if there.queue is None else float(there.queue.visible),
        in_flight=None if there.queue is None else float(there.queue.in_flight),
        dead=there.dead_count,
        over=readings.rates_over,
    )


def _alarms(known: tuple[Alarm, ...], workload: Workload, window: Window, there: Depths) -> list[Observation]:
    """Firing alarms. Those on a dead-letter queue are only counted where the finding has its number of messages."""
    reported = {workload.dlq.name} if workload.dlq and there.dead_count else set()
    return [
        replace(claim, only_counted=bool(reported & alarm.resources))
        for alarm in known
        for claim in alarm_rules.firing([alarm], window, workload.stack)
    ]


def _deployed(workload: Workload, window: Window) -> str:
    """A clause with the function's last deployment if it was shortly before the window's end; else empty."""
    moment = workload.function.deployed_at if workload.function else None
    if moment is None or not timedelta(0) <= window.end - moment <= NEW_DEPLOY:
        return ""
    return f"last deployed {formatting.clock(moment, window.end)}"


def _quiet(readings: Readings, path: PipelineRates, there: Depths) -> Observation:
    if path.accepted is None and path.started is None and readings.total("invocations") is None:
        return Observation(
            Level.NO_DATA,
            "no metrics in this time range: either nothing was sent (SQS stops publishing metrics for inactive queues), "
            "or the range is before the workload was created, or CloudWatch is late",
        )
    if not path.accepted and not path.waiting and not path.in_flight:
        return Observation(Level.OK, "no backlog and no arrivals")
    age = readings.latest("oldest_s")
    waited = f", the oldest for {formatting.duration(age)}" if age is not None and path.waiting else ""
    arriving, done = formatting.rate(path.accepted or 0), formatting.rate(path.finished or 0)
    when = f" {there.label}" if there.label else ""
    return Observation(
        Level.OK,
        f"{arriving} arriving, {done} processed; {formatting.count(path.waiting or 0)} queued{when}{waited}; no dead letters",
    )
