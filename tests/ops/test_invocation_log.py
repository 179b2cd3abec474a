"""What is read from the log group: records and REPORT lines, old and new; everything else is left alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handler import contract
from ops import invocation_log
from ops.insight.invocation_table import Invocation, build_table
from ops.invocation_log import InvocationLogLine, parse

ID = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa"
AT = "2026-11-23 19:00:10.500"
ENDED = datetime(2026, 11, 23, 19, 0, 10, 500_000, tzinfo=UTC)
STREAM = "2026/11/23/[7]3f0c1a"
WARM = (
    f"REPORT RequestId: {ID}\tDuration: 250.50 ms\tBilled Duration: 251 ms\t"
    "Memory Size: 1024 MB\tMax Memory Used: 190 MB\t"
)
COLD = WARM.replace("Billed Duration: 251", "Billed Duration: 1151") + "Init Duration: 900.25 ms\t"
FAILED = COLD + "Status: error\tError Type: Runtime.OutOfMemory"
TIMED_OUT = f"2026-11-23T19:00:10.500Z {ID} Task timed out after 3.00 seconds"


def line(message: str) -> InvocationLogLine | None:
    return parse({"@timestamp": AT, "@message": message, "@logStream": STREAM})


def rows(*messages: str) -> tuple[Invocation, ...]:
    chunk = [{"@timestamp": AT, "@message": message, "@logStream": STREAM} for message in messages]
    return build_table([chunk]).rows


def record(**changes: Any) -> dict[str, Any]:
    values = {
        "record": contract.INVOCATION_RECORD,
        contract.INV_REQUEST_ID: ID,
        contract.INV_VERSION: "7",
        contract.INV_COLD: 1,
        contract.INV_INIT: 900.25,
        contract.INV_DURATION: 250.5,
        contract.INV_BILLED: 1151,
        contract.INV_MEMORY_SIZE: 1024,
        contract.INV_MEMORY_USED: 190,
        contract.INV_STATUS: "success",
        contract.INV_STARTED: "2026-11-23T19:00:09.349+00:00",
    }
    return {**values, **changes}


def test_a_warm_report_line() -> None:
    found = line(WARM)
    assert found is not None
    assert (found.source, found.request_id) == ("report", ID)
    assert found.started == ENDED - timedelta(milliseconds=250.5)
    assert found.values == {
        "duration_ms": 250.5,
        "billed_ms": 251.0,
        "memory_size_mb": 1024.0,
        "memory_used_mb": 190.0,
        "status": "success",
        "cold": False,
        "version": "7",
    }


def test_a_cold_and_failed_report_line_of_2025() -> None:
    found = line(FAILED)
    assert found is not None
    assert found.values["cold"]
    assert found.values["init_ms"] == 900.25
    assert (found.values["status"], found.values["error_type"]) == ("error", "Runtime.OutOfMemory")


def test_a_traced_report_line_has_more_lines() -> None:
    found = line(WARM + "\nXRAY TraceId: 1-6b0492ba-677084f54720dd7b90590055\tSegmentId: a5ee\tSampled: true")
    assert found is not None
    assert found.values["billed_ms"] == 251


def test_a_platform_report() -> None:
    metrics = {"durationMs": 250.5, "billedDurationMs": 251, "memorySizeMB": 1024, "maxMemoryUsedMB": 190}
    event = {"requestId": ID, "metrics": metrics, "status": "timeout", "errorType": "Sandbox.Timedout"}
    found = line(json.dumps({"time": AT, "type": "platform.report", "record": event}))
    assert found is not None
    assert (found.values["billed_ms"], found.values["status"], found.values["cold"]) == (251, "timeout", False)


def test_a_record() -> None:
    found = line(json.dumps(record()))
    assert found is not None
    assert found.source == "record"
    assert found.started == datetime(2026, 11, 23, 19, 0, 9, 349_000, tzinfo=UTC)
    assert found.values["cold"] is True
    assert found.values["error_type"] == ""


@pytest.mark.parametrize(
    "message",
    [
        "",
        "START RequestId: x",
        "{",
        "[]",
        "null",
        '{"record": "invocation"}',
        '{"record": "invocation", "request_id": 7}',
        '{"record": "extension", "request_id": "x"}',
        '{"type": "platform.report", "record": "x"}',
        '{"type": "platform.report", "record": {"requestId": "x"}}',
        "\x00\x1b[2J",
    ],
)
def test_everything_else_is_left_alone(message: str) -> None:
    assert line(message) is None


def test_wrong_numbers_are_unknown() -> None:
    found = line(
        json.dumps(record(**{contract.INV_DURATION: "soon", contract.INV_BILLED: -4, contract.INV_INIT: True}))
    )
    assert found is not None
    assert (found.values["duration_ms"], found.values["billed_ms"], found.values["init_ms"]) == (None, None, None)
    assert parse({"@timestamp": "never", "@message": WARM}) is None


@pytest.mark.parametrize(
    "message", [WARM, FAILED, TIMED_OUT, json.dumps(record()), json.dumps(record(), separators=(",", ":"))]
)
def test_the_query_asks_for_what_is_understood(message: str) -> None:
    assert re.search(invocation_log.PATTERN, message)
    assert line(message) is not None
    assert "/" not in invocation_log.PATTERN, "it stands between slashes in the query"


def test_a_record_and_its_report_line_are_one_invocation() -> None:
    partial = record()
    del partial[contract.INV_BILLED]
    merged = rows(WARM, json.dumps(partial))
    assert len(merged) == 1
    assert merged[0].billed_ms == 251, "the line knows what telemetry did not tell"
    assert merged[0].cold, "and where both know, the record does"


def test_without_records_the_report_lines_are_read() -> None:
    merged = {found.request_id: found for found in rows(WARM, TIMED_OUT, FAILED.replace(ID, "other"))}
    assert (merged[ID].status, merged[ID].error_type) == ("timeout", "Sandbox.Timedout")
    assert merged["other"].error_type == "Runtime.OutOfMemory"


def test_a_retry_keeps_its_request_id_and_is_another_invocation() -> None:
    again = record(**{contract.INV_STARTED: "2026-11-23T19:01:00+00:00"})
    assert [found.started.minute for found in rows(json.dumps(record()), json.dumps(again))] == [0, 1]
