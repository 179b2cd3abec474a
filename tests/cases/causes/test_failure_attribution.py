"""Which failure is a message's own, by what the log of its invocation holds; and what is only likely."""

from __future__ import annotations

import pytest

from ops.deadletters.causes.attribution.evidence import ConsumerSetup
from tests.cases.causes.log_lines import (
    EXIT,
    NODE,
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
    assert cause(mixed) is None, "a timeout is a kind of its own"


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
