"""Hand-made reports on invocations."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from dashboard.charts.cold_starts import INIT
from dashboard.time_range import TimeRange
from ops.formatting import usd
from ops.insight.report_types import Threshold
from ops.insight.reports.cold_starts import ColdStartReport
from ops.insight.reports.cost import CostReport
from ops.insight.reports.failures import SHOWN_COLUMNS, FailuresReport
from ops.insight.rules.cold_starts import versions
from ops.insight.rules.cold_starts.reasons import ColdReason
from ops.insight.rules.cost.comparison import WeekBefore
from ops.insight.rules.cost.cost_model import Assumptions
from ops.insight.rules.duration_counts import DURATION_EDGES_MS
from tests.dashboard.samples.cold_start_options import sample_imports, sample_options
from tests.dashboard.samples.series import NOW, TIMEOUT_MS, SampleSeries

TIMED_OUT, OUT_OF_MEMORY = "Sandbox.Timedout", "Runtime.OutOfMemory"


class InvocationReports(SampleSeries):
    """Cold starts, failures and cost."""

    def cold_starts(self, span: TimeRange) -> ColdStartReport:
        self.calls.append("cold_starts")
        runs = [(NOW - timedelta(minutes=float(ago)), "success") for ago in self.rng.uniform(0, self.minutes, 300)]
        moments = pd.DatetimeIndex(self._frame().index).to_pydatetime()
        for moment, timeouts, out_of_memory in zip(moments, self.timeouts, self.out_of_memory, strict=True):
            runs += [(moment, "timeout")] * int(timeouts) + [(moment, "oom")] * int(out_of_memory)
        runs.sort()
        started = pd.to_datetime([moment for moment, _ in runs], utc=True)
        status = np.array([ended for _, ended in runs])
        n = len(runs)
        cold = (self.rng.random(n) < 0.06) & (status == "success")
        deployed = NOW - timedelta(minutes=self.minutes / 2)
        version = np.array(["7" if moment < deployed else "8" for moment, _ in runs])
        init = np.where(cold, self.rng.lognormal(6.75, 0.22, n) * np.where(version == "8", 1.4, 1.0), np.nan)
        duration = np.where(status == "timeout", TIMEOUT_MS, self.rng.lognormal(5.6, 0.6, n))
        error_type = {"success": "", "timeout": TIMED_OUT + self.foreign, "oom": OUT_OF_MEMORY}
        invocations = pd.DataFrame(
            {
                "started": started,
                "request_id": [f"{i:08x}-0000-4000-8000-000000000000" for i in range(n)],
                "version": version,
                "cold": cold,
                "init_ms": init,
                "duration_ms": duration,
                "billed_ms": np.ceil(duration + np.nan_to_num(init)),
                "memory_used_mb": np.where(status == "oom", 1_024, self.rng.integers(180, 260, n)),
                "memory_size_mb": 1024,
                "status": status,
                "error_type": [error_type[state] for state in status],
                "cost_usd": duration * 1.67e-8,
                "runtime_init_ms": init * 0.8,
                "response_latency_ms": 2.0,
                "extension_overhead_ms": 0.6,
                "trace": [f"Root=1-6b0ba243-{i:024x};Parent=f3b57f19bccb739c;Sampled=1" for i in range(n)],
            }
        )
        starts = int(cold.sum())
        reasons = pd.DataFrame(
            [
                (
                    ColdReason.SCALE_OUT.value,
                    True,
                    starts - starts // 3 - 1,
                    starts - starts // 3 - 1,
                    850.0,
                    1_120.0,
                    0.00071,
                ),
                (ColdReason.DEPLOY.value, True, starts // 3, starts // 3, 990.0, 1_240.0, 0.00031),
                (ColdReason.RESET.value, False, 0, 1, 870.0, 900.0, 0.00011),
            ],
            columns=["reason", "inferred", "inferred_cold", "cold", "waited_p50_ms", "waited_p95_ms", "usd"],
        )
        phases = pd.DataFrame(
            {
                "phase": [*INIT, "Handler, to first byte", "Extension overhead"],
                "start_ms": [0.0, 702.0, 861.0, 1_211.0],
                "duration_ms": [702.0, 159.0, 350.0, 12.0],
            }
        )
        imports = sample_imports(self.foreign)
        p50, p95, p99 = (float(np.quantile(init[~np.isnan(init)], q)) for q in (0.5, 0.95, 0.99))
        return ColdStartReport(
            self.finding(
                f"{cold.mean():.1%} of invocations start cold, and version 8 takes 40% longer to start than version 7",
                f"{cold.mean():.1%} of invocations start cold, in {p50 / 1_000:.2f} s",
            ),
            invocations,
            versions.by_version(invocations.assign(restore_ms=float("nan"))),
            reasons,
            phases,
            float(cold.mean()),
            p50,
            p95,
            p99,
            0.00113,
            self.look_cost,
            float(cold.sum()),
            float(n),
            options=sample_options(invocations, self.minutes, imports),
            imports=imports,
        )

    def failures(self, span: TimeRange) -> FailuresReport:
        self.calls.append("failures")
        full = self.cold_starts(span).invocations
        rows = full.assign(duration_ms=full["duration_ms"].astype(float))
        total, p95 = len(rows), self.p95_ms
        errors = self._frame(**{TIMED_OUT + self.foreign: self.timeouts, OUT_OF_MEMORY: self.out_of_memory})
        failed = rows[rows["status"] != "success"]
        kinds = failed.groupby("error_type")["started"].agg(["size", "min", "max"]).sort_values("size", ascending=False)
        by_type = pd.DataFrame(
            [(kind, size, size / len(failed), first, last) for kind, size, first, last in kinds.itertuples()],
            columns=["error_type", "invocations", "share", "first", "last"],
        )
        versions = [
            (
                f"{name}{self.foreign}",
                len(group),
                int((group["status"] != "success").sum()),
                float((group["status"] != "success").mean()),
                *(float(group["duration_ms"].quantile(share)) for share in (0.5, 0.95, 0.99)),
            )
            for name, group in rows.groupby("version")
        ]
        edges = {float(edge): self.rng.poisson(3, self.n).astype(float) for edge in DURATION_EDGES_MS[2:7]}
        counts = self._frame(**{str(edge): values for edge, values in edges.items()})
        counts.columns = pd.Index(list(edges))
        return FailuresReport(
            finding=self.finding(
                f"{self.failed:,} of {total:,} invocations failed ({self.failed / max(1, total):.0%})",
                f"none of {total:,} invocations failed",
            ),
            errors=errors,
            error_lines=(Threshold("alarm scilearn-function-errors >", 0.0),),
            jobs=self._frame(jobs_failed=self.timeouts * 1.5, jobs_rejected=np.zeros(self.n)),
            durations=self._frame(p50_ms=np.full(self.n, 320.0), p95_ms=p95, p99_ms=p95 * 1.3),
            duration_lines=(
                Threshold("alarm scilearn-duration-near-timeout >", 0.9 * TIMEOUT_MS),
                Threshold("timeout", TIMEOUT_MS),
            ),
            duration_counts=counts.reindex(columns=[float(edge) for edge in DURATION_EDGES_MS], fill_value=0.0),
            memory=self._frame(
                memory_used_mb=np.where(self.out_of_memory > 0, 1_024.0, 258.0), memory_size_mb=np.full(self.n, 1_024.0)
            ),
            end_to_end=self._frame(e2e_p50_ms=p95 * 2, e2e_p95_ms=p95 * 4, e2e_p99_ms=p95 * 6),
            by_version=pd.DataFrame(
                versions, columns=["version", "invocations", "failed", "share", "p50_ms", "p95_ms", "p99_ms"]
            ),
            by_type=by_type,
            invocations=rows[list(SHOWN_COLUMNS)],
            failed=float(self.failed),
            total=float(total),
            p95_ms=float(p95.max()),
            jobs_failed=float((self.timeouts * 1.5).sum()),
            jobs_rejected=0.0,
            e2e_p95_ms=float(p95.max() * 4),
            memory_share=1.0 if self.out_of_memory.any() else 258 / 1_024,
            look=self.look_cost,
        )

    def cost(self, span: TimeRange, assumptions: Assumptions) -> CostReport:
        self.calls.append("cost")
        logs = 0.0000015 * assumptions.log_bytes_per_invocation
        parts = [
            ("Lambda duration", 0.0123),
            ("Lambda INIT", 0.0011),
            ("Lambda requests", 0.0006),
            ("SQS requests", 0.0009),
            ("Empty receives", 0.0002),
            ("API Gateway", {"rest": 0.0105, "http": 0.003, "none": 0.0}[assumptions.api]),
            ("CloudWatch metrics", 0.0021),
            ("Logs", logs),
        ]
        total = sum(usd for _, usd in parts)
        return CostReport(
            self.finding("12% of the cost is spent on failed jobs", f"1,000 successful jobs cost {usd(total / 3.012)}"),
            pd.DataFrame(parts, columns=["component", "usd"]),
            self._frame(usd_per_1000=total / 3.012 + 0.002 * self.cold + self.rng.normal(0, 0.0002, self.n)),
            pd.DataFrame(
                [
                    ("Sandbox.Timedout", "invocation failed", total * 0.07),
                    ("DataError", "job rejected", total * 0.04),
                    (f"Throttled{self.foreign}", "job failed, retried", total * 0.01),
                ],
                columns=["cause", "what", "usd"],
            ),
            3_012.0,
            total * 0.12,
            total,
            total / 3.012,
            total * 24 * 30.4,
            0.0816 * 3_012 / 0.014,
            assumptions,
            "2026-09-19",
            self.look_cost,
            jobs_per_hour=3_012.0,
            week_before=WeekBefore(total / 3.4),
            refresh_usd=self.look_cost.usd,
        )
