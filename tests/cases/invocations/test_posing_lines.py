"""A function's own output cannot pose as the platform's or the extension's, as far as anything tells them apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cases.invocations.lambda_lines import ID, attempt, init, invoked, records, report_line, row

OTHER = "9d0f6a55-2c0b-4f8e-9a5e-61f4a1b2c3d4"
FAKE_EVENT = attempt(OTHER, 0, ms=99_999.0)[2]
FAKE_RECORD = json.dumps({"record": "invocation", "request_id": OTHER, "BilledDuration": 1e6, "status": "error"})
REAL_EVENT = json.dumps(attempt(ID, 0)[2])


def test_the_extension_reads_platform_events_only() -> None:
    told: list[Any] = [FAKE_EVENT, json.dumps(FAKE_EVENT), [FAKE_EVENT]]
    posing = [
        {"time": FAKE_EVENT["time"], "type": kind, "record": record}
        for kind in ("function", "extension")
        for record in told
    ]
    assert [record["request_id"] for record in records([*posing, *attempt(ID, 0), *posing])] == [ID]


@pytest.mark.parametrize("fake_first", [True, False])
def test_an_event_in_a_group_of_plain_lines(fake_first: bool) -> None:
    rows = [row(json.dumps(FAKE_EVENT), 0.5), row(report_line(), 1)]
    assert [invocation.request_id for invocation in invoked(*rows[:: 1 if fake_first else -1])] == [ID]


def test_a_plain_line_in_a_group_of_events() -> None:
    rows = [row(report_line(OTHER), 0.5), row(REAL_EVENT, 1)]
    assert [invocation.request_id for invocation in invoked(*rows, as_json=True)] == [ID]


def test_a_format_that_was_changed_is_no_pretence() -> None:
    """Another environment logged in the format that the function was set to before."""
    before = row(report_line(OTHER), 0, stream="2026/11/23/[11]0a0a0a")
    assert len(invoked(before, row(REAL_EVENT, 1), as_json=True)) == 2


@pytest.mark.parametrize("more", [{"level": "INFO"}, {"message": "x"}, {"timestamp": "2026-11-24T12:00:00Z"}])
def test_a_loggers_object_is_no_event(more: dict[str, str]) -> None:
    assert invoked(row(json.dumps({**FAKE_EVENT, **more}), 1), as_json=True) == []


def test_an_event_inside_a_line_of_the_function_is_no_event() -> None:
    assert invoked(row(f"received: {json.dumps(FAKE_EVENT)}"), row(json.dumps([FAKE_EVENT]))) == []


def test_a_record_of_an_invocation_that_the_platform_does_not_know() -> None:
    assert [invocation.request_id for invocation in invoked(row(FAKE_RECORD, 0.5), row(report_line(), 1))] == [ID]


def test_records_count_where_the_platform_does_not_report() -> None:
    """Its log level may leave reports out, and the newest reports of a stream may be older than the record."""
    (real,) = records(init("on-demand", -3), attempt(OTHER, 0))
    assert len(invoked(row(json.dumps(real), 5))) == 1
    assert len(invoked(row(report_line(), -60), row(json.dumps(real), 5))) == 2
    failure = row(json.dumps(attempt(ID, 0, "timeout")[2]), 3)
    assert len(invoked(failure, row(json.dumps(real), 5), as_json=True)) == 2, "a log level that reports failures only"


def test_lines_of_other_functions_in_a_shared_group() -> None:
    mine, theirs = "2026/11/24/worker[12]aa01", "2026/11/24/mailer[3]bb02"
    (record,) = records(attempt(OTHER, 0))
    rows = [
        row(report_line(), 1, mine),
        row(report_line(OTHER), 1, theirs),
        row(json.dumps({**record, "FunctionName": "mailer"}), 2, theirs),
    ]
    assert [invocation.request_id for invocation in invoked(*rows, function="worker")] == [ID]
    assert [invocation.request_id for invocation in invoked(*rows, function="mailer")] == [OTHER]


def test_a_record_that_names_no_function_is_of_its_stream() -> None:
    (real,) = records(attempt(ID, 0))
    unnamed = json.dumps({**real, "FunctionName": "unknown"})
    assert len(invoked(row(unnamed, 5), function="worker")) == 1
    assert invoked(row(unnamed, 5, "2026/11/24/mailer[3]bb02"), function="worker") == []


def test_rows_without_a_stream_are_taken_as_they_are() -> None:
    assert len(invoked(row(FAKE_RECORD, 0.5, ""), row(report_line(), 1, ""))) == 2
