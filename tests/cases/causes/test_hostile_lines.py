"""Log lines that anyone's ``print`` may write: each is read alone, and none stops the others from being read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops import invocation_log
from ops.deadletters.causes.logs import log_parser

AT, STREAM = "2026-11-23 19:00:00.123", "2026/11/23/[7]abc"
REQUEST = "0f1e2d3c-0000-4000-8000-00000000000a"


def parse(message: str) -> invocation_log.InvocationLogLine | None:
    return invocation_log.parse({"@timestamp": AT, "@message": message, "@logStream": STREAM})


@pytest.mark.parametrize(
    "message",
    [
        "[" * 30_000 + '"record": "invocation"',
        '{"record": "invocation", "x": ' + "[" * 30_000,
        '{"a":' * 30_000 + '"record": "invocation"',
        '{"record": "invocation", "request_id": 7}',
        '{"record": "invocation", "request_id": "x", "InvokeDuration": ' + "9" * 5_000 + "}",
    ],
    ids=["brackets", "brackets in a record", "braces", "an id that is not text", "more digits than Python reads"],
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
    assert line.started == invocation_log.moment(AT)


@pytest.mark.parametrize("time", ["", "never", "0001-01-01 00:00:00", "0001-01-01T00:00:00+23:59", "99999-01-01"])
def test_a_row_without_a_time_is_no_line(time: str) -> None:
    assert invocation_log.moment(time) is None


LONG = 300_000
HOSTILE = {
    "brackets": "[" * LONG,
    "braces in a record": '{"level":"error","a":' * 30_000,
    "brackets in a record": '{"level":"error","msg":"x","a":' + "[" * LONG,
    "a JSON tail that is too deep": 'ERROR x {"a":' + "[" * LONG,
    "digits": '{"level":"error","msg":' + "9" * 400 + "}",
    "more digits than Python reads": '{"level":"error","msg":' + "9" * 5_000 + "}",
    "a level of 400 digits": '{"msg":"x","level":' + "9" * 400 + "}",
    "a surrogate": '{"level":"error","msg":"\\ud800"}',
    "spaces": "[ERROR] " + " " * LONG + "x",
    "line feeds": "\n" * LONG + "ERROR",
    "carriage returns": "\r" * LONG,
    "a word": "ERROR " + "a" * LONG,
    "dots": "[ERROR] " + "a." * (LONG // 2),
    "an exit that does not end": f"RequestId: {REQUEST} Error: " + "a " * (LONG // 2) + "\x0b",
    "request ids": "request_id   " * (LONG // 13),
    "tracebacks": "Traceback (most recent call last):\n" * (LONG // 35),
    "chained tracebacks": 'Traceback (most recent call last):\n  File "a", line 1, in f\nE: x\n\n'
    "During handling of the above exception, another exception occurred:\n\n" * (LONG // 140),
    "gutters": "Exception Group Traceback (most recent call last):\n" + "  | " * (LONG // 4),
    "frames": "E: x\n" + "    at a.b(C.java:1)\n" * (LONG // 21),
    "causes": "E: x\n\tat a.b(C.java:1)\n" + "Caused by: E: x\n\tat a.b(C.java:1)\n" * (LONG // 40),
    "inner exceptions": "E: x ---> " * (LONG // 10) + "\n   at A.B()\n",
    "errors of an aggregate": "E: x\n    at a (b:1:1) {\n  [errors]: [\n" + "    Error: x\n" * (LONG // 13),
    "parentheses": "x\n    at " + "(" * LONG,
    "uncaught": "Uncaught A in /" * (LONG // 15),
    "PHP's objects": "[object] (A(code: 0): x" * (LONG // 23),
    "Ruby's frames": "a.rb:1:in 'b': x (E)\n" * (LONG // 21),
    "panics": "panic: x\n" * (LONG // 9),
    "logfmt": "level=error " + 'a="b' * (LONG // 4),
    "an open quote": 'level=error a="' + '\\"' * (LONG // 2),
    "colours": "\x1b[0m" * (LONG // 4) + "ERROR",
    "errors in errors": '{"level":"error","error":' + '{"name":"E","cause":' * 300 + "1" + "}" * 301,
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_line_of_anyone_is_read_or_left(message: str) -> None:
    said = log_parser.parse_row({"@timestamp": AT, "@message": message, "@logStream": STREAM})
    assert said is not None
    assert bool(said.error_type) == said.failed
    assert all(len(text) < LONG for text in (*said.chain, said.error_type, said.location, said.request_id))


def test_a_row_without_a_time_tells_nothing() -> None:
    assert log_parser.parse_row({"@timestamp": "0001-01-01T00:00:00+23:59", "@message": "[ERROR] x"}) is None
