"""Hand-made reports on invocations."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from dashboard.charts.cold_starts import INIT
from dashboard.time_range import TimeRange
from ops.insight.report_types import Threshold
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.failures import DURATION_EDGES_MS, SHOWN_COLUMNS, FailuresReport
from ops.insight.rules.cost_model import Assumptions
from tests.dashboard.samples.series import NOW, SampleSeries


class InvocationReports(SampleSeries):
    """Cold starts, failures and cost."""

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
                "trace": [f"Root=1-6b0ba243-{i:024x};Parent=f3b57f19bccb739c;Sampled=1" for i in range(n)],
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
            invocations=rows[list(SHOWN_COLUMNS)],
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
