"""Which failure is a message's own, by what the log of its invocation holds; and what is only likely."""

from __future__ import annotations

import pytest

from ops.deadletters.causes.attribution.evidence import ConsumerSetup
from tests.cases.causes.log_lines import (
    R1,
    R2,
    A,
    B,
    C,
    Row,
    cause,
    error,
    in_words,
    info,
    report,
    row,
    start,
    traced,
    unhandled,
)

NODE = (
    "2026-11-28T13:00:00.100Z\t{}\tERROR\tInvoke Error \t"
    '{{"errorType":"CardDeclined","errorMessage":"no funds","stack":["CardDeclined: no funds",'
    '"    at pay (/var/task/pay.js:5:11)"]}}'
)
GO_PANIC = {
    "errorMessage": "runtime error: index out of range [4] with length 1",
    "errorType": "boundsError",
    "stackTrace": [{"path": "shop/sum.go", "line": 12, "label": "Sum"}],
}
EXIT = f"RequestId: {R1} Error: Runtime exited with error: exit status 2\nRuntime.ExitError"
JSON_REPORT = {
    "time": "2026-11-28T13:00:00.200Z",
    "type": "platform.report",
    "record": {"requestId": R1, "metrics": {"durationMs": 100.0}, "status": "error", "errorType": "Runtime.Unknown"},
}
JSON_ERROR = {
    "timestamp": "2026-11-28T13:00:00.100Z",
    "level": "ERROR",
    "requestId": R1,
    "errorType": "CardDeclined",
    "errorMessage": "no funds",
    "stackTrace": ['  File "/var/task/pay.py", line 3, in pay\n    x()\n'],
}
STARTED_JSON = {"type": "platform.start", "time": "2026-11-28T13:00:00Z", "record": {"requestId": R1, "version": "7"}}

ONE_FAILURE: dict[str, tuple[list[Row], str]] = {
    "a traceback without a request id, and REPORT with Status": (
        [
            info(0, f"got {A}"),
            unhandled(0.1, "ValueError: no price"),
            report(0.2, ms=99, status="error", kind="Runtime.Unknown"),
        ],
        "likely ValueError: no price",
    ),
    "the same where START stands there too": (
        [start(0), info(0.01, f"got {A}"), unhandled(0.1, "ValueError: no price"), report(0.2, status="error")],
        "likely ValueError: no price",
    ),
    "the same before REPORT had a Status": (
        [start(0), info(0.01, f"got {A}"), unhandled(0.1, "ValueError: no price"), report(0.2)],
        "likely ValueError: no price",
    ),
    "a module is missing: nothing names a message": (
        [
            unhandled(0, "Runtime.ImportModuleError: Unable to import module 'app': No module named 'vat'"),
            report(0.2, status="error", kind="Runtime.ImportModuleError"),
        ],
        "likely Runtime.ImportModuleError: Unable to import module 'app': No module named 'vat'",
    ),
    "a module is missing, said once while the environment begins and once for the request": (
        [
            unhandled(0, "Runtime.ImportModuleError: No module named 'vat'"),
            start(0.1),
            unhandled(0.2, "Runtime.ImportModuleError: No module named 'vat'"),
            report(0.3, status="error", kind="Runtime.ImportModuleError"),
        ],
        "likely Runtime.ImportModuleError: No module named 'vat'",
    ),
    "Go: a panic without a request id behind an exit line with one": (
        [
            row(0, {"level": "INFO", "msg": "got it", "messageId": A, "requestId": R1}),
            row(0.1, GO_PANIC),
            row(0.2, EXIT),
            report(0.3, status="error", kind="Runtime.ExitError"),
        ],
        "likely boundsError: runtime error: index out of range [4] with length 1",
    ),
    "Node.js: REPORT repeats the error that has the request id": (
        [info(0, f"got {A}"), row(0.1, NODE.format(R1)), report(0.2, status="error", kind="Runtime.Unknown")],
        "CardDeclined: no funds",
    ),
    "JSON logging: platform.report repeats it": (
        [
            row(0, STARTED_JSON),
            row(0.01, {"level": "INFO", "message": f"got {A}", "requestId": R1}),
            row(0.1, JSON_ERROR),
            row(0.2, JSON_REPORT),
        ],
        "CardDeclined: no funds",
    ),
    "an exit line alone": (
        [info(0, f"got {A}"), row(0.2, EXIT)],
        "Runtime.ExitError: Runtime exited with error: exit status 2",
    ),
    "only a line of words gives a reason": (
        [info(0, f"got {A}"), error(0.1, "the till is closed"), report(0.2, status="error", kind="Runtime.Unknown")],
        "likely the till is closed",
    ),
    "no line gives a reason": (
        [info(0, f"got {A}"), report(0.2, status="error", kind="Runtime.Unknown")],
        "Runtime.Unknown: the function raised an error; no line of the invocation gives the reason",
    ),
    "the process was killed for memory, told by the exit line": (
        [
            info(0, f"got {A}"),
            error(0.05, "cache is cold"),
            row(0.2, EXIT.replace("exit status 2", "signal: killed")),
            report(0.3, status="error", kind="Runtime.ExitError"),
        ],
        "Runtime.OutOfMemory: Runtime exited with error: signal: killed, as Lambda does for memory",
    ),
    "a time-out is no matter of what was logged before": (
        [info(0, f"got {A}"), error(0.1, "KeyError: 'x'"), report(15, ms=15_000, status="timeout")],
        "Sandbox.Timedout: the invocation was stopped at the function's timeout after 15 s",
    ),
}


