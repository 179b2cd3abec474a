"""Forecast: when the backlog is drained, and what breaks before that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ops import formatting, pricing
from ops.aws.parallel_calls import both
from ops.insight.forecast import assumptions, observed_rates, scaling_laws, sentences, what_if
from ops.insight.forecast.assumptions import Assumed
from ops.insight.forecast.chance import SAMPLES
from ops.insight.forecast.forecast import Forecast, Goals, band
from ops.insight.forecast.load import Load
from ops.insight.forecast.scaling_laws import NONE_THERE, Environments, ScalingSettings
from ops.insight.forecast.what_if import Variant, VariantForecast
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports import alarms
from ops.insight.rules import backlog
from ops.insight.rules.findings import Observation, summarize
from ops.insight.sources import metric_queries, queue_depths

if TYPE_CHECKING:
    from ops.aws import Aws
    from ops.aws.cloudwatch import MetricQuery
    from ops.workload import Workload

AS_IT_IS = "as it is"
PRICED = (
    "dollars: Lambda's duration and requests, SQS's receives and deletes, and provisioned pollers; not INIT, sends, API "
    "Gateway, logs, metrics and alarms, which the cost of the workload has too"
)
DURABLE = (
    "time per message is that of invocations: what an execution of a durable function waits between its invocations is not in "
    "it, although its messages stay in flight (--seconds-per-message gives another time)"
)
NO_COURSE = pd.DataFrame({"depth": [], "concurrency": [], "age_s": []}, dtype=float)


@dataclass(frozen=True)
class ForecastReport:
    """``course``: depth (messages), concurrency, age_s, indexed by ``seconds`` from now, and ``depth_low``, ``depth_high``,
    ``age_low``, ``age_high``, their 10th and 90th percentiles, where something is known of the spread. ``variants``: the
    settings as they are (or as assumed) first; empty where the time per message is not known. ``basis``: where each number
    that the forecast rests on comes from."""

    finding: Finding
    backlog: float
    arrivals_per_min: float
    arrivals_from: str
    seconds_per_message: float | None
    variants: tuple[VariantForecast, ...]
    course: pd.DataFrame
    deadline_s: float | None
    retention_s: float
    basis: tuple[str, ...]
    look: QueryCost
    age_lines: tuple[Threshold, ...] = ()
    settings: ScalingSettings | None = None
    """The workload's settings; None where no function of this account reads the queue."""
    memory_mb: int | None = None
    at: datetime | None = None
    """The end of a past range, from which the forecast starts."""

    @property
    def now(self) -> VariantForecast | None:
        """The forecast with the current settings, or with those assumed."""
        return self.variants[0] if self.variants else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the compared settings: each note once, after the names of the settings it applies to."""
        about: dict[str, list[str]] = {}
        for variant in self.variants:
            if variant.note:
                about.setdefault(variant.note, []).append(variant.name)
        every = len(self.variants)
        return tuple(
            f"{'all settings' if 1 < len(names) == every else ', '.join(names)}: {note}"
            for note, names in about.items()
        )

    @property
    def in_time(self) -> bool:
        return self.finding.level in (Level.OK, Level.WARNING)


def report(aws: Aws, workload: Workload, window: Window, assumed: Assumed | None = None) -> ForecastReport:
    """One or two GetMetricData calls, one DescribeAlarms and the queue's depth now. Raises UsageError for what is assumed
    and cannot be, and what ``ops.aws`` raises."""
    assumed = assumed or Assumed()
    (readings, there), (known, missing) = both(
        lambda: queue_depths.read_with_metrics(aws, replace(workload, dlq=None), _queries(workload), window),
        lambda: alarms.read(aws, workload),
    )
    # Of a FIFO queue, messages may be visible that no poller gets: their group is at work.
    alone = not workload.other_mappings and not workload.queue.fifo
    batch_size = workload.mapping.batch_size if workload.mapping else 1
    seen = observed_rates.observe(readings, float(there.work.in_flight), batch_size, alone)
    groups, group_basis = assumptions.message_groups(workload, readings, assumed)
    settings, asked = scaling_laws.of_workload(workload), None
    if settings is not None:
        settings = assumptions.with_groups(settings, groups)
        asked = assumed.changes.variant(settings)
    arrivals, source, arrival_factors, look = assumptions.arrivals(aws, workload, seen, assumed, readings)
    seconds = assumptions.seconds_per_message(seen, assumed, window)
    deadline = assumptions.deadline(workload, known, assumed)
    waiting = float(queue_depths.total(there.work)) if assumed.backlog is None else assumed.backlog
    goals = Goals(float(workload.queue.retention_s), deadline.value if deadline else None, assumed.within_s)
    basis = [f"arrivals: {source}"]
    if seconds is not None:
        basis.append(f"time per message: {seconds.source}")
        if workload.function and workload.function.durable and not seconds.typed:
            basis.append(DURABLE)
    basis += [f"deadline: {deadline.source}"] if deadline else []
    basis += [
        *group_basis,
        *(
            assumptions.notes(settings, seen, assumptions.environments(readings), assumed)
            if settings is not None
            else ()
        ),
    ]
    basis.append(PRICED)
    made = ForecastReport(
        finding=_unknown(workload, settings),
        backlog=waiting,
        arrivals_per_min=arrivals.mean_per_minute,
        arrivals_from=source.partition(";")[0],
        seconds_per_message=seconds.value if seconds else None,
        variants=(),
        course=NO_COURSE,
        deadline_s=goals.deadline_s,
        retention_s=goals.retention_s,
        basis=tuple(basis),
        look=QueryCost(look.metrics_requested, look.usd, look.partial + missing),
        age_lines=age_lines(goals),
        settings=settings,
        memory_mb=workload.function.memory_mb if workload.function else None,
        at=there.at,
    )
    if settings is None or seconds is None:
        return made
    load = Load(
        backlog=waiting,
        oldest_s=0.0 if assumed.backlog is not None else backlog.oldest_age(readings, there) or 0.0,
        arrivals=arrivals,
        seconds_per_message=seconds.value,
        arrival_factors=arrival_factors,
        second_factors=np.ones(SAMPLES) if seconds.typed else assumptions.factors(seen.second_samples),
        batch=seen.messages_per_batch or float(settings.batch_size),
        groups=groups,
        gap_s=0.0 if seconds.typed else seen.gap_s,
        throttled_gap_s=None if seconds.typed else seen.throttled_gap_s,
        chance=assumptions.chance(seen, assumed),
        batch_variation=assumptions.batch_variation(readings),
    )
    environments = assumptions.environments(readings)
    found = forecast_load(made, workload, load, goals, settings, asked, environments)
    return replace(found, finding=readings.dated(found.finding))


def forecast_load(
    made: ForecastReport,
    workload: Workload,
    load: Load,
    goals: Goals,
    settings: ScalingSettings,
    asked: Variant | None = None,
    there: Environments = NONE_THERE,
) -> ForecastReport:
    """``made`` with the forecasts of the settings as they are, of those that are ``asked`` about, and of some others."""
    current = Variant(AS_IT_IS, settings)
    first = [current] if asked is None else [asked, current]
    timeout_s = float(workload.function.timeout_s) if workload.function else 0.0
    prices = pricing.load(workload.region)
    tried = tuple(
        what_if.run(variant, load, goals, there, workload, prices)
        for variant in _distinct([*first, *what_if.variants(settings, load.seconds_per_message, timeout_s)])
    )
    load = load.under(tried[0].forecast.law).with_faster_job(first[0].faster)
    return replace(
        made,
        finding=_finding(workload, load, tried[0].forecast, goals),
        variants=tried,
        course=_course(load, tried[0].forecast),
    )


def _distinct(variants: list[Variant]) -> list[Variant]:
    """The first of each name."""
    found: dict[str, Variant] = {}
    for variant in variants:
        found.setdefault(variant.name, variant)
    return list(found.values())


def _queries(workload: Workload) -> list[MetricQuery]:
    queries = [
        *metric_queries.queue(workload.queue, "visible", "in_flight", "oldest_s", "sent", "received", "deleted"),
        *metric_queries.function(workload.function, "concurrency", "invocations", "duration_ms", "throttles"),
        *metric_queries.mapping(workload.mapping),
        *metric_queries.records(workload.function, "init_ms", "cold"),
    ]
    if workload.queue.fifo:
        queries += [
            *metric_queries.groups_in_flight(workload.queue),
            *metric_queries.durations(workload.function, "p50", "p95"),
        ]
    return queries


def age_lines(goals: Goals) -> tuple[Threshold, ...]:
    lines = [Threshold("message retention", goals.retention_s)]
    return tuple(lines if goals.deadline_s is None else [Threshold("deadline", goals.deadline_s), *lines])


def _course(load: Load, found: Forecast) -> pd.DataFrame:
    path, spread = found.course, band(load, found)
    columns = {"depth": path.depth, "concurrency": path.concurrency, "age_s": path.age_s}
    if spread is not None:
        columns |= dict(zip(("depth_low", "depth_high"), spread.depth, strict=True))
        columns |= dict(zip(("age_low", "age_high"), spread.age_s, strict=True))
    return pd.DataFrame(columns, index=pd.Index(path.seconds, name="seconds"))


def _unknown(workload: Workload, settings: ScalingSettings | None) -> Finding:
    text = (
        f"no function of this account reads {workload.queue.name}: how fast it is drained is not known"
        if settings is None
        else "no message was processed in this time range, so the time per message is not known: choose a longer range, "
        "or give the time"
    )
    return summarize([Observation(Level.NO_DATA, text)])


def _paused(load: Load, once_on: Observation, goals: Goals) -> Finding:
    """While the event source mapping is off. The forecast, and when it has messages expire, hold from when it is on."""
    claims = [Observation(Level.CRITICAL, "the event source mapping is off: nothing is drained until it is on")]
    if load.backlog > 0:
        left_s = max(0.0, goals.retention_s - load.oldest_s)
        when = f"in {formatting.duration(left_s)}" if left_s else "now"
        text = f"the oldest message expires {when} (retention {formatting.duration(goals.retention_s)})"
        claims.append(Observation(Level.CRITICAL, text))
        claims.append(Observation(once_on.level, f"if it were on now: {once_on.whole}"))
    return summarize(claims)


def _finding(workload: Workload, load: Load, found: Forecast, goals: Goals) -> Finding:
    claims = [sentences.drain(load, found)]
    if workload.mapping is not None and workload.mapping.enabled is False:
        return _paused(load, claims[0], goals)
    if workload.mapping is not None and workload.mapping.enabled is None:
        state = workload.mapping.state or "without a state"
        claims.insert(0, Observation(Level.NO_DATA, f"the event source mapping is {state}: it may be off"))
    if found.expires_s is not None:
        when = f"in {formatting.duration(found.expires_s)}" if found.expires_s else "now"
        text = f"messages expire unprocessed {when} (retention {formatting.duration(goals.retention_s)})"
        claims.append(Observation(Level.CRITICAL, text))
    elif found.deadline_missed_s is not None and goals.deadline_s is not None:
        when = f"in {formatting.duration(found.deadline_missed_s)}" if found.deadline_missed_s else "already"
        text = f"the oldest message is older than {formatting.duration(goals.deadline_s)} {when}"
        said = claims[-1].level is Level.WARNING  # as a warning of its own
        with_drain = found.drained_s is not None and load.backlog > 0 and not said
        drained = (claims[-1].text, *claims[-1].details) if with_drain else ()
        claims.append(Observation(Level.WARNING, text, details=drained))
    return summarize(claims)
