"""Stack traces whose lines came as log events of their own, in whichever language."""

from __future__ import annotations

import re

import pytest

from ops.deadletters.causes.attribution.split_traces import TraceAssembler
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.causes.logs.log_parser import LogEntry
from tests.fakes.logs import row

JAVA = (
    "java.lang.IllegalStateException: cannot book\n\tat com.shop.Handler.handleRequest(Handler.java:20)\n"
    "\tat java.base/java.util.ArrayList.forEach(ArrayList.java:1511)\nCaused by: java.sql.SQLException: table missing\n"
    "\tat com.shop.Db.query(Db.java:41)\n\t... 2 more"
)
DOTNET = "Unhandled exception. System.IO.IOException: disk is full\n   at Shop.Disk.Write() in /src/Disk.cs:line 7"
GO = "panic: no stock\ngoroutine 1 [running]:\nmain.total(...)\n\t/var/task/main.go:114 +0x1d"
PYTHON = 'Traceback (most recent call last):\n  File "/var/task/shop.py", line 7, in book\nKeyError: 17'
TRACES = [
    (JAVA, "java.sql.SQLException", "Db.java:41 com.shop.Db.query"),
    (DOTNET, "System.IO.IOException", "src/Disk.cs:7 Shop.Disk.Write"),
    (GO, "panic", "main.go:114 main.total"),
    (PYTHON, "KeyError", "shop.py:7 book"),
    ("panic: no stock", "panic", ""),
]


def put_together(rows: list[dict[str, str]]) -> list[LogEntry]:
    """What ``rows`` make, in whichever order they come."""
    found = []
    for order in (rows, rows[::-1]):
        pieces = TraceAssembler()
        for one in order:
            said = log_parser.parse_row(one)
            assert said is not None
            pieces.add(said)
        found.append(sorted(pieces.whole(), key=lambda said: said.at))
    assert found[0] == found[1]
    return found[0]


def lines(text: str, begins: float = 0.0, stream: str = "a") -> list[dict[str, str]]:
    return [row(begins + n / 1000, line, stream) for n, line in enumerate(text.split("\n"))]


@pytest.mark.parametrize(("text", "kind", "where"), TRACES, ids=[kind for _, kind, _ in TRACES])
def test_its_lines_are_one_failure(text: str, kind: str, where: str) -> None:
    (found,) = put_together([row(0, "START RequestId: x"), *lines(text, 1.0), row(1.5, "done")])
    assert (found.failed, found.error_type, found.location) == (True, kind, where)


def test_streams_and_traces_one_after_another_are_told_apart() -> None:
    rows = [*lines(JAVA, 1.0), *lines(DOTNET, 1.0, "b"), *lines(JAVA.replace("SQL", "IO"), 1.2), *lines(PYTHON, 1.4)]
    kinds = [said.error_type for said in put_together(rows)]
    assert sorted(kinds) == ["KeyError", "System.IO.IOException", "java.sql.IOException", "java.sql.SQLException"]


@pytest.mark.parametrize(
    "text",
    [
        "ValueError: alone",
        "\tat com.shop.Handler.handleRequest(Handler.java:20)\n\tat com.shop.Main.main(Main.java:3)",
        '  File "/var/task/shop.py", line 7, in book\nKeyError: 17',
        'Traceback (most recent call last):\n  File "/var/task/shop.py", line 7, in book',
        "call(me)",
    ],
)
def test_a_part_is_no_failure(text: str) -> None:
    assert put_together(lines(text)) == []


def test_what_comes_late_is_of_another_trace() -> None:
    head, *rest = lines(JAVA)
    assert put_together([head, *(row(9 + n, one["@message"]) for n, one in enumerate(rest))]) == []


def test_a_whole_line_is_no_piece() -> None:
    for text in ('{"level": "ERROR", "message": "TypeError: x is not a function"}', f"[ERROR] KeyError: 17\n{PYTHON}"):
        said = log_parser.parse_row(row(0, text))
        assert said is not None and said.failed
        assert not TraceAssembler().add(said)


def test_every_line_is_asked_for() -> None:
    asked = re.compile(log_parser.FAILURE_PATTERN)
    for text in (JAVA, DOTNET, PYTHON):
        assert all(asked.search(line) for line in text.split("\n"))
    assert [bool(asked.search(line)) for line in GO.split("\n")] == [True, True, False, True]