@pytest.mark.parametrize("case", ONE_FAILURE)
def test_one_failure_however_often_it_is_told(case: str) -> None:
    rows, expected = ONE_FAILURE[case]
    assert in_words(cause(rows)).replace("logged error: ", "") == expected


def test_a_raised_exception_is_never_the_environments_end() -> None:
    for rows, _ in ONE_FAILURE.values():
        assert "environment ended" not in in_words(cause(rows))


BATCHES: dict[str, tuple[list[Row], dict[str, str]]] = {
    "each error follows the line that names its message": (
        [
            info(0, f"got {A}"),
            error(0.1, "KeyError: 'sku'"),
            info(0.2, f"got {B}"),
            error(0.3, "ValueError: no price"),
            info(0.4, f"got {C}"),
            error(0.5, "OSError: disk is full"),
        ],
        {A: "likely KeyError: 'sku'", B: "likely ValueError: no price", C: "likely OSError: disk is full"},
    ),
    "all within one millisecond: as they were written": (
        [info(0, f"got {A}"), error(0, "KeyError: 'sku'"), info(0, f"got {B}"), error(0, "OSError: full"), report(0.1)],
        {A: "likely KeyError: 'sku'", B: "likely OSError: full"},
    ),
    "a summary at the end names ids and no reason": (
        [
            info(0, f"got {A}"),
            error(0.1, "KeyError: 'sku'"),
            info(0.2, f"got {B}"),
            error(0.3, "ValueError: no price"),
            error(0.5, f"2 records failed: {A}, {B}"),
        ],
        {A: "likely KeyError: 'sku'", B: "likely ValueError: no price"},
    ),
    "each message is named after its error": (
        [
            traced(0.1, "KeyError: 'sku'"),
            error(0.2, f"message {A} failed"),
            traced(0.3, "OSError: full"),
            error(0.4, f"message {B} failed"),
        ],
        {A: "likely KeyError: 'sku'", B: "likely OSError: full"},
    ),
    "the error line names the message": (
        [
            info(0, f"got {A}"),
            info(0.1, f"got {B}"),
            traced(0.2, "KeyError: 'sku'", text=f"failed {A}"),
            traced(0.3, "OSError: full", text=f"failed {B}"),
        ],
        {A: "KeyError: 'sku'", B: "OSError: full"},
    ),
    "a field of another's error is not one's own": (
        [
            info(0, f"got {A}"),
            row(0.1, {"level": "ERROR", "errorType": "E", "errorMessage": "x", "messageId": C, "requestId": R1}),
        ],
        {A: "", C: "E: x"},
    ),
    "the whole batch failed of what left the handler": (
        [
            info(0, f"got {A}"),
            info(0.1, f"got {B}"),
            row(0.2, NODE.format(R1)),
            report(0.3, status="error"),
        ],
        {A: "CardDeclined: no funds", B: "CardDeclined: no funds"},
    ),
    "one had failed by itself before another was killed with the batch": (
        [
            info(0, f"got {A}"),
            error(0.1, "KeyError: 'sku'"),
            info(0.2, f"got {B}"),
            report(15, ms=15_000, status="timeout"),
        ],
        {
            A: "likely KeyError: 'sku'",
            B: "Sandbox.Timedout: the invocation was stopped at the function's timeout after 15 s",
        },
    ),
    "several failures after a line that names all": (
        [info(0, f"got {A} {B}"), error(0.1, "KeyError: 'sku'"), error(0.2, "OSError: full")],
        {A: "likely KeyError or OSError: KeyError: 'sku'; or OSError: full"},
    ),
}


@pytest.mark.parametrize("case", BATCHES)
def test_one_invocation_several_failures(case: str) -> None:
    rows, expected = BATCHES[case]
    assert {message: in_words(cause(rows, message)) for message in expected} == expected


AFTERWARDS = [
    error(0.9, "could not flush metrics"),
    error(0.9, f"1 message failed: {A}"),
    error(0.9, "processing failed"),
    row(0.9, {"level": "ERROR", "message": "batch ended with errors", "requestId": R1}),
]


@pytest.mark.parametrize("later", AFTERWARDS)
def test_no_later_line_that_tells_less_replaces_a_trace(later: Row) -> None:
    rows = [info(0, f"got {A}"), traced(0.1, "KeyError: 'sku'", text="record failed"), later]
    assert in_words(cause(rows)) == "likely KeyError: 'sku'"


