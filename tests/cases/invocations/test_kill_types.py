"""A timeout, an out-of-memory kill and a crash have their type from any one line, of any year, text or JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from handler.extension.records.rules import EXITED, OUT_OF_MEMORY, TIMED_OUT
from ops import invocation_log
from ops.deadletters.causes.logs import log_parser
from tests.cases.invocations.lambda_lines import ID, event, invoked, records, report_line, row


def platform(kind: str, status: str, error: str = "", **metrics: Any) -> str:
    about = {"requestId": ID, "status": status, "metrics": {"durationMs": 3_000.0, **metrics}}
    return json.dumps(event(kind, 3, **about, **({"errorType": error} if error else {})))


FULL = {"memorySizeMB": 256, "maxMemoryUsedMB": 256}
LINES = {
    "timeout, a line of its own": (f"2019-02-03T04:05:06.789Z {ID} Task timed out after 3.00 seconds\n\n", TIMED_OUT),
    "timeout, REPORT of 2025": (report_line(more="Status: timeout"), TIMED_OUT),
    "timeout, platform.report": (platform("report", "timeout"), TIMED_OUT),
    "timeout, platform.runtimeDone": (platform("runtimeDone", "timeout"), TIMED_OUT),
    "out of memory, REPORT": (report_line(more="Status: error\tError Type: Runtime.OutOfMemory"), OUT_OF_MEMORY),
    "out of memory, REPORT that calls it an exit": (
        report_line(size_mb=128, used_mb=129, more="Status: error\tError Type: Runtime.ExitError"),
        OUT_OF_MEMORY,
    ),
    "out of memory, REPORT without a type": (
        report_line(size_mb=128, used_mb=128, more="Status: error"),
        OUT_OF_MEMORY,
    ),
    "out of memory, the process's exit": (
        f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        OUT_OF_MEMORY,
    ),
    "out of memory, platform.report": (platform("report", "error", "Runtime.OutOfMemory", **FULL), OUT_OF_MEMORY),
    "out of memory, platform.report that calls it an exit": (
        platform("report", "error", "Runtime.ExitError", **FULL),
        OUT_OF_MEMORY,
    ),
    "out of memory, platform.runtimeDone": (platform("runtimeDone", "error", "Runtime.OutOfMemory"), OUT_OF_MEMORY),
    "crash, REPORT": (report_line(more="Status: error\tError Type: Runtime.ExitError"), EXITED),
    "crash, platform.runtimeDone": (platform("runtimeDone", "error", "Runtime.ExitError"), EXITED),
    "crash, the process's exit": (
        f"RequestId: {ID} Error: Runtime exited with error: exit status 3\nRuntime.ExitError",
        EXITED,
    ),
    "crash, without a reason": (f"RequestId: {ID} Error: Runtime exited without providing a reason", EXITED),
    "crash, before 2020": (f"RequestId: {ID} Process exited before completing request\n\n", EXITED),
    "crash, the Logs API's platform.fault": (
        json.dumps(
            {
                "time": "2022-06-23T18:14:45.600Z",
                "type": "platform.fault",
                "record": f"RequestId: {ID} Process exited before completing request",
            }
        ),
        EXITED,
    ),
    "no entry point": (
        f"RequestId: {ID} Error: fork/exec /var/task/bootstrap: no such file\nRuntime.InvalidEntrypoint",
        "Runtime.InvalidEntrypoint",
    ),
}


@pytest.mark.parametrize(("line", "kind"), LINES.values(), ids=LINES)
def test_one_line_is_enough(line: str, kind: str) -> None:
    (found,) = invoked(row(line, 3), as_json=line.startswith("{"))
    assert found.error_type == kind
    assert found.status == ("timeout" if kind == TIMED_OUT else "error")


OLD_REPORT = report_line(ms=3_000)


@pytest.mark.parametrize("name", [name for name in LINES if "REPORT" not in name and "platform" not in name])
def test_with_a_report_line_of_before_2025_it_is_one_invocation(name: str) -> None:
    line, kind = LINES[name]
    for rows in ([row(line, 3), row(OLD_REPORT, 3)], [row(OLD_REPORT, 3), row(line, 3)]):
        (found,) = invoked(*rows)
        assert (found.error_type, found.billed_ms) == (kind, 3_000)


def test_several_lines_about_one_ending_are_one_invocation() -> None:
    lines = [line for line, kind in LINES.values() if kind == TIMED_OUT and not line.startswith("{")]
    (found,) = invoked(*(row(line, 3) for line in lines))
    assert found.error_type == TIMED_OUT


def test_the_extension_names_it_whatever_the_order_of_its_events() -> None:
    done = event("runtimeDone", 3, requestId=ID, status="error", errorType=EXITED, metrics={"durationMs": 3_000.0})
    report = event("report", 3.1, requestId=ID, status="error", errorType=OUT_OF_MEMORY, metrics={"durationMs": 3_001})
    for events in ([done, report], [report, done], [done], [report]):
        (record,) = records(events)
        assert record["error_type"] == (OUT_OF_MEMORY if report in events else EXITED)


def test_the_reason_for_a_shutdown_is_enough_for_a_time_out() -> None:
    (record,) = records([event("start", 0, requestId=ID, version="12")])
    assert "error_type" not in record
    assert invoked(row(json.dumps({**record, "status": "timeout"}), 4))[0].error_type == TIMED_OUT


@pytest.mark.parametrize(
    "line",
    [
        f"the order service said: {ID} Task timed out after 3.00 seconds",
        f'{{"errorMessage": "2026-11-24T12:00:00.000Z {ID} Task timed out after 3.00 seconds"}}',
        f"calling it: RequestId: {ID} Error: Runtime exited with error: signal: killed",
        "Task timed out after 3.00 seconds",
    ],
)
def test_another_functions_ending_that_is_logged_is_not_ones_own(line: str) -> None:
    assert invocation_log.parse(row(line)) is None


EXIT = f"RequestId: {ID} Error: Runtime exited with error: exit status 1"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        *((line, kind) for name, (line, kind) in LINES.items() if "exit" in name and line.startswith("RequestId")),
        (f"{EXIT}\nRuntime.ExitError", EXITED),
        (f"{EXIT}\nExtension.Crash", "Extension.Crash"),
        (f"{EXIT}\nAborted", EXITED),
        (f"{EXIT}\ncore\n", EXITED),
        (f"{EXIT}\nRuntime.OutOfMemory", OUT_OF_MEMORY),
        (f"RequestId: {ID} Error: Runtime.OutOfMemory: the process ended\nRuntime.ExitError", OUT_OF_MEMORY),
    ],
)
def test_a_failure_cause_has_the_type_that_the_extension_would_record(line: str, kind: str) -> None:
    """A word on the last line that is not one of the platform's types is not a type."""
    entry = log_parser.parse_row(row(line, 3))
    assert entry is not None and entry.failed
    assert (entry.error_type, entry.request_id) == (kind, ID)
