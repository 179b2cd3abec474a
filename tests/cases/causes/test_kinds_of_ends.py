"""A timeout, an out-of-memory kill and a crash are recognized by any one line, of any year, as text or as JSON."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.causes.log_lines import R1, A, Row, cause, in_words, info, report, row

TIMED_OUT, MEMORY, CRASH = "Sandbox.Timedout", "Runtime.OutOfMemory", "Runtime.ExitError"


def platform(kind: str, **record: Any) -> Row:
    metrics = {"durationMs": 15_000.0, "memorySizeMB": 256, "maxMemoryUsedMB": 60, **record.pop("metrics", {})}
    written = {"requestId": R1, "metrics": metrics, **record}
    return row(15, {"time": "2026-11-28T13:00:15.000Z", "type": f"platform.{kind}", "record": written})


def plain(text: str) -> Row:
    return row(15, f"RequestId: {R1} {text}")


def full(line: Row, used: str = "Max Memory Used: 256 MB") -> Row:
    return {**line, "@message": line["@message"].replace("Max Memory Used: 60 MB", used)}


SIGNAL = "Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
EARLIER = row(15, f"2019-11-28T13:00:15.001Z {R1} Task timed out after 15.00 seconds")

LINES: dict[str, tuple[list[Row], str]] = {
    "a timeout before 2025": ([EARLIER], TIMED_OUT),
    "with a REPORT that has no Status": (
        [EARLIER, report(15.01, ms=15_000)],
        TIMED_OUT,
    ),
    "a timeout since 2025": ([report(15, ms=15_000, status="timeout")], TIMED_OUT),
    "with its type": ([report(15, ms=15_000, status="timeout", kind="Sandbox.Timedout")], TIMED_OUT),
    "JSON: report": ([platform("report", status="timeout")], TIMED_OUT),
    "JSON: runtimeDone": ([platform("runtimeDone", status="timeout")], TIMED_OUT),
    "a kill in words": ([plain(SIGNAL)], MEMORY),
    "words and REPORT": (
        [plain(SIGNAL), report(15.1, status="error", kind=CRASH)],
        MEMORY,
    ),
    "REPORT names it": ([report(15, status="error", kind=MEMORY)], MEMORY),
    "REPORT shows it": ([full(report(15, status="error", kind=CRASH))], MEMORY),
    "an exit, and a REPORT without Status that shows it": (
        [plain("Process exited before completing request"), full(report(15.1))],
        MEMORY,
    ),
    "JSON: report shows it": (
        [platform("report", status="failure", errorType=CRASH, metrics={"maxMemoryUsedMB": 256})],
        MEMORY,
    ),
    "JSON: runtimeDone names it": ([platform("runtimeDone", status="error", errorType=MEMORY)], MEMORY),
    "a crash in words": ([plain("Error: Runtime exited with error: exit status 1\nRuntime.ExitError")], CRASH),
    "a crash before 2020": ([plain("Process exited before completing request")], CRASH),
    "REPORT names the crash": ([report(15, status="error", kind=CRASH)], CRASH),
    "JSON: runtimeDone names the crash": ([platform("runtimeDone", status="failure", errorType=CRASH)], CRASH),
    "JSON: a fault": (
        [row(15, {"time": "2026-11-28T13:00:15.000Z", "type": "platform.fault",
                  "record": f"RequestId: {R1} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"})],
        CRASH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_one_line_is_enough(case: str) -> None:
    rows, kind = LINES[case]
    named = in_words(cause([info(0, f"got {A}"), *rows]))
    assert named.startswith(f"{kind}: "), "surely, since the line names the request"
    by_time = in_words(cause(rows, received=0))
    assert by_time.startswith(f"likely {kind}: ") or not by_time


def test_a_success_after_a_time_out_line_of_the_same_request_hides_nothing() -> None:
    """Before 2025 REPORT looked the same for both."""
    rows = [info(0, f"got {A}"), EARLIER, report(15.1)]
    assert in_words(cause(rows)).startswith("Sandbox.Timedout: the invocation was stopped")
