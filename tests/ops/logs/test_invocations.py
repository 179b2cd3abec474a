"""Lines of one invocation or one message: all of its lines, and none of another's."""

from __future__ import annotations

import pytest

from tests.fakes.logs import batch, failed, row
from tests.ops.logs.conftest import M1, M2, R1, R2, R3, LogWorld, seconds_after, texts
from tests.ops.logs.invocations import invocation


def test_an_invocation_has_its_lines_without_a_request_id_too(world: LogWorld) -> None:
    trace = 'Traceback (most recent call last):\n  File "app.py", line 3, in f'
    world.logs.rows = [
        *invocation(0, R1, "of another one before"),
        *invocation(10, R2, "loading", trace, "done"),
        *invocation(20, R3, "of another one after"),
        row(11, "of another environment", "2026/11/23/[7]xyz"),
        row(20.1, {"record": "invocation", "request_id": R2, "status": "success"}),  # written when thawed
    ]
    page = world.page(request_ids=(R2,))
    assert texts(page)[1:] == [
        f"REPORT RequestId: {R2}\tDuration: 9 ms",
        "done",
        trace,
        "loading",
        f"START RequestId: {R2} Version: 7",
    ]
    assert "invocation" in texts(page)[0], "the extension's record, though the next invocation had started"
    assert {line.request_id for line in page.lines} == {R2, ""}
    assert world.said == ["Searching /aws/lambda/worker: size unknown; the limit is $0.50."]


def test_a_retry_with_the_same_request_id_is_another_window(world: LogWorld) -> None:
    world.logs.rows = [*invocation(0, R1, "first"), *invocation(60, R2, "other"), *invocation(120, R1, "second")]
    found = texts(world.page(request_ids=(R1,)))
    assert "first" in found and "second" in found and "other" not in found


def test_a_message_brings_every_invocation_that_had_it(world: LogWorld) -> None:
    """The handler names a message's batch; its other lines and the platform's name only the invocation."""
    world.logs.rows = [
        *invocation(0, R1, batch(0, R1, M1, M2)["@message"], "first try"),
        *invocation(60, R2, batch(0, R2, M1)["@message"], failed(0, "ValueError", R2, M1)["@message"]),
        *invocation(120, R3, batch(0, R3, M2)["@message"], "of the other message"),
    ]
    page = world.page(message_ids=(M1,))
    found = texts(page)
    assert "first try" in found and "of the other message" not in found
    assert [text for text in found if text.startswith("START")] == [
        f"START RequestId: {r} Version: 7" for r in (R2, R1)
    ]
    assert page.notes == () and world.server.count("StartQuery") == 2
    assert M1 in page.query
    assert texts(world.page(message_ids=(M1,), text="First")) == ["first try"]


def test_many_invocations_come_in_pages(world: LogWorld) -> None:
    requests = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(25)]
    world.logs.rows = [
        line for at, request in enumerate(requests) for line in invocation(10 * at, request, f"own {at}")
    ]
    pages = list(world.pages(limit=20, request_ids=tuple(requests)))
    found = [text for page in pages for text in texts(page)]
    assert len(found) == 75 and [text for text in found if text.startswith("own")] == [
        f"own {n}" for n in reversed(range(25))
    ]


@pytest.mark.parametrize("events_a_page", [10_000, 10])
def test_invocations_that_overlap_are_read_together(world: LogWorld, events_a_page: int) -> None:
    """In forty environments at a time; also where ten requests do not read all of them."""
    requests = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(40)]
    for number, request in enumerate(requests):
        world.logs.rows += invocation(
            number / 100, request, f"own {number}", "same", "same", stream=f"2026/11/23/[7]{number}"
        )
    world.logs.events_a_page = events_a_page
    pages = list(world.pages(limit=25, request_ids=tuple(requests)))
    found = [line for page in pages for line in page.lines]
    assert len(found) == 5 * 40
    assert sorted(line.text for line in found if line.text.startswith("own")) == sorted(f"own {n}" for n in range(40))
    assert [line.at for line in found] == sorted((line.at for line in found), reverse=True)


def test_an_id_that_no_line_names_is_said_with_its_reasons(world: LogWorld) -> None:
    world.logs.rows = [row(0, "something else")]
    (note,) = world.page(message_ids=(M1,)).notes
    assert (
        note.startswith("No log line from ")
        and f"names {M1}: it has not run in that time, its lines have expired" in note
    )
    (note,) = world.page(start=seconds_after(60)).notes
    assert note.startswith("No log lines from ") and note.endswith("Choose an earlier start.")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_cold_start_has_the_lines_of_its_init(world: LogWorld, as_json: bool) -> None:
    stream = "2026/11/23/[7]new"
    report: object = f"REPORT RequestId: {R2}\tDuration: 9 ms\tInit Duration: 4000.00 ms\t\n"
    if as_json:
        metrics = {"durationMs": 9, "initDurationMs": 4000}
        record = {"requestId": R2, "status": "success", "metrics": metrics}
        report = {"time": "2026-11-23T12:00:00Z", "type": "platform.report", "record": record}
    crashed = f"REPORT RequestId: {R1}\tDuration: 9 ms\tStatus: error\tError Type: Runtime.ExitError"
    world.logs.rows = [
        row(4.5, "of the invocation that crashed before", stream),
        row(5, crashed, stream),
        row(5.5, "INIT_START Runtime Version: python:3.13.v1", stream),
        row(6, "loading the model", stream),
        row(10, f"START RequestId: {R2} Version: 7", stream),
        row(10.1, "working", stream),
        row(11, report, stream),  # type: ignore[arg-type]
    ]
    found = texts(world.page(request_ids=(R2,)))
    assert found[1:4] == ["working", f"START RequestId: {R2} Version: 7", "loading the model"]
    assert found[4:] == ["INIT_START Runtime Version: python:3.13.v1"]


def test_a_warm_start_has_no_lines_from_before_it(world: LogWorld) -> None:
    world.logs.rows = [row(9.5, "thawed"), *invocation(10, R2, "working")]
    assert "thawed" not in texts(world.page(request_ids=(R2,)))