def test_a_batch_of_one_can_only_have_failed_of_its_own_error() -> None:
    rows = [info(0, f"got {A}"), traced(0.1, "KeyError: 'sku'")]
    alone = cause(rows, setup=ConsumerSetup(timeout_s=15, window_s=1, batch_size=1))
    assert in_words(alone) == "KeyError: 'sku'"
    both = [*rows, traced(0.2, "OSError: full")]
    assert in_words(cause(both, setup=ConsumerSetup(timeout_s=15, window_s=1, batch_size=1))) == "likely OSError: full"


def test_an_earlier_attempts_failure_is_only_likely_where_the_last_tells_none() -> None:
    first = [info(0, f"got {A}"), traced(0.1, "KeyError: 'sku'", text=f"failed {A}"), report(0.2)]
    assert in_words(cause(first)) == "KeyError: 'sku'"
    assert in_words(cause([*first, info(60, f"got {A}", R2)])) == "likely KeyError: 'sku'"
    last = [info(60, f"got {A}", R2), traced(60.1, "OSError: full", R2, text=f"failed {A}")]
    assert in_words(cause([*first, *last])) == "OSError: full"


def test_attempts_under_one_request_id_are_told_apart() -> None:
    """An asynchronous invocation is tried again with its request id."""
    rows = [
        info(0, f"got {A}"), row(0.1, NODE.format(R1)), report(0.2, status="error"),
        info(60, f"got {A}"), report(75, ms=15_000, status="timeout"),
    ]  # fmt: skip
    assert in_words(cause(rows)).startswith("Sandbox.Timedout")


def test_a_line_is_joined_with_the_invocation_that_its_stream_was_at() -> None:
    rows = [
        start(0, R1), info(0.01, f"got {A}"), report(1, R1, ms=1_000),
        start(2, R2), info(2.01, f"got {B}", R2), unhandled(2.1, "KeyError: 'sku'"), report(2.2, R2, status="error"),
    ]  # fmt: skip
    assert in_words(cause(rows, A)) == ""
    assert in_words(cause(rows, B)) == "likely KeyError: 'sku'"
    failures_alone = [info(0.01, f"got {A}"), unhandled(2.1, "KeyError: 'sku'"), report(2.2, R2, status="error")]
    assert in_words(cause(failures_alone, A)) == "", "that REPORT is another request's"
    elsewhere = [info(0, f"got {A}"), unhandled(0.1, "KeyError: 'sku'", stream="2026/11/28/[7]9999")]
    assert in_words(cause(elsewhere, A)) == ""


def test_streams_with_several_invocations_at_a_time_are_not_joined() -> None:
    rows = [info(0, f"got {A}"), info(0.1, f"got {B}", R2), info(0.2, "on it"), unhandled(0.3, "KeyError: 'sku'")]
    assert in_words(cause(rows, A)) == in_words(cause(rows, B)) == ""


def test_what_failed_when_the_message_was_received_is_likely_if_it_is_of_one_kind() -> None:
    def invocation(request: str, seconds: float, raised: str) -> list[Row]:
        stream = f"2026/11/28/[7]{request[:4]}"
        return [unhandled(seconds, raised, stream), report(seconds + 0.1, request, status="error", stream=stream)]

    alike = invocation(R1, 1, "KeyError: 'sku'") + invocation(R2, 1.2, "KeyError: 'sku'")
    assert in_words(cause(alike)) == "likely KeyError: 'sku'"
    unlike = invocation(R1, 1, "KeyError: 'sku'") + invocation(R2, 1.2, "OSError: full")
    assert cause(unlike) is None
    assert cause(invocation(R1, 90, "KeyError: 'sku'")) is None, "long after"
    mixed = [*alike, report(1.5, "3" * 8 + R1[8:], ms=400, status="timeout", stream="2026/11/28/[7]t")]
    assert cause(mixed) is None, "a time-out is a kind of its own"


def test_what_was_only_logged_is_not_surely_what_the_batch_failed_of() -> None:
    """One error of a batch was caught, and the process ended by itself later: either may be meant."""
    rows = [info(0, f"batch {A} {B}"), traced(0.1, "KeyError: 'sku'"), row(0.2, EXIT), report(0.3, status="error")]
    assert in_words(cause(rows)) == "likely KeyError: 'sku'"
    other = [info(0, f"got {A}"), info(0.1, f"got {B}"), traced(0.2, "KeyError: 'sku'"), info(0.3, f"got {C}")]
    ended = [row(0.4, EXIT), report(0.5, status="error", kind="Runtime.ExitError")]
    assert in_words(cause([*other, *ended], A)) == "Runtime.ExitError: Runtime exited with error: exit status 2"
    assert in_words(cause([*other, *ended], B)) == "likely KeyError: 'sku'"


def test_lines_before_an_invocation_are_not_its_own_unless_its_initialization_failed() -> None:
    killed = [row(2.2, EXIT.replace("exit status 2", "signal: killed")), report(2.3, ms=200, status="error")]
    plain = [row(0, f"got {A}"), row(0.5, "done")]
    assert cause([*plain, *killed]) is None
