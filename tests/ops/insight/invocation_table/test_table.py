"""The table of many lines is the table of its lines one by one, whatever the lines."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.insight.invocation_table import COLUMNS, build_table
from tests.cases.invocations.lambda_lines import ID, NOON, STREAM, attempt, records, report_line, row
from tests.fakes.invocation_lines import FUNCTION, LineMaker
from tests.ops.insight.invocation_table.line_by_line import merged


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("odd", "as_json"), [(0.05, False), (0.6, True)])
def test_it_is_what_the_lines_say_one_by_one(seed: int, odd: float, as_json: bool) -> None:
    rows = [row for chunk in LineMaker(seed, environments=5, odd=odd).chunks(300) for row in chunk]
    random.Random(seed).shuffle(rows)
    chunks = [rows[at : at + 120] for at in range(0, len(rows), 120)]
    assert list(build_table(chunks, FUNCTION, as_json).rows) == merged(rows, FUNCTION, as_json)


def test_a_cut_line_costs_that_line_alone() -> None:
    whole = report_line(ID)
    cut = [row(whole[:end], stream=f"{STREAM}{end}") for end in range(0, len(whole), 7)]
    found = build_table([[*cut, row(whole)]])
    assert list(found.rows) == merged([*cut, row(whole)])
    assert {invocation.request_id for invocation in found.rows} == {ID}, "a cut ID is none"
    assert {invocation.status for invocation in found.rows if invocation.memory_used_mb is None} == {""}, (
        "how it ended is not known"
    )
    assert found.unreadable == 8


def test_an_init_that_no_report_tells_of() -> None:
    def line(number: int, at_s: float, more: str = "") -> dict[str, str]:
        return row(report_line(f"{ID[:-1]}{number}", more=more), at_s)

    broke, failed = "Status: timeout", "Status: error\tError Type: Runtime.ImportModuleError"
    lines = [
        line(1, 0, "Init Duration: 300.00 ms\t"),
        line(2, 10, broke),
        line(3, 20),
        line(4, 30),
        line(5, 40, failed),
    ]
    found = build_table([lines]).rows
    assert [(invocation.cold, invocation.phase, invocation.init_ms) for invocation in found] == [
        (True, "", 300.0),
        (False, "", None),
        (True, "invoke", None),
        (False, "", None),
        (True, "invoke", None),
    ], "after a timeout INIT runs again inside the invocation; an import that fails is a failed INIT"
    assert list(found) == merged(lines)
    elsewhere = [line(2, 10, broke), row(report_line(ID), 20, "another")]
    assert not any(invocation.cold for invocation in build_table([elsewhere]).rows)


def test_lines_of_environments_at_work_at_the_same_time_are_not_mixed_up() -> None:
    ids = [f"{ID[:-2]}{number:02d}" for number in range(40)]
    lines = [row(report_line(one, ms=100.0 + n), 1 + n / 100, f"{STREAM}{n % 4}") for n, one in enumerate(ids)]
    random.Random(1).shuffle(lines)
    assert {
        invocation.request_id: invocation.duration_ms for invocation in build_table([lines[:9], lines[9:]]).rows
    } == {one: 100.0 + n for n, one in enumerate(ids)}


def test_a_clock_that_went_back_leaves_each_attempt_its_own_lines() -> None:
    [record] = records(attempt(ID, 10.0, ms=200.0))
    lines = [row(json.dumps(record), 9.0), row(report_line(ID, ms=200.0), 8.5)]
    assert list(build_table([lines]).rows) == merged(lines)
    [invocation] = build_table([lines]).rows
    assert (invocation.duration_ms, invocation.started.second) == (200.0, 10)


@pytest.mark.parametrize("seed", range(12))
def test_retries_are_told_apart_whatever_is_missing_doubled_cut_or_near(seed: int) -> None:
    pick = random.Random(seed)
    lines: list[dict[str, str]] = []
    for number in range(60):
        request_id, at, stream = f"{ID[:-2]}{number:02d}", pick.uniform(0, 600), f"{STREAM}{number % 3}"
        for _ in range(pick.choice((1, 2, 2, 3, 4))):
            ms, status = pick.choice((90.0, 800.0, 4_000.0)), pick.choice(("success", "error", "timeout"))
            about = {"request_id": request_id, "FunctionName": FUNCTION, "status": status, "InvokeDuration": ms}
            started = (NOON + timedelta(seconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            record = json.dumps({"_aws": {}, "record": "invocation", "started_at": started, **about})
            report = report_line(request_id, ms, "" if status == "success" else f"Status: {status}\t")
            ended = f"{started} {request_id} Task timed out after {ms / 1000:.2f} seconds"
            off = pick.choice((0.0, 0.003, 0.7))
            written = [(record, 0.9), (report, 0.9), (ended, 0.1 * (status == "timeout"))]
            made = [row(text, at + ms / 1000 + off, stream) for text, share in written if pick.random() < share]
            lines += [*made, *(one for one in made if pick.random() < 0.08)]
            at += pick.choice((0.3, 0.999, 1.0, 1.001, 2.5, 60.0, 90.0))
    pick.shuffle(lines)
    lines += [{**one, "@message": one["@message"][: pick.randrange(120)]} for one in lines[:9]]
    chunks = [lines[at : at + 50] for at in range(0, len(lines), 50)]
    assert list(build_table(chunks, FUNCTION).rows) == merged(lines, FUNCTION)


def test_a_line_that_came_twice_in_two_chunks_counts_once() -> None:
    line = row(report_line(ID))
    assert len(build_table([[line], [line], [line]])) == 1


def test_markup_and_control_characters_are_text_and_long_lines_are_read() -> None:
    evil = '<img src=x onerror=alert(1)>\u202e\u0000"'
    about = {"record": "invocation", "request_id": ID, "error_type": evil, "status": "error", "padding": "x" * 262_144}
    lines = [row(json.dumps({"_aws": {}, **about})), row(report_line("y" * 262_144), stream="other")]
    found = build_table([lines])
    assert list(found.rows) == merged(lines)
    assert {invocation.error_type for invocation in found.rows} == {evil, ""}
    assert max(len(invocation.request_id) for invocation in found.rows) == 256


def test_no_lines_are_an_empty_table_with_all_columns() -> None:
    empty = build_table([])
    assert (len(empty), empty.rows, list(empty.frame.columns)) == (0, (), list(COLUMNS))


def test_rows_without_members_or_with_impossible_times_are_left_out() -> None:
    lines = [{}, {"@message": report_line(ID)}, {"@timestamp": "2026-02-31 10:00:00.000", "@message": report_line(ID)}]
    found = build_table([lines])
    assert (len(found), found.unreadable) == (0, 2)


@pytest.mark.parametrize("stamp", ["2026-11-24T12:00:00.000Z", "2026-11-24 13:00:00.000+01:00", "2026-11-24 12:00:00"])
def test_times_in_another_form_are_the_same_times(stamp: str) -> None:
    usual = {"@timestamp": "2026-11-24 12:00:00.000", "@message": report_line(ID), "@logStream": STREAM}
    assert build_table([[{**usual, "@timestamp": stamp}]]).rows == build_table([[usual]]).rows


@given(
    st.lists(
        st.tuples(
            st.text(max_size=40)
            | st.sampled_from([report_line(ID), '{"_aws":{},"record":"invocation","request_id":"', '{"time":"x"}']),
            st.sampled_from(["2026-11-24 12:00:00.000", "now", "", "2026-11-24T12:00:00.000Z\n"]),
            st.sampled_from([STREAM, "", "x" * 600]),
        ),
        max_size=12,
    )
)
@settings(max_examples=25, deadline=None)
def test_any_text_is_read_as_line_by_line(lines: list[tuple[str, str, str]]) -> None:
    rows = [{"@message": message, "@timestamp": at, "@logStream": stream} for message, at, stream in lines]
    assert list(build_table([rows]).rows) == merged(rows)


@pytest.mark.parametrize("spacing", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize(
    "message",
    [
        {"_aws": {}, "record": "invocation", "request_id": ""},
        {"time": "t", "type": "platform.report", "record": {"requestId": "", "metrics": {"durationMs": 1.0}}},
        {"time": "t", "type": "platform.report", "record": {"requestId": " \n", "metrics": {"durationMs": 1.0}}},
    ],
)
def test_a_line_without_a_request_id_is_counted_as_unreadable(
    message: dict[str, object], spacing: tuple[str, str]
) -> None:
    lines = [row(json.dumps(message, separators=spacing)), row(report_line(ID))]
    assert (len(build_table([lines])), build_table([lines]).unreadable) == (1, 1)
