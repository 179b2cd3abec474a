"""Every row is read alone: one that cannot be understood is counted and left out, and the others are shown."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from handler.extension.fast_json import elements
from ops import invocation_log
from ops.insight.reports import cold_starts, cost
from tests.cases.invocations.lambda_lines import ID, attempt, invoked, records, report_line, row
from tests.ops.insight import world

DIGITS = "9" * 400


def posing(**values: Any) -> str:
    return json.dumps({"record": "invocation", "request_id": "odd", **values})


UNREADABLE = {
    "30,000 brackets": "[" * 30_000 + '"record": "invocation"',
    "30,000 objects": '{"record": "invocation", "a":' * 30_000,
    "no request": '{"record": "invocation"}',
    "a request that is a number": '{"record": "invocation", "request_id": 4}',
    "cut off": '{"record": "invocation", "request_id": "x", "InvokeDu',
    "an event without a record": '{"time": "2026-11-24T12:00:00Z", "type": "platform.report", "record": null}',
    "a report of nothing": '{"time": "x", "type": "platform.report", "record": {"requestId": {}, "metrics": []}}',
}
ODD = {
    "a 400-digit number": f'{{"record": "invocation", "request_id": "odd", "InvokeDuration": {DIGITS}}}',
    "a 5,000-digit number in a string": posing(InvokeDuration="9" * 5_000),
    "NaN": '{"record": "invocation", "request_id": "odd", "InvokeDuration": NaN, "BilledDuration": Infinity}',
    "1e999": '{"record": "invocation", "request_id": "odd", "BilledDuration": 1e999, "MaxMemoryUsed": -1e999}',
    "wrong types": posing(InvokeDuration=[1], BilledDuration={}, status=["error"], error_type=7, ColdStarts="yes"),
    "a duration beyond time": f"REPORT RequestId: odd\tDuration: {DIGITS} ms\tBilled Duration: 1e400 ms\tStatus: \x00",
    "a number of dots": "REPORT RequestId: odd\tDuration: ........ ms\tMemory Size: 1.2.3 MB",
    "a date of year 1": posing(started_at="0001-01-01T00:00:00+23:59"),
    "a date of year 9999": posing(started_at="9999-12-31T23:59:59-23:59"),
    "a date that is a number": posing(started_at=12),
    "a date that is a list": posing(started_at=["2026-11-24T12:00:00Z"]),
    "an event of wrong types": json.dumps(
        {
            "time": 7,
            "type": "platform.report",
            "record": {"requestId": "odd", "metrics": {"durationMs": "soon", "billedDurationMs": -5}, "status": 3},
        }
    ),
}


@pytest.mark.parametrize("message", UNREADABLE.values(), ids=UNREADABLE)
def test_it_is_counted_and_left_out(message: str) -> None:
    assert invocation_log.parse(row(message)) is None
    assert invocation_log.unreadable(row(message))


@pytest.mark.parametrize("message", ODD.values(), ids=ODD)
def test_odd_values_are_not_known_and_the_line_counts(message: str) -> None:
    (found,) = invoked(row(message), as_json=message.startswith("{"))
    assert (found.request_id, found.duration_ms, found.billed_ms) == ("odd", None, None)


@pytest.mark.parametrize("at", ["", "never", "0001-01-01 00:00:00.000", "9999-99-99", "9999-12-31T23:59:59-23:59"])
def test_a_row_without_a_time_is_left_out(at: str) -> None:
    assert invocation_log.parse({**row(report_line()), "@timestamp": at}) is None


def test_an_event_of_the_extension_is_read_beside_one_with_a_number_without_end() -> None:
    good = json.dumps(attempt(ID, 0))[1:-1]
    for digits in (DIGITS, "9" * 5_000, "-" + DIGITS, "1e999"):
        odd = good.replace('"billedDurationMs": 800', f'"billedDurationMs": {digits}').replace(ID, "odd")
        told = records(list(elements(f"[{odd}, {good}]")))
        assert [record["request_id"] for record in told] == ["odd", ID]
        assert ["BilledDuration" in record for record in told] == [False, True]


def test_half_a_character_can_be_written_out() -> None:
    (found,) = invoked(row('{"record": "invocation", "request_id": "a\\ud800", "error_type": "\\udfff"}'))
    assert (found.request_id, found.error_type) == ("a?", "?")


def test_lines_of_people_are_not_counted_as_unreadable() -> None:
    for message in ("", "hello", "{", "[" * 30_000, "Task timed out after lunch", json.dumps({"level": "INFO"})):
        assert not invocation_log.unreadable(row(message))


def test_cost_and_cold_starts_show_the_others(stage: world.Stage) -> None:
    good = [
        report_line("a", more="Init Duration: 700.00 ms\t"),
        report_line("b"),
        world.record(request_id="b", InvokeDuration=800.0, BilledDuration=801, memory_size_mb=512),
        *(json.dumps(event) for event in attempt(ID, 0)[:1]),
    ]
    lines = [*UNREADABLE.values(), *good, *ODD.values()]
    with world.world(stage, {"Invocations": 2, "Duration": 1_600}, log_lines=lines) as (aws, _):
        priced = cost.report(aws, world.WORKLOAD, world.WINDOW)
        started = cold_starts.report(aws, world.WORKLOAD, world.WINDOW)
    for report in (priced, started):
        assert any(re.match(rf"{len(UNREADABLE)} log lines were left out", note) for note in report.look.partial)
    assert {"a", "b"} <= set(started.invocations["request_id"])
    assert bool(started.invocations.set_index("request_id")["cold"]["a"])
    assert priced.total_usd > 0
