"""Pages of log lines: complete, newest first, bounded in size and cost, and honest about what is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ops.access import ReadOnly
from ops.aws import logs
from ops.errors import CredentialsError, UsageError
from ops.logs import LogSearch, LogSource, find_log_lines
from ops.logs.model import MAX_LINE_CHARACTERS
from tests.fakes.logs import batch, failed, row
from tests.ops.logs.conftest import END, M1, M2, MAILER, R1, R2, R3, START, WORKER, LogWorld, seconds_after, texts

STREAM = "2026/11/23/[7]abc"


def invocation(at: float, request: str, *lines: Any, stream: str = STREAM) -> list[dict[str, str]]:
    """START, ``lines`` half a second after one another, and REPORT."""
    messages = [f"START RequestId: {request} Version: 7", *lines, f"REPORT RequestId: {request}\tDuration: 9 ms\n"]
    return [row(at + number / 2, message, stream) for number, message in enumerate(messages)]


def test_all_lines_newest_first_without_a_query(world: LogWorld) -> None:
    world.logs.rows = [row(number, f"line {number}\n") for number in (2, 1, 3)]
    page = world.page()
    assert texts(page) == ["line 3", "line 2", "line 1"]
    assert page.next_token == "" and page.notes == () and page.scanned_bytes == page.usd == 0.0
    assert world.server.count("StartQuery") == 0 and world.said == []
    assert page.query == "fields @timestamp, @message, @logStream | sort @timestamp desc | limit 100"
    line = page.lines[0]
    assert (line.at, line.function, line.group, line.stream) == (seconds_after(3), "worker", WORKER.group, STREAM)


@pytest.mark.parametrize("text", ["", "line"])
def test_pages_have_each_line_once_also_those_of_one_millisecond(world: LogWorld, text: str) -> None:
    times = [0, 1, 1, 1, 1, 2, 3, 3, 4]
    world.logs.rows = [row(at, f"line {number}") for number, at in enumerate(times)]
    world.logs.groups = {MAILER.group: [row(at + 0.5, f"line m{at}") for at in range(8)]}
    pages = list(world.pages(WORKER, MAILER, limit=3, text=text))
    found = [line for page in pages for line in page.lines]
    assert sorted(line.text for line in found) == sorted(
        [f"line {n}" for n in range(9)] + [f"line m{n}" for n in range(8)]
    )
    assert [line.at for line in found] == sorted((line.at for line in found), reverse=True)
    assert max(len(page.lines) for page in pages) == 4, "those of one millisecond stay together"


def test_a_shared_group_with_only_other_functions_lines_so_far_holds_back_those_of_others(world: LogWorld) -> None:
    """Its own lines may come between the two."""
    shared = LogSource("worker", "shared", timeout_s=60)
    others = [row(number / 10, "other", "2026/11/23/elsewhere[7]abc") for number in range(logs.MAX_EVENTS)]
    world.logs.groups = {
        shared.group: [row(-30, "mine", "2026/11/23/worker[7]abc"), *others],
        MAILER.group: [row(-60, "old")],
    }
    pages = list(world.pages(shared, MAILER, limit=50))
    assert [text for page in pages for text in texts(page)] == ["mine", "old"]


@pytest.mark.parametrize("text", ["", "line"])
def test_a_group_that_was_not_read_to_its_end_holds_back_older_lines_of_others(world: LogWorld, text: str) -> None:
    world.logs.rows = [row(number, f"line {number}") for number in range(400)]
    world.logs.groups = {MAILER.group: [row(-60, "line old")]}
    pages = list(world.pages(WORKER, MAILER, limit=50, text=text))
    assert [text for page in pages for text in texts(page)] == [f"line {n}" for n in reversed(range(400))] + [
        "line old"
    ]


def test_the_range_includes_its_start_and_not_its_end(world: LogWorld) -> None:
    world.logs.rows = [row(at, str(at)) for at in (0.999, 1.0, 1.5, 2.0)]
    for text in ("", "1"):
        page = world.page(start=seconds_after(1), end=seconds_after(2), text=text)
        assert texts(page) == ["1.5", "1.0"]


def test_a_text_is_found_in_any_case_and_literally(world: LogWorld) -> None:
    world.logs.rows = [
        row(1, "GET /Orders/7?x=1.5 [a|b]"),
        row(2, "get xordersx7"),
        row(3, "get /orders/7?x=1y5 [a|b]"),
    ]
    page = world.page(text="/orders/7?X=1.5 [A|B]")
    assert texts(page) == ["GET /Orders/7?x=1.5 [a|b]"]
    assert page.scanned_bytes == 3_000 and page.usd == pytest.approx(0.00001 + 3_000 / 1e9 * 0.005), (
        "the metric that tells the size, and the query"
    )
    assert re.search(r"filter @message like /\(\?i\).orders.7\\\?X=1\\\.5 \\\[A\\\|B\\\]/ ", page.query)


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
    assert world.said == ["Searching /aws/lambda/worker: size unknown; the limit is $0.500."]


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


def test_a_log_group_that_does_not_exist(world: LogWorld) -> None:
    world.logs.gone = {MAILER.group}
    world.logs.rows = [row(0, "here")]
    for text in ("", "here"):
        page = world.page(WORKER, MAILER, text=text)
        assert texts(page) == ["here"] and page.unread == (MAILER.group,)
        (note,) = page.notes
        assert note.startswith(
            "There is no log group /aws/lambda/mailer: mailer has not run yet, its log group was deleted"
        )
        assert "logs:CreateLogStream" in note
    assert len(world.page(MAILER).notes) == 1, "nothing is said about lines that could not be looked for"


def test_logs_that_may_not_be_read(world: LogWorld) -> None:
    world.logs.refuse = "AccessDeniedException"
    page = world.page()
    assert page.lines == () and page.unread == (WORKER.group,)
    (note,) = page.notes
    assert (
        "The log lines of worker are missing: This identity is not authorized to perform logs:FilterLogEvents" in note
    )
    assert "Ask for an IAM policy" in note


def test_credentials_that_expired_end_the_search(world: LogWorld) -> None:
    world.logs.refuse = "ExpiredTokenException"
    with pytest.raises(CredentialsError):
        world.page(WORKER, MAILER)


def test_a_workload_without_functions(world: LogWorld) -> None:
    page = find_log_lines(world.aws, (), LogSearch(START, END))
    assert page.lines == () and page.notes == (
        "No function of this workload is known, so there is no log group to read.",
    )


def test_the_estimate_comes_first_and_the_limit_holds(world: LogWorld) -> None:
    """60 GB an hour: only the last hours are worth the limit."""
    world.logs.hourly_bytes = 60e9
    world.logs.rows = [row(-7 * 3600, "old"), row(0, "new")]
    page = world.page(text="w", start=seconds_after(-12 * 3600))
    assert texts(page) == ["new"]
    assert page.estimated_bytes is not None and 0 < page.estimated_bytes <= 100e9
    (said,) = world.said
    assert said.startswith("Searching /aws/lambda/worker: about 60 GB, $0.300; the limit is $0.500.")
    (note,) = page.notes
    assert note.startswith("The logs from ") and "were not searched: that would cost more than $0.500." in note


def test_a_query_that_scans_more_than_estimated_is_stopped(world: LogWorld) -> None:
    """The metric may be late, or not there: what the running query reports is held against the limit."""
    stopped: list[str] = []
    answer = world.logs.answer

    def running(service: str, operation: str, asked: dict[str, Any]) -> Any:
        if operation == "StopQuery":
            stopped.append(asked["queryId"])
            return {"success": True}
        found = answer(service, operation, asked)
        if operation == "GetQueryResults":
            return {**found, "status": "Running", "statistics": {"recordsMatched": 1, "bytesScanned": 200e9}}
        return found

    world.server.answer = running
    world.logs.rows = [row(0, "new")]
    page = world.page(text="new")
    assert stopped == ["1"] and texts(page) == ["new"]
    assert page.usd == pytest.approx(1.0, rel=1e-4)
    assert "The query of /aws/lambda/worker was stopped before its end: lines may be missing." in page.notes


def test_a_shared_log_group_shows_the_lines_of_its_function(world: LogWorld) -> None:
    shared = replace(WORKER, group="/shop/functions")
    own, other = "2026/11/28/worker[$LATEST]0a", "2026/11/28/mailer[$LATEST]0b"
    world.logs.rows = [row(0, "own line", own), row(1, "other line", other)]
    assert texts(world.page(shared)) == ["own line"]
    page = world.page(shared, text="line")
    assert texts(page) == ["own line"]
    assert r"filter @logStream like /^\d\d\d\d.\d\d.\d\d.(worker)?\[/" in page.query


def test_a_page_of_a_shared_log_group_with_only_lines_of_others_leads_on(world: LogWorld) -> None:
    shared = replace(WORKER, group="/shop/functions")
    own, other = "2026/11/28/worker[$LATEST]0a", "2026/11/28/mailer[$LATEST]0b"
    world.logs.most = 5
    world.logs.rows = [row(-1, "own line", own), *(row(number, "other line", other) for number in range(120))]
    pages = list(world.pages(shared, limit=10))
    assert [text for page in pages for text in texts(page)] == ["own line"]
    assert pages[0].notes == ("None of the lines read so far is one of these: the next page has older ones.",)
    assert pages[-1].notes == ()


def test_a_log_group_that_answers_with_empty_pages(world: LogWorld) -> None:
    answer = world.logs.answer

    def empty(service: str, operation: str, asked: dict[str, Any]) -> Any:
        return (
            {"events": [], "nextToken": "more"} if operation == "FilterLogEvents" else answer(service, operation, asked)
        )

    world.server.answer = empty
    pages = list(world.pages(limit=10))
    assert world.server.count("FilterLogEvents") == 10 and len(pages) == 2
    assert "/aws/lambda/worker gave no line in 10 requests, but may have some. Choose a later start." in pages[0].notes


def test_a_line_of_256_kb_is_cut_with_a_note(world: LogWorld) -> None:
    world.logs.rows = [row(0, "x" * 262_144)]
    page = world.page()
    (line,) = page.lines
    assert len(line.text) == MAX_LINE_CHARACTERS and line.cut == 262_144 - MAX_LINE_CHARACTERS
    assert page.notes == ("1 line is cut; the longest has 262,144 characters. The query shows all.",)


def test_hostile_lines_stay_text(world: LogWorld) -> None:
    hostile = '<script>alert(1)</script>\x1b[2J\u202e{"@timestamp": 1}\x00'
    world.logs.rows = [row(0, hostile)]
    assert texts(world.page()) == [hostile], "who shows it makes it visible"


@pytest.mark.parametrize(
    ("search", "more"),
    [
        ({"start": END, "end": START}, {}),
        ({"start": START.replace(tzinfo=None)}, {}),
        ({"text": "x" * 1_001}, {}),
        ({}, {"limit": 0}),
        ({}, {"limit": 1_001}),
        ({}, {"token": "yesterday"}),
    ],
)
def test_bad_searches(world: LogWorld, search: dict[str, Any], more: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        world.page(**search, **more)
    assert world.server.calls == []


def test_a_read_only_process_reads_lines_and_runs_no_query(world: LogWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_READ_ONLY", "1")
    world.logs.rows = [row(0, "here")]
    assert texts(world.page()) == ["here"]
    with pytest.raises(ReadOnly):
        world.page(text="here")
    assert world.server.count("StartQuery") == 0
