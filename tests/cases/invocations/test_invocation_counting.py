"""An attempt is not a request id: Lambda retries an asynchronous invocation under the same one."""

from __future__ import annotations

import itertools
import json
import random

import pytest

from handler.extension.records.invocation_tracker import InvocationTracker
from tests.cases.invocations.lambda_lines import ID, attempt, init, invoked, records, report_line, row

FIRST, SECOND, THIRD = attempt(ID, 0, "error"), attempt(ID, 70, "error"), attempt(ID, 200)
STARTS = ["2026-11-24T12:00:00.000Z", "2026-11-24T12:01:10.000Z", "2026-11-24T12:03:20.000Z"]

DELIVERIES = {
    "one each": [FIRST, SECOND, THIRD],
    "all at once": [[*FIRST, *SECOND, *THIRD]],
    "a report comes with the next start": [
        FIRST[:2],
        [FIRST[2], *SECOND[:2]],
        [SECOND[2], *THIRD[:2]],
        [THIRD[2]],
    ],
    "each event alone": [[event] for event in (*FIRST, *SECOND, *THIRD)],
    "backwards within a delivery": [FIRST[::-1], SECOND[::-1], THIRD[::-1]],
    "every delivery twice": [FIRST, FIRST, SECOND, SECOND, THIRD, THIRD],
    "repeated at the end": [FIRST, SECOND, THIRD, FIRST, SECOND[:2], THIRD[1:]],
}


@pytest.mark.parametrize("deliveries", DELIVERIES.values(), ids=DELIVERIES)
def test_each_attempt_in_one_environment_is_a_record_with_its_own_start(deliveries: list[list[dict[str, str]]]) -> None:
    found = records(init("on-demand", -2), *deliveries)
    assert sorted(record["started_at"] for record in found) == STARTS
    by_start = sorted(found, key=lambda record: record["started_at"])
    assert [record["status"] for record in by_start] == ["error", "error", "success"]
    assert [record["ColdStarts"] for record in by_start] == [1, 0, 0]
    assert all("missing" not in record for record in found)


def test_any_order_of_two_attempts_in_one_delivery() -> None:
    chance = random.Random(13)
    events = [*FIRST, *SECOND]
    for _ in range(200):
        chance.shuffle(events)
        assert sorted(record["started_at"] for record in records(events)) == STARTS[:2]


def test_an_attempt_whose_report_is_lost_does_not_take_the_next_ones() -> None:
    found = records(FIRST[:2], SECOND, THIRD)
    assert [record.get("missing") for record in found] == [None, None, ["platform.report"]]
    assert [record["started_at"] for record in found] == [STARTS[1], STARTS[2], STARTS[0]]


def test_an_announced_retry_without_telemetry_is_another_record() -> None:
    tracker = InvocationTracker("12", "on-demand")
    taken = []
    for at in (1_790_000_000_000, 1_790_000_060_000):
        announced = tracker.invoked(ID, "", at)
        assert announced is not None
        taken.append(tracker.flush_one(announced))
    assert [invocation.cold for invocation in taken] == [True, False]


def test_announcements_and_telemetry_join_in_either_order() -> None:
    for early in (True, False):
        tracker = InvocationTracker("12", "on-demand")
        for events in (FIRST, SECOND):
            if early:
                tracker.invoked(ID, "trace", 1_790_000_000_000)
            tracker.event(events[0])
            if not early:
                tracker.invoked(ID, "trace", 1_790_000_000_000)
            for event in events[1:]:
                tracker.event(event)
        assert [invocation.started for invocation in tracker.completed()] == STARTS[:2]


# --- the log group --------------------------------------------------------------------------------------------------

REPORTS = [
    row(report_line(ms=800 + n, more="Status: error\tError Type: E"), at_s) for n, at_s in enumerate((1, 71, 201))
]


def written(number: int) -> dict[str, str]:
    """The extension's record of an attempt, as it was written."""
    events = (FIRST, SECOND, THIRD)[number]
    return row(json.dumps(records(events)[0]), (5, 75, 205)[number])


@pytest.mark.parametrize("recorded", [(), (0,), (1,), (2,), (0, 2), (0, 1, 2)], ids=str)
def test_each_attempt_is_one_row_whatever_was_recorded_of_it(recorded: tuple[int, ...]) -> None:
    rows = [*REPORTS, *(written(number) for number in recorded)]
    for order in itertools.islice(itertools.permutations(rows), 0, None, 7):
        found = invoked(*order)
        assert [invocation.started.strftime("%M:%S") for invocation in found] == ["00:00", "01:10", "03:20"]


def test_attempts_in_several_environments_are_not_joined() -> None:
    other = "2026/11/24/[12]77aa01"
    found = invoked(row(report_line(ms=800), 1), row(report_line(ms=900), 2, other), written(0))
    assert sorted(invocation.duration_ms or 0 for invocation in found) == [800.0, 900.0]


def test_rows_that_are_read_twice_count_once() -> None:
    assert len(invoked(*REPORTS, written(0), *REPORTS, written(0))) == 3


def test_a_time_out_belongs_to_the_attempt_that_it_ended() -> None:
    plain = [row(report_line(ms=3_000), at_s) for at_s in (3, 73)]
    ended = row(f"2026-11-24T12:01:13.000Z {ID} Task timed out after 3.00 seconds\n\n", 73)
    for rows in ([ended, *plain], [*plain, ended]):
        assert [invocation.status for invocation in invoked(*rows)] == ["success", "timeout"]
