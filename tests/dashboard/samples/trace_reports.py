"""Made-up paths of jobs: retried and redriven, of 500 spans, partial, unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ops.errors import AccessDenied
from ops.insight.report_types import Finding, Level, QueryCost
from ops.traces import Basis, JobTrace, PathSpan, Searched, SpanKind
from ops.traces.model import ON_THE_PAGE, not_found
from tests.dashboard.samples.series import NOW

START = NOW - timedelta(minutes=20)
MESSAGE, REDRIVEN = "0b474a39-70fa-42fa-9d9a-34634e3dd3a4", "953ea6af-3af9-4e25-bc69-9973fe9d07f8"
REQUEST = "f93ec4c0-d228-461f-be68-efd8b6878704"
LOGS = Searched("log lines of /aws/lambda/scilearn-worker", 12, "12:00 UTC to 13:00 UTC")
SNAPSHOT = Searched("the dead-letter queue's snapshot", 1, "scanned 12:40 UTC")


class TraceReports:
    """``job_trace`` by the ID that is asked for: huge, partial, dead, unknown and refused are states of their own."""

    foreign = ""

    def job_trace(self, identifier: str, days: int | None = None) -> JobTrace:
        if identifier == "refused":
            raise AccessDenied("The reader may not call logs:StartQuery.", "Allow logs:StartQuery.")
        if identifier == "unknown":
            next_step = ON_THE_PAGE.text(identifier, ranged=days is not None, scanned=True)
            nothing = replace(LOGS, found=0), replace(SNAPSHOT, found=0)
            return not_found(identifier, nothing, QueryCost(usd=0.001), next_step)
        if identifier == "huge":
            return self._trace(identifier, [self._step(number) for number in range(499)], left_out=212)
        if identifier == "partial":
            spans = [self._attempt(1, 0, None, Basis.INFERRED)]
            return self._trace(identifier, spans, partial=("The log lines of scilearn-worker are missing.",))
        if identifier == "dead":
            *before, stay = self._story()[:9]
            trace = self._trace(identifier, [*before, replace(stay, duration_s=None)])
            found = Finding(Level.CRITICAL, f"Job {identifier} is in the dead-letter queue.", "dead_letters")
            return replace(trace, finding=found, seconds={"queue wait": 62.9, "init": 1.2, "attempt": 1.3})
        return self._trace(identifier, self._story())

    def _story(self) -> list[PathSpan]:
        error = f"DataNotFound: s3://b/in.csv is not there{self.foreign}"
        at = START + timedelta(seconds=65)
        return [
            PathSpan("API scilearn/v1", SpanKind.API, START, 0.02, 1, Basis.MEASURED, "X-Ray"),
            PathSpan("queue wait", SpanKind.WAIT, START, 3.0, 1, Basis.MEASURED, "handler log", message_id=MESSAGE),
            PathSpan(
                "INIT", SpanKind.INIT, START + timedelta(seconds=3), 1.2, 1, Basis.MEASURED, "extension record", 1
            ),
            self._attempt(1, 4.2, 0.9, failure="Sandbox.Timedout"),
            PathSpan("wait for retry", SpanKind.WAIT, START + timedelta(seconds=5.1), 59.9, 1, Basis.INFERRED, "log"),
            self._attempt(2, 65, 0.4, failure=error),
            PathSpan("record_handler", SpanKind.STEP, at, 0.2, 2, Basis.MEASURED, "X-Ray", 2, error),
            PathSpan("s3 GetObject", SpanKind.STEP, at + timedelta(seconds=0.05), 0.1, 3, Basis.MEASURED, "X-Ray", 2),
            PathSpan(
                "in the dead-letter queue",
                SpanKind.DEAD,
                at + timedelta(seconds=0.4),
                900.0,
                1,
                Basis.INFERRED,
                "snapshot",
            ),
            PathSpan(
                "redrive 20261129T204109-4e08",
                SpanKind.REDRIVE,
                START + timedelta(seconds=965.4),
                0.0,
                1,
                Basis.MEASURED,
                "redrive ledger",
                detail=f"sent to scilearn-jobs as {REDRIVEN}; succeeded",
            ),
            self._attempt(3, 966, 0.5),
            PathSpan(
                "result: job succeeded",
                SpanKind.RESULT,
                START + timedelta(seconds=966.5),
                0.0,
                1,
                Basis.MEASURED,
                "handler log",
            ),
        ]

    def _attempt(
        self, number: int, at: float, took: float | None, basis: Basis = Basis.MEASURED, failure: str = ""
    ) -> PathSpan:
        return PathSpan(
            f"attempt {number}",
            SpanKind.ATTEMPT,
            START + timedelta(seconds=at),
            took,
            1,
            basis,
            "extension record",
            number,
            failure,
            f"receive {number}",
            MESSAGE,
            REQUEST,
        )

    def _step(self, number: int) -> PathSpan:
        at = START + timedelta(seconds=number * 0.02)
        return PathSpan(f"call {number}", SpanKind.STEP, at, 0.018, 1 + number % 7, Basis.MEASURED, "X-Ray", 1)

    def _trace(
        self, identifier: str, spans: list[PathSpan], left_out: int = 0, partial: tuple[str, ...] = ()
    ) -> JobTrace:
        end = max(span.end for span in spans)
        root = PathSpan(
            f"Job {identifier}", SpanKind.JOB, START, (end - START).total_seconds(), 0, Basis.INFERRED, "all"
        )
        headline = f"Job {identifier} succeeded 16 min after it was sent."
        chips = ("3 attempts, 1 redrive", "15 min in the dead-letter queue (93%)")
        return JobTrace(
            identifier,
            Finding(Level.OK, f"{headline} {'; '.join(chips)}.", "", headline, chips),
            (root, *spans),
            (identifier,),
            (MESSAGE, REDRIVEN),
            (REQUEST,),
            (),
            3,
            1,
            {} if partial else {"queue wait": 62.9, "init": 1.2, "attempt": 1.8, "dead-letter queue": 900.0},
            left_out,
            (LOGS, SNAPSHOT),
            START,
            end,
            QueryCost(usd=0.004, partial=partial),
        )
