"""Pages of log lines: complete, newest first, and bounded in size; a shared log group shows its own function's."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ops.aws import logs
from ops.logs import LogSource
from ops.logs.model import MAX_LINE_CHARACTERS
from tests.fakes.logs import row
from tests.ops.logs.conftest import MAILER, WORKER, LogWorld, seconds_after, texts
from tests.ops.logs.invocations import STREAM


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


def test_lines_of_the_millisecond_up_to_which_all_was_read_are_on_the_next_page(world: LogWorld) -> None:
    """A shared group's oldest read line is another function's, and the own line of the same millisecond is not read yet."""
    shared = replace(WORKER, group="/shop/functions")
    own, other = "2026/11/28/worker[$LATEST]0a", "2026/11/28/mailer[$LATEST]0b"
    world.logs.rows = [
        row(0, "of one millisecond", own),
        *(row(0, "other line", other) for _ in range(50)),
        *(row(1, "other line", other) for _ in range(logs.MAX_EVENTS - 30)),
    ]
    pages = list(world.pages(shared, limit=10))
    assert [text for page in pages for text in texts(page)] == ["of one millisecond"]
