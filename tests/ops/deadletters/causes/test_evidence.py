"""Why a message failed, from anything that the log group holds about it: our handler's records and other people's."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ops.deadletters.causes.attribution.evidence import ConsumerSetup, Evidence, SearchedMessage
from ops.deadletters.causes.logs import log_parser
from ops.deadletters.messages.model import Cause, DeadLetter
from tests.fakes.logs import SENT_AT, batch, failed, invocation_record, row, silent

M1, M2 = "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa", "deddfc5f-b8f2-4a47-abc9-591798990184"
R1, R2 = "11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"


def explain(rows: list[dict[str, str]], message: DeadLetter | None = None, likely: bool = False) -> Cause | None:
    """The cause by ``rows``, in whichever order they come."""
    subject = SearchedMessage.of(message or silent())
    found = []
    for order in (rows, rows[::-1]):
        evidence = Evidence(subject.ids, ConsumerSetup(timeout_s=15, window_s=1))
        for entry in order:
            evidence.add(entry)
        found.append(evidence.likely(subject) if likely else evidence.cause(subject))
    assert found[0] == found[1]
    return found[0]


def told(rows: list[dict[str, str]], message: DeadLetter | None = None) -> Cause:
    cause = explain(rows, message)
    assert cause is not None
    return cause


def test_the_handlers_last_error_record_is_the_cause() -> None:
    found = told([batch(0, "r1", "m1"), failed(1, "Early", "r1"), batch(60, "r2", "m1"), failed(61, "Late", "r2")])
    assert (found.error_type, found.source, found.request_id) == ("Late", "handler log", "r2")
    assert (found.failed_at, found.function_version) == (SENT_AT + timedelta(seconds=61), "7")


def test_a_record_says_where_in_the_code_and_of_what_kind() -> None:
    frames = [
        {"file": "/var/task/handler/app.py", "line": 40, "function": "run", "statement": "job()"},
        {"file": "/home/x/task/handler/jobs/train.py", "line": 88, "function": "fit", "statement": "solve(x)"},
        {"file": "/usr/lib/python3.12/site-packages/numpy/linalg.py", "line": 9, "function": "solve", "statement": "x"},
    ]
    found = told([failed(1, "LinAlgError", "r", job_kind="train", stack_trace={"frames": frames})])
    assert (found.location, found.job_kind) == ("handler/jobs/train.py:88 fit", "train")
    odd = told([failed(1, "LinAlgError", "r", stack_trace={"frames": ["?", {}]}, exception=7)])
    assert odd.location == ""


def test_a_killed_environment_is_found_through_the_batch() -> None:
    rows = [failed(1, "Early", "r1"), batch(60, "r2", "m0", "m1"), invocation_record(75, "r2", InvokeDuration=15_000.0)]
    found = told(rows)
    assert (found.error_type, found.source, found.request_id) == ("Sandbox.Timedout", "invocation record", "r2")
    assert found.error_message == "the invocation was stopped at the function's timeout after 15 s"
    memory = invocation_record(
        75, "r2", "error", error_type="Runtime.OutOfMemory", MaxMemoryUsed=1_024, memory_size_mb=1_024
    )
    assert told([rows[1], memory]).error_message == "the environment was killed for memory: 1,024 of 1,024 MB used"
    crash = invocation_record(75, "r2", "error", error_type="Runtime.ExitError")
    assert told([rows[1], crash]).error_message == "the environment ended before the batch was done"


def test_what_the_handler_said_in_that_batch_goes_before_how_the_batch_ended() -> None:
    found = told([batch(0, "r1", "m1", "m2"), failed(1, "DataNotFound", "r1"), invocation_record(15, "r1")])
    assert found.error_type == "DataNotFound"


def test_a_message_that_was_sent_again_is_known_by_its_first_id() -> None:
    again = silent(original_message_id="first")
    assert told([failed(1, "Late", "r1", "first")], again).error_type == "Late"


def test_report_lines_do_where_there_is_no_extension() -> None:
    report = row(15, "REPORT RequestId: r1\tDuration: 3000.00 ms\tStatus: timeout")
    found = told([batch(0, "r1", "m1"), report])
    assert (found.error_type, found.source) == ("Sandbox.Timedout", "report line")
    older = row(15, f"{SENT_AT.isoformat()} {R1} Task timed out after 3.00 seconds")
    assert told([batch(0, R1, "m1"), older]).error_type == "Sandbox.Timedout"


def test_anybodys_powertools_error_record() -> None:
    found = told([row(1, {"level": "ERROR", "message": "boom", "message_id": "m1", "exception_name": "KeyError"})])
    assert (found.error_type, found.error_message) == ("KeyError", "boom")


def test_no_trace_leaves_it_unknown() -> None:
    rows = [failed(1, "Other", "r1", "m2"), batch(2, "r1", "m2"), invocation_record(3, "r1")]
    assert explain([*rows, row(4, {"level": "INFO", "message_id": "m1"})]) is None
    assert explain([batch(2, "r9", "m1")]) is None, "the batch is known, its end is not"
    assert explain([{"@timestamp": "x", "@message": "{"}, {"@message": "[]"}, row(0, "[1]"), row(0, "{")]) is None


PYTHON = (
    "[ERROR] ValueError: bad order 17\rTraceback (most recent call last):\r"
    '  File "/var/task/app.py", line 12, in handler\r    work(event)\r'
    '  File "/var/task/shop/orders.py", line 7, in work\r    raise ValueError("bad order 17")'
)
LOGGED = (
    f"[ERROR]\t2026-11-23T19:00:01.000Z\t{R1}\tcould not do {M1}\nTraceback (most recent call last):\n"
    '  File "/var/task/shop/orders.py", line 7, in work\n    go()\nshop.errors.Late: too late\n'
)
NODE = f"2026-11-23T19:00:01.000Z\t{R1}\tERROR\tInvoke Error \t" + json.dumps(
    {
        "errorType": "TypeError",
        "errorMessage": "Cannot read properties of undefined (reading 'id')",
        "stack": [
            "TypeError: Cannot read properties of undefined (reading 'id')",
            "    at Object.get (/var/task/node_modules/lodash/get.js:3:1)",
            "    at exports.handler (/var/task/index.js:10:15)",
            "    at Runtime.handleOnceNonStreaming (file:///var/runtime/index.mjs:1173:29)",
        ],
    }
)
JAVA = (
    f"Could not handle {M1}: java.lang.RuntimeException: wrapped\n"
    "\tat com.shop.Handler.handleRequest(Handler.java:20)\n"
    "Caused by: java.lang.IllegalStateException: no stock\n\tat java.util.Objects.requireNonNull(Objects.java:233)\n"
    "\tat com.shop.Stock.take(Stock.java:41)\n\t... 3 more"
)
LAMBDA_JSON = {
    "timestamp": "2026-11-23T19:00:01Z",
    "log_level": "ERROR",
    "errorType": "KeyError",
    "errorMessage": "'sku'",
    "requestId": R1,
    "stackTrace": ['  File "/var/task/app.py", line 3, in handler\n    event["sku"]\n'],
}
PINO = {"level": 50, "msg": "failed", "requestId": R1, "err": {"type": "RangeError", "message": "n", "stack": ""}}


@pytest.mark.parametrize(
    ("line", "error_type", "error_message", "location", "source"),
    [
        (PYTHON, "ValueError", "bad order 17", "shop/orders.py:7 work", "traceback"),
        (LOGGED, "shop.errors.Late", "too late", "shop/orders.py:7 work", "traceback"),
        (NODE, "TypeError", "Cannot read properties of undefined (reading 'id')", "index.js:10 exports.handler", ""),
        (JAVA, "java.lang.IllegalStateException", "no stock", "Stock.java:41 com.shop.Stock.take", "traceback"),
        (json.dumps(LAMBDA_JSON), "KeyError", "'sku'", "app.py:3 handler", ""),
        (json.dumps(PINO), "RangeError", "n", "", ""),
        (f"[ERROR]\t2026\t{R1}\tOSError: no space", "OSError", "no space", "", ""),
        (f"2026\t{R1}\tERROR\tsomething broke", "logged error", "something broke", "", ""),
        (
            f"RequestId: {R1} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
            "Runtime.OutOfMemory",
            "Runtime exited with error: signal: killed, as Lambda does for memory",
            "",
            "report line",
        ),
        (
            f"RequestId: {R1} Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
            "Runtime.ExitError",
            "Runtime exited with error: exit status 1",
            "",
            "report line",
        ),
        (
            "Unhandled exception. System.InvalidOperationException: empty\n   at System.Linq.ThrowHelper.Throw()\n"
            "   at Shop.Orders.First(Order o) in /src/Orders.cs:line 9\n",
            "System.InvalidOperationException",
            "empty",
            "src/Orders.cs:9 Shop.Orders.First",
            "traceback",
        ),
    ],
)
def test_other_peoples_errors(line: str, error_type: str, error_message: str, location: str, source: str) -> None:
    said = log_parser.parse_row(row(1, line))
    assert said is not None and said.failed
    assert (said.error_type, said.error_message, said.location) == (error_type, error_message, location)
    assert said.source == (source or "handler log")


def test_of_chained_exceptions_the_first_is_the_root_and_the_last_wrapped_it() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/var/task/a.py", line 1, in inner\n    x\nKeyError: 1\n\n'
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "/var/task/a.py", line 9, in outer\n    y\nOrderError: lost\n'
    )
    said = log_parser.parse_row(row(1, text))
    assert said is not None
    assert (said.error_type, said.location, said.chain) == ("KeyError", "a.py:1 inner", ("OrderError: lost",))


def test_a_line_that_names_the_message_leads_to_its_request() -> None:
    mention = row(0, f"[INFO]\t2026\t{R1}\tworking on {M1}")
    found = told([mention, row(1, NODE)], silent(M1))
    assert (found.error_type, found.request_id, found.likely) == ("TypeError", R1, False)
    by_report = told([mention, row(3, f"REPORT RequestId: {R1}\tDuration: 3000.00 ms\tStatus: timeout")], silent(M1))
    assert by_report.source == "report line"
    named = told([row(1, LOGGED)], silent(M1))
    assert named.error_type == "shop.errors.Late"


def test_without_any_request_id_the_log_stream_leads_on_but_only_likely() -> None:
    rows = [row(0, f"start {M1}"), row(0.5, PYTHON, stream="another"), row(1, PYTHON), row(9, NODE)]
    found = told(rows, silent(M1))
    assert (found.error_type, found.likely) == ("ValueError", True)
    assert explain([row(0, f"start {M1}"), row(60, PYTHON)], silent(M1)) is None, "no invocation lasts so long"


def test_a_traceback_that_came_line_by_line() -> None:
    """As ``traceback.print_exc()`` writes it; two of them, in two streams at once."""
    lines = PYTHON.split("\r")[1:]
    rows = [row(0, f"start {M1}"), row(1, lines[0]), row(1.001, lines[1]), row(1.002, lines[2])]
    rows += [row(1.001, lines[0], stream="b"), row(1.002, '  File "/b.py", line 1, in b', stream="b")]
    rows += [row(1.003, lines[3]), row(1.004, "ValueError: bad order 17"), row(1.004, "KeyError: 1", stream="b")]
    found = told(rows, silent(M1))
    assert (found.error_type, found.location, found.source) == ("ValueError", "shop/orders.py:7 work", "traceback")
    broken = [row(0, f"start {M1}"), row(1, lines[0]), row(9, "ValueError: late"), row(10, "OSError: alone")]
    assert explain(broken, silent(M1)) is None, "an end without its beginning may be anything"


def test_by_time_alone_only_when_there_is_one_candidate() -> None:
    """Nothing names the message: the only failure that began when it was received first is likely its own."""
    message = silent(M1, first_receive=30)
    found = explain([row(5, PYTHON), row(31, PYTHON), row(31.5, PYTHON.replace("17", "18"))], message, likely=True)
    assert found is not None
    assert (found.error_type, found.likely) == ("ValueError", True)
    timeout = row(45, f"REPORT RequestId: {R1}\tDuration: 15000.00 ms\tStatus: timeout")
    assert explain([row(31, PYTHON), timeout], message, likely=True) is None, "two causes might be meant"
    alone = explain([timeout], message, likely=True)
    assert alone is not None and alone.error_type == "Sandbox.Timedout"
    others = [batch(30, R1, M2), timeout, failed(31, "Other", R2, M2)]
    assert explain(others, message, likely=True) is None, "that invocation is known to have had other messages"
    assert explain([row(31, PYTHON)], silent(M1, first_receive=900), likely=True) is None


@pytest.mark.parametrize("record", [{"message": 1}, {"error": []}, {"level": None}, {"message_ids": 3}, {"level": []}])
def test_odd_records_do_no_harm(record: dict[str, Any]) -> None:
    said = log_parser.parse_row(row(0, record))
    assert said is not None and not said.failed


def test_what_is_looked_for_is_what_is_understood() -> None:
    """Every line that is read as a failure is one that the query brings."""
    import re

    asked = re.compile(log_parser.FAILURE_PATTERN)
    lines = [PYTHON, LOGGED, NODE, JAVA, json.dumps(LAMBDA_JSON), json.dumps(PINO), failed(1, "E", "r")["@message"]]
    lines += [*LOGGED.split("\n")[1:3], "ValueError: bad order 17"]
    lines += [f"RequestId: {R1} Error: Runtime exited with error: exit status 1\nRuntime.ExitError"]
    assert all(asked.search(line) for line in lines)
    assert "/" not in log_parser.FAILURE_PATTERN
