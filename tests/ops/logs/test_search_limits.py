"""What a log search does not read, and says: missing or refused groups, the cost limit, bad requests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ops.access import ReadOnly
from ops.aws import Aws
from ops.errors import CredentialsError, UsageError
from ops.logs import LogSearch, find_log_lines
from tests.fakes.logs import row
from tests.ops.logs.conftest import END, MAILER, START, WORKER, LogWorld, seconds_after, texts


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
    assert said.startswith("Searching /aws/lambda/worker: about 60 GB, $0.30; the limit is $0.50.")
    (note,) = page.notes
    assert note.startswith("The logs from ") and "were not searched: that would cost more than $0.50." in note


def test_the_volume_of_the_logs_is_kept_for_minutes(world: LogWorld) -> None:
    world.logs.hourly_bytes = 1e9
    first = world.page(text="w")
    again = world.page(text="another", start=START + timedelta(minutes=4), end=END + timedelta(minutes=4))
    assert len(world.logs.metric_calls) == 1
    assert again.estimated_bytes == first.estimated_bytes and first.usd > again.usd == 0, "nothing is paid twice"
    world.aws = Aws(world.aws.target, max_attempts=1)
    world.page(text="w")
    assert len(world.logs.metric_calls) == 1, "nor by a new connection, as a press of Refresh makes"
    world.page(text="w", end=END + timedelta(minutes=6))
    assert len(world.logs.metric_calls) == 2, "it is too old for a range that ends so late"
    world.page(text="w", start=START - timedelta(days=1))
    assert len(world.logs.metric_calls) == 3, "it does not reach so far back"
    world.page(MAILER, text="w")
    assert len(world.logs.metric_calls) == 4, "another log group has a volume of its own"


def test_the_kept_volume_of_a_longer_range_counts_only_what_is_searched(world: LogWorld) -> None:
    world.logs.hourly_bytes = 1e9
    long = world.page(text="w", start=seconds_after(-12 * 3600))
    short = world.page(text="w", start=seconds_after(-3600))
    assert len(world.logs.metric_calls) == 1
    assert long.estimated_bytes and short.estimated_bytes
    assert 1e9 <= short.estimated_bytes <= 4e9 < long.estimated_bytes


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
