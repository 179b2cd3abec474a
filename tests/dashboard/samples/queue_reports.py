"""Hand-made reports on queues and alarms."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from dashboard.time_range import TimeRange
from ops.insight.report_types import Level, Threshold, Window
from ops.insight.reports.alarms import AlarmState
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.overview import OverviewReport, PipelineRates
from ops.insight.reports.overview_cards import Card
from ops.insight.reports.pipeline import Pipeline, PipelineNode
from ops.insight.reports.queue import QueueReport
from ops.insight.reports.timeline import OverviewTimeline
from ops.insight.rules.settings_findings import SettingsFindings
from ops.insight.sources.event_model import ALARM, CONFIG, DEPLOY, REDRIVE, Event
from ops.insight.sources.metrics import Readings
from ops.insight.sources.watched_queues import WatchedQueue
from tests.dashboard.samples.series import NOW, SampleSeries, frame, spark


class QueueReports(SampleSeries):
    """Overview, queue, concurrency and dead letters."""

    def overview(self, span: TimeRange) -> OverviewReport:
        self.calls.append("overview")
        f = self._frame(
            depth=self.depth,
            age=self.age,
            c=self.in_flight / 3,
            cold=self.cold * 100,
            dead=self.dead,
            cost=0.004 + 0.002 * self.cold,
        )
        bad = Level.ACT if self.trouble else Level.OK
        cards = (
            Card(
                "depth",
                "Queued",
                float(self.depth[-1]),
                "messages",
                spark(f.depth),
                Level.WATCH if self.trouble else Level.OK,
                "29 in flight",
            ),
            Card("age", "Age of oldest message", float(self.age[-1]), "s", spark(f.age), bad, "alarm ≥ 5 min"),
            Card(
                "concurrency",
                "Concurrency",
                9.0,
                "",
                spark(f.c),
                Level.WATCH if self.trouble else Level.OK,
                "peak (30 s); limit 10 (ESM MaximumConcurrency)",
            ),
            Card("cold_share", "Cold starts", float(self.cold[-1] * 100), "%", spark(f.cold), Level.OK, "p95 1.2 s"),
            Card("cost", "Cost per 1,000 jobs", 0.0047, "USD", spark(f.cost), Level.OK, "6,204 successful jobs"),
            Card("dead", "Dead letters", float(self.dead[-1]), "messages", spark(f.dead), bad, "51 of one cause"),
        )
        path = PipelineRates(
            118.0, 121.0, 112.4, 3.1, 1.2 if self.trouble else 0.0, float(self.depth[-1]), 29.0, float(self.dead[-1])
        )
        alarms = self.alarms()
        return OverviewReport(
            self.finding(
                "54 dead letters, 51 of one cause (Sandbox.Timedout); last deployed 02:10",
                "All jobs finish within 4 s; no alarm is firing",
                "dead_letters",
            ),
            cards,
            path,
            alarms,
            self.look_cost,
            Pipeline(
                senders=(PipelineNode("API", "scilearn"),),
                queue=PipelineNode("Queue", "scilearn-jobs"),
                readers=(PipelineNode("Function", "scilearn-worker"),),
                results=(PipelineNode("Results bucket", "scilearn-results-1"),),
                dead=PipelineNode("Dead letters", "scilearn-jobs-dead"),
            ),
            watched=(WatchedQueue("scilearn-undelivered", 2.0 if self.trouble else None),),
            timeline=self.timeline(),
            settings=SettingsFindings(2, 3, "ops doctor --queue scilearn-jobs") if self.trouble else None,
        )

    def timeline(self) -> OverviewTimeline:
        seconds = self.minutes * 60
        start = NOW - timedelta(seconds=seconds + NOW.timestamp() % self.period)
        window = Window(start, start + timedelta(seconds=seconds), self.period)
        p95 = 300 + self.age / max(1.0, float(self.age.max())) * 4_000
        columns: dict[str, np.ndarray] = {
            "sent": self.sent * self.period / 60,
            "deleted": self.done * self.period / 60,
            "visible": self.depth,
            "in_flight": self.in_flight,
            "errors": np.where(self.depth > 50, 2.0, 0.0),
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
        return OverviewTimeline(readings, happened if self.trouble else (), 6_000.0)

    def alarms(self) -> tuple[AlarmState, ...]:
        state = "ALARM" if self.trouble else "OK"
        reason = "Threshold Crossed: 1 datapoint [54.0] was greater than the threshold (0.0)." + self.foreign
        rows = [
            ("dead-letters", state),
            ("oldest-message-age", state),
            ("function-errors", "OK"),
            ("function-throttles", "OK"),
            ("duration-near-timeout", "INSUFFICIENT_DATA"),
            ("concurrency-near-limit", "OK"),
        ]
        return tuple(
            AlarmState(f"scilearn-{n}", s, reason, NOW - timedelta(minutes=21), f"runbooks/{n}.md") for n, s in rows
        )

    def queue(self, span: TimeRange) -> QueueReport:
        self.calls.append("queue")
        return QueueReport(
            self.finding(
                "backlog growing by 58/min (118/min arriving, 60/min processed)",
                "no backlog; 118/min arriving, 118/min processed",
                "concurrency",
            ),
            self._frame(visible=self.depth, in_flight=self.in_flight, delayed=np.zeros(self.n)),
            self._frame(oldest_s=self.age),
            (Threshold("alarm: oldest message", 300.0), Threshold("message retention", 345_600.0)),
            self._frame(
                sent=self.sent,
                deleted=self.done,
                received=self.done * 1.04,
                empty_receives=np.where(self.depth > 0, 0, 12.0),
            ),
            1_260.0 if self.trouble else 0.0,
            float(self.sent[-1]),
            float(self.done[-1]),
            self.look_cost,
            waiting=float(self.depth[-1]),
            in_flight=float(self.in_flight[-1]),
            oldest_s=float(self.age[-1]),
            rates_over=(NOW - timedelta(minutes=5), NOW),
        )

    def concurrency(self, span: TimeRange) -> ConcurrencyReport:
        self.calls.append("concurrency")
        law = np.minimum(10, 5 + np.arange(self.n) * 5 * self.period / 60)
        return ConcurrencyReport(
            self.finding("all 10 concurrent executions (ESM MaximumConcurrency) are in use", "limiting factor: none"),
            self._frame(observed=np.minimum(10, np.round(self.in_flight / 3)), law=law),
            (Threshold("ESM MaximumConcurrency", 10.0), Threshold("account quota", 1_000.0)),
            "ESM MaximumConcurrency" if self.trouble else "",
            self._frame(throttles=np.where(self.depth > 50, self.rng.poisson(2, self.n), 0).astype(float)),
            self._frame(fill=np.clip(self.done / 14, 1, 10), share=np.clip(self.done / 140, 0.1, 1)),
            10,
            float(self.depth[-1]),
            118.0,
            1.4,
            self.look_cost,
            9.0,
            throttle_lines=(Threshold("alarm scilearn-function-throttles ≥", 1.0),),
        )

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        self.calls.append("dead_letters")
        return DeadLettersReport(
            self.finding("54 dead letters, the first at 02:14", "no dead letters"),
            self._frame(dead=self.dead),
            float(self.dead[-1]),
            self.alarms()[:1],
            self.look_cost,
        )
