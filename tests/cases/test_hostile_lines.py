"""Log lines that anyone's ``print`` may write: each is read alone, and none stops the others from being read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.insight import reportlines

AT, STREAM = "2026-11-23 19:00:00.123", "2026/11/23/[7]abc"
REQUEST = "0f1e2d3c-0000-4000-8000-00000000000a"


def parse(message: str) -> reportlines.Line | None:
    return reportlines.parse({"@timestamp": AT, "@message": message, "@logStream": STREAM})


@pytest.mark.parametrize(
    "message",
    [
        "[" * 30_000 + '"record": "invocation"',
        '{"record": "invocation", "x": ' + "[" * 30_000,
        '{"a":' * 30_000 + '"record": "invocation"',
        '{"record": "invocation", "request_id": 7}',
        '{"record": "invocation", "request_id": "x", "InvokeDuration": ' + "9" * 5_000 + "}",
    ],
    ids=["brackets", "brackets in a record", "braces", "an id that is no text", "more digits than Python reads"],
)
def test_what_is_no_invocation_is_left_out(message: str) -> None:
    assert parse(message) is None


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "1e20", "-1", "true", '"x"', "[]", "NaN"])
def test_a_number_that_no_platform_writes_is_left_out(number: str) -> None:
    line = parse(f'{{"record": "invocation", "request_id": "x", "status": "timeout", "InvokeDuration": {number}}}')
    assert line is not None
    assert (line.request_id, line.values["duration_ms"], line.values["status"]) == ("x", None, "timeout")


def test_a_report_of_an_endless_invocation_is_read_without_its_duration() -> None:
    line = parse(f"REPORT RequestId: {REQUEST}\tDuration: {'9' * 40} ms\tBilled Duration: 1 ms\tMemory Size: 128 MB")
    assert line is not None
    assert (line.values["duration_ms"], line.values["billed_ms"], line.started.year) == (None, 1.0, 2026)


@pytest.mark.parametrize(
    "started", ["0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "x", 7, None]
)
def test_a_start_outside_of_every_calendar_is_replaced_by_the_lines_own_time(started: Any) -> None:
    line = parse(json.dumps({"record": "invocation", "request_id": "y", "InvokeDuration": 5, "started_at": started}))
    assert line is not None
    assert line.started == reportlines.moment(AT)


@pytest.mark.parametrize("time", ["", "never", "0001-01-01 00:00:00", "0001-01-01T00:00:00+23:59", "99999-01-01"])
def test_a_row_without_a_time_is_no_line(time: str) -> None:
    assert reportlines.moment(time) is None
