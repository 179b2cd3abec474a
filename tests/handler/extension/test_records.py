"""Each documented sequence of telemetry, and the invocation records on stdout that it results in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.handler.extension import shapes
from tests.handler.extension.emf_rules import broken_rules
from tests.handler.extension.fake import Extension, running

INVOCATION_MEMBERS = {
    "InvokeDuration": 123.4,
    "BilledDuration": 124,
    "MaxMemoryUsed": 210,
    "ColdStarts": 0,
    "FailedInvocations": 0,
    "FunctionName": "jobs",
    "request_id": "warm",
    "function_version": "$LATEST",
    "initialization_type": "on-demand",
    "memory_size_mb": 1024,
    "produced_bytes": 2048,
    "response_latency_ms": 120.25,
    "response_duration_ms": 0.5,
    "runtime_overhead_ms": 1.75,
    "extension_overhead_ms": 3.125,
    "status": "success",
    "xray_trace_id": shapes.TRACE["value"],
    "started_at": "2026-09-21T14:13:20.500Z",
    "record": "invocation",
}


def told(extension: Extension, *events: dict[str, Any]) -> dict[str, Any]:
    """The one record that comes of these events, checked against the rules of EMF."""
    before = len(extension.records())
    assert extension.fake.deliver(*events) == "HTTP/1.1 200 OK"
    record = extension.wait_for(before + 1)[before]
    assert broken_rules(record) == []
    return record


def test_every_member_of_a_warm_success(entry: Path) -> None:
    with running(entry) as extension:
        record = told(extension, *shapes.invocation("warm"))
    assert record.pop("_aws")["Timestamp"] == shapes.EPOCH_MS + 500
    price = {"x86_64": 0.0000166667, "arm64": 0.0000133334}[record.pop("architecture")]
    assert record.pop("EstimatedCost") == pytest.approx(0.124 * price + 0.2e-6, rel=1e-6)  # 1 GB for 124 ms, 1 request
    assert record == INVOCATION_MEMBERS


def test_a_cold_start_has_its_init_and_the_runtimes_share(entry: Path) -> None:
    with running(entry) as extension:
        cold = told(
            extension,
            *shapes.init(),
            shapes.start("a"),
            shapes.runtime_done("a"),
            shapes.report("a", metrics=shapes.COLD),
        )
        warm = told(extension, *shapes.invocation("b"))
    assert (cold["ColdStarts"], cold["InitDuration"], cold["phase"]) == (1, 420.5, "init")
    assert cold["runtime_init_ms"] == 300
    assert cold["BilledDuration"] == 544  # INIT is billed: 123.4 + 420.5, rounded up
    assert warm["ColdStarts"] == 0
    assert not {"InitDuration", "phase", "runtime_init_ms"} & warm.keys()


def test_a_timeout(entry: Path) -> None:
    """platform.report has no errorType member: the name is the one in Lambda's answer to the caller."""
    with running(entry) as extension:
        done = shapes.runtime_done("a", "timeout", metrics={"durationMs": 3000.0, "producedBytes": 0})
        record = told(extension, shapes.start("a"), done, shapes.report("a", "timeout", metrics={"durationMs": 3000.0}))
    assert (record["status"], record["error_type"], record["FailedInvocations"]) == ("timeout", "Sandbox.Timedout", 1)


@pytest.mark.parametrize("named", ["Runtime.ExitError", "Runtime.OutOfMemory", None])
def test_out_of_memory_by_any_name(entry: Path, named: str | None) -> None:
    more: dict[str, Any] = {"errorType": named} if named else {}
    with running(entry) as extension:
        record = told(
            extension,
            shapes.start("a"),
            shapes.runtime_done("a", "error", **more),
            shapes.report("a", "error", metrics={"maxMemoryUsedMB": 1024}),
        )
    assert (record["status"], record["error_type"]) == ("error", "Runtime.OutOfMemory")


def test_an_exit_with_memory_to_spare_stays_an_exit(entry: Path) -> None:
    with running(entry) as extension:
        record = told(
            extension,
            shapes.start("a"),
            shapes.runtime_done("a", "error", errorType="Runtime.ExitError"),
            shapes.report("a", "error"),
        )
    assert record["error_type"] == "Runtime.ExitError"


def test_a_handler_error_keeps_its_type(entry: Path) -> None:
    with running(entry) as extension:
        record = told(
            extension,
            shapes.start("a"),
            shapes.runtime_done("a", "failure", errorType="Function.Unhandled"),
            shapes.report("a", "failure", metrics={"maxMemoryUsedMB": 1024}),
        )
    assert (record["status"], record["error_type"]) == ("failure", "Function.Unhandled")


def test_a_suppressed_init_is_inside_the_duration(entry: Path) -> None:
    """After a crash the next invocation initializes again: phase invoke, no initDurationMs in its report."""
    with running(entry) as extension:
        record = told(
            extension,
            shapes.start("a", 0),
            *shapes.init("invoke", at_ms=1),
            shapes.runtime_done("a"),
            shapes.report("a", metrics={"billedDurationMs": 560, "durationMs": 559.5}),
        )
    assert (record["ColdStarts"], record["phase"], record["InitDuration"]) == (1, "invoke", 420.5)
    assert record["BilledDuration"] == 560


