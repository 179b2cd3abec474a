"""Workloads with little to show: unused, without a dead-letter queue, or out of reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, NoReturn

import numpy as np
import pandas as pd

from dashboard.time_range import TimeRange
from ops.errors import OpsError, Unreachable
from ops.insight.forecast.assumptions import Assumed
from ops.insight.report_types import Finding, Level
from ops.insight.reports.alarms_page.report import AlarmsReport
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import FailuresReport
from ops.insight.reports.forecast import NO_COURSE, ForecastReport
from ops.insight.reports.overview import OverviewReport, PipelineRates
from ops.insight.reports.queue import QueueReport
from ops.insight.rules.cost.cost_model import Assumptions
from ops.rightsize.model import Measured, Setting
from ops.target import Target
from ops.workload import Gap, Part, Why
from tests.dashboard.samples import Sample
from tests.dashboard.samples.sweeps import sweep
from tests.fakes.dead_letter_service import SampleDeadLetterService
from tests.fakes.runbook_service import SampleRunbookService


class Crowded(Sample):
    """A function whose memory is the cheapest that was measured, and nearly full."""

    def sweep(self) -> Measured:
        measured = sweep()
        attempts = tuple(
            replace(attempt, used_mb=480.0, billed_ms=attempt.billed_ms / 2)
            if attempt.memory_mb == 512 and attempt.billed_ms
            else attempt
            for attempt in measured.attempts
        )
        return replace(measured, current=Setting(512, 1), attempts=attempts)


class Empty(Sample):
    """A workload that no one used in the chosen time: frames without rows, numbers that are None."""

    def __init__(self) -> None:
        super().__init__(trouble=False)

    def finding(self, act: str, fine: str, page: str = "") -> Finding:
        return Finding(Level.NO_DATA, "No data: nothing was sent in this range.")

    def _none(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[0:0]

    def overview(self, span: TimeRange) -> OverviewReport:
        full = super().overview(span)
        cards = tuple(replace(c, value=None, spark=(), level=Level.NO_DATA, note="") for c in full.cards)
        return replace(
            full,
            cards=cards,
            sent=None,
            path=PipelineRates(*([None] * 8)),
            alarms=(),
            timeline=replace(
                full.timeline, events=(), readings=replace(full.timeline.readings, columns={}, counted=(), fine={})
            )
            if full.timeline
            else None,
        )

    def queue(self, span: TimeRange) -> QueueReport:
        full = super().queue(span)
        return replace(
            full,
            depth=self._none(full.depth),
            age=self._none(full.age),
            rates=self._none(full.rates),
            sent=None,
            drain_s=None,
            arrivals_per_min=None,
            completions_per_min=None,
            waiting=0.0,
            in_flight=0.0,
            oldest_s=None,
        )

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        full = super().concurrency(span)
        return replace(
            full,
            concurrency=self._none(full.concurrency),
            throttles=self._none(full.throttles),
            throttled=None,
            sent=None,
            batch=self._none(full.batch),
            ramp=(),
            running=None,
            backlog=None,
            arrivals_per_min=None,
            seconds_per_message=None,
        )

    def forecast(self, span: TimeRange, assumed: Assumed) -> ForecastReport:
        full = super().forecast(span, assumed)
        finding = self.finding("", "")
        return replace(full, finding=finding, backlog=0.0, seconds_per_message=None, variants=(), course=NO_COURSE)

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        full = super().cold_starts(span)
        return replace(
            full,
            invocations=self._none(full.invocations),
            by_version=self._none(full.by_version),
            reasons=self._none(full.reasons),
            phases=self._none(full.phases),
            share=None,
            init_p50_ms=None,
            init_p95_ms=None,
            init_p99_ms=None,
            init_cost_usd=None,
            cold=None,
            recorded=None,
        )

    def failures(self, span: TimeRange) -> FailuresReport:
        full = super().failures(span)
        frames = ("errors", "jobs", "durations", "duration_counts", "memory", "end_to_end", "by_version", "by_type")
        numbers = ("failed", "total", "p95_ms", "jobs_failed", "jobs_rejected", "e2e_p95_ms", "memory_share")
        nothing: dict[str, Any] = {name: self._none(getattr(full, name)) for name in frames} | dict.fromkeys(numbers)
        return replace(full, invocations=self._none(full.invocations), **nothing)

    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport:
        full = super().cost(span, assumptions)
        return replace(
            full,
            parts=self._none(full.parts),
            trend=self._none(full.trend),
            successes=0.0,
            failures_usd=0.0,
            total_usd=0.0,
            usd_per_1000=None,
            month_usd=None,
            break_even_jobs_per_hour=None,
        )

    def comparison(self) -> None:
        return None

    def sweep(self) -> None:
        return None

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        full = super().dead_letters(span)
        return replace(full, depth=self._none(full.depth), count=None, alarms=())

    def alarms(self, span: TimeRange, chosen: str) -> AlarmsReport:
        none = Finding(Level.NO_DATA, "No data: this workload has no alarms: no one is notified when it fails.")
        return replace(super().alarms(span, chosen), finding=none, rows=(), events=(), chosen="", chart=None)


class ManyAlarms(Sample):
    """204 of them."""

    copies = 34


class NoDeadLetterQueue(Sample):
    """A queue without a redrive policy."""

    dead_letter_queue = None
    notes: tuple[str, ...] = (
        "scilearn-jobs has no dead-letter queue: a message that keeps failing is lost in the end.",
    )

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        full = super().dead_letters(span)
        watch = Finding(Level.WARNING, "Warning: scilearn-jobs has no dead-letter queue.")
        return replace(full, finding=watch, depth=full.depth * np.nan, count=None, alarms=())


class DeadLettersUnread(NoDeadLetterQueue):
    """A dead-letter queue that there is, and that may not be read."""

    notes = ()
    dead_letter_gap = Gap(
        Part.DLQ,
        "scilearn-jobs-dead",
        Why.DENIED,
        "user/oncall is not authorized to perform sqs:GetQueueAttributes.",
        "Ask for an IAM policy that allows it.",
    )

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        text = "scilearn-jobs's dead-letter queue scilearn-jobs-dead may not be read, so the number of dead letters is unknown"
        return replace(super().dead_letters(span), finding=Finding(Level.NO_DATA, f"No data: {text}."))


class Refused(Sample):
    """Every question raises the same error, made by ``make``."""

    def __init__(self, make: Callable[[], OpsError]) -> None:
        super().__init__()
        self.make = make

    def _no(self, *_: object, **__: object) -> NoReturn:
        raise self.make()

    sweep = comparison = overview = queue = concurrency = forecast = cold_starts = failures = cost = dead_letters = (
        dead_letter_service
    ) = identity = log_lines = alarms = alarm_checks = alarm_coverage = _no


class Lost(Sample):
    """Dead letters are answered for once, and never again."""

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        if "dead_letters" in self.calls:
            raise Unreachable("AWS does not answer.", "Is the network up?")
        return super().dead_letters(span)


class WithDeadLetters(Sample):
    """In trouble, with a desk of its own kind, made by ``make``."""

    def __init__(self, make: Callable[[], SampleDeadLetterService], foreign: str = "") -> None:
        super().__init__(foreign=foreign)
        self.make_dead_letter_service = make  # type: ignore[method-assign]


class WithRunbook(Sample):
    """In trouble, with a run of a runbook that ``make`` makes once, so that its calls can be counted."""

    def __init__(self, make: Callable[[], SampleRunbookService]) -> None:
        super().__init__()
        self._runbooks = make()

    def runbook_service(self) -> SampleRunbookService:
        return self._runbooks


class ByStack(Sample):
    """Names its stack, and keeps the ranges of the reports that it was ``asked`` for."""

    asked: ClassVar[list[tuple[str, TimeRange]]] = []

    def __init__(self, target: Target) -> None:
        super().__init__()
        self.stack = target.stack or ""
        self.notes = (f"Workload of {self.stack}.",)

    def overview(self, span: TimeRange) -> OverviewReport:
        self.asked.append((self.stack, span))
        return super().overview(span)

    def queue(self, span: TimeRange) -> QueueReport:
        self.asked.append((self.stack, span))
        return super().queue(span)

    def failures(self, span: TimeRange) -> FailuresReport:
        self.asked.append((self.stack, span))
        return super().failures(span)

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        self.asked.append((self.stack, span))
        return super().dead_letters(span)
