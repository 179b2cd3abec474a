"""Hand-made reports for the pages' tests: a workload that is fine, in trouble, unused, or hostile.

They have the shapes of ops.insight.report_types and no other source; the numbers are made up by a seeded generator.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from dashboard.charts.cold_starts import INIT
from dashboard.services.report_source import LogTopic
from dashboard.time_range import TimeRange
from ops.aws.cloudwatch import Points
from ops.aws.sts import Identity
from ops.insight.report_types import Finding, Level, QueryCost, Threshold, Window
from ops.insight.reports.alarms import AlarmState
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.concurrency import ConcurrencyReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.dead_letters import DeadLettersReport
from ops.insight.reports.failures import DURATION_EDGES_MS, FailuresReport
from ops.insight.reports.overview import OverviewReport, PipelineRates
from ops.insight.reports.overview_cards import Card
from ops.insight.reports.pipeline import Pipeline, PipelineNode
from ops.insight.reports.queue import QueueReport
from ops.insight.reports.timeline import OverviewTimeline
from ops.insight.rules.cost_model import Assumptions
from ops.insight.sources.events import ALARM, DEPLOY, REDRIVE, Event
from ops.insight.sources.metrics import Readings
from ops.insight.sources.watched_queues import WatchedQueue
from ops.logs import LogLine, LogPage
from ops.workload import Gap
from tests.fakes.dead_letter_service import SampleDeadLetterService

NOW = datetime.now(UTC).replace(microsecond=0)
HOSTILE = (
    '<script>document.title="owned"</script> **bold** [link](https://example.com) :material/bug_report: $x^2$ '
    "<img src=x onerror=alert(1)>"
)


def frame(minutes: int, period: int, **columns: np.ndarray) -> pd.DataFrame:
    end = NOW - timedelta(seconds=NOW.timestamp() % period)
    index = pd.date_range(end=end, periods=minutes * 60 // period, freq=f"{period}s", name="time")
    return pd.DataFrame(columns, index=index)


def spark(series: pd.Series[float]) -> Points:
    return tuple(zip(pd.DatetimeIndex(series.index).to_pydatetime(), map(float, series), strict=True))


class Sample:
    """A ``Telemetry`` of made-up reports. ``trouble``: a burst that dies; ``points``: how many a chart gets."""

    notes: tuple[str, ...] = ()
    dead_letter_queue: str | None = "scilearn-jobs-dead"
    dead_letter_gap: Gap | None = None

    def __init__(self, trouble: bool = True, minutes: int = 60, period: int = 30, foreign: str = "") -> None:
        self.n = minutes * 60 // period
        self.minutes, self.period, self.trouble = minutes, period, trouble
        self.rng = np.random.default_rng(7)
        self.foreign = foreign
        self.calls: list[str] = []
        self._dead_letter_service: SampleDeadLetterService | None = None
        t = np.linspace(0, 1, self.n)
        burst = np.clip(np.exp(-(((t - 0.62) / 0.13) ** 2)), 0, 1) if trouble else np.zeros(self.n)
        self.sent = self.rng.poisson(40 + 220 * burst).astype(float)
        self.capacity = np.minimum(130 + 0 * t, self.sent + 5) if not trouble else np.full(self.n, 120.0)
        depth = np.zeros(self.n)
        for i in range(1, self.n):
            depth[i] = max(0, depth[i - 1] + (self.sent[i] - self.capacity[i]) * period / 60)
        self.depth = np.round(depth)
        self.done = np.where(self.depth > 0, self.capacity, self.sent) * self.rng.uniform(0.95, 1.05, self.n)
        self.in_flight = np.round(np.clip(self.done / 4 + self.rng.normal(0, 2, self.n), 0, None))
        self.age = np.where(self.depth > 0, self.depth / 2 + 4, self.rng.uniform(1, 4, self.n))
        self.dead = np.round(np.clip((t - 0.55) / 0.45, 0, 1) * 54) if trouble else np.zeros(self.n)
        self.cold = np.clip(0.02 + 0.2 * burst + self.rng.normal(0, 0.01, self.n), 0, 1)

    def _frame(self, **columns: np.ndarray) -> pd.DataFrame:
        return frame(self.minutes, self.period, **columns)

    @property
    def look_cost(self) -> QueryCost:
        return QueryCost(24, 0.00024, ("The last minute is not complete yet.",) if self.trouble else ())

    def finding(self, act: str, fine: str, page: str = "") -> Finding:
        if self.trouble:
            return Finding(Level.ACT, f"Critical: {act}{self.foreign}", page)
        return Finding(Level.OK, f"OK: {fine}", "")

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
            Event(DEPLOY, f"scilearn-worker{self.foreign}", at[0], at[0]),
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
        )

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        self.calls.append("cold_starts")
        n = 300
        started = pd.to_datetime(
            [NOW - timedelta(minutes=float(m)) for m in sorted(self.rng.uniform(0, self.minutes, n), reverse=True)],
            utc=True,
        )
        cold = self.rng.random(n) < 0.06
        init = np.where(cold, self.rng.lognormal(6.75, 0.22, n), np.nan)
        duration = self.rng.lognormal(5.6, 0.6, n)
        status = np.where(self.rng.random(n) < 0.03, "timeout", "success")
        duration = np.where(status == "timeout", 6_000.0, duration)
        version = np.where(np.arange(n) < 200, "7", "8")
        invocations = pd.DataFrame(
            {
                "started": started,
                "request_id": [f"{i:08x}-0000-4000-8000-000000000000" for i in range(n)],
                "version": version,
                "cold": cold,
                "init_ms": init,
                "duration_ms": duration,
                "billed_ms": np.ceil(duration + np.nan_to_num(init)),
                "memory_used_mb": self.rng.integers(180, 260, n),
                "memory_size_mb": 1024,
                "status": status,
                "error_type": np.where(status == "timeout", "Sandbox.Timedout" + self.foreign, ""),
                "cost_usd": duration * 1.67e-8,
                "runtime_init_ms": init * 0.8,
                "response_latency_ms": 2.0,
                "extension_overhead_ms": 0.6,
            }
        )
        rows = []
        for name, group in invocations.groupby("version"):
            values = group.init_ms.dropna()
            rows.append(
                (
                    name,
                    len(group),
                    int(group.cold.sum()),
                    group.cold.mean(),
                    *(values.quantile(q) for q in (0.5, 0.95, 0.99)),
                )
            )
        columns = ["version", "invocations", "cold", "share", "init_p50_ms", "init_p95_ms", "init_p99_ms"]
        phases = pd.DataFrame(
            {
                "phase": [*INIT, "Handler, to first byte", "Extension overhead"],
                "start_ms": [0.0, 702.0, 861.0, 1_211.0],
                "duration_ms": [702.0, 159.0, 350.0, 12.0],
            }
        )
        p50, p95, p99 = (float(np.quantile(init[~np.isnan(init)], q)) for q in (0.5, 0.95, 0.99))
        return ColdStartReport(
            self.finding(
                "6% of invocations start cold, and version 8 takes 40% longer to start than version 7",
                "6% of invocations start cold, in 0.86 s",
            ),
            invocations,
            pd.DataFrame(rows, columns=columns),
            phases,
            float(cold.mean()),
            p50,
            p95,
            p99,
            0.00113,
            self.look_cost,
        )

    def failures(self, span: TimeRange) -> FailuresReport:
        self.calls.append("failures")
        full = self.cold_starts(span).invocations
        rows = full.assign(duration_ms=full["duration_ms"].astype(float))
        failed = rows[~rows["status"].isin(("success", ""))]
        errors = self._frame(
            **{
                f"Sandbox.Timedout{self.foreign}": np.where(self.depth > 50, 2.0, 0.0),
                "Runtime.OutOfMemory": np.where(self.depth > 80, 1.0, 0.0),
            }
        )
        p95 = 300 + self.age / max(1.0, float(self.age.max())) * 4_000
        by_type = pd.DataFrame(
            [
                (f"Sandbox.Timedout{self.foreign}", 40, 0.8, NOW - timedelta(minutes=40), NOW),
                ("Runtime.OutOfMemory", 10, 0.2, NOW - timedelta(minutes=20), NOW),
            ],
            columns=["error_type", "invocations", "share", "first", "last"],
        )
        versions = [
            (f"7{self.foreign}", 300, 0, 0.0, 300.0, 900.0, 1_400.0),
            ("8", 90, 50, 0.55, 400.0, 5_000.0, 6_000.0),
        ]
        edges = {float(edge): self.rng.poisson(3, self.n).astype(float) for edge in DURATION_EDGES_MS[2:7]}
        counts = self._frame(**{str(edge): values for edge, values in edges.items()})
        counts.columns = pd.Index(list(edges))
        return FailuresReport(
            finding=self.finding("50 of 390 invocations failed (13%)", "none of 390 invocations failed"),
            errors=errors,
            error_lines=(Threshold("alarm scilearn-function-errors", 1.0),),
            jobs=self._frame(jobs_failed=np.where(self.depth > 50, 3.0, 0.0), jobs_rejected=np.zeros(self.n)),
            durations=self._frame(p50_ms=np.full(self.n, 320.0), p95_ms=p95, p99_ms=p95 * 1.3),
            duration_lines=(
                Threshold("alarm scilearn-duration-near-timeout", 5_400.0),
                Threshold("timeout", 6_000.0),
            ),
            duration_counts=counts.reindex(columns=[float(edge) for edge in DURATION_EDGES_MS], fill_value=0.0),
            memory=self._frame(memory_used_mb=np.full(self.n, 610.0), memory_size_mb=np.full(self.n, 1_024.0)),
            end_to_end=self._frame(e2e_p50_ms=p95 * 2, e2e_p95_ms=p95 * 4, e2e_p99_ms=p95 * 6),
            by_version=pd.DataFrame(
                versions, columns=["version", "invocations", "failed", "share", "p50_ms", "p95_ms", "p99_ms"]
            ),
            by_type=by_type if self.trouble else by_type.iloc[0:0],
            invocations=rows,
            failed=float(errors.to_numpy().sum()) if len(failed) or self.trouble else 0.0,
            total=390.0,
            p95_ms=float(p95.max()),
            e2e_p95_ms=float(p95.max() * 4),
            memory_share=0.6,
            look=self.look_cost,
        )

    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport:
        self.calls.append("cost")
        logs = 0.0000015 * assumptions.log_bytes_per_invocation
        parts = [
            ("Lambda duration", 0.0123),
            ("Lambda INIT", 0.0011),
            ("Lambda requests", 0.0006),
            ("SQS requests", 0.0011),
            ("API Gateway", {"rest": 0.0105, "http": 0.003, "none": 0.0}[assumptions.api]),
            ("CloudWatch metrics", 0.0021),
            ("Logs", logs),
        ]
        total = sum(usd for _, usd in parts)
        return CostReport(
            self.finding("12% of the cost is spent on failed jobs", "1,000 successful jobs cost $0.0097"),
            pd.DataFrame(parts, columns=["component", "usd"]),
            self._frame(usd_per_1000=0.0095 + 0.002 * self.cold + self.rng.normal(0, 0.0002, self.n)),
            3_012.0,
            total * 0.12,
            total,
            total / 3.012,
            total * 24 * 30.4,
            41_000.0,
            assumptions,
            "2026-09-19",
            self.look_cost,
        )

    def log_lines(self, topic: LogTopic, text: str, token: str) -> LogPage:
        self.calls.append(f"log_lines {topic.kind} {topic.value} {text} {token}")
        first = int(token or 0)
        lines = tuple(
            LogLine(
                NOW - timedelta(seconds=number),
                f"line {number} of {topic.value} {text}{self.foreign}",
                "scilearn-worker",
                "/aws/lambda/scilearn-worker",
                "stream",
            )
            for number in range(first, first + 3)
        )
        more = "3" if not token else ""
        groups = ("/aws/lambda/scilearn-worker",)
        query = f"fields @timestamp, @message | filter @message like /{topic.value}/"
        return LogPage(lines, more, query, groups, NOW, NOW, 2e6, 0.00001, notes=("One log group is missing.",))

    def identity(self) -> Identity:
        return Identity("123456789012", f"arn:aws:sts::123456789012:assumed-role/OnCall/alex{self.foreign}")

    def dead_letters(self, span: TimeRange) -> DeadLettersReport:
        self.calls.append("dead_letters")
        return DeadLettersReport(
            self.finding("54 dead letters, the first at 02:14", "no dead letters"),
            self._frame(dead=self.dead),
            float(self.dead[-1]),
            self.alarms()[:1],
            self.look_cost,
        )

    def dead_letter_service(self, queue: str = "") -> SampleDeadLetterService:
        if self._dead_letter_service is None:
            self._dead_letter_service = self.make_dead_letter_service()
        return self._dead_letter_service

    def make_dead_letter_service(self) -> SampleDeadLetterService:
        return SampleDeadLetterService(54 if self.trouble else 0, self.foreign)