def test_the_invocation_that_died_before_an_init_does_not_get_it(entry: Path) -> None:
    with running(entry) as extension:
        died = told(extension, *shapes.init("invoke", at_ms=1_000), shapes.report("died", "error", at_ms=900))
        next_one = told(
            extension, shapes.start("next", 990), shapes.runtime_done("next"), shapes.report("next", at_ms=2_000)
        )
    assert died["ColdStarts"] == 0
    assert (next_one["ColdStarts"], next_one["phase"]) == (1, "invoke")


def test_provisioned_concurrency_is_no_cold_start_and_has_its_own_price(entry: Path) -> None:
    with running(entry) as extension:
        record = told(extension, *shapes.init(kind="provisioned-concurrency"), *shapes.invocation("a"))
    assert (record["ColdStarts"], record["initialization_type"]) == (0, "provisioned-concurrency")
    price = {"x86_64": 0.0000097222, "arm64": 0.0000077778}[record["architecture"]]
    assert record["EstimatedCost"] == pytest.approx(0.124 * price + 0.2e-6, rel=1e-6)


def test_managed_instances_report_a_duration_only_and_pay_for_requests(entry: Path) -> None:
    with running(entry, AWS_LAMBDA_INITIALIZATION_TYPE="lambda-managed-instances") as extension:
        report = shapes.event(
            "platform.report", {"requestId": "a", "status": "success", "metrics": {"durationMs": 10.5}}
        )
        record = told(extension, shapes.start("a"), report)
    assert (record["InvokeDuration"], record["EstimatedCost"]) == (10.5, 0.2e-6)
    assert "missing" not in record, "runtimeDone is never sent there"
    assert "BilledDuration" not in record


def test_a_restore_from_a_snapshot(entry: Path) -> None:
    start = {"functionName": "jobs", "functionVersion": "7"}
    with running(entry) as extension:
        record = told(
            extension,
            shapes.event("platform.restoreStart", start),
            shapes.event("platform.restoreRuntimeDone", {"status": "success"}, 90),
            shapes.event("platform.restoreReport", {"status": "success", "metrics": {"durationMs": 95.5}}, 96),
            *shapes.invocation("a"),
        )
    assert (record["ColdStarts"], record["restore_ms"], record["phase"]) == (1, 95.5, "snap-start")


def test_order_within_a_delivery_does_not_matter(entry: Path) -> None:
    with running(entry) as extension:
        record = told(extension, *reversed(shapes.invocation("warm")))
    assert record["response_latency_ms"] == 120.25
    assert record["InvokeDuration"] == 123.4
    assert "missing" not in record


def test_events_spread_over_deliveries_are_joined(entry: Path) -> None:
    with running(entry) as extension:
        for event in shapes.invocation("a")[:2]:
            extension.fake.deliver(event)
        extension.fake.deliver(*shapes.invocation("b"))
        assert [record["request_id"] for record in extension.wait_for(1)] == ["b"]
        record = told(extension, shapes.report("a"))
    assert record["request_id"] == "a"
    assert "missing" not in record


def test_repeated_and_late_events_make_no_second_record(entry: Path) -> None:
    with running(entry) as extension:
        told(extension, *shapes.invocation("a"))
        extension.fake.deliver(*shapes.invocation("a"))
        extension.fake.deliver(shapes.runtime_done("a"))
        told(extension, *shapes.invocation("b"))
        assert extension.end() == 0
        assert [record["request_id"] for record in extension.records()] == ["a", "b"]


def test_the_guides_shorter_samples_are_enough(entry: Path) -> None:
    """No status in the report, no phase in initRuntimeDone, no spans, no tracing."""
    with running(entry) as extension:
        done = {"requestId": "a", "status": "success", "metrics": {"durationMs": 140.0, "producedBytes": 16}}
        metrics = {"billedDurationMs": 694, "durationMs": 693.92, "maxMemoryUsedMB": 84, "memorySizeMB": 128}
        record = told(
            extension,
            shapes.event("platform.initRuntimeDone", {"initializationType": "on-demand", "status": "success"}),
            shapes.event("platform.start", {"requestId": "a"}),
            shapes.event("platform.runtimeDone", done),
            shapes.event("platform.report", {"requestId": "a", "metrics": metrics | {"initDurationMs": 397.68}}),
        )
    assert (record["status"], record["InvokeDuration"], record["InitDuration"]) == ("success", 693.92, 397.68)


def test_other_types_change_nothing(entry: Path) -> None:
    with running(entry) as extension:
        record = told(extension, *shapes.OTHERS, *shapes.invocation("warm"), *shapes.OTHERS)
        assert record["request_id"] == "warm"
        extension.end()
        assert extension.records("extension") == []


def test_the_invoke_event_gives_what_a_lost_start_would_have(entry: Path) -> None:
    with running(entry) as extension:
        extension.fake.invoke("a")
        extension.fake.wait_for_next()
        record = told(extension, shapes.runtime_done("a"), shapes.report("a"))
    assert record["missing"] == ["platform.start"]
    assert record["started_at"].endswith("Z")
    assert record["function_version"] == "$LATEST"
