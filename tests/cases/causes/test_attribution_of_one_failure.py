"""One failure, however often and by whomever its lines name it."""

from __future__ import annotations

import pytest

from tests.cases.causes.log_lines import (
    EXIT,
    NODE,
    R1,
    A,
    Row,
    cause,
    error,
    in_words,
    info,
    report,
    row,
    start,
    unhandled,
)

GO_PANIC = {
    "errorMessage": "runtime error: index out of range [4] with length 1",
    "errorType": "boundsError",
    "stackTrace": [{"path": "shop/sum.go", "line": 12, "label": "Sum"}],
}


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
    "a timeout is no matter of what was logged before": (
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
