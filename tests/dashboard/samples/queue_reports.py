"""Hand-made reports on queues and alarms."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from dashboard.time_range import TimeRange
from ops.formatting import duration
from ops.insight.report_types import Level, Threshold, Window
from ops.insight.reports.alarms import AlarmState
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.overview import OverviewReport, PipelineRates
from ops.insight.reports.overview_parts.overview_cards import Card
from ops.insight.reports.overview_parts.pipeline import Pipeline, PipelineNode
from ops.insight.reports.overview_parts.timeline import DlqArrivals, OverviewTimeline
from ops.insight.reports.queue import QueueReport
from ops.insight.rules.concurrency.ramp import RampPeriod
from ops.insight.rules.settings_findings import SettingsFindings
from ops.insight.sources.event_model import ALARM, CONFIG, DEPLOY, REDRIVE, Event
from ops.insight.sources.metrics import Readings
from ops.insight.sources.watched_queues import WatchedQueue
from tests.dashboard.samples.series import ALARM_AGE_S, MAX_CONCURRENCY, NOW, TIMEOUT_MS, SampleSeries, frame, spark


class QueueReports(SampleSeries):
    """Overview, queue, concurrency and dead letters."""

    def overview(self, span: TimeRange) -> OverviewReport:
        self.calls.append("overview")
        f = self._frame(
            depth=self.depth,
            age=self.age,
            c=self.executions,
            cold=self.cold * 100,
            dead=self.dead,
            cost=0.004 + 0.002 * self.cold,
        )
        bad = Level.CRITICAL if self.trouble else Level.OK
        cards = (
            Card(
                "depth",
                "Queued",
                float(self.depth[-1]),
                "messages",
                spark(f.depth),
                Level.WARNING if self.trouble else Level.OK,
                f"{self.in_flight[-1]:.0f} in flight",
            ),
            Card(
                "age",
                "Age of oldest message",
                float(self.age[-1]),
                "s",
                spark(f.age),
                bad,
                f"alarm ≥ {duration(ALARM_AGE_S)}",
            ),
            Card(
                "concurrency",
                "Concurrency",
                float(self.executions.max()),
                "executions",
                spark(f.c),
                Level.WARNING if self.trouble else Level.OK,
                "peak (30 s); limit 10 (ESM MaximumConcurrency)",
            ),
            Card("cold_share", "Cold starts", float(self.cold[-1] * 100), "%", spark(f.cold), Level.OK, "p95 1.2 s"),
            Card("cost", "Cost per 1,000 jobs", 0.0047, "USD", spark(f.cost), Level.OK, "6,204 successful jobs"),
            Card(
                "dead",
                "Dead letters",
                float(self.dead[-1]),
                "messages",
                spark(f.dead),
                bad,
                "33 of one cause" if self.trouble else "",
            ),
        )
        path = PipelineRates(
            self.arriving,
            self.processed,
            self.processed * 0.97,
            float(self.timeouts[-1] + self.out_of_memory[-1]) * 60 / self.period,
            1.2 if self.trouble else 0.0,
            float(self.depth[-1]),
            float(self.in_flight[-1]),
            float(self.dead[-1]),
        )
        alarms = self.alarm_states()
        return OverviewReport(
            self.finding(
                "54 dead letters, 33 of one cause (Sandbox.Timedout); last deployed 02:10",
                "All jobs finish within 4 s; no alarm is firing",
                "dead_letters",
            ),
            cards,
            path,
            alarms,
            self.look_cost,
            float(self.sent.sum()),
            Pipeline(
                senders=(PipelineNode("API", "scilearn"),),
                queue=PipelineNode("Queue", "scilearn-jobs"),
                readers=(PipelineNode("Function", "scilearn-worker"),),
                results=(PipelineNode("Results bucket", "scilearn-results-1"),),
                dead=PipelineNode("Dead letters", "scilearn-jobs-dead"),
            ),
            watched=(WatchedQueue("scilearn-undelivered", 2.0 if self.trouble else None),),
            timeline=self.timeline(),
            settings=SettingsFindings(1, 1, "ops doctor --queue scilearn-jobs") if self.trouble else None,
        )

    def timeline(self) -> OverviewTimeline:
        seconds = self.minutes * 60
        start = NOW - timedelta(seconds=seconds + NOW.timestamp() % self.period)
        window = Window(start, start + timedelta(seconds=seconds), self.period)
        p95 = self.p95_ms
        columns: dict[str, np.ndarray] = {
            "sent": self.sent * self.period / 60,
            "deleted": self.done * self.period / 60,
            "visible": self.depth,
            "in_flight": self.in_flight,
            "errors": self.timeouts + self.out_of_memory,
            "p50_ms": np.full(self.n, 320.0),
            "p95_ms": p95,
            "p99_ms": p95 * 1.3,
        }
        dead = spark(pd.Series(self.dead, frame(self.minutes, self.period).index))
        readings = Readings(
            {name: values.tolist() for name, values in columns.items()},
            ("sent", "deleted", "errors"),
            window,
            self.look_cost,
            {"dead_visible": dead},
        )
        at = [start + timedelta(seconds=seconds * share) for share in (0.5, 0.58, 0.8, 0.85)]
        happened = (
            Event(DEPLOY, f"scilearn-worker version 8: code{self.foreign}", at[0], at[0]),
            Event(CONFIG, "event source mapping: configuration or state changed (now Enabled)", at[1], at[1]),
            Event(ALARM, f"scilearn-dead-letters{self.foreign}", at[1], window.end, ongoing=True),
            Event(REDRIVE, f"redrive of scilearn-jobs-dead: stopped{self.foreign}", at[2], at[3]),
        )
        arrived = np.diff(np.maximum.accumulate(np.asarray(self.dead, dtype=float)), prepend=0).clip(0)
        least = np.where(np.arange(len(arrived)) % 5 == 0, arrived, 0).astype(int)
        causes = (
            (f"Sandbox.Timedout{self.foreign}", tuple((arrived.astype(int) - least).tolist())),
            ("likely Never ran", tuple(least.tolist())),
        )
        arrivals = DlqArrivals(causes, NOW - timedelta(minutes=4)) if self.trouble else None
        return OverviewTimeline(readings, happened if self.trouble else (), TIMEOUT_MS, arrivals=arrivals)

    def alarm_states(self) -> tuple[AlarmState, ...]:
        state = "ALARM" if self.trouble else "OK"
        crossed = "Threshold Crossed: 1 datapoint [{}] was {} the threshold ({})."
        fine = crossed.format(0.0, "not greater than", 0.0)
        dead = crossed.format(self.dead[-1], "greater than", 0.0)
        age = crossed.format(f"{self.age[-1]:.1f}", "greater than or equal to", ALARM_AGE_S)
        unknown = "Insufficient Data: 1 datapoint was unknown."
        rows = [
            ("dead-letters", state, dead if self.trouble else fine),
            ("oldest-message-age", state, age if self.trouble else fine),
            ("function-errors", "OK", fine),
            ("function-throttles", "OK", fine),
            ("duration-near-timeout", "INSUFFICIENT_DATA", unknown),
            ("concurrency-near-limit", "OK", fine),
        ]
        since = NOW - timedelta(minutes=21)
        return tuple(
            AlarmState(f"scilearn-{name}", state, reason + self.foreign, since, f"runbooks/{name}.md")
            for name, state, reason in rows
        )

    def queue(self, span: TimeRange) -> QueueReport:
        self.calls.append("queue")
        waiting, drain_s = float(self.depth[-1]), float(self.depth[-1] / max(1.0, self.processed - self.arriving) * 60)
        rates = f"{self.arriving:.0f}/min arriving, {self.processed:.0f}/min processed"
        return QueueReport(
            self.finding(
                f"{waiting:,.0f} messages in the queue, drained in {duration(drain_s)}; {rates}",
                f"no backlog; {rates}",
                "concurrency",
            ),
            self._frame(visible=self.depth, in_flight=self.in_flight, delayed=np.zeros(self.n)),
            self._frame(oldest_s=self.age),
            (Threshold("alarm scilearn-oldest-message-age ≥", ALARM_AGE_S), Threshold("message retention", 345_600.0)),
            self._frame(
                sent=self.sent,
                deleted=self.done,
                received=self.done * 1.04,
                empty_receives=np.where(self.depth > 0, 0, 12.0),
            ),
            drain_s,
            self.arriving,
            self.processed,
            self.look_cost,
            sent=float(self.sent.sum()),
            waiting=waiting,
            in_flight=float(self.in_flight[-1]),
            oldest_s=float(self.age[-1]),
            rates_over=(NOW - timedelta(minutes=5), NOW),
        )

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        self.calls.append("concurrency")
        law = np.minimum(MAX_CONCURRENCY, 5 + np.arange(self.n) * 5 * self.period / 60)
        throttled = np.where(self.depth > 50, self.rng.poisson(2, self.n), 0).astype(float)
        course = tuple(
            RampPeriod(
                observed=float(self.executions[at]),
                law=float(law[at]),
                allowed=float(law[at]),
                binding="reserved concurrency" if throttled[at] else "",
                waiting=float(self.depth[at]),
                throttles=float(throttled[at]),
                errors=3.0 if throttled[at] > 4 else 0.0,
                backed_off=bool(throttled[at] > 4),
            )
            for at in range(self.n)
        )
        return ConcurrencyReport(
            self.finding("all 10 concurrent executions (ESM MaximumConcurrency) are in use", "limiting factor: none"),
            self._frame(observed=self.executions, law=law),
            (Threshold("ESM MaximumConcurrency", float(MAX_CONCURRENCY)), Threshold("account quota", 1_000.0)),
            "ESM MaximumConcurrency" if self.trouble else "",
            self._frame(throttles=throttled),
            self._frame(fill=np.clip(self.done / 14, 1, 10), share=np.clip(self.done / 140, 0.1, 1)),
            10,
            float(self.depth[-1]),
            self.arriving,
            1.4,
            self.look_cost,
            sent=float(self.sent.sum()),
            throttled=float(throttled.sum()),
            running=float(self.executions.max()),
            ramp=course,
            throttle_lines=(Threshold("alarm scilearn-function-throttles ≥", 1.0),),
        )

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        self.calls.append("dead_letters")
        return DeadLettersReport(
            self.finding("54 dead letters, 33 of one cause", "no dead letters"),
            self._frame(dead=self.dead),
            float(self.dead[-1]),
            self.alarm_states()[:1],
            self.look_cost,
        )
