"""Failures: errors by type over time, durations against the timeout, memory, versions, end-to-end latency."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handler import contract
from ops.insight.report_types import Level
from ops.insight.reports import failures
from ops.insight.reports.failures import FailuresReport
from ops.insight.rules import error_counts
from ops.insight.rules.duration_counts import DURATION_EDGES_MS
from ops.workload import Workload
from tests.fakes.aws import Refusal
from tests.ops.insight.world import WINDOW, WORKLOAD, Stage, record, without, world

TIMED_OUT = {contract.INV_STATUS: "timeout", contract.INV_ERROR_TYPE: "Sandbox.Timedout"}


def report(
    stage: Stage, lines: list[str], metrics: dict[str, Any] | None = None, workload: Workload = WORKLOAD, **more: Any
) -> FailuresReport:
    with world(stage, metrics, log_lines=lines, **more) as (aws, fake):
        found = failures.report(aws, workload, WINDOW)
    assert fake.count("GetMetricData") <= 1
    assert fake.count("StartQuery") <= 1
    return found


def invocation(number: int, minute: int = 0, /, **changes: Any) -> str:
    values = {
        contract.INV_REQUEST_ID: f"r{number}",
        contract.INV_STARTED: (WINDOW.start + timedelta(minutes=minute, seconds=number % 60)).isoformat(),
        contract.INV_VERSION: "1",
        contract.INV_DURATION: 100.0,
        contract.INV_MEMORY_SIZE: 1024,
        contract.INV_MEMORY_USED: 200,
    }
    return record(**{**values, **changes})


def test_errors_are_counted_by_type_and_period(stage: Stage) -> None:
    other = {contract.INV_STATUS: "error", contract.INV_ERROR_TYPE: "Runtime.OutOfMemory"}
    lines = [invocation(n, n % 3, **(TIMED_OUT if n < 6 else {})) for n in range(20)]
    found = report(stage, [*lines, invocation(40, 2, **other)])
    assert list(found.errors.columns) == ["Sandbox.Timedout", "Runtime.OutOfMemory"]
    assert list(found.errors["Sandbox.Timedout"])[:4] == [2, 2, 2, 0]
    assert list(found.errors["Runtime.OutOfMemory"])[:4] == [0, 0, 1, 0]
    assert (found.failed, found.total) == (7, 21)
    first = found.by_type.to_dict("records")[0]
    assert (first["error_type"], first["invocations"], first["share"]) == (
        "Sandbox.Timedout",
        6,
        pytest.approx(6 / 7),
    )
    assert found.finding.level is Level.WARNING
    assert found.finding.text.startswith(
        "Warning: 7 of 21 invocations failed (33%), most often with Sandbox.Timedout (86% of logged failures), first at "
    )
    assert found.p95_of_all
    assert found.finding.page == "dead_letters"


def test_the_logs_never_count_more_failures_than_the_whole(stage: Stage) -> None:
    lines = [invocation(n, **TIMED_OUT) for n in range(3)]
    text = report(stage, lines, {"Errors": [2.0], "Invocations": [6.0]}).finding.text
    assert "2 of 6 invocations failed (33%), most often with Sandbox.Timedout (100% of logged failures)" in text


def test_many_types_share_one_column(stage: Stage) -> None:
    lines = [
        invocation(n, **{contract.INV_STATUS: "error", contract.INV_ERROR_TYPE: f"Error{n // 2:02}"})
        for n in range(2 * error_counts.MAX_ERROR_TYPES + 3)
    ]
    errors = report(stage, lines).errors
    assert list(errors.columns)[-1] == error_counts.OTHER_ERRORS
    assert len(errors.columns) == error_counts.MAX_ERROR_TYPES + 1
    assert float(errors.sum().sum()) == len(lines)


def test_errors_that_no_log_line_explains_are_shown_as_such(stage: Stage) -> None:
    found = report(stage, [invocation(0, **TIMED_OUT)], {"Errors": [3.0, 1.0], "Invocations": [9.0, 9.0]})
    assert found.errors[error_counts.UNLOGGED_ERRORS].iloc[:3].tolist() == [2, 1, 0]
    assert (found.failed, found.total) == (4, 18)


def test_a_metric_that_is_a_period_off_its_log_line_is_no_further_error(stage: Stage) -> None:
    found = report(stage, [invocation(0, 2, **TIMED_OUT)], {"Errors": [0.0, 1.0], "Invocations": [1.0, 1.0]})
    assert list(found.errors.columns) == ["Sandbox.Timedout"]


def test_an_error_without_a_type_says_so(stage: Stage) -> None:
    found = report(stage, [invocation(0, **{contract.INV_STATUS: "failure"})])
    assert list(found.errors.columns) == [error_counts.UNTYPED_ERROR]


def test_no_failure_is_fine_and_gives_the_latency(stage: Stage) -> None:
    found = report(stage, [invocation(n) for n in range(5)])
    assert found.finding.text == "OK: none of 5 invocations failed; p95 duration 100 ms of a 60 s timeout."
    assert found.failed == 0
    assert found.errors.empty or not found.errors.sum().sum()


def test_durations_and_memory_near_their_limits_are_watched(stage: Stage) -> None:
    near = {contract.INV_DURATION: 50_000.0, contract.INV_MEMORY_USED: 1_000}
    found = report(stage, [invocation(n, **near) for n in range(5)])
    assert found.finding.text == (
        "Warning: p95 duration is 50 s of a 60 s timeout; an invocation used 98% of the function's memory."
    )
    assert found.memory_share == pytest.approx(1_000 / 1_024)
    assert found.memory.iloc[0].to_dict() == {"memory_used_mb": 1_000, "memory_size_mb": 1_024}


def test_the_heat_map_counts_every_invocation_once(stage: Stage) -> None:
    durations = (0.0, 10.0, 10.1, 99.0, 900_000.0)
    lines = [invocation(n, **{contract.INV_DURATION: value}) for n, value in enumerate(durations)]
    counts = report(stage, lines).duration_counts
    assert counts.sum().to_dict() == dict.fromkeys(DURATION_EDGES_MS, 0.0) | {
        10: 2.0,
        30: 1.0,
        100: 1.0,
        900_000: 1.0,
    }


def test_versions_side_by_side(stage: Stage) -> None:
    lines = [
        invocation(n, **{contract.INV_VERSION: "12" if n > 3 else "11", **(TIMED_OUT if n > 3 else {})})
        for n in range(5)
    ]
    first, second = report(stage, lines).by_version.to_dict("records")
    assert (first["version"], first["failed"], first["share"], first["p99_ms"]) == ("11", 0, 0, 100)
    assert (second["version"], second["invocations"], second["share"]) == ("12", 1, 1)


def test_jobs_that_fail_within_a_successful_invocation_count_too(stage: Stage) -> None:
    found = report(stage, [invocation(0)], {"JobsFailed": [2.0], "JobsRejected": [1.0], "EndToEndLatency": [1_500.0]})
    assert found.finding.text == (
        "Warning: 2 attempts at a job failed and returned to the queue, 1 job was rejected and sent to the DLQ."
    )
    assert found.jobs.iloc[0].to_dict() == {"jobs_failed": 2, "jobs_rejected": 1}
    assert found.e2e_p95_ms == 1_500


def test_failed_jobs_are_counted_with_the_minute_that_is_not_over(stage: Stage) -> None:
    found = report(
        stage, [invocation(0)], {"Invocations": 3, "JobsFailed": [2.0] * 10, "JobsRejected": [None] * 9 + [4.0]}
    )
    assert (found.jobs_failed, found.jobs_rejected) == (20, 4)
    assert found.jobs.sum().to_dict() == {"jobs_failed": 20, "jobs_rejected": 4}, "as in the chart"


def test_an_alarm_on_errors_that_fires_is_critical(stage: Stage) -> None:
    workload = without(alarms=("worker-errors",))
    found = report(stage, [invocation(0, **TIMED_OUT)], workload=workload, firing=["worker-errors"])
    assert found.finding.level is Level.CRITICAL
    assert [line.name for line in found.error_lines] == ["alarm worker-errors ≥"]


def test_nothing_known_is_said(stage: Stage) -> None:
    found = report(stage, [])
    assert found.finding.text == ("No data: no invocation in this time range left a metric, a record or a REPORT line.")
    assert found.failed is None
    assert found.invocations.empty


@pytest.mark.parametrize("operation", ["StartQuery", "DescribeAlarms"])
def test_a_missing_permission_leaves_the_rest(stage: Stage, operation: str) -> None:
    refused = {operation: Refusal("AccessDeniedException", "", 400)}
    found = report(stage, [invocation(0)], {"Errors": [1.0], "Invocations": [4.0]}, refuse=refused)
    assert found.look.partial
    assert found.failed == 1


def test_a_queue_without_a_known_function(stage: Stage) -> None:
    found = report(stage, [], workload=without(function=None, mapping=None))
    assert found.finding.level is Level.NO_DATA
    assert found.duration_lines == ()


def test_only_some_log_lines_give_no_first_failure_and_no_p95_of_all(stage: Stage) -> None:
    lines = [invocation(n, **TIMED_OUT) for n in range(3)]
    found = report(stage, lines, {"Duration": 50_000.0}, matched=20_000)
    assert found.finding.text == (
        "Warning: 3 of 3 invocations failed (100%), most often with Sandbox.Timedout "
        "(100% of failures in the newest log lines); "
        "peak p95 duration is 50 s of a 60 s timeout."
    )
    assert not found.p95_of_all


def test_a_failure_of_an_earlier_day_has_its_date(stage: Stage) -> None:
    window = replace(WINDOW, start=WINDOW.end - timedelta(days=7), period=3_600)
    started = WINDOW.end - timedelta(days=3)
    line = invocation(0, **TIMED_OUT, **{contract.INV_STARTED: started.isoformat()})
    with world(stage, None, log_lines=[line]) as (aws, _):
        text = failures.report(aws, WORKLOAD, window).finding.text
    assert text.endswith(
        f"most often with Sandbox.Timedout (100% of logged failures), first at {started:%Y-%m-%d %H:%M} UTC."
    )


def test_errors_without_a_counted_invocation_are_a_whole(stage: Stage) -> None:
    found = report(stage, [], {"Errors": [2.0], "Invocations": [0.0]})
    assert (found.failed, found.total) == (2, 2)
    assert found.finding.text == "Warning: 2 of 2 invocations failed (100%)."


def test_a_memory_size_of_zero_gives_no_share(stage: Stage) -> None:
    failed = {contract.INV_MEMORY_SIZE: 0, **TIMED_OUT}
    assert report(stage, [invocation(0, **failed)]).memory_share is None


def test_an_error_type_may_have_the_name_of_our_own_column(stage: Stage) -> None:
    named = {contract.INV_STATUS: "error", contract.INV_ERROR_TYPE: error_counts.OTHER_ERRORS}
    assert list(report(stage, [invocation(0, **named)]).errors.columns) == [error_counts.OTHER_ERRORS]


def test_an_invocation_has_its_trace(stage: Stage) -> None:
    header = "Root=1-6b0ba243-aed8138bfd59b088c6e3f746;Parent=f3b57f19bccb739c;Sampled=1"
    found = report(stage, [invocation(1, **{contract.INV_TRACE: header}), invocation(2)])
    assert found.invocations["trace"].tolist() == [header, ""]
